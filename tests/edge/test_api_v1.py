"""The native API of a served process: what each role may, and what is seen and done."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from interact_ivr.domain.access import Role
from testbed.agi_peer import Peer, environment
from testbed.api import BASE, Answer, Api
from testbed.line import control, without_use
from testbed.service import Service

MAY: dict[tuple[str, str], set[str]] = {
    ("GET", "/numbers"): {"viewer", "admin"},
    ("POST", "/numbers"): {"admin"},
    ("GET", "/numbers/explain"): {"viewer", "admin"},
    ("GET", "/numbers/{number}"): {"viewer", "admin"},
    ("PATCH", "/numbers/{number}"): {"admin"},
    ("DELETE", "/numbers/{number}"): {"admin"},
    ("GET", "/numbers/{number}/holder"): {"viewer", "admin"},
    ("GET", "/groups"): {"viewer", "admin"},
    ("POST", "/allocations"): {"application", "admin"},
    ("GET", "/allocations"): {"application", "viewer", "admin"},
    ("GET", "/allocations/{allocation}"): {"application", "viewer", "admin"},
    ("DELETE", "/allocations/{allocation}"): {"application", "admin"},
    ("GET", "/journal"): {"viewer", "admin"},
    ("GET", "/agents/{extension}/call"): {"agent", "viewer", "admin"},
    ("GET", "/agents/{extension}/calls"): {"agent", "viewer", "admin"},
    ("GET", "/agents/{extension}/events"): {"agent", "viewer", "admin"},
    ("GET", "/calls/{uniqueid}"): {"agent", "viewer", "admin"},
    ("GET", "/sizing"): {"viewer", "admin"},
    ("GET", "/tokens"): {"admin"},
    ("GET", "/audit"): {"admin"},
    ("POST", "/tokens"): {"admin"},
    ("DELETE", "/tokens/{prefix}"): {"admin"},
}
"""Who may ask what: the contract's roles, as a table of their own."""
NOTHING = {"number": "1", "allocation": "1", "prefix": "1", "extension": "1", "uniqueid": "1"}
WANTED: dict[str, dict[str, Any]] = {
    "/numbers": {"numbers": ["380974520400"]},
    "/allocations": {"interaction": "a"},
    "/tokens": {"role": "viewer"},
    "/numbers/{number}": {"enabled": False},
}
"""A body for each route that takes one."""
ASKED = {"/allocations": {"interaction": "a"}, "/numbers/explain": {"number": "6929"}}
"""The parameters that a route cannot do without."""
OF_PHONES = ("/agents", "/calls")
"""Of no application; `test_agent_calls` holds who sees them."""
OF_ACTS = "/audit"
"""Has what a stranger has tried, too: whose acts are seen, `test_audit` says."""
_COUNT = itertools.count(1)


@dataclass(frozen=True)
class World:
    """An environment of a new tenant, with two applications that have a number each."""

    service: Service
    environment: str
    tenant: str

    @classmethod
    def of(cls, service: Service) -> World:
        """Make one at a running service."""
        tenant = f"api-{next(_COUNT)}"
        environment = f"{tenant}/live"
        control(service, "tenant.add", tenant=tenant)
        control(service, "environment.add", environment=environment)
        control(service, "application.add", application="sales", environment=environment)
        world = cls(service, environment, tenant)
        admin = world.api("admin")
        for application, number in (("default", "380974520200"), ("sales", "380974520300")):
            taken = admin.ask(
                "POST",
                "/numbers",
                {
                    "numbers": [number],
                    "group": "g",
                    "dnid": number[-4:],
                    "application": application,
                },
            )
            assert taken.json == {"added": 1, "already_there": 0}
        return world

    def api(self, role: str, application: str = "") -> Api:
        """Come with a new token of this environment."""
        return Api.of(self.service, role, self.environment, application)

    def all(self) -> Any:
        """Give all there is of it, past the API."""
        here = {"environment": self.environment}
        tokens = without_use(control(self.service, "token.list"))
        return (
            [control(self.service, "number.list", application=each, **here)
             for each in ("default", "sales")],
            control(self.service, "journal.list", **here),
            [each for each in tokens if each["environment"] == self.environment],
        )  # fmt: skip


