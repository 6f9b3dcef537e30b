"""Every administrative action leaves one entry, also when it is refused; none has a secret."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from interact_ivr.api.console.entrance import NoRole
from interact_ivr.api.console.frames import BASE as CONSOLE
from interact_ivr.api.native.asking import BASE as NATIVE
from interact_ivr.api.routes import Needs
from interact_ivr.app import operations_of
from interact_ivr.control.operations import READS, Conversation
from interact_ivr.domain.access import Role
from interact_ivr.domain.acts import Actor, Entry, Outcome, Sought, Told
from interact_ivr.domain.errors import Refusal, StoreUnavailable
from interact_ivr.domain.values import Shown
from interact_ivr.service import numbers
from interact_ivr.service.plan_files import seal_of
from interact_ivr.stores.numbers import StoredNumbers
from testbed.desk import ACME, BOLT, Desk
from testbed.service import Service
from testbed.visitor import HERE, Fields, Visitor, stock, words
from testbed.wire import Wire, envelope
from tests.edge.programs import program_of

NUMBERS = tuple(f"+1317872300{digit}" for digit in range(6))
NEW = "+13178723100"
PASSWORD = "correct horse"
KEY = "a-key-of-their-own-4711"
INTERACTION = "basket-4711"
OWN = "acme/own"
OURS = 'name = "ours"\nextends = "nanp"\n'
OTHER = 'name = "other"\nextends = "nanp"\n'
"""The plan of acme's own environment, and another."""
OPERATOR = Actor("uid 4711 (olena)", "control socket")
UNTOLD = (PASSWORD, KEY, KEY[7:], INTERACTION, "+14085551234")
"""What no entry may have."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give two tenants, and what is to be changed."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "ours.toml").write_text(OURS)
    with Desk(folder, '[environment]\ndefault = "acme/live"\n') as desk:
        stock(desk, *NUMBERS)
        desk.wait(desk.parts.administration.add_environment(OWN, str(folder / "ours.toml")))
        yield desk
        text = repr(trail(desk))
        for secret in UNTOLD:
            assert secret not in text


@pytest.fixture(scope="module")
def admin(desk: Desk) -> Visitor:
    """Give an administrator of acme."""
    return Visitor.of(desk, Role.ADMIN)


def trail(desk: Desk, **sought: Any) -> list[Entry]:
    """Give all entries, the newest first."""
    return [*desk.wait(desk.parts.acts.entries(Sought(**sought), "", 1000))]


def new_in(desk: Desk, before: int) -> list[Entry]:
    """Give the entries that came since there were so many."""
    return trail(desk)[: len(trail(desk)) - before]


def command(desk: Desk, request: str, arguments: Mapping[str, Any]) -> Any:
    """Ask as the command line does; give the answer, or the refusal."""

    async def nothing() -> Any:
        return
        yield

    async def tell(_: object) -> None:
        """Nobody listens."""

    operations = operations_of(desk.parts, dict)
    conversation = Conversation(nothing(), tell, OPERATOR)
    try:
        return desk.wait(operations.carry_out(request, arguments, conversation))
    except Refusal as refusal:
        return refusal


HERE_IS = {"environment": ACME}
COMMANDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tenant.add": ({"tenant": "corp"}, {"tenant": "corp"}),
    "tenant.set": (
        {"tenant": "corp", "quotas": {"most_allocations": "9"}},
        {"tenant": "corp", "quotas": {"most_allocations": "many"}},
    ),
    "tenant.remove": ({"tenant": "corp"}, {"tenant": "corp"}),
    "environment.add": ({"environment": "acme/test"}, {"environment": "acme/test"}),
    "environment.remove": ({"environment": "acme/test"}, {"environment": "acme/test"}),
    "application.add": (
        {"application": "shop", "key": KEY, **HERE_IS},
        {"application": "shop", "key": KEY, **HERE_IS},
    ),
    "application.set": (
        {"application": "shop", "settings": {"resting": "strict"}, **HERE_IS},
        {"application": "shop", "settings": {"resting": "now and then"}, **HERE_IS},
    ),
    "application.key.add": (
        {"application": "shop", "key": KEY[::-1], **HERE_IS},
        {"application": "none", "key": KEY, **HERE_IS},
    ),
    "application.key.remove": (
        {"application": "shop", "prefix": KEY[:6], **HERE_IS},
        {"application": "shop", "prefix": KEY, **HERE_IS},
    ),
    "application.remove": (
        {"application": "shop", **HERE_IS},
        {"application": "shop", **HERE_IS},
    ),
    "user.add": (
        {"tenant": "acme", "user": "vic", "password": PASSWORD},
        {"tenant": "acme", "user": "vic", "password": PASSWORD},
    ),
    "user.set": (
        {"tenant": "acme", "user": "vic", "role": "viewer"},
        {"tenant": "acme", "user": "vic", "role": "king"},
    ),
    "user.remove": ({"tenant": "acme", "user": "vic"}, {"tenant": "acme", "user": "vic"}),
    "token.add": ({"role": "viewer", **HERE_IS}, {"role": "king", **HERE_IS}),
    "token.remove": ({"prefix": ""}, {"prefix": "0" * 64}),
    "number.add": ({"numbers": [NEW], **HERE_IS}, {"numbers": ["???"], **HERE_IS}),
    "number.import": (
        {"rows": [{"line": 1, "number": "+13178723101"}], **HERE_IS},
        {"rows": [{"line": 1, "number": "???"}], **HERE_IS},
    ),
    "number.enable": (
        {"numbers": [NEW], "enabled": False, **HERE_IS},
        {"numbers": ["+4420"], **HERE_IS},
    ),
    "number.enable_matching": (
        {"enabled": False, "text": "4711", **HERE_IS},
        {"enabled": False, "state": "drowsy", **HERE_IS},
    ),
    "number.remove": ({"numbers": [NEW], **HERE_IS}, {"numbers": [NEW], **HERE_IS}),
    "plan.activate": (
        {"text": OTHER, "seal": seal_of(OTHER, OURS), "environment": OWN},
        {"text": OTHER, "seal": "none", "environment": OWN},
    ),
    "plan.back": ({"environment": OWN}, HERE_IS),
    "allocate": (
        {"interaction": INTERACTION, "caller": "+14085551234", **HERE_IS},
        {"interaction": INTERACTION * 20, **HERE_IS},
    ),
    "journal.forget": (
        {"interaction": INTERACTION, "force": True, **HERE_IS},
        {"interaction": INTERACTION, "environment": "acme/none"},
    ),
    "db.backup": ({"file": "/backups/today.db", "bytes": 4096}, {"file": 7}),
    "free": ({"number": NUMBERS[0], **HERE_IS}, {"number": "+4420", **HERE_IS}),
}
"""What is done, in this order, and right after it what is refused."""


SPOKEN_OF = {
    "tenant.set": "tenant=corp quotas=most_allocations:9",
    "application.set": "settings=resting:strict",
}
"""Of some, what their entry says they changed."""


def test_each_command_leaves_one_entry(desk: Desk) -> None:
    """Done and refused, by whose process it is; what only asks leaves none, nor does a dry run."""
    operations = operations_of(desk.parts, dict)
    assert {*operations.names} == {*READS, *COMMANDS}
    for request, (right, wrong) in COMMANDS.items():
        for arguments, outcome in ((right, Outcome.DONE), (wrong, Outcome.REFUSED)):
            if arguments.get("prefix") == "":
                token = desk.token(role=Role.VIEWER, environment=ACME)
                arguments = {"prefix": token[:12]}
            before = len(trail(desk))
            answer = command(desk, request, arguments)
            (entry,) = new_in(desk, before)
            told = entry.told
            assert (told.action, told.outcome) == (request, outcome), (request, answer)
            assert (told.who, told.source) == (OPERATOR.who, OPERATOR.source)
            assert (told.reason is None) is (outcome is Outcome.DONE)
            if outcome is Outcome.DONE:
                assert SPOKEN_OF.get(request, "") in told.object
    before = len(trail(desk))
    for request in READS - {"journal.who_held"}:
        command(desk, request, {"number": NEW, **HERE_IS} if request == "explain" else {})
    command(desk, "number.import", {"rows": [], "dry_run": True, **HERE_IS})
    command(desk, "number.enable_matching", {"enabled": True, "dry_run": True, **HERE_IS})
    assert len(trail(desk)) == before


def test_what_no_request_can_be_read_of_is_on_record(desk: Desk) -> None:
    """A request with the wrong fields, or of an environment that can be none."""
    for arguments in ({"nonsense": 1}, {"role": "viewer", "environment": "///"}, {"role": 7}):
        before = len(trail(desk))
        assert isinstance(command(desk, "token.add", arguments), Refusal)
        assert [each.told.outcome for each in new_in(desk, before)] == [Outcome.REFUSED]


ACTIONS: dict[str, tuple[str, Fields, Fields]] = {
    "pool": (
        "number.enable",
        [("number", NUMBERS[1]), ("enabled", "false")],
        [("number", "+44"), ("enabled", "false")],
    ),
    "matching": (
        "number.enable_matching",
        [("text", "872300"), ("state", "idle"), ("prefix", "+13178723000"), ("enabled", "true")],
        [("state", "drowsy"), ("enabled", "false")],
    ),
    "plan-activate": (
        "plan.activate",
        [("plan", OTHER), ("seal", seal_of(OTHER, OURS))],
        [("plan", OTHER), ("seal", "none")],
    ),
    "plan-back": ("plan.back", [("seal", seal_of(OURS, OTHER))], [("seal", "none")]),
    "import": ("number.import", [("csv", "number\n+13178723200\n")], [("csv", "number\n???\n")]),
    "application-add": ("application.add", [("name", "web")], [("name", "web")]),
    "application-set": (
        "application.set",
        [("application", "web"), ("hold_for_seconds", "60")],
        [("application", "web"), ("hold_for_seconds", "soon")],
    ),
    "key-add": ("application.key.add", [("application", "web")], [("application", "none")]),
    "key-remove": (
        "application.key.remove",
        [("application", "web"), ("prefix", "?")],
        [("application", "web"), ("prefix", KEY)],
    ),
    "application-remove": ("application.remove", [("application", "web")], [("application", "")]),
    "user-add": (
        "user.add",
        [("user", "eve"), ("password", PASSWORD)],
        [("user", "eve"), ("password", PASSWORD)],
    ),
    "user-set": ("user.set", [("user", "eve"), ("role", "agent")], [("user", "no"), ("role", "")]),
    "user-remove": ("user.remove", [("user", "eve")], [("user", "eve")]),
    "token-add": ("token.add", [("role", "viewer")], [("role", "king")]),
    "token-remove": ("token.remove", [("prefix", "?")], [("prefix", "0" * 64)]),
}


def test_what_fits_and_what_is_wrong_with_a_plan_are_told(desk: Desk, admin: Visitor) -> None:
    """Which numbers were meant, whole; and why a plan is refused whose page says so itself."""
    _, fits, _ = ACTIONS["matching"]
    before = len(trail(desk))
    admin.act(f"{HERE}/matching", [*fits, ("group", "main")])
    admin.act(f"{CONSOLE}/own/plan-activate", [("plan", OTHER), ("seal", "none")])
    refused, drained = new_in(desk, before)
    assert drained.told.object == (
        "environment=live prefix=+13178723000 group=main state=idle enabled=True text=… "
        "asked=0 changed=0"
    )
    assert "it is not what was compared" in (refused.told.reason or "")
    assert "text=" not in refused.told.object


def test_which_plan_counts_is_told_by_its_sum(desk: Desk, admin: Visitor) -> None:
    """As `sha256sum` prints it of the file, with that of the former; going back has both, too."""
    before = len(trail(desk))
    counting = Path(desk.parts.environments.named(OWN).plan_name)
    texts = [counting.read_text(), "".join({OURS, OTHER} - {counting.read_text()})]
    admin.act(f"{CONSOLE}/own/plan-activate", [("plan", texts[1]), ("seal", seal_of(*texts[::-1]))])
    admin.act(f"{CONSOLE}/own/plan-back", [("seal", seal_of(*texts))])
    old, new = (hashlib.sha256(each.encode()).hexdigest() for each in texts)
    back, activated = (each.told for each in new_in(desk, before))
    assert f"plan_sha256={new} former_sha256={old}" in activated.object, activated
    assert f"plan_sha256={old} former_sha256={new}" in back.object, back


def test_what_is_drained_in_steps_is_told_at_its_beginning_and_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many were asked for, with the first step; how many were changed, also where it fails."""
    monkeypatch.setattr(numbers, "_STEP", 2)
    fits = {"text": "872300", **HERE_IS}
    command(desk, "number.enable_matching", {"enabled": True, **fits})
    asked = desk.wait(desk.parts.numbers.count(ACME, Shown(text="872300")))
    assert asked > 4

    def counts_of(told: Told) -> str:
        return told.object[told.object.index("asked") :].partition(" numbers=")[0]

    def told(before: int) -> list[str]:
        entries = [each.told for each in new_in(desk, before)]
        return [f"{one.outcome} {counts_of(one)}" for one in entries]

    before = len(trail(desk))
    command(desk, "number.enable_matching", {"enabled": False, **fits})
    assert told(before) == [f"done asked={asked} changed={each}" for each in (asked, 2)]
    change, steps = StoredNumbers.set_enabled, itertools.count()

    async def breaks(self: StoredNumbers, *what: Any, **how: Any) -> None:
        if next(steps) == 2:
            raise StoreUnavailable("it is gone")
        await change(self, *what, **how)

    monkeypatch.setattr(StoredNumbers, "set_enabled", breaks)
    before = len(trail(desk))
    command(desk, "number.enable_matching", {"enabled": True, **fits})
    assert told(before) == [
        f"refused asked={asked} changed=4",
        f"done asked={asked} changed=2",
    ]


