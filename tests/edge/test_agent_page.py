"""An agent's page as it is sent: who gets it, what guards it, and what it says without a script."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from interact_ivr.api.routes import COOKIE
from interact_ivr.domain.access import Role
from interact_ivr.domain.phone_calls import PhoneState
from interact_ivr.domain.values import Status
from testbed.desk import ACME, BOLT, CALLER, Desk, customer, on_phone
from testbed.wire import Answer

PAGE = "/screen/6929"
FORM = "application/x-www-form-urlencoded"
RECORD = '[screen]\ncustomer_url = "https://crm.example/i/{interaction}?from=ivr"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk without a call, whose customers have records."""
    with Desk(tmp_path, RECORD) as desk:
        yield desk


def sign_in(desk: Desk, token: str, path: str = PAGE, **headers: str) -> Answer:
    """Send the form."""
    return desk.ask(
        path,
        method="POST",
        body=urlencode({"token": token}).encode(),
        Content_Type=FORM,
        **headers,
    )


def page(desk: Desk, token: str, path: str = PAGE) -> Answer:
    """Look at a page with the cookie for *token*."""
    return desk.ask(path, Cookie=f"{COOKIE}={token}")


def words(answer: Answer) -> str:
    """Give what a page says, without its markup."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", answer.text)).split())


# Who gets it


def test_an_agent_signs_in_and_out(desk: Desk) -> None:
    """The token becomes a cookie for the pages alone, which no script and no other site has."""
    token = desk.token("6929")
    asked = desk.ask(PAGE)
    assert (asked.status, 'name="token"' in asked.text) == (401, True)
    signed = sign_in(desk, token)
    assert (signed.status, signed.headers["location"]) == (303, "./6929")
    cookie = signed.headers["set-cookie"]
    assert cookie == f"{COOKIE}={token}; Path=/screen; HttpOnly; SameSite=Strict"
    assert page(desk, token).status == 200
    left = desk.ask(f"{PAGE}/leave", method="POST", Cookie=f"{COOKIE}={token}")
    assert (left.status, left.headers["location"]) == (303, "../6929")
    assert f"{COOKIE}=; Max-Age=0; Path=/screen" in left.headers["set-cookie"]


def test_behind_tls_the_cookie_stays_there(tmp_path: Path) -> None:
    """And under the prefix that a proxy takes away."""
    with Desk(tmp_path, '[http]\ntrusted_proxies = ["127.0.0.1"]\n') as desk:
        signed = sign_in(
            desk, desk.token("6929"), X_Forwarded_Proto="https", X_Forwarded_Prefix="/ivr"
        )
        assert signed.headers["set-cookie"].endswith(
            "; Path=/ivr/screen; HttpOnly; SameSite=Strict; Secure"
        )


def test_what_is_no_good_token_signs_nobody_in(desk: Desk) -> None:
    """Nor does a program's, an application's or another extension's; no cookie is set."""
    for token, status in (
        ("", 401),
        ("0" * 64, 401),
        (desk.token(role=Role.APPLICATION), 403),
        (desk.token("6930"), 403),
        (desk.token(application="default"), 403),
    ):
        for answer in (sign_in(desk, token), page(desk, token)):
            assert answer.status == status
            assert "set-cookie" not in answer.headers
            assert 'name="token"' in answer.text
    signed = sign_in(desk, desk.token("6929") + "\r\nX-A: b")
    assert (signed.status, "x-a" in signed.headers) == (401, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": "http://localhost"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_another_site_s_form_signs_nobody_in_or_out(desk: Desk, headers: dict[str, str]) -> None:
    """Somebody else's token would be their eyes on the agent."""
    token = desk.token("6929")
    for refused in (
        sign_in(desk, token, **headers),
        desk.ask(f"{PAGE}/leave", "", "POST", b"", **headers),
    ):
        assert refused.status == 403
        assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost"}, {"Sec_Fetch_Site": "same-origin"}, {}]
)
def test_our_own_form_does(desk: Desk, headers: dict[str, str]) -> None:
    """As old browsers say it, as new ones do, and from a program."""
    assert sign_in(desk, desk.token("6929"), **headers).status == 303


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"token=a&token=b", FORM, 401),
        (b"", FORM, 401),
        (b"\xff=%ff", FORM, 401),
        (b'{"token": "a"}', "application/json", 400),
        (b"token=a", "text/plain", 400),
        (b"token=" + b"a" * 70_000, FORM, 413),
    ],
)
def test_what_is_no_such_form_is_refused(desk: Desk, body: bytes, media: str, status: int) -> None:
    """By a page, as all here."""
    answer = desk.ask(PAGE, method="POST", body=body, Content_Type=media)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_cookie_opens_no_api_and_a_bearer_no_page(desk: Desk) -> None:
    """What a browser sends by itself asks for pages only."""
    token = desk.token("6929")
    assert desk.ask("/api/v1/agents/6929/call", Cookie=f"{COOKIE}={token}").status == 401
    assert desk.ask(PAGE, token).status == 401


