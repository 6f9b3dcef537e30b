"""What people do on the phones of a contact centre, by scenes: to be recorded and tested.

A story is a generator: it goes on to the next scene when who follows it asks for one, and all that
it waits for are the phones themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from testbed.contact_centre import (
    AWAY,
    CONFERENCE,
    PARK,
    PARKED,
    PICK_UP,
    ContactCentre,
    Way,
)
from testbed.phone import Phone
from testbed.phone_scenario import Command

ALICE, BOB, CAROL, DAVE = "6929", "6930", "6931", "6932"
RINGING, TALKING, HELD = "ringing", "talking", "held"


@dataclass(frozen=True, slots=True)
class Scene:
    """What somebody has just done, and which screens show the customer's interaction."""

    step: str
    screens: Mapping[str, str] = field(default_factory=dict)
    """The state of the call by the agent; nobody else's screen shows the interaction."""
    at: float = 0.0
    """When a phone did it, in Unix time; 0: not told."""
    either: frozenset[str] = frozenset()
    """Agents whose screens may show it or not."""


Play = Callable[[ContactCentre], Iterator[Scene]]


@dataclass(frozen=True, slots=True)
class Story:
    """What is done, and by which way the customer calls; None: there is no customer."""

    name: str
    way: Way | None
    play: Play


@dataclass(frozen=True, slots=True)
class _People:
    """The customer, and the agents at their phones."""

    customer: Phone
    agents: tuple[Phone, ...]


@contextmanager
def _called(centre: ContactCentre, way: Way, *agents: str) -> Iterator[_People]:
    """Have the customer call by *way*, while *agents* are at their phones."""
    with ExitStack() as stack:
        phones = tuple(stack.enter_context(centre.phone(agent)) for agent in agents)
        customer = stack.enter_context(centre.customer(way.number()))
        yield _People(customer, phones)


def _answered(people: _People, agent: str) -> Iterator[Scene]:
    """Have the first of the agents ring and answer."""
    phone = people.agents[0]
    yield Scene(f"{agent} rings", {agent: RINGING}, phone.ring().at)
    yield Scene(f"{agent} answers", {agent: TALKING}, phone.answer().at)


def _told(way: Way | None) -> Callable[[Play], Story]:
    """Make a story of a function, by its name."""
    return lambda play: Story(play.__name__, way, play)


def _plain(way: Way, agent: str) -> Story:
    """Tell of a call that comes by *way* to *agent*, who hangs up."""

    def play(centre: ContactCentre) -> Iterator[Scene]:
        with _called(centre, way, agent) as people:
            yield from _answered(people, agent)
            yield Scene(f"{agent} hangs up", at=people.agents[0].hang_up().at)
            people.customer.wait("BYE")

    return Story(way.name.lower(), way, play)


queue = _plain(Way.QUEUE, ALICE)
dial = _plain(Way.DIAL, ALICE)
local_member = _plain(Way.LOCAL, CAROL)
optimised_member = _plain(Way.OPTIMISED, CAROL)
mobile_member = _plain(Way.MOBILE, AWAY)
desk_phone = _plain(Way.DESK, DAVE)


@_told(Way.QUEUE)
def given_up(centre: ContactCentre) -> Iterator[Scene]:
    """The customer hangs up while it rings."""
    with _called(centre, Way.QUEUE, ALICE) as people:
        (alice,) = people.agents
        yield Scene(f"{ALICE} rings", {ALICE: RINGING}, alice.ring().at)
        people.customer.hang_up()
        yield Scene("the customer gives up", at=alice.wait("487 INVITE").at)


@_told(Way.GROUP)
def group(centre: ContactCentre) -> Iterator[Scene]:
    """Two ring at once, and one answers."""
    with _called(centre, Way.GROUP, ALICE, BOB) as people:
        alice, bob = people.agents
        alice.ring()
        yield Scene("both ring", {ALICE: RINGING, BOB: RINGING}, bob.ring().at)
        answered = bob.answer()
        alice.wait("487 INVITE")
        yield Scene(f"{BOB} answers", {BOB: TALKING}, answered.at)
        yield Scene("the customer hangs up", at=people.customer.hang_up().at)


