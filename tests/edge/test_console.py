"""The console over HTTP: who comes in, what they may, and that all they write is text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from argon2 import Parameters, extract_parameters

from interact_ivr.api.routes import CONSOLE_COOKIE
from interact_ivr.domain.access import Role
from interact_ivr.service import passwords
from interact_ivr.service.passwords import hash_of_none
from testbed.desk import Desk
from testbed.visitor import CONSOLE, HERE, PASSWORD, Visitor, stock, words

SETTINGS = '[environment]\ndefault = "acme/live"\n'
ADMIN, VIEWER, AGENT, STRANGER = Role.ADMIN, Role.VIEWER, Role.AGENT, None
EVERYBODY = (ADMIN, VIEWER, AGENT, STRANGER)
PAGES = {
    "pool": {ADMIN, VIEWER},
    "import": {ADMIN},
    "sizing": {ADMIN, VIEWER},
    "sizing-picture": {ADMIN, VIEWER},
    "matching": {ADMIN},
    "live": {ADMIN, VIEWER},
    "happenings": {ADMIN, VIEWER},
    "journal": {ADMIN, VIEWER},
    "explain": {ADMIN, VIEWER, AGENT},
    "plan": {ADMIN, VIEWER},
    "applications": {ADMIN, VIEWER},
    "people": {ADMIN},
    "audit": {ADMIN},
    "service": {ADMIN, VIEWER},
}
PICTURE = "sizing-picture"
"""The one page that is no HTML, and has a policy of its own (test_sizing_page.py)."""
ASKED = {PICTURE: f"{PICTURE}?arrivals_per_hour=1&hold_seconds=1&target=0.1"}
"""What cannot be asked for without a query."""
ACTIONS = {
    *("pool", "matching", "import", "plan", "plan-activate", "plan-back"),
    *("application-add", "application-set", "application-remove", "key-add", "key-remove"),
    *("user-add", "user-set", "user-remove", "token-add", "token-remove"),
}
NUMBER = "+13178723000"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk that the tests share which change nothing of it."""
    with Desk(tmp_path_factory.mktemp("console"), SETTINGS) as desk:
        stock(desk, NUMBER)
        yield desk


@pytest.fixture(scope="module")
def visitors(shared: Desk) -> dict[Role | None, Visitor]:
    """Give one of each role, and a stranger."""
    return {role: Visitor.of(shared, role) for role in EVERYBODY}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk of the test's own."""
    with Desk(tmp_path, SETTINGS) as desk:
        yield desk


# Who may what


def test_the_tables_name_all_that_is_served(shared: Desk) -> None:
    """A page or an action that nobody thought of fails here."""
    served = {
        (route.method, route.path.removeprefix(f"{CONSOLE}/{{environment}}/"))
        for route in shared.house.routes
        if route.path.startswith(f"{CONSOLE}/{{environment}}/")
    }
    assert served == {("GET", name) for name in PAGES} | {("POST", name) for name in ACTIONS}


@pytest.mark.parametrize("role", EVERYBODY)
def test_each_role_sees_its_pages(visitors: dict[Role | None, Visitor], role: Role | None) -> None:
    """The server says so, and the navigation offers no other ones."""
    visitor = visitors[role]
    for name, roles in PAGES.items():
        if name == "happenings" and role in roles:
            cookie = f"{CONSOLE_COOKIE}={visitor.shown}"
            with visitor.desk.listen(f"{HERE}/{name}", Cookie=cookie) as stream:
                assert stream.response.status == 200
            continue
        answer = visitor.look(f"{HERE}/{ASKED.get(name, name)}")
        assert answer.status == (200 if role in roles else 401 if role is None else 403), name
        is_picture = name == PICTURE and role in roles
        media = "image/svg+xml" if is_picture else "text/html"
        assert answer.headers["content-type"] == f"{media}; charset=utf-8"
        offered = set(re.findall(r'<a href="\.\./live/([a-z]+)"[^>]*>[A-Z]', answer.text))
        assert {each for each in offered if role not in PAGES[each]} == set(), name


