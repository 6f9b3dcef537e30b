"""Texts that might be taken for more than text, in ICWS' queries and in who opens its sessions."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from interact_ivr.control.client import Refused
from testbed.hostile import BROKEN, TEXTS
from testbed.icws import CONNECTION_TYPE, PASSWORD, USER, Session, ask, connect, with_user
from testbed.line import control
from testbed.service import Service
from testbed.wire import Answer

CORPUS = {text: name for name, text in TEXTS.items()}
"""Each text once, with its name."""
STRANGERS = [text for text, name in CORPUS.items() if re.fullmatch("(lines|terminals) [1-3]", name)]
"""A password is checked for each, whoever it is."""


@pytest.fixture(scope="module")
def here(shared_service: Service) -> Service:
    """Give a service with a user."""
    return with_user(shared_service)


def is_plain(answer: Answer) -> bool:
    """Whether no header is made of a text."""
    return all(value.isprintable() for value in answer.headers.values())


def explain(service: Service, text: str) -> Any:
    """Ask as the command line does."""
    try:
        return control(service, "explain", number=text, environment="")
    except Refused as error:
        return {"refused": str(error)}


def test_a_number_is_told_as_it_was_asked_for_or_refused(here: Service) -> None:
    """By the name of the field; and the command line's socket says the same of it."""
    session, wrong = Session.opened(here), {}
    for text, name in CORPUS.items():
        answer = session.details(text)
        told = answer.json()
        explained = explain(here, text)
        if answer.status == 200:
            same = told["displayText"] == explained["details"]["display_text"]
            is_well = told["rawText"] == text == explained["raw"] and same
        else:
            refusal = answer.status == 400 and "phoneNumber" in told["message"]
            is_well = refusal and bool(explained["refused"])
        if not (is_well and is_plain(answer)):
            wrong[name] = answer, explained
    assert wrong == {}, "ICWS -> JSON, explain"


def test_a_session_is_a_user_s_whatever_the_program_is_called(here: Service) -> None:
    """The program's name is passed over, and nothing of it comes out."""
    wrong = {}
    for text, name in CORPUS.items():
        if not re.match("(lines|headers|JSON|lengths) ", name):
            continue
        who = {"userID": USER, "password": PASSWORD, "applicationName": text}
        body = json.dumps({"__type": CONNECTION_TYPE, **who}).encode()
        answer = ask(here, "POST", "/icws/connection", body=body)
        if answer.status != 201 or answer.json()["userID"] != USER or not is_plain(answer):
            wrong[name] = answer
    assert wrong == {}, "ICWS, applicationName -> its answer"


def test_a_stranger_is_none_whatever_they_are_called(here: Service) -> None:
    """They are told no more than another; nobody can be made a user of such a name."""
    answers = [connect(here, text) for text in STRANGERS]
    assert {(each.status, each.json()["message"]) for each in answers} == {
        (400, "The user or the password is wrong.")
    }
    for text in CORPUS:
        if not re.fullmatch(r"[A-Za-z0-9\-_.]{1,64}", text):
            with pytest.raises(Refused, match="user"):
                control(here, "user.add", tenant="default", user=text, password=PASSWORD)


def test_half_a_character_is_refused(here: Service) -> None:
    """It is no text; as a number, and as a name."""
    session = Session.opened(here)
    assert {session.details(text).status for text in BROKEN} == {400}
    assert {connect(here, text).status for text in BROKEN} == {400}


def test_what_was_logged_of_them_is_a_line_each(here: Service) -> None:
    """Of JSON, which no terminal obeys."""
    assert {connect(here, text).status for text in STRANGERS} == {400}
    lines = here.log_path.read_text("utf-8").split("\n")[:-1]
    assert len(lines) > len(STRANGERS)
    assert [line for line in lines if json.loads(line)["level"] == "error"] == []
    assert [x for x in lines if re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e]", x)] == []