@_told(Way.QUEUE)
def hold(centre: ContactCentre) -> Iterator[Scene]:
    """The agent puts the customer on hold, and takes them back."""
    with _called(centre, Way.QUEUE, ALICE) as people:
        (alice,) = people.agents
        yield from _answered(people, ALICE)
        yield Scene(f"{ALICE} holds", {ALICE: HELD}, alice.offer(Command.HOLD).at)
        yield Scene(f"{ALICE} resumes", {ALICE: TALKING}, alice.offer(Command.RESUME).at)
        yield Scene("the customer hangs up", at=people.customer.hang_up().at)


@_told(Way.QUEUE)
def blind_transfer(centre: ContactCentre) -> Iterator[Scene]:
    """By REFER; the second agent rings, and the first one's phone hangs up."""
    with _called(centre, Way.QUEUE, ALICE, BOB) as people:
        alice, bob = people.agents
        yield from _answered(people, ALICE)
        alice.transfer(BOB)
        rang = bob.ring()
        alice.wait("200 NOTIFY", 2)  # how it goes, as Asterisk tells: a phone hangs up after that
        alice.hang_up()
        yield Scene(f"{ALICE} transfers to {BOB}", {BOB: RINGING}, rang.at)
        yield Scene(f"{BOB} answers", {BOB: TALKING}, bob.answer().at)
        yield Scene(f"{BOB} hangs up", at=bob.hang_up().at)
        people.customer.wait("BYE")


@_told(Way.QUEUE)
def blind_transfer_by_keys(centre: ContactCentre) -> Iterator[Scene]:
    """By Asterisk's own feature."""
    with _called(centre, Way.QUEUE, ALICE, BOB) as people:
        alice, bob = people.agents
        yield from _answered(people, ALICE)
        alice.press(f"*1{BOB}")
        rang = bob.ring()
        alice.wait("BYE")
        yield Scene(f"{ALICE} transfers to {BOB}", {BOB: RINGING}, rang.at)
        yield Scene(f"{BOB} answers", {BOB: TALKING}, bob.answer().at)
        yield Scene(f"{BOB} hangs up", at=bob.hang_up().at)
        people.customer.wait("BYE")


@_told(Way.QUEUE)
def attended_transfer(centre: ContactCentre) -> Iterator[Scene]:
    """By a second call and REFER with Replaces, while the customer is on hold."""
    with _called(centre, Way.QUEUE, ALICE, BOB) as people:
        alice, bob = people.agents
        yield from _answered(people, ALICE)
        yield Scene(f"{ALICE} holds", {ALICE: HELD}, alice.offer(Command.HOLD).at)
        with centre.dialing(ALICE, BOB) as second:
            yield Scene(f"{ALICE} rings {BOB}", {ALICE: HELD}, bob.ring().at)
            answered = bob.answer()
            second.wait("200 INVITE")
            yield Scene(f"{BOB} answers {ALICE}", {ALICE: HELD}, answered.at)
            alice.transfer(BOB, second)
            ended = second.wait("BYE")
            alice.hang_up()
            yield Scene(f"{ALICE} transfers to {BOB}", {BOB: TALKING}, ended.at)
        yield Scene(f"{BOB} hangs up", at=bob.hang_up().at)
        people.customer.wait("BYE")


@_told(Way.QUEUE)
def attended_transfer_by_keys(centre: ContactCentre) -> Iterator[Scene]:
    """By Asterisk's own feature, which dials the second agent through a Local channel."""
    with _called(centre, Way.QUEUE, ALICE, BOB) as people:
        alice, bob = people.agents
        yield from _answered(people, ALICE)
        alice.press(f"*2{BOB}")
        asks = frozenset({ALICE})
        yield Scene(f"{ALICE} rings {BOB}", at=bob.ring().at, either=asks)
        yield Scene(f"{BOB} answers {ALICE}", at=bob.answer().at, either=asks)
        yield Scene(f"{ALICE} transfers to {BOB}", {BOB: TALKING}, alice.hang_up().at)
        yield Scene(f"{BOB} hangs up", at=bob.hang_up().at)
        people.customer.wait("BYE")


@_told(Way.QUEUE)
def pick_up(centre: ContactCentre) -> Iterator[Scene]:
    """A colleague takes the call that rings at another's phone."""
    with _called(centre, Way.QUEUE, ALICE) as people:
        (alice,) = people.agents
        yield Scene(f"{ALICE} rings", {ALICE: RINGING}, alice.ring().at)
        with centre.dialing(BOB, f"{PICK_UP}{ALICE}") as bob:
            answered = bob.wait("200 INVITE")
            alice.wait("487 INVITE")
            people.customer.wait("200 INVITE")
            yield Scene(f"{BOB} picks up", {BOB: TALKING}, answered.at)
            yield Scene(f"{BOB} hangs up", at=bob.hang_up().at)
            people.customer.wait("BYE")