def prefix_of(desk: Desk, name: str) -> str:
    """Give how a key or a token begins that is there now."""
    if name == "token-remove":
        return desk.token(role=Role.VIEWER)[:12]
    applications = desk.parts.administration.directory.applications
    (web,) = [each for each in applications if each.name == "web"]
    return web.keys[0].secret.prefix


def test_each_action_of_the_console_leaves_one_entry(desk: Desk, admin: Visitor) -> None:
    """Done, refused, by a form that is not ours and to who may not; by whom, and from where."""
    viewer = Visitor.of(desk, Role.VIEWER)
    served = {route.path.rpartition("/")[2]: route.does for route in desk.house.console.routes()
              if route.needs is Needs.CONSOLE_ADMIN and route.method != "GET"}  # fmt: skip
    assert served == {"plan": None} | {name: each[0] for name, each in ACTIONS.items()}
    admin.look(f"{HERE}/pool")
    for name, (action, right, wrong) in ACTIONS.items():
        good = [(key, prefix_of(desk, name) if value == "?" else value) for key, value in right]
        where = f"{CONSOLE}/own" if action.startswith("plan.") else HERE
        tries = (
            (admin, good, Outcome.DONE),
            (admin, wrong, Outcome.REFUSED),
            (viewer, good, Outcome.REFUSED),
        )
        for visitor, fields, outcome in tries:
            before = len(trail(desk))
            answer = visitor.act(f"{where}/{name}", fields)
            (entry,) = new_in(desk, before)
            role = "admin" if visitor is admin else "viewer"
            told = entry.told
            assert (told.action, told.outcome) == (action, outcome), (name, words(answer))
            assert (told.who, told.source) == (f"user acme/{role}-of-acme", "127.0.0.1")
            assert told.tenant == "acme"
        before = len(trail(desk))
        assert admin.send(f"{where}/{name}", good).status == 403
        assert [each.told.outcome for each in new_in(desk, before)] == [Outcome.REFUSED]
    before = len(trail(desk))
    assert Visitor(desk).act(f"{HERE}/pool", []).status == 401
    admin.act(f"{HERE}/import", [("csv", "number\n+13178723201\n"), ("dry_run", "true")])
    assert len(trail(desk)) == before, "nobody, and what was only tried"