def test_another_extension_s_and_environment_s_page_shows_nothing(desk: Desk) -> None:
    """Neither on the page nor in its stream."""
    desk.told()
    desk.shows(on_phone())
    other = desk.token("6930")
    for path in (PAGE, f"{PAGE}/events"):
        assert page(desk, other, path).status == 403
        assert page(desk, "", path).status == 401
    stranger = desk.token(environment=BOLT)
    assert "No call" in words(page(desk, stranger))
    assert "basket-4711" not in page(desk, stranger).text
    with desk.listen(f"{PAGE}/events", Cookie=f"{COOKIE}={stranger}") as stream:
        event = stream.next()
        assert event is not None
        assert "basket-4711" not in event.data


# What guards it


def test_nothing_from_elsewhere_is_let_in(desk: Desk) -> None:
    """The policy names our own files alone; the markup has no style, script or handler in it."""
    desk.told()
    desk.shows(on_phone())
    token = desk.token("6929")
    for answer in (page(desk, token), desk.ask(PAGE), desk.ask("/screen/a/b"), desk.ask("/screen")):
        policy = dict(
            each.strip().partition(" ")[::2]
            for each in answer.headers["content-security-policy"].split(";")
        )
        assert policy.pop("default-src") == "'none'"
        assert {policy.pop(each) for each in ("base-uri", "frame-ancestors")} == {"'none'"}
        assert {policy.pop(f"{each}-src") for each in ("script", "style", "img", "connect")} == {
            "'self'"
        }
        assert policy == {
            "form-action": "'self'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "board",
        }
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        assert not re.search(r"<style|<script(?! src=)| on\w+=| style=|javascript:", answer.text)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!crm\.example)', answer.text)


def test_the_files_of_a_page_are_there(desk: Desk) -> None:
    """Under addresses that change with what is in them, so they may be kept."""
    text = page(desk, desk.token("6929")).text
    found = re.findall(r'(?:src|href)="(-/[^"]+)"', text)
    assert len(found) == 3
    for address in found:
        file = desk.ask(f"/screen/{address}")
        assert (file.status, "immutable" in file.headers["cache-control"]) == (200, True)
        assert re.search(r"\?[0-9a-f]{12}$", address)
        assert file.headers["content-type"].split(";")[0] in (
            "text/css",
            "text/javascript",
            "image/svg+xml",
        )


EVIL = '"><img src=x onerror=alert(1)>\n</script>'


def test_what_others_have_written_is_text(desk: Desk) -> None:
    """A caller's name, an interaction and an extension become no markup, no line and no header."""
    desk.told(interaction=EVIL)
    desk.shows(on_phone(customer(name=EVIL), extension="<b>'\"&"))
    token = desk.token()
    there = "/screen/" + "%3Cb%3E%27%22%26"
    shown = page(desk, token, there)
    assert "<img" not in shown.text
    assert "<b>'" not in shown.text
    assert "onerror=alert(1)>" in words(shown)
    with desk.listen(f"{there}/events", Cookie=f"{COOKIE}={token}") as stream:
        event = stream.next()
        assert event is not None
        assert "<img" not in event.data
        assert event.name == "board"
    signed = sign_in(desk, token, there)
    assert signed.headers["location"] == "./%3Cb%3E%27%22%26"


@pytest.mark.parametrize("written", ["a%0D%0AX-A:%20b", "a%0aSet-Cookie:x=y"])
def test_no_extension_becomes_a_header(desk: Desk, written: str) -> None:
    """It is refused before anything is written."""
    token = desk.token()
    for answer in (
        sign_in(desk, token, f"/screen/{written}"),
        page(desk, token, f"/screen/{written}"),
        desk.ask(f"/screen/{written}/leave", method="POST"),
    ):
        assert "x-a" not in answer.headers
        assert "x=y" not in answer.headers.get("set-cookie", "")