@pytest.fixture
def world(service: Service) -> World:
    """Give an environment of the test's own."""
    return World.of(service)


def problem(answer: Answer) -> tuple[int, str]:
    """Give the status and the code of a refusal, which is a problem with a reference."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    assert answer.json["status"] == answer.status
    assert answer.json["reference"] == answer.headers["X-Request-Id"]
    return answer.status, answer.json["code"]


def refused_field(answer: Answer) -> str:
    """Give the field that a refusal names."""
    assert problem(answer) == (400, "bad_input")
    field: str = answer.json["field"]
    return field


# Roles


def test_every_route_is_for_the_roles_of_the_contract(world: World) -> None:
    """Each route for each role and for nobody; who may not is told so before a body is read."""
    document = Api(world.service, "").get("/openapi.json")
    served = {
        (method.upper(), path.removeprefix(BASE))
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(BASE) and path != f"{BASE}/openapi.json"
    }
    assert served == set(MAY)
    apis = {role.value: world.api(role.value) for role in Role}
    for (method, path), roles in MAY.items():
        target = path.format(**NOTHING)
        body: object = {} if method in ("POST", "PATCH") else None
        nobody = Api(world.service, "").ask(method, target, body)
        assert problem(nobody) == (401, "unauthenticated")
        assert nobody.headers["WWW-Authenticate"] == "Bearer"
        assert Api(world.service, "0" * 64).ask(method, target, body).status == 401
        for role, api in apis.items():
            answer = api.ask(method, target, body)
            if role in roles:
                assert answer.status in (200, 400, 404), (method, path, role, answer)
            else:
                assert problem(answer) == (403, "not_permitted"), (method, path, role)


def test_a_token_that_is_taken_back_is_good_for_nothing(world: World) -> None:
    """At once."""
    admin, viewer = world.api("admin"), world.api("viewer")
    assert viewer.get("/numbers")
    assert admin.ask("DELETE", f"/tokens/{viewer.token[:12]}").status == 204
    assert viewer.ask("GET", "/numbers").status == 401


# Numbers


def test_numbers_are_taken_in_all_or_none(world: World) -> None:
    """Numbers and ranges; what is there and the same is no fault, what is different is."""
    admin = world.api("admin")
    taken = admin.ask("POST", "/numbers", {"numbers": ["38097452040x", "+38 097 452 05 00"]})
    assert (taken.status, taken.json) == (201, {"added": 11, "already_there": 0})
    again = admin.ask("POST", "/numbers", {"numbers": ["380974520400-380974520409"]})
    assert (again.status, again.json) == (200, {"added": 0, "already_there": 10})
    wrong = admin.ask("POST", "/numbers", {"numbers": ["380974520600", "&", "12-11"]})
    assert problem(wrong) == (400, "bad_rows")
    assert len(wrong.json["faults"]) == 2
    assert admin.ask("GET", "/numbers/380974520600").status == 404
    other = admin.ask("POST", "/numbers", {"numbers": ["380974520400"], "group": "other"})
    assert problem(other) == (400, "bad_rows")
    many = admin.ask("POST", "/numbers", {"numbers": ["38097453xxxx", "380974540000"]})
    assert refused_field(many) == "numbers"


def test_numbers_are_listed_page_by_page(world: World) -> None:
    """By number; the last page says that it is."""
    admin = world.api("admin")
    admin.ask("POST", "/numbers", {"numbers": ["38097452040x"], "group": "page"})
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = admin.get("/numbers", group="page", limit=5, **after)
        seen += [each["number"] for each in page["numbers"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [f"+38097452040{digit}" for digit in range(10)]
    assert admin.get("/numbers", state="allocated") == {"numbers": [], "next": None}
    for query in ({"limit": 0}, {"limit": 1001}, {"state": "busy"}, {"colour": "red"}):
        assert refused_field(admin.ask("GET", "/numbers", **query)) == next(iter(query))
    assert refused_field(admin.send("GET", f"{BASE}/numbers?limit=1&limit=1")) == "limit"


def test_a_number_is_found_in_any_written_form_and_by_its_dnid(world: World) -> None:
    """As it stands: nothing is left out where there is nothing."""
    viewer = world.api("viewer")
    shown = {
        "number": "+380974520200",
        "entered": "380974520200",
        "dnid": "0200",
        "group": "g",
        "enabled": True,
        "state": "idle",
        "interaction": None,
        "free_from": None,
    }
    for written in ("380974520200", "+380974520200", "+38 (097) 452-02-00", "0200"):
        assert viewer.get(f"/numbers/{written}") == shown
    for unknown in ("380974520201", "0201", "nonsense", "%", "+", "\N{SNOWMAN}", "a/b"):
        found = viewer.send("GET", f"{BASE}/numbers/{_quoted(unknown)}")
        assert problem(found) == (404, "no_such_number")


def test_a_number_is_drained_and_taken_out(world: World) -> None:
    """While it is allocated only by force; the journal stays."""
    admin = world.api("admin")
    assert admin.ask("PATCH", "/numbers/0200", {"enabled": False}).json["enabled"] is False
    assert problem(_allocate(admin, "a")) == (409, "exhausted")
    assert admin.ask("PATCH", "/numbers/0200", {"enabled": True}).json["enabled"] is True
    assert refused_field(admin.ask("PATCH", "/numbers/0200", {})) == "enabled"
    assert _allocate(admin, "a").status == 201
    assert problem(admin.ask("DELETE", "/numbers/0200")) == (409, "numbers_allocated")
    assert admin.ask("DELETE", "/numbers/0200", force="true").status == 204
    assert admin.ask("DELETE", "/numbers/0200", force="true").status == 404
    journal = admin.get("/journal", number="380974520200")
    assert [each["event"] for each in journal["entries"]] == ["allocated", "freed"]


def test_groups_are_counted(world: World) -> None:
    """Each with its states."""
    admin = world.api("admin")
    _allocate(admin, "a")
    admin.ask("POST", "/numbers", {"numbers": ["380974520400"], "enabled": False})
    none = {"idle": 0, "resting": 0, "allocated": 0, "lapsed": 0, "disabled": 0}
    assert admin.get("/groups") == {
        "groups": [none | {"group": None, "disabled": 1}, none | {"group": "g", "allocated": 1}]
    }


# Allocations


def test_an_allocation_is_made_renewed_looked_at_and_ended(world: World) -> None:
    """By a token of role application alone; a call's answer would be the same interaction."""
    app, viewer = world.api("application"), world.api("viewer")
    made, again = _allocate(app, "basket 1"), _allocate(app, "basket 1")
    assert (made.status, again.status) == (201, 200)
    assert again.json["renewed"] is True
    assert again.json["id"] == made.json["id"]
    assert made.json["entered"] == "380974520200"
    assert made.json["allocated_at"].endswith("Z")
    (open_,) = app.get("/allocations", interaction="basket 1")["allocations"]
    assert app.get(f"/allocations/{made.json['id']}") == open_
    assert (open_["expires_at"], open_["ended_at"]) == (again.json["expires_at"], None)
    holder = viewer.get("/numbers/380974520200/holder")["hold"]
    assert (holder["interaction"], holder["until"]) == ("basket 1", None)
    assert app.ask("DELETE", f"/allocations/{made.json['id']}").status == 204
    ended = app.ask("DELETE", f"/allocations/{made.json['id']}")
    assert problem(ended) == (409, "allocation_ended")
    assert "freed" in ended.json["detail"]
    assert app.get("/allocations", interaction="basket 1") == {"allocations": []}
    assert app.get(f"/allocations/{made.json['id']}")["ended_as"] == "freed"
    assert problem(app.ask("DELETE", "/allocations/none")) == (404, "no_such_allocation")


