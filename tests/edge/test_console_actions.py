"""What the console does is what the command line does: the same comes of both, and is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.app import operations_of
from interact_ivr.control.operations import Conversation
from interact_ivr.domain.access import Role
from interact_ivr.domain.acts import Sought
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.domain.settings import written_settings
from testbed.desk import ACME, BOLT, Desk
from testbed.visitor import HERE, Fields, Visitor, stock, words

NUMBERS = ("+13178723000", "+13178723001", "+13178723002")
CSV = "number,group,dnid,enabled\n(317) 872-400x,sales,,yes\n+1 317 872 5000,,5000,no\n"


@contextmanager
def opened(folder: Path) -> Iterator[Visitor]:
    """Give the administrator of one of two tenants, which have the same numbers and people."""
    with Desk(folder, '[environment]\ndefault = "acme/live"\n') as desk:
        for environment in (ACME, BOLT):
            stock(desk, *NUMBERS, environment=environment)
        Visitor.of(desk, Role.ADMIN, "bolt", "admin")
        yield Visitor.of(desk, Role.ADMIN, "acme", "admin")


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Visitor]:
    """Give one at a desk of the test's own."""
    with opened(tmp_path) as visitor:
        yield visitor


@pytest.fixture
def desk(admin: Visitor) -> Desk:
    """Give that desk."""
    return admin.desk


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Give one at a desk that tests share of which each sees that nothing was done."""
    with opened(tmp_path_factory.mktemp("refused")) as visitor:
        yield visitor


def command(desk: Desk, request: str, *parts: object, **arguments: Any) -> Any:
    """Do what the command line would, in the other environment."""

    async def each() -> Any:
        for part in parts:
            yield part

    async def tell(_: object) -> None:
        """Nobody listens."""

    operations = operations_of(desk.parts, dict)
    return desk.wait(operations.carry_out(request, arguments, Conversation(each(), tell)))


def state(desk: Desk, environment: str) -> dict[str, Any]:
    """Give all that an action could change, without what is random or whose it is."""
    name = EnvironmentName(environment)
    directory = desk.parts.administration.directory
    return {
        "numbers": desk.wait(desk.parts.numbers.list(name)),
        "applications": [
            (each.name, each.allocates_from, each.settings, len(each.keys))
            for each in directory.applications
            if each.environment == name
        ],
        "users": [
            (each.name, each.role) for each in directory.users if each.tenant == tenant_of(name)
        ],
        "tokens": [
            (each.grant.role, each.grant.application, each.grant.extensions)
            for each in directory.tokens
            if each.grant.environment == name
        ],
    }


DONE: tuple[tuple[str, Fields, str, dict[str, Any], str], ...] = (
    (
        "pool",
        [("number", NUMBERS[0]), ("number", NUMBERS[2]), ("enabled", "false")],
        "number.enable",
        {"numbers": [NUMBERS[0], NUMBERS[2]], "enabled": False},
        "2 numbers are drained",
    ),
    (
        "pool",
        [("number", NUMBERS[0]), ("enabled", "true")],
        "number.enable",
        {"numbers": [NUMBERS[0]], "enabled": True},
        "1 number may be lent",
    ),
    (
        "matching",
        [("prefix", "+1317"), ("enabled", "false")],
        "number.enable_matching",
        {"prefix": "+1317", "enabled": False},
        "2 numbers were drained",
    ),
    (
        "matching",
        [("text", "3002"), ("state", "drained"), ("enabled", "true")],
        "number.enable_matching",
        {"text": "3002", "enabled": True},
        "1 number was lent again",
    ),
    (
        "application-add",
        [("name", "shop"), ("allocates_from", "")],
        "application.add",
        {"application": "shop"},
        "The application shop is there",
    ),
    (
        "application-add",
        [("name", "web"), ("allocates_from", "shop")],
        "application.add",
        {"application": "web", "allocates_from": "shop"},
        "The application web is there",
    ),
    (
        "application-set",
        [("application", "shop"), ("hold_for_seconds", "60"), ("resting", "strict")],
        "application.set",
        {"application": "shop", "settings": {"hold_for_seconds": "60", "resting": "strict"}},
        "The settings of shop count",
    ),
    (
        "key-add",
        [("application", "shop")],
        "application.key.add",
        {"application": "shop"},
        "Another key of shop",
    ),
    (
        "application-remove",
        [("application", "web")],
        "application.remove",
        {"application": "web"},
        "The application web is removed",
    ),
    (
        "user-add",
        [("user", "vic"), ("password", "correct horse"), ("role", "viewer")],
        "user.add",
        {"user": "vic", "password": "correct horse", "role": "viewer"},
        "vic may come in",
    ),
    (
        "user-set",
        [("user", "vic"), ("role", "")],
        "user.set",
        {"user": "vic", "role": None},
        "vic has no role now",
    ),
    ("user-remove", [("user", "vic")], "user.remove", {"user": "vic"}, "vic may come in no more"),
    (
        "token-add",
        [
            ("role", "agent"),
            ("extensions", "6929, 6930"),
            ("expires_in_days", ""),
        ],  # as browsers do
        "token.add",
        {"role": "agent", "extensions": ["6929", "6930"]},
        "A token of role agent",
    ),
)


def test_pages_do_what_commands_do(desk: Desk, admin: Visitor) -> None:
    """One after the other, each leaves both worlds alike, and the next page says what was done."""
    assert state(desk, ACME) == state(desk, BOLT)
    for name, fields, request, arguments, said in DONE:
        before = state(desk, ACME)
        answer = admin.act(f"{HERE}/{name}", fields)
        assert answer.status == 303, (name, words(answer))
        page = answer.headers["location"]
        assert said not in words(admin.look(f"{HERE}/{page}", X_Fresh="yes")), "by a script"
        assert said in words(admin.look(f"{HERE}/{page}")), name
        assert said not in words(admin.look(f"{HERE}/{page}")), "a note is shown once"
        whose = {"tenant": "bolt"} if request.startswith("user") else {"environment": BOLT}
        command(desk, request, **arguments, **whose)
        assert before != state(desk, ACME) == state(desk, BOLT), name


def test_an_import_is_tried_first(desk: Desk, admin: Visitor) -> None:
    """Trying changes nothing and says what would; taking in does that, as the command does."""
    before = state(desk, ACME)
    tried = admin.act(f"{HERE}/import", [("csv", CSV), ("dry_run", "true")])
    assert (tried.status, "New 11" in words(tried), "Take 11 in" in words(tried)) == (
        200,
        True,
        True,
    )
    assert state(desk, ACME) == before
    taken = admin.act(f"{HERE}/import", [("csv", CSV), ("dry_run", "false")])
    assert (taken.status, taken.headers["location"]) == (303, "pool")
    assert "11 numbers taken in, 0 were there already" in words(admin.look(f"{HERE}/pool"))
    rows = [
        {"line": 2, "number": "(317) 872-400x", "group": "sales"},
        {"line": 3, "number": "+1 317 872 5000", "dnid": "5000", "enabled": False},
    ]
    command(desk, "number.import", rows=rows, environment=BOLT)
    assert state(desk, ACME) == state(desk, BOLT)


@pytest.mark.parametrize(
    ("csv", "fault"),
    [
        ("number\n12\n???\n", "line 3: "),
        ("phone\n12\n", "line 1: 'phone' is not a column"),
        ("number,enabled\n+13178729000,maybe\n", "line 2: enabled: expected yes or no"),
        ("number\n+13178723000\n", "line 2: +13178723000 is in the environment already"),
        ("", "line 1: expected a header"),
        ("number\n12xxxx\n" + "3809745xxxxx\n", "line 3: more than 100,000 numbers are for"),
    ],
)
def test_a_faulty_import_takes_nothing(refused: Visitor, csv: str, fault: str) -> None:
    """Tried or meant: each fault is told with its line."""
    before = state(refused.desk, ACME)
    if "is in" in fault:
        csv = csv.replace("\n", ",group\n", 1).replace("3000\n", "3000,other\n")
    for dry_run in ("true", "false"):
        answer = refused.act(f"{HERE}/import", [("csv", csv), ("dry_run", dry_run)])
        assert fault in words(answer), words(answer)
        assert "Take" not in re.findall(r"<button[^>]*>(\w+)", answer.text)
        assert state(refused.desk, ACME) == before


def test_a_secret_is_seen_once_and_is_good(desk: Desk, admin: Visitor) -> None:
    """The page after the action has it, no later one; what it is taken from is good no more."""
    admin.act(f"{HERE}/token-add", [("role", "viewer"), ("application", "")])
    page = admin.look(f"{HERE}/people")
    found = re.search(r'class="secret">([0-9a-f]{64})<', page.text)
    assert found is not None
    token = found[1]
    assert token not in admin.look(f"{HERE}/people").text
    assert desk.ask("/api/v1/numbers", token).status == 200
    admin.act(f"{HERE}/token-remove", [("prefix", token[:12])])
    assert desk.ask("/api/v1/numbers", token).status == 401

    admin.act(f"{HERE}/key-add", [("application", "default")])
    found = re.search(r'class="secret">([^<]+)<', admin.look(f"{HERE}/applications").text)
    assert found is not None
    assert desk.parts.access.application(ACME, found[1]) is not None
    admin.act(f"{HERE}/key-remove", [("application", "default"), ("prefix", found[1][:6])])
    assert desk.parts.access.application(ACME, found[1]) is None


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("pool", [("number", "+44"), ("enabled", "false")], 400),
        ("pool", [("number", NUMBERS[0])], 400),
        ("pool", [("number", NUMBERS[0]), ("enabled", "false"), ("application", "none")], 404),
        ("matching", [("prefix", "+1317")], 400),
        ("matching", [("enabled", "false"), ("state", "gone")], 400),
        ("matching", [("enabled", "false"), ("application", "none")], 404),
        ("application-add", [("name", "a b")], 400),
        ("application-add", [("name", "default")], 409),
        ("application-set", [("application", "default"), ("hold_for_seconds", "soon")], 400),
        ("application-remove", [("application", "default")], 409),
        ("user-add", [("user", "x"), ("password", "short")], 400),
        ("user-add", [("user", "x"), ("password", "correct horse"), ("role", "application")], 400),
        ("user-add", [("user", "x"), ("password", "correct horse"), ("role", "root")], 400),
        ("user-set", [("user", "admin"), ("role", "viewer")], 409),
        ("user-remove", [("user", "admin")], 409),
        ("user-remove", [("user", "nobody")], 404),
        ("token-add", [("role", "admin"), ("extensions", "1")], 400),
        ("token-add", [("role", "admin"), ("expires_in_days", "soon")], 400),
        ("token-add", [("role", "admin"), ("expires_in_days", "0")], 400),
        ("token-add", [("role", "admin"), ("expires_in_days", "9" * 5_000)], 400),
        ("token-remove", [("prefix", "0" * 12)], 404),
    ],
)
def test_what_is_refused_changes_nothing(
    refused: Visitor, name: str, fields: Fields, status: int
) -> None:
    """And is said by a page; nobody takes away their own role."""
    before = state(refused.desk, ACME)
    answer = refused.act(f"{HERE}/{name}", fields)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert state(refused.desk, ACME) == before


def test_a_form_that_has_grown_old_changes_what_was_touched_alone(
    desk: Desk, admin: Visitor
) -> None:
    """What somebody else has set since it was shown stays; on record is what was changed."""
    administration = desk.parts.administration
    desk.wait(administration.set_application(ACME, "default", {"late_for_seconds": "100"}))
    shown = [("was_late_for_seconds", "100.0"), ("late_for_seconds", "100.0")]
    desk.wait(administration.set_application(ACME, "default", {"hold_for_seconds": "120"}))
    touched = [("application", "default"), ("rest_for_seconds", "300")]
    assert admin.act(f"{HERE}/application-set", [*touched, *shown]).status == 303
    cleared = [("application", "default"), ("late_for_seconds", ""), shown[0]]
    assert admin.act(f"{HERE}/application-set", cleared).status == 303
    (known,) = [
        each
        for each in administration.directory.applications
        if (each.environment, each.name) == (ACME, "default")
    ]
    own = written_settings(known.settings)
    assert (own["hold_for_seconds"], own["rest_for_seconds"]) == (120.0, 300.0)
    assert "late_for_seconds" not in own
    told = desk.wait(desk.parts.acts.entries(Sought(action="application.set"), "", 2))
    assert [each.told.object.partition("settings=")[2] for each in told] == [
        "late_for_seconds:",
        "rest_for_seconds:300",
    ]
    page = admin.look(f"{HERE}/applications").text
    assert 'name="was_hold_for_seconds" value="120.0"' in page


def test_a_tenant_s_people_see_their_quota_and_cannot_lift_it(desk: Desk, admin: Visitor) -> None:
    """Whatever the form is made to say; their other settings are set beside it."""
    administration = desk.parts.administration
    desk.wait(administration.set_application(ACME, "default", {"most_allocations": "4711"}))
    desk.wait(administration.set_tenant("acme", {"most_allocations_per_minute": "815"}))
    fields = [("application", "default"), ("most_allocations", "0"), ("resting", "strict")]
    assert admin.act(f"{HERE}/application-set", fields).status == 303
    (known,) = [
        each
        for each in administration.directory.applications
        if (each.environment, each.name) == (ACME, "default")
    ]
    assert (known.settings.most_open, known.settings.strict_rest) == (4711, True)
    page = admin.look(f"{HERE}/applications").text
    assert "4711" in page
    assert "All applications of acme together" in page
    assert "815" in page
    assert 'name="most_allocations"' not in page


def test_another_tenant_s_tokens_and_users_are_out_of_reach(desk: Desk, admin: Visitor) -> None:
    """By their names and beginnings, too."""
    token = desk.token(role=Role.VIEWER, environment=BOLT)
    desk.wait(desk.parts.administration.add_user("bolt", "eve", "correct horse"))
    before = state(desk, BOLT)
    assert admin.act(f"{HERE}/token-remove", [("prefix", token[:12])]).status == 404
    assert admin.act(f"{HERE}/user-remove", [("user", "eve")]).status == 404
    assert admin.act(f"{HERE}/user-set", [("user", "eve"), ("role", "admin")]).status == 404
    assert state(desk, BOLT) == before