@_told(Way.DIAL)
def group_pick_up(centre: ContactCentre) -> Iterator[Scene]:
    """A colleague takes whatever rings in their group, of a call that was dialed."""
    with _called(centre, Way.DIAL, ALICE) as people:
        (alice,) = people.agents
        yield Scene(f"{ALICE} rings", {ALICE: RINGING}, alice.ring().at)
        with centre.dialing(BOB, PICK_UP) as bob:
            answered = bob.wait("200 INVITE")
            alice.wait("487 INVITE")
            people.customer.wait("200 INVITE")
            yield Scene(f"{BOB} picks up", {BOB: TALKING}, answered.at)
            people.customer.hang_up()
            yield Scene("the customer hangs up", at=bob.wait("BYE").at)


@_told(Way.QUEUE)
def parked(centre: ContactCentre) -> Iterator[Scene]:
    """The agent parks the customer; a colleague fetches them."""
    with _called(centre, Way.QUEUE, ALICE) as people:
        (alice,) = people.agents
        yield from _answered(people, ALICE)
        alice.transfer(PARK)
        centre.pbx.wait_until("parking show default", "PJSIP/sipp")
        yield Scene(f"{ALICE} parks", {}, alice.hang_up().at)
        with centre.dialing(BOB, PARKED) as bob:
            yield Scene(f"{BOB} fetches", {BOB: TALKING}, bob.wait("200 INVITE").at)
            yield Scene(f"{BOB} hangs up", at=bob.hang_up().at)
            people.customer.wait("BYE")


@_told(Way.CONFERENCE)
def conference(centre: ContactCentre) -> Iterator[Scene]:
    """The customer is in a conference, which two agents enter and leave one after the other."""
    with _called(centre, Way.CONFERENCE) as people:
        people.customer.wait("200 INVITE")
        with centre.dialing(ALICE, CONFERENCE) as alice, centre.dialing(BOB, CONFERENCE) as bob:
            alice.wait("200 INVITE")
            entered = bob.wait("200 INVITE")
            both = {ALICE: TALKING, BOB: TALKING}
            yield Scene("both are in", both, entered.at)
            yield Scene(f"{ALICE} leaves", {BOB: TALKING}, alice.hang_up().at)
            yield Scene("the customer leaves", at=people.customer.hang_up().at)
            bob.hang_up()


@_told(Way.QUEUE)
def into_a_conference(centre: ContactCentre) -> Iterator[Scene]:
    """The agent transfers the customer into a conference, and follows with a colleague."""
    with _called(centre, Way.QUEUE, ALICE) as people:
        (first,) = people.agents
        yield from _answered(people, ALICE)
        first.transfer(CONFERENCE)
        centre.pbx.wait_until("confbridge list", CONFERENCE)
        yield Scene(f"{ALICE} transfers", {}, first.hang_up().at)
        with centre.dialing(ALICE, CONFERENCE) as alice, centre.dialing(BOB, CONFERENCE) as bob:
            alice.wait("200 INVITE")
            entered = bob.wait("200 INVITE")
            yield Scene("both are in", {ALICE: TALKING, BOB: TALKING}, entered.at)
            yield Scene("the customer leaves", at=people.customer.hang_up().at)
            alice.hang_up()
            bob.hang_up()


@_told(None)
def internal(centre: ContactCentre) -> Iterator[Scene]:
    """An agent calls a colleague; no customer is on the line."""
    with centre.phone(BOB) as bob, centre.dialing(ALICE, BOB) as alice:
        yield Scene(f"{BOB} rings", at=bob.ring().at)
        yield Scene(f"{BOB} answers", at=bob.answer().at)
        yield Scene(f"{ALICE} hangs up", at=alice.hang_up().at)


STORIES: Final[tuple[Story, ...]] = (
    *(queue, dial, local_member, optimised_member, mobile_member, desk_phone),
    *(given_up, group, hold, blind_transfer, blind_transfer_by_keys),
    *(attended_transfer, attended_transfer_by_keys, pick_up, group_pick_up),
    *(parked, conference, into_a_conference, internal),
)