def test_ending_an_allocation_ends_no_later_one(world: World) -> None:
    """The number may have got another one since."""
    app = world.api("application")
    first = _allocate(app, "a").json["id"]
    assert app.ask("DELETE", f"/allocations/{first}").status == 204
    assert _allocate(app, "b").json["lent_early"] is True
    assert app.ask("DELETE", f"/allocations/{first}").status == 409
    assert app.get("/allocations", interaction="b")["allocations"] != []


def test_who_ends_an_allocation_too_late_is_told_that_a_call_came_first(world: World) -> None:
    """And the journal names the call; what the API said and what the call learned agree."""
    app, viewer = world.api("application"), world.api("viewer")
    made = _allocate(app, "a").json
    script = f"retrieve_interaction?environment={world.environment}&pbx=main"
    with Peer.call(world.service.agi_port) as peer:
        peer.send(environment(script, dnid="380974520200", uniqueid="api.1"))
        assert peer.converse().variables["INTERACT_ALLOCATION"] == made["id"]
    ended = app.ask("DELETE", f"/allocations/{made['id']}")
    assert problem(ended) == (409, "allocation_ended")
    assert "ended as retrieved" in ended.json["detail"]
    (told,) = viewer.get("/journal", call="api.1", pbx="main")["entries"]
    assert (told["event"], told["allocation"]) == ("retrieved", made["id"])
    assert told["call"] == {"pbx": "main", "uniqueid": "api.1"}