def test_who_comes_into_the_console_and_leaves_it_is_on_record(desk: Desk) -> None:
    """Once each, by who they are; one without a role is refused, and the same again is counted."""
    before = len(trail(desk))
    visitor = Visitor.of(desk, Role.VIEWER, name="hanna")
    visitor.sign_in("acme/hanna")
    assert visitor.act(f"{CONSOLE}/sign-out").status == 303
    desk.wait(desk.parts.administration.add_user("acme", "robot", PASSWORD))
    assert visitor.sign_in("acme/robot").status == 403
    told = [
        (each.told.who, each.told.action, each.told.outcome, each.told.reason)
        for each in new_in(desk, before)
    ]
    assert told == [
        ("user acme/robot", "console.sign_in", Outcome.REFUSED, "no_role"),
        ("user acme/hanna", "console.sign_out", Outcome.DONE, None),
        ("user acme/hanna", "console.sign_in", Outcome.DONE, None),
    ]


def test_a_flood_of_wrong_passwords_is_one_entry(desk: Desk) -> None:
    """With the name of a user there is, and no other: people type passwords there."""
    before = len(trail(desk))
    stranger = Visitor(desk)
    for guess in range(6):
        assert stranger.sign_in(f"acme/{PASSWORD}", f"guess {guess}").status == 401
    (entry,) = new_in(desk, before)
    told = entry.told
    assert (told.who, told.object, told.tenant) == ("somebody", "", "")
    assert (told.action, told.outcome, told.reason) == (
        *("console.sign_in", Outcome.REFUSED, "wrong_user"),
    )