# What it says


def test_the_page_reads_without_a_script(desk: Desk) -> None:
    """The last state, the numbers, who else is there; it is looked at anew every few seconds."""
    token = desk.token("6929")
    assert "No call" in words(page(desk, token))
    desk.told()
    desk.shows(on_phone(state=PhoneState.TALKING, ago=75))
    said = words(page(desk, token))
    for each in ("Talking", "1:15", "basket-4711", "(408) 555-1234", "Ann Smith", "sales"):
        assert each in said
    assert "2 min 14 s" in said
    assert '<noscript><meta http-equiv="refresh"' in page(desk, token).text
    desk.over()
    said = words(page(desk, token))
    assert re.search("No call .* Last calls .* basket-4711", said)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (Status.REDIAL, "Called again"),
        (Status.LATE, "Called too late"),
        (Status.AMBIGUOUS, "Ask which"),
        (Status.NOT_ALLOCATED, "Nobody was awaited"),
    ],
)
def test_it_says_what_the_look_up_said(desk: Desk, status: Status, says: str) -> None:
    """In a sentence for who picks up."""
    desk.told(interaction="basket-4711" if status is Status.REDIAL else None, status=status)
    desk.shows(on_phone())
    assert says in words(page(desk, desk.token("6929")))


def test_a_hidden_number_is_on_no_page(desk: Desk) -> None:
    """Nor in its stream, nor among the last calls."""
    desk.told(ani=None)
    desk.shows(on_phone(customer(number="", name="")))
    token = desk.token("6929")
    assert "No number shown" in words(page(desk, token))
    desk.over()
    assert CALLER[-4:] not in page(desk, token).text


@pytest.mark.parametrize(
    ("interaction", "address"),
    [
        ("basket-4711", "https://crm.example/i/basket-4711?from=ivr"),
        ("a/b ?#&=+{}", "https://crm.example/i/a%2Fb%20%3F%23%26%3D%2B%7B%7D?from=ivr"),
        ("..", None),
    ],
)
def test_the_record_of_the_customer_is_a_link_away(
    desk: Desk, interaction: str, address: str | None
) -> None:
    """The interaction is one part of the address, whatever is in it."""
    desk.told(interaction=interaction)
    desk.shows(on_phone())
    found = re.search(r'id="open"[^>]*href="([^"]*)"', page(desk, desk.token("6929")).text)
    assert (found and html.unescape(found[1])) == address


def test_where_several_pbxes_are_the_page_is_of_one(desk: Desk) -> None:
    """What was asked for stays in the page's addresses; another than there is is refused."""
    token = desk.token("6929")
    text = page(desk, token, f"{PAGE}?pbx=main").text
    assert 'data-events="6929/events?pbx=main"' in text
    assert sign_in(desk, token, f"{PAGE}?pbx=main").headers["location"] == "./6929?pbx=main"
    refused = page(desk, token, f"{PAGE}?pbx=%3Cb%3E")
    assert refused.status == 400
    assert "<b>" not in refused.text


def test_what_is_no_page_says_so(desk: Desk) -> None:
    """In people's words; the native API's problems are for programs."""
    for path in ("/screen", "/screen/", "/screen/6929/more", "/screen/6929/"):
        answer = desk.ask(path)
        assert answer.status == 404, path
        assert "/screen/6929" in words(answer)
        root = re.search(r'href="([^"]*)-/screen\.css', answer.text)
        assert root is not None
    assert desk.ask(PAGE, method="DELETE").status == 405


def test_environments_are_worlds_of_their_own(desk: Desk) -> None:
    """The same extension of two tenants: each page has its own call."""
    for environment in (ACME, BOLT):
        name = environment[:4]
        desk.told(f"c-{name}", f"of-{name}", environment=environment)
        there = customer(f"c-{name}", environment)
        desk.shows(on_phone(there, uniqueid=f"p-{name}"))
    for environment, other in ((ACME, "bolt"), (BOLT, "acme")):
        shown = page(desk, desk.token("6929", environment=environment))
        assert f"of-{environment[:4]}" in words(shown)
        assert f"of-{other}" not in shown.text