def test_what_is_wrong_with_an_allocation_is_named(world: World) -> None:
    """And nothing is done."""
    app = world.api("application")
    assert refused_field(app.ask("POST", "/allocations", {})) == "interaction"
    assert refused_field(_allocate(app, "a;b")) == "interaction"
    assert refused_field(_allocate(app, "a", caller="anonymous")) == "caller"
    assert refused_field(_allocate(app, "a", group="*")) == "group"
    assert refused_field(_allocate(app, "a", colour="red")) == "colour"
    twice = app.send("POST", f"{BASE}/allocations", b'{"interaction": "a", "interaction": "b"}')
    assert refused_field(twice) == "interaction"
    assert (
        refused_field(app.ask("POST", "/allocations", {"interaction": "a"}, group="g")) == "group"
    )
    assert problem(_allocate(app, "a", group="none such")) == (409, "exhausted")
    assert world.api("viewer").get("/journal") == {"entries": [], "next": None}


# The journal


def test_the_journal_is_read_page_by_page(world: World) -> None:
    """Of a number, of an interaction, or all; from where one has read on, or from the end."""
    admin = world.api("admin")
    made = _allocate(admin, "a").json
    admin.ask("DELETE", f"/allocations/{made['id']}")
    _allocate(admin, "b")
    page = admin.get("/journal", limit=2)
    assert page["entries"][1]["detail"] == f"by token {admin.token[:12]} over {BASE}"
    assert [each["event"] for each in page["entries"]] == ["allocated", "freed"]
    rest = admin.get("/journal", after=page["next"])
    assert [each["interaction"] for each in rest["entries"]] == ["b"]
    assert admin.get("/journal", after=rest["next"]) == {"entries": [], "next": rest["next"]}
    assert admin.get("/journal", newest=1) == rest
    assert len(admin.get("/journal", interaction="a")["entries"]) == 2
    assert len(admin.get("/journal", number="+38 097 452 02 00")["entries"]) == 3
    assert admin.get("/journal", call="1.1")["entries"] == []
    at = page["entries"][1]["at"]
    assert len(admin.get("/journal", since=at)["entries"]) == 2
    assert admin.get("/numbers/380974520200/holder", at=at)["hold"] is None
    assert problem(admin.ask("GET", "/journal", number="1")) == (404, "no_such_number")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"number": "1", "interaction": "a"}, "number"),
        ({"pbx": "main"}, "pbx"),
        ({"since": "yesterday"}, "since"),
        ({"after": "x"}, "after"),
        ({"newest": "0"}, "newest"),
        ({"newest": "99999999999999999999"}, "newest"),
    ],
)
def test_a_question_to_the_journal_that_means_nothing_is_refused(
    service: Service, query: dict[str, str], field: str
) -> None:
    """With the parameter that is wrong."""
    assert refused_field(Api.of(service, "viewer").ask("GET", "/journal", **query)) == field