ROUTES: dict[str, tuple[str, str, bytes, str, bytes]] = {
    "number.add": (
        *("POST", "/numbers", b'{"numbers": ["+13178723300"]}'),
        *("/numbers", b'{"numbers": ["???"]}'),
    ),
    "number.enable": (
        *("PATCH", "/numbers/13178723300", b'{"enabled": false}'),
        *("/numbers/13178723999", b'{"enabled": false}'),
    ),
    "number.remove": ("DELETE", "/numbers/13178723300", b"", "/numbers/13178723300", b""),
    "token.add": ("POST", "/tokens", b'{"role": "viewer"}', "/tokens", b'{"role": "king"}'),
    "token.remove": ("DELETE", "/tokens/?", b"", f"/tokens/{'0' * 12}", b""),
}


def test_each_administrative_route_leaves_one_entry(desk: Desk) -> None:
    """Done, refused, and to a token whose role does not suffice; who has no token leaves none."""
    admin, viewer = desk.token(role=Role.ADMIN), desk.token(role=Role.VIEWER)
    served = {(route.method, route.does) for route in desk.house.routes
              if route.needs is Needs.ADMIN and route.method != "GET"}  # fmt: skip
    assert served == {(each[0], action) for action, each in ROUTES.items()}
    for action, (method, path, body, bad_path, bad_body) in ROUTES.items():
        good = path.replace("?", desk.token(role=Role.AGENT)[:12])
        tries = (
            (admin, good, body, Outcome.DONE),
            (admin, bad_path, bad_body, Outcome.REFUSED),
            (viewer, good, body, Outcome.REFUSED),
        )
        for token, where, what, outcome in tries:
            before = len(trail(desk))
            answer = desk.ask(NATIVE + where, token, method, what, Content_Type="application/json")
            (entry,) = new_in(desk, before)
            told = entry.told
            assert (told.action, told.outcome) == (action, outcome), answer.text
            assert (told.who, told.environment) == (f"token {token[:12]}", ACME)
        before = len(trail(desk))
        assert desk.ask(NATIVE + good, "0" * 64, method, body).status == 401
        assert len(trail(desk)) == before