@pytest.mark.parametrize("role", [VIEWER, AGENT, STRANGER])
@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_only_administrators_act(
    visitors: dict[Role | None, Visitor], role: Role | None, name: str
) -> None:
    """Also where the form is their own, and whole."""
    visitor = visitors[role]
    fields = [("number", NUMBER), ("enabled", "false"), ("user", "x"), ("role", "admin")]
    told = visitor.act(f"{HERE}/{name}", fields)
    assert told.status == (401 if role is None else 403)


def test_an_administrator_s_forms_are_taken_from_our_own_pages_only(
    visitors: dict[Role | None, Visitor],
) -> None:
    """With the session's own token, and from no other site, whatever the form says."""
    admin = visitors[ADMIN]
    fields = [("number", NUMBER), ("enabled", "false")]
    for sent in (
        admin.send(f"{HERE}/pool", fields),
        admin.send(f"{HERE}/pool", [("form_token", ""), *fields]),
        admin.send(f"{HERE}/pool", [("form_token", "guess\u00e9"), *fields]),
        admin.act(f"{HERE}/pool", fields, Origin="https://evil.example"),
        admin.act(f"{HERE}/pool", fields, Origin="null"),
        admin.act(f"{HERE}/pool", fields, Origin="http://["),
        admin.act(f"{HERE}/pool", fields, Sec_Fetch_Site="cross-site"),
        admin.send(f"{CONSOLE}/sign-out", ()),
    ):
        assert sent.status == 403
    assert "No number fits" in words(admin.look(f"{HERE}/pool?state=drained"))


def test_another_tenant_s_environment_is_not_there(shared: Desk) -> None:
    """By its path as by any other; nor does the service tell them of itself."""
    stranger = Visitor.of(shared, ADMIN, "bolt")
    assert NUMBER not in stranger.look(f"{HERE}/pool").text
    assert stranger.look(f"{HERE}/service").status == 403
    assert "Service" not in words(stranger.look(f"{HERE}/pool"))
    for path in ("acme/pool", "acme%2Flive/pool", "test/pool"):
        assert stranger.look(f"{CONSOLE}/{path}").status == 404
    people = words(stranger.look(f"{HERE}/people"))
    assert "admin-of-bolt" in people
    assert "of-acme" not in people


# Coming in


def test_one_signs_in_where_one_wanted_to_go_and_out_again(desk: Desk) -> None:
    """The cookie is for the console alone, and stands for nothing once one has left."""
    desk.wait(desk.parts.administration.add_user("acme", "ann", PASSWORD, "viewer"))
    visitor = Visitor(desk)
    asked = visitor.look(f"{HERE}/journal?number=1")
    assert (asked.status, 'action="../sign-in"' in asked.text) == (401, True)
    came = f"{desk.url}{HERE}/journal?number=1"
    told = visitor.sign_in("ann", Referer=came)
    assert (told.status, told.headers["location"]) == (303, "./live/journal?number=1")
    assert told.headers["set-cookie"].endswith("; Path=/console; HttpOnly; SameSite=Strict")
    entered = visitor.look(CONSOLE)
    assert (entered.status, entered.headers["location"]) == (303, "console/live/pool")
    left = visitor.act(f"{CONSOLE}/sign-out")
    assert (left.status, "Max-Age=0" in left.headers["set-cookie"]) == (303, True)
    assert visitor.look(f"{HERE}/journal").status == 401


@pytest.mark.parametrize(
    "came_from",
    [
        *("https://evil.example/x", "//evil", "http://a/console//evil.example"),
        *("/console/\\evil/x", "http://[", "http://[x]/console/live/pool"),
    ],
)
def test_signing_in_leads_to_the_console_only(
    visitors: dict[Role | None, Visitor], came_from: str
) -> None:
    """Wherever the browser says it came from."""
    told = Visitor(visitors[ADMIN].desk).sign_in("admin-of-acme", Referer=came_from)
    assert (told.status, told.headers.get("location", "")) in ((303, "./"), (401, ""))


def test_who_signs_in_again_leaves_the_session_of_before(desk: Desk) -> None:
    """A browser has one; what stood for the other is good for nothing."""
    visitor = Visitor.of(desk, VIEWER)
    before = Visitor(desk, visitor.shown)
    visitor.sign_in("viewer-of-acme")
    assert visitor.shown != before.shown
    assert visitor.look(f"{HERE}/pool").status == 200
    assert before.look(f"{HERE}/pool").status == 401


