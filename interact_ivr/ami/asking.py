"""Asks a PBX for its directory, or some of it; what it refuses is left empty, and said.

What may be long is read in a thread, so that calls have their turn.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from interact_ivr.ami import told
from interact_ivr.ami.session import AmiRefused, Session
from interact_ivr.ami.told import Endpoint, Lot, Part, Told

_NOTHING: Final = Told()
_USUAL_CONTEXT: Final = "parkedcalls"
"""In which calls are parked, unless it is configured otherwise."""


class Answer(msgspec.Struct, frozen=True):
    """What a PBX has told, and what it would not, in its own words by part."""

    told: Told = _NOTHING
    refused: Mapping[Part, str] = msgspec.field(default_factory=dict)


async def ask(session: Session, parts: Collection[Part], known: Answer) -> Answer:
    """Read *parts* anew; the others are as *known*.

    Raises:
        AmiLost: the session has ended.
    """
    answer = known
    for part in Part:
        if part in parts:
            answer = await _ask(session, part, answer)
    return answer


async def _ask(session: Session, part: Part, known: Answer) -> Answer:
    refused = {each: why for each, why in known.refused.items() if each is not part}
    try:
        read: Any = await _READ[part](session)
    except AmiRefused as error:
        read = getattr(_NOTHING, part.value)
        refused[part] = str(error)
    return Answer(replace(known.told, **{part.value: read}), refused)


async def _endpoints(session: Session) -> tuple[Endpoint, ...]:
    names = told.names_of_endpoints(await session.ask_all("PJSIPShowEndpoints"))
    found = []
    for name in names:
        try:
            found.append(told.endpoint(await session.ask_all("PJSIPShowEndpoint", Endpoint=name)))
        except AmiRefused:  # it has just gone
            continue
    return tuple(filter(None, found))


async def _lots(session: Session) -> tuple[Lot, ...]:
    try:
        lots = told.lots(await session.ask_all("Parkinglots"))
    except AmiRefused:  # it takes the right to place calls, which not everybody gives
        lines = await session.ask_all("ShowDialPlan", Context=_USUAL_CONTEXT)
        lots = told.lots_of_dialplan(lines)
    return tuple([await _with_extensions(session, lot) for lot in lots])


async def _with_extensions(session: Session, lot: Lot) -> Lot:
    """Give *lot* with the extensions by which calls are parked: only the dialplan knows them."""
    try:
        space = await session.ask_all("ShowDialPlan", Extension=str(lot.spaces.start))
        if not (context := told.context_of(lot, space)):
            return lot
        lines = await session.ask_all("ShowDialPlan", Context=context)
    except AmiRefused:
        return lot
    return replace(lot, extensions=told.parking_at(lot, lines))


async def _boxes(session: Session) -> Mapping[str, told.Waiting]:
    listed = await session.ask_all("VoicemailUsersList")
    return await asyncio.to_thread(told.boxes, listed)


async def _queues(session: Session) -> tuple[told.Queue, ...]:
    listed = await session.ask_all("QueueStatus")
    return await asyncio.to_thread(told.queues, listed)


async def _hints(session: Session) -> frozenset[told.Hint]:
    listed = await session.ask_all("ExtensionStateList")
    return await asyncio.to_thread(told.hints, listed)


_READ: Final[Mapping[Part, Callable[[Session], Awaitable[object]]]] = {
    Part.ENDPOINTS: _endpoints,
    Part.BOXES: _boxes,
    Part.QUEUES: _queues,
    Part.LOTS: _lots,
    Part.HINTS: _hints,
}