def test_what_an_administrator_is_refused_often_does_not_fill_the_trail(desk: Desk) -> None:
    """One entry for the same of the same, and 100 of all; what they do meanwhile has its own."""
    number, here = "+13178724000", "busy/live"
    desk.wait(desk.parts.administration.add_tenant("busy"))
    desk.wait(desk.parts.administration.add_environment(here, None))
    stock(desk, number, environment=here)
    admin = desk.token(role=Role.ADMIN, environment=here)

    def drain(number: str) -> int:
        json = {"Content_Type": "application/json"}
        where = f"{NATIVE}/numbers/{number}"
        return desk.ask(where, admin, "PATCH", b'{"enabled": false}', **json).status

    def told(before: int) -> list[Outcome]:
        return [each.told.outcome for each in new_in(desk, before)]

    before = len(trail(desk))
    assert {drain("13178729999") for _ in range(50)} == {404}
    assert drain(number) == 200
    assert told(before) == [Outcome.DONE, Outcome.REFUSED]
    before, begun = len(trail(desk)), time.monotonic()
    assert {drain(f"13178728{at:03}") for at in range(300)} == {404}
    assert drain(number) == 200
    spans = 2 + (time.monotonic() - begun) // 10
    assert len(told(before)) <= 1 + 100 * spans