def test_behind_tls_the_cookie_stays_there(tmp_path: Path) -> None:
    """And under the prefix that a proxy takes away."""
    with Desk(tmp_path, f'{SETTINGS}[http]\ntrusted_proxies = ["127.0.0.1"]\n') as desk:
        desk.wait(desk.parts.administration.add_user("acme", "ann", PASSWORD, "admin"))
        told = Visitor(desk).sign_in("ann", X_Forwarded_Proto="https", X_Forwarded_Prefix="/ivr")
        assert told.headers["set-cookie"].endswith(
            "; Path=/ivr/console; HttpOnly; SameSite=Strict; Secure"
        )


def test_who_has_no_role_or_a_wrong_password_stays_outside(desk: Desk) -> None:
    """Which of name and password is wrong is not said; nor is a form of another site taken."""
    desk.wait(desk.parts.administration.add_user("acme", "program", PASSWORD))
    visitor = Visitor(desk)
    assert visitor.sign_in("program").status == 403
    wrong = [visitor.sign_in(*each) for each in (("program", "wrong one"), ("nobody", PASSWORD))]
    assert [each.status for each in wrong] == [401, 401]
    assert words(wrong[0]) == words(wrong[1])
    assert "set-cookie" not in wrong[0].headers
    assert visitor.send(f"{CONSOLE}/sign-in", [("user", "a"), ("user", "b")]).status == 400
    desk.wait(desk.parts.administration.add_user("acme", "ann", PASSWORD, "admin"))
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        told = visitor.sign_in("ann", **headers)
        assert (told.status, "set-cookie" in told.headers) == (403, False)


def test_who_there_is_does_not_show_in_the_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong one costs one hashing of the same memory, passes and length; again, none."""
    desk.wait(desk.parts.administration.add_user("acme", "ann", PASSWORD, "admin"))
    desk.wait(desk.parts.administration.add_user("acme", "program", PASSWORD))
    desk.wait(desk.parts.administration.add_tenant("empty"))
    hashings: list[tuple[Parameters, int]] = []
    match = passwords._match

    def counted(kept: str, password: str) -> bool:
        hashings.append((extract_parameters(kept), len(password)))
        return match(kept, password)

    monkeypatch.setattr(passwords, "_match", counted)
    wrong = "wrong one"
    names = ("ann", "program", "nobody", "acme/no-one", "empty/ann", "nowhere/ann", "", "a/b/c")
    for name in names:
        for _ in range(2):
            assert Visitor(desk).sign_in(name, wrong).status == 401, name
    assert hashings == [hashings[0]] * len(names)
    assert hashings[0] == (extract_parameters(hash_of_none()), len(wrong))
    assert Visitor(desk).sign_in("ann").status == 303
    assert len(hashings) == len(names) + 1


def test_a_tenant_without_an_environment_has_nothing_to_see(desk: Desk) -> None:
    """And is told so; what is asked for nevertheless is not there."""
    desk.wait(desk.parts.administration.add_tenant("empty"))
    visitor = Visitor.of(desk, ADMIN, "empty")
    entered = visitor.look(f"{CONSOLE}/")
    assert (entered.status, "has no environment" in words(entered)) == (200, True)
    assert re.findall(r'<a [^>]*href="([^"]*)"', entered.text) == ["#main", ""]
    assert visitor.look(f"{HERE}/pool").status == 404


def test_a_changed_user_is_signed_out(desk: Desk) -> None:
    """At once: by their role, and by being removed; no stream of theirs goes on."""
    visitor = Visitor.of(desk, VIEWER, name="vic")
    cookie = f"{CONSOLE_COOKIE}={visitor.shown}"
    with desk.listen(f"{HERE}/happenings", Cookie=cookie) as stream:
        desk.wait(desk.parts.administration.set_user("acme", "vic", "agent"))
        assert stream.next() is None
    assert visitor.look(f"{HERE}/explain").status == 401
    visitor.sign_in("acme/vic")
    assert visitor.look(f"{HERE}/explain").status == 200
    assert visitor.look(f"{HERE}/pool").status == 403
    desk.wait(desk.parts.administration.remove_user("acme", "vic"))
    assert visitor.look(f"{HERE}/explain").status == 401


# What guards it


def test_nothing_from_elsewhere_is_let_in(visitors: dict[Role | None, Visitor]) -> None:
    """The policy names our own files alone; the markup has no style, script or handler in it."""
    admin = visitors[ADMIN]
    answers = [admin.look(f"{HERE}/{name}") for name in {*PAGES} - {"happenings", PICTURE}]
    answers += [Visitor(admin.desk).look(CONSOLE), admin.look(f"{CONSOLE}/a/b/c")]
    for answer in answers:
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
            "trusted-types": "'none'",
        }
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert not re.search(r"<style|<script(?! src=)| on\w+=| style=|javascript:", answer.text)
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)


def test_what_is_no_page_says_so(visitors: dict[Role | None, Visitor]) -> None:
    """In people's words, with the way back."""
    admin = visitors[ADMIN]
    deep = (f"{HERE}/a/b/c/d/e/f", f"{CONSOLE}/a%2Fb/c%2Fd/e")
    short = (f"{CONSOLE}/live", f"{HERE}/nothing", f"{HERE}/pool/more", f"{CONSOLE}/-/x.css")
    for path in (*short, *deep):
        answer = admin.look(path)
        assert answer.status == 404, path
        assert "No such page" in words(answer)
        icon = re.search(r'href="([./]*)-/icon', answer.text)
        assert icon is not None
        assert icon[1].count("../") == path.count("/") - 2
    assert admin.look(f"{HERE}/pool?state=no").status == 400
    for at in ("0001-01-01T00:00%2B14:00", "9999-12-31T23:59-14:00", "soon"):
        query = f"number={quote(NUMBER)}&at={at}"
        assert admin.look(f"{HERE}/journal?{query}").status == 400, at
    assert admin.look(f"{HERE}/pool?application=none").status == 404
    assert admin.look(f"{HERE}/pool?text={'x' * 81}").status == 400