def test_who_held_a_number_is_asked_for_an_instant_that_has_come(world: World) -> None:
    """However early; what is to come nobody knows."""
    viewer = world.api("viewer")
    for at in ("1969-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00"):
        assert viewer.get("/numbers/380974520200/holder", at=at)["at"] == "1970-01-01T00:00:00Z"
    for at in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:00", "noon"):
        found = viewer.ask("GET", "/numbers/380974520200/holder", at=at)
        assert refused_field(found) == "at"
    found = viewer.ask("GET", "/numbers/380974520201/holder")
    assert problem(found) == (404, "no_such_number")


# Tokens


def test_a_token_gives_out_no_more_than_it_has(world: World) -> None:
    """Its environment, its application, its end."""
    admin, sales = world.api("admin"), world.api("admin", "sales")
    given = admin.ask("POST", "/tokens", {"role": "viewer", "expires_in_days": 1})
    assert given.status == 201
    assert given.json["environment"] == world.environment
    assert Api(world.service, given.json["token"]).get("/numbers")
    own = sales.ask("POST", "/tokens", {"role": "admin"})
    assert own.json["application"] == "sales"
    other = sales.ask("POST", "/tokens", {"role": "viewer", "application": "default"})
    assert problem(other) == (403, "not_permitted")
    short = Api(world.service, admin.ask(
        "POST", "/tokens", {"role": "admin", "expires_in_days": 2}).json["token"])  # fmt: skip
    ends = admin.get("/tokens")["tokens"]
    (end,) = [each["expires_at"] for each in ends if each["prefix"] == short.token[:12]]
    long: dict[str, int] = {"expires_in_days": 3650}
    for days in ({}, long):
        assert short.ask("POST", "/tokens", {"role": "viewer", **days}).json["expires_at"] == end
    missing = admin.ask("POST", "/tokens", {"role": "viewer", "application": "none"})
    assert problem(missing) == (404, "no_such_application")
    extension = admin.ask("POST", "/tokens", {"role": "viewer", "extensions": ["1000"]})
    assert refused_field(extension) == "extensions"
    assert refused_field(admin.ask("POST", "/tokens", {"role": "root"})) == "role"


def test_a_token_reaches_those_of_its_own_application_only(world: World) -> None:
    """The others are neither listed nor taken back; and no secret is ever listed."""
    admin, sales = world.api("admin"), world.api("admin", "sales")
    prefixes = {each["prefix"] for each in admin.get("/tokens")["tokens"]}
    assert {admin.token[:12], sales.token[:12]} <= prefixes
    (seen,) = sales.get("/tokens")["tokens"]
    assert (seen["prefix"], seen["application"]) == (sales.token[:12], "sales")
    assert admin.token not in str(admin.get("/tokens"))
    refused = sales.ask("DELETE", f"/tokens/{admin.token[:12]}")
    assert problem(refused) == (404, "no_such_entry")
    assert [each["prefix"] for each in admin.get("/tokens", application="sales")["tokens"]] == [
        sales.token[:12]
    ]
    assert admin.ask("DELETE", f"/tokens/{sales.token[:12]}").status == 204


# Tenants and applications