@pytest.mark.parametrize("kind", ["refused", "visited"])
def test_nobody_takes_the_room_of_another_tenant_in_the_trail(desk: Desk, kind: str) -> None:
    """However many users and addresses they come with."""
    acts = desk.parts.acts

    async def happens(tenant: str, user: str, source: str) -> None:
        actor = Actor(f"user {tenant}/{user}", source)
        if kind == "visited":
            await acts.visited(actor, "console.sign_in", tenant)
        else:
            await acts.refuse(actor, "user.add", tenant, "", NoRole())

    async def crowd() -> None:
        for at in range(300):
            await happens("crowd", f"{kind}{at}", f"192.0.2.{at % 200}")
        await happens("calm", kind, "192.0.2.1")

    before = len(trail(desk))
    desk.wait(crowd())
    tenants = Counter(each.told.tenant for each in new_in(desk, before))
    assert tenants == {"crowd": 100, "calm": 1}


def test_the_same_visitor_is_one_entry_wherever_they_come_from(desk: Desk) -> None:
    """The next says how many it stands for."""

    async def crowd() -> None:
        for at in range(50):
            actor = Actor("user acme/everywhere", f"192.0.2.{at}")
            await desk.parts.acts.visited(actor, "console.sign_in", "acme")

    before = len(trail(desk))
    desk.wait(crowd())
    assert len(new_in(desk, before)) == 1


@pytest.mark.parametrize(
    "entered", ["+" + "-" * 220 + NUMBERS[1].lstrip("+"), f"{NUMBERS[1]} enabled=True"]
)
def test_a_number_is_on_record_as_it_was_found(desk: Desk, admin: Visitor, entered: str) -> None:
    """However it was written, so that nobody hides it, or has it say something else."""
    before = len(trail(desk))
    admin.act(f"{HERE}/pool", [("number", entered), ("enabled", "false")])
    (entry,) = new_in(desk, before)
    told = entry.told
    if told.outcome is Outcome.DONE:
        assert told.object == f"environment=live number={NUMBERS[1]} enabled=False"
    else:
        assert f'number="{entered}" enabled=False' in told.object


def test_whose_a_number_was_drained_by_is_not_on_record(desk: Desk, admin: Visitor) -> None:
    """What is looked for may be an interaction's id, which goes when it is forgotten."""
    desk.wait(desk.parts.allocations.allocate(ACME, "olena@example.com", None))
    before = len(trail(desk))
    admin.act(f"{HERE}/matching", [("enabled", "false"), ("text", "olena@example.com")])
    for entry in (entries := new_in(desk, before)):
        assert "olena" not in entry.told.object
        assert "numbers=+1317872" in entry.told.object
        assert "text=…" in entry.told.object
    assert len(entries) == 1


def test_an_act_that_is_cut_off_is_on_record(desk: Desk) -> None:
    """As the service is stopped meanwhile: nobody knows how far it came."""

    async def cut_off() -> None:
        begun = asyncio.Event()

        async def drain() -> None:
            async with desk.parts.acts.act(OPERATOR, "number.drain", environment=ACME):
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(drain())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = len(trail(desk))
    desk.wait(cut_off())
    (entry,) = new_in(desk, before)
    told = (entry.told.action, entry.told.outcome, entry.told.reason)
    assert told == ("number.drain", Outcome.FAILED, "cut off: the service was stopped")


def test_who_may_not_does_not_fill_the_trail(desk: Desk) -> None:
    """The same asked again and again is one entry in ten seconds; another's is there at once."""
    first, other = (desk.token(role=Role.VIEWER) for _ in range(2))
    before = len(trail(desk))
    for _ in range(40):
        assert desk.ask(f"{NATIVE}/numbers/13178723300", first, "DELETE").status == 403
    assert desk.ask(f"{NATIVE}/numbers/13178723300", other, "DELETE").status == 403
    told = [each.told.who for each in new_in(desk, before)]
    assert told[0] == f"token {other[:12]}"
    assert 2 <= len(told) < 20


