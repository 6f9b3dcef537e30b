"""AGI: the environment that opens a call, Asterisk's replies, the stub, and commands made of both.

An input is all that Asterisk says over one connection: an environment, an empty line, replies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from agi_scripts.retrieve_interaction import _asking
from fuzzing.target import Target
from interact_ivr.agi.session import Session, _request
from interact_ivr.agi.stub import for_service
from interact_ivr.agi.wire import (
    MAX_COMMAND,
    Call,
    Conversation,
    Reply,
    TooLongError,
    WireError,
    set_variables,
)

_QUOTED = re.compile(rb'SET VARIABLE A_\d+ "((?:[^"\\]|\\.)*)"\n|EXEC MSet "((?:[^"\\])*)"\n')


def _check(data: bytes) -> None:
    at_once = _heard([data])
    size = 1 + sum(data[-2:]) % 61
    assert at_once == _heard([data[at : at + size] for at in range(0, len(data), size)])
    with suppress(ValueError):
        address, opening = for_service(data)
        assert opening.startswith(b"agi_network: yes\nagi_network_script: ")
        assert opening.endswith(b"\n")
        assert isinstance(address[1], int)
    call = at_once[0] if at_once else None
    if isinstance(call, Call):
        _check_call(call)
        _check_commands([*call.variables.values(), *call.arguments])


def _heard(parts: Sequence[bytes]) -> list[Call | Reply | str]:
    """Give what was said, in order; the last may be why no more is understood."""
    conversation, found = Conversation(), list[Call | Reply | str]()
    try:
        for part in parts:
            conversation.feed(part)
            if not found and (call := conversation.call()) is not None:
                found.append(call)
            while found and (reply := conversation.reply()) is not None:
                found.append(reply)
    except WireError as error:
        found.append(str(error))
    return found


def _check_call(call: Call) -> None:
    """See that a script's reading of it refuses, or gives whole values."""
    try:
        script, query = _request(call)
    except WireError:
        return
    session = Session(call, script, query, 0.0, None)  # type: ignore[arg-type]  # nothing is sent
    for dnis_from in (("extension", "request_uri", "to", "diversion"), ()):
        asking = _asking(session, dnis_from, "")
        assert all(asking.dialed)
        assert asking.age is None or 0 <= asking.age.total_seconds() <= 86_400
    assert all("=" not in key for key in session.named(0))


def _check_commands(values: Sequence[str]) -> None:
    """See that no value is more than one command, and that each arrives as it was."""
    named = {f"A_{at}": value for at, value in enumerate(values)}
    try:
        commands = set_variables(named | {"INTERACT_STATUS": "FOUND"})
    except (TooLongError, ValueError):
        return
    arrived = dict[str, str]()
    for command in commands:
        assert len(command) <= MAX_COMMAND
        found = _QUOTED.fullmatch(command)
        assert found is not None, command
        arrived |= _set_by(command)
    assert arrived == named | {"INTERACT_STATUS": "FOUND"}


def _set_by(command: bytes) -> Iterator[tuple[str, str]]:
    """Do what Asterisk does with a command that sets variables."""
    text = command.decode()
    if text.startswith("SET VARIABLE "):
        name, _, quoted = text.removeprefix("SET VARIABLE ").partition(" ")
        yield name, re.sub(r"\\(.)", r"\1", quoted[1:-2])
        return
    for pair in text.removeprefix('EXEC MSet "')[:-2].split(","):
        name, _, value = pair.partition("=")
        yield name, value


def _seeds() -> Iterator[bytes]:
    opening = (
        b"agi_network: yes\nagi_network_script: retrieve_interaction?environment=acme/live&pbx=a\n"
        b"agi_request: agi://127.0.0.1/retrieve_interaction\nagi_channel: PJSIP/sipp-00000001\n"
        b"agi_uniqueid: 1777888999.12\nagi_callerid: 2125550100\nagi_callingpres: 0\n"
        b"agi_dnid: 380974520200\nagi_rdnis: unknown\nagi_extension: 0200\n"
        b"agi_arg_1: \nagi_arg_2: \nagi_arg_3: exten=0200\nagi_arg_4: now=1777889001\n"
        b"agi_arg_5: linkedid=pbx-1777888999.11\nagi_arg_6: to=+380974520200\n\n"
    )
    yield opening + b"200 result=1\n200 result=1 (a value)\nHANGUP\n200 result=-1\n"
    yield opening + b"520-Invalid command syntax.  Proper usage follows:\nUsage\n520 End\n"
    yield (
        opening + b"510 Invalid or unknown command\r\n511 Command Not Permitted on a dead channel\n"
    )
    yield b"agi_request: stub\nagi_arg_1: agi://127.0.0.1:4580/free_number?pbx=b\nagi_arg_2: 12\n\n"
    yield b'agi_network_script: x\nagi_arg_1: a,b"c\\d[e](f)\nagi_callerid: (a\n\n'


TARGET = Target(
    _check,
    _seeds,
    (
        *(b"agi_", b"agi_arg_", b"agi_network_script: ", b"agi_uniqueid: ", b"HANGUP\n"),
        *(b"200 result=", b"520-", b"520 ", b"linkedid=", b"now=", b"exten=", b"to=", b"unknown"),
        *(b"\n\n", b"\r\n", b"\\", b'"', b"${", b"$[", b"(", b")", b"%00", b"&", b"agi://"),
    ),
)