def test_nothing_of_another_environment_or_application_is_seen_or_changed(world: World) -> None:
    """Every route, with every identifier of the first tenant, by tokens that are not its own."""
    owner = world.api("admin")
    made = _allocate(owner, "secret").json
    stranger = World.of(world.service)
    for number in ("380974520200", "380974520300"):  # which would be found here as well
        for application in ("default", "sales"):
            stranger.api("admin").ask("DELETE", f"/numbers/{number}", application=application)
    control(world.service, "environment.add", environment=f"{world.tenant}/test")
    others = [
        stranger.api("admin"),
        Api.of(world.service, "admin", f"{world.tenant}/test"),
        world.api("admin", "sales"),
    ]
    before = world.all()
    identifiers = {"number": "380974520200", "allocation": made["id"], "prefix": owner.token[:12]}
    for other in others:
        for method, path in MAY:
            if method == "POST":
                continue  # makes something of its own, and names nothing of others
            if path.startswith(OF_PHONES) or path == OF_ACTS:
                continue
            query = ASKED.get(path, {}) | (
                {"interaction": "secret"} if path == "/allocations" else {}
            )
            target = path.format(**identifiers)
            body = WANTED[path] if method == "PATCH" else None
            answer = other.ask(method, target, body, **query)
            assert answer.status == (404 if "{" in path else 200), (method, path, answer)
            seen = answer.body.decode().replace("380974520200", "", 1)  # as it was asked
            assert "secret" not in seen
            assert "380974520200" not in seen
            if "allocation}" not in path and "prefix}" not in path:
                assert made["id"] not in seen
                assert owner.token[:12] not in seen
        for query in ({"number": "380974520200"}, {"interaction": "secret"}):
            found = other.ask("GET", "/journal", **query)
            assert found.status == 404 or found.json["entries"] == []
    assert world.all() == before


def test_an_application_s_token_names_no_other(world: World) -> None:
    """In a parameter as in a body; a token of the whole environment may name any."""
    sales, admin = world.api("admin", "sales"), world.api("admin")
    before = world.all()
    for (method, path), _ in MAY.items():
        if path.startswith(OF_PHONES):
            continue
        target = path.format(**NOTHING)
        if method in ("POST", "PATCH"):
            answer = sales.ask(method, target, {**WANTED[path], "application": "default"})
        else:
            answer = sales.ask(method, target, application="default", **ASKED.get(path, {}))
        assert problem(answer) == (403, "not_permitted"), (method, path)
    assert world.all() == before
    assert sales.get("/numbers", application="sales") == sales.get("/numbers")
    assert admin.get("/numbers", application="sales") == sales.get("/numbers")
    assert admin.get("/numbers", application="default") == admin.get("/numbers")
    missing = admin.ask("GET", "/numbers", application="none")
    assert problem(missing) == (404, "no_such_application")
    assert _allocate(admin, "a", application="sales").json["entered"] == "380974520300"
    assert sales.get("/allocations", interaction="a")["allocations"]
    assert admin.get("/allocations", interaction="a")["allocations"] == []
    assert admin.get("/journal")["entries"] == sales.get("/journal")["entries"]
    assert admin.get("/journal", application="default")["entries"] == []


# What is no request


def test_what_is_nowhere_is_a_problem_too(service: Service) -> None:
    """Another method, another path, a body of another type, or of none."""
    api = Api.of(service, "admin")
    wrong = api.ask("PUT", "/numbers")
    assert problem(wrong) == (405, "wrong_method")
    assert wrong.headers["Allow"] == "GET, HEAD, POST"
    for path in ("/", "/api/v1", "/api/v2/numbers", "/api/v1/numbers/", "/favicon.ico"):
        assert problem(api.send("GET", path)) == (404, "no_such_path")
    for body in (b"", b"{", b"[]", b'"x"', b"\xff", b'{"numbers": "\xff"}', b"[" * 60_000):
        assert problem(api.send("POST", f"{BASE}/numbers", body)) == (400, "bad_input")
    large = api.send("POST", f"{BASE}/numbers", b" " * 70_000)
    assert problem(large) == (413, "too_large")
    assert api.send("HEAD", f"{BASE}/numbers").body == b""


def _allocate(api: Api, interaction: str, **more: str) -> Answer:
    return api.ask("POST", "/allocations", {"interaction": interaction, **more})


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())