def test_what_is_on_record_is_read_and_nothing_else(desk: Desk) -> None:
    """By administrators, of their own tenant or environment, page by page; nothing changes it."""
    admin, viewer = desk.token(role=Role.ADMIN), desk.token(role=Role.VIEWER)
    theirs = desk.token(role=Role.ADMIN, environment=BOLT)
    of_one = desk.token(role=Role.ADMIN, application="default")
    for number in ("+13178723401", "+13178723400"):
        command(desk, "number.add", {"numbers": [number], **HERE_IS})
    page = desk.ask(f"{NATIVE}/audit?limit=1&action=number", admin).json()
    (shown,) = page["acts"]
    assert (shown["who"], shown["action"]) == (OPERATOR.who, "number.add")
    assert page["next"] == shown["id"]
    further = desk.ask(f"{NATIVE}/audit?before={page['next']}&limit=1", admin).json()
    assert further["acts"][0]["id"] < shown["id"]
    assert desk.ask(f"{NATIVE}/audit", theirs).json()["acts"] == []
    assert desk.ask(f"{NATIVE}/audit", viewer).status == 403
    assert desk.ask(f"{NATIVE}/audit", of_one).status == 403
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert desk.ask(f"{NATIVE}/audit", admin, method, b"{}").status == 405
    olena = Visitor.of(desk, Role.ADMIN, name="olena")
    bolt = Visitor.of(desk, Role.ADMIN, "bolt")
    look = f"{HERE}/audit?action=number.add&who=4711"
    assert "+13178723400" in words(olena.look(look))
    assert "Nothing is on record" in words(bolt.look(look))
    changing = [
        route.path for route in desk.house.routes if "audit" in route.path and route.method != "GET"
    ]
    assert changing == []
    assert {f"{NATIVE}/audit", f"{CONSOLE}/{{environment}}/audit"} <= {
        route.path for route in desk.house.routes
    }


def test_the_service_knows_whose_process_asks(shared_service: Service) -> None:
    """By the kernel, over the socket and without a service; each act has a line in the log."""
    service = shared_service
    program = program_of(service)
    me = f"uid {os.getuid()}"
    added = f"tenant={program.tenant} user=admin"
    acts = service.ask("audit", "--action", "user")
    (act,) = [each for each in acts if each["object"] == added]
    assert act["who"].startswith(me)
    assert act["source"] == "control socket"
    (line,) = [each for each in service.log("administration") if each["object"] == added]
    assert (line["action"], line["who"], line["outcome"]) == ("user.add", act["who"], "done")
    assert service.ask("audit", "--who", "nobody at all") == []
    assert len(service.ask("audit", "--limit", "1", "--since", "1h")) == 1
    assert "user.add" in service.command("audit").stdout
    service.stop()
    service.command("tenant", "add", "later")
    (entry,) = service.ask("audit", "--limit", "1")
    assert (entry["action"], entry["source"]) == ("tenant.add", "command line")
    assert entry["who"].startswith(me)
    service.start()


def test_a_reload_is_an_act(shared_service: Service) -> None:
    """Taken or not; of what changed the keys are on record, and no value."""
    service = shared_service
    good = service.config.read_text("utf-8")
    for text, outcome in ((good + "[pool]\nhold_for_seconds = 77\n", "done"), ("x", "refused")):
        service.config.write_text(text, "utf-8")
        count = len(service.log("administration"))
        service.signal(signal.SIGHUP)
        *_, line = service.wait_log("administration", count + 1)
        assert (line["action"], line["outcome"]) == ("service.reload", outcome)
    service.config.write_text(good, "utf-8")
    (refused, done) = service.ask("audit", "--action", "service.reload")
    assert (done["object"], refused["object"]) == ("changed=pool.hold_for_seconds", "")
    assert done["reason"] is None


def test_the_vendor_s_way_to_take_a_number_in_is_an_act(shared_service: Service) -> None:
    """Over REST and SOAP, by the user; done and refused."""
    program = program_of(shared_service)
    with Wire(shared_service.http_port) as wire:
        for number in ("380974520901", "380974520902"):
            for _ in range(2):
                if number.endswith("1"):
                    body = b'{"phoneNumber": "%s"}' % number.encode()
                    wire.ask("POST", "/interact/version/2/dnis", program.by_user(), body)
                else:
                    body = envelope("CreatePhoneRequest", phoneNumber=number)
                    wire.ask("POST", "/interact/version/2/dnis/soap", program.by_user(), body)
    acts = shared_service.ask("audit", "--who", f"user {program.tenant}/admin")
    assert [(each["action"], each["outcome"]) for each in acts] == [
        *(("number.add", "refused"), ("number.add", "done")),
        *(("number.add", "refused"), ("number.add", "done")),
    ]


def test_what_came_from_outside_moves_no_cursor(desk: Desk) -> None:
    """And is cut."""
    command(desk, "tenant.add", {"tenant": "\x1b[2Jx" * 200})
    told = trail(desk)[0].told
    assert told.object.isprintable()
    assert len(told.object) <= 400