@pytest.mark.parametrize(
    "environment", ["live", "a%2Fb", "a%2fb%2Fc", "%2e%2e%2f", "a%2Fb%2Fc%2Fd"]
)
def test_a_password_goes_to_the_console_only(shared: Desk, environment: str) -> None:
    """The form to sign in sends it there, as a browser resolves it, whatever is in the address."""
    asked = f"{shared.url}/ivr{CONSOLE}/{environment}/pool"
    answer = shared.ask(f"{CONSOLE}/{environment}/pool")
    sends = re.search(r'action="([^"]*)"', answer.text)
    assert sends is not None
    assert urljoin(asked, sends[1]) == f"{shared.url}/ivr{CONSOLE}/sign-in"


EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{7*7}}",
    "</textarea><svg onload=alert(1)>",
    "\u202eevil",
    "&lt;b&gt;",
)


@pytest.mark.parametrize("text", EVIL)
def test_what_others_have_written_is_text(visitors: dict[Role | None, Visitor], text: str) -> None:
    """What is searched, explained, imported or tried is shown as it was written, not as markup."""
    admin = visitors[ADMIN]
    for name, field in (
        ("pool", "text"),
        ("journal", "interaction"),
        ("journal", "caller"),
        ("explain", "number"),
    ):
        answer = admin.desk.ask(
            f"{HERE}/{name}?{field}={quoted(text)}", Cookie=f"{CONSOLE_COOKIE}={admin.shown}"
        )
        assert shows_as_text(answer.text, text), (name, field)
    for name, field in (("import", "csv"), ("plan", "plan")):
        answer = admin.act(f"{HERE}/{name}", [(field, text), ("dry_run", "true")])
        assert answer.status == (200 if name == "import" and text.startswith('"') else 400)
        assert "<img" not in answer.text
        assert "<svg onload" not in answer.text


def quoted(text: str) -> str:
    """Write *text* for an address."""
    return quote(text, safe="")


def shows_as_text(page: str, text: str) -> bool:
    """Say whether *page* has *text*, and nowhere as markup."""
    return html.escape(text) in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;") and (
        html.escape(text) == text or text not in page
    )
