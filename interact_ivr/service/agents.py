"""What agents' screens show: the call on a phone, and whose interaction the customer has.

A PBX's follower tells of the calls, retrievals of what calls were told. All in one event loop; only
what memory does not know of a call is read from the store, beside all else and once.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from msgspec.structs import replace

from interact_ivr.domain.errors import BadInput, Refusal
from interact_ivr.domain.names import CallRef, EnvironmentId, InteractionId
from interact_ivr.domain.phone_calls import (
    AgentCall,
    KnownCall,
    PhoneCall,
    PhoneState,
    Told,
)
from interact_ivr.ports import ToldStore
from interact_ivr.service.environments import Environments
from interact_ivr.service.phones import OnPhone, Phone, Phones
from interact_ivr.service.recent import Recent
from interact_ivr.service.screens import Screen, Screens
from interact_ivr.service.seeing import seen
from interact_ivr.service.sites import Site, Sites

_TOLD_MOST, _TOLD_SECONDS = 10_000, 24 * 3600.0
_AGAIN_SECONDS = 1.0
_RANK = {PhoneState.TALKING: 2, PhoneState.RINGING: 1, PhoneState.HELD: 0}
"""Which of a phone's calls its screen shows, of those with a customer, or of those without."""


class Agents:
    """The calls on the phones of all PBXes, as each environment may see them."""

    def __init__(
        self,
        sites: Sequence[Site],
        environments: Environments,
        store: ToldStore,
        failed: Callable[[CallRef, Refusal], None] = lambda *_: None,
    ) -> None:
        """*failed* hears of a call of which cannot be read what it was told: it is tried again."""
        self._sites = Sites(sites, environments)
        self._environments = environments
        self._store = store
        self._failed = failed
        self._screens = Screens()
        self._phones = Phones(self._screens.stir)
        self._told: Recent[CallRef, Told] = Recent(_TOLD_MOST, _TOLD_SECONDS, time.monotonic)
        self._read: Recent[CallRef, None] = Recent(_TOLD_MOST, _TOLD_SECONDS, time.monotonic)
        self._unread: asyncio.Queue[CallRef] = asyncio.Queue()

    @property
    def on_phones(self) -> int:
        """How many calls are on phones now."""
        return len(self._phones)

    @property
    def screens(self) -> int:
        """How many screens are watched now."""
        return len(self._screens)

    def shows(self, call: PhoneCall) -> None:
        """Take a call on a phone as it is now; one that began later is another one."""
        channels = [CallRef(call.pbx, other.uniqueid) for other in call.others]
        old = self._phones.get(CallRef(call.pbx, call.uniqueid))
        same = old is not None and (old.ended is None or old.call.began == call.began)
        new = old.now(call) if old is not None and same else OnPhone(call)
        told = {ref.uniqueid: told for ref in channels if (told := self._told.get(ref))}
        self._phones.put(replace(new, told={**new.told, **told}))
        for ref in channels:
            if ref.uniqueid not in new.told and ref not in self._told and ref not in self._read:
                self._read.put(ref, None)
                self._unread.put_nowait(ref)

    def over(self, pbx: str, uniqueid: str, at: datetime) -> None:
        """Take it that a call is on its phone no longer."""
        self._phones.end(CallRef(pbx, uniqueid), at)

    def told(self, call: CallRef, told: Told) -> None:
        """Take what a call was told; what speaks of no interaction changes nothing that does."""
        before = self._told.get(call)
        if before is not None and before.interaction is not None and told.interaction is None:
            return
        self._told.put(call, told)
        for there in self._phones.having(call):
            if there.ref != call:
                self._phones.put(replace(there, told={**there.told, call.uniqueid: told}))

    def forget(self, environment: EnvironmentId, interaction: InteractionId) -> None:
        """Know nothing of *interaction* any more, nor of calls about it that have ended."""

        def is_of_it(told: Told) -> bool:
            return (told.environment, told.interaction) == (environment, interaction)

        self._told.forget_all(is_of_it)
        for there in self._phones.all():
            told = {name: each for name, each in there.told.items() if not is_of_it(each)}
            if len(told) == len(there.told):
                continue
            if there.ended is None:
                self._phones.put(replace(there, told=told))
            else:
                self._phones.forget(there)

    def extension_of(self, pbx: str, device: str, environment: str | None) -> str | None:
        """Give the extension whose phone *device* is; empty: nobody's; None: it is not known."""
        return self._sites.extension_of(pbx, device, environment)

    async def run(self) -> None:
        """Read what is not known of calls, until cancelled."""
        while True:
            ref = await self._unread.get()
            if ref in self._told:
                continue
            if not self._phones.having(ref):  # gone, while the store did not answer
                self._read.forget(ref)
                continue
            try:
                told = await self._store.told(ref)
            except Refusal as error:
                self._failed(ref, error)
                self._unread.put_nowait(ref)
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if told is not None and ref not in self._told:
                self.told(ref, told)

    def call(self, environment: str, extension: str, pbx: str | None = None) -> AgentCall | None:
        """Give the call that a phone's screen shows; None: there is none.

        One with a customer before one with a colleague, whom an agent may ask meanwhile; `talking`,
        `ringing`, `held`; one with an interaction before one without; then the newest.

        Raises:
            NoSuchEnvironment.
            BadInput: there is no such PBX; or several may be meant, and none is named.
        """
        here, phone = self._asked(environment, extension, pbx)
        return self._shown(here, phone)

    def calls(
        self, environment: str, extension: str, limit: int, pbx: str | None = None
    ) -> Sequence[AgentCall]:
        """Give up to *limit* calls that a phone had, the last one first; raises as `call`.

        Kept are 50 of a phone and 10,000 of all, those it did not answer too; none over a restart.
        """
        here, phone = self._asked(environment, extension, pbx)
        return [*islice(self._seen(here, self._phones.ended(phone)), limit)]

    @contextmanager
    def watching(
        self, environment: str, extension: str, pbx: str | None = None
    ) -> Iterator[Screen]:
        """Give what `call` gives, at once and after each change, as an async iterator.

        A slow reader gets the newest state alone. Raises as `call`, when it is begun and, where the
        environment is gone meanwhile, when it is read.
        """
        _, phone = self._asked(environment, extension, pbx)

        def look() -> AgentCall | None:
            return self._shown(self._environments.named(environment).id, phone)

        with self._screens.watching(phone, look) as screen:
            yield screen

    async def known(
        self,
        environment: str,
        uniqueid: str,
        pbx: str | None = None,
        only: Callable[[str], bool] | None = None,
    ) -> KnownCall | None:
        """Give what is known of a channel, a customer's or a phone's; None: nothing.

        Without *pbx* all are looked at. Who sees *only* some extensions is told of calls on these,
        and of a channel that is on none of them nothing.

        Raises:
            NoSuchEnvironment, StoreUnavailable.
            BadInput: there is no such PBX; or several know that uniqueid, and none is named.
        """
        here = self._environments.named(environment).id
        names = self._sites.those(pbx)
        found = [await self._known(here, CallRef(name, uniqueid), only) for name in names]
        known = [each for each in found if each is not None]
        if len(known) > 1:
            raise BadInput("pbx", f"one of {', '.join(each.pbx for each in known)}", "none")
        return known[0] if known else None

    async def _known(
        self, here: EnvironmentId, ref: CallRef, only: Callable[[str], bool] | None
    ) -> KnownCall | None:
        having = [
            each
            for each in sorted(self._phones.having(ref), key=_newest, reverse=True)
            if each.ref == ref or ref.uniqueid in {party.uniqueid for party in each.parties}
            if only is None or only(each.call.extension)
        ]
        phones = tuple(self._seen(here, having))
        if only is not None and not phones:
            return None
        told = await self._told_of(ref, having)
        if told is not None and told.environment != here:
            told = None
        if told is None:
            told = next((each.told for each in phones if each.phone.uniqueid == ref.uniqueid), None)
        if told is None and not phones:
            return None
        return KnownCall(ref.pbx, ref.uniqueid, told, phones)

    async def _told_of(self, ref: CallRef, having: Sequence[OnPhone]) -> Told | None:
        kept = (self._told.get(ref), *(each.told.get(ref.uniqueid) for each in having))
        return next(filter(None, kept), None) or await self._store.told(ref)

    def _asked(
        self, environment: str, extension: str, pbx: str | None
    ) -> tuple[EnvironmentId, Phone]:
        here = self._environments.named(environment).id
        return here, Phone(self._sites.of_extension(here, extension, pbx), extension)

    def _shown(self, here: EnvironmentId, phone: Phone) -> AgentCall | None:
        return max(self._seen(here, self._phones.on(phone)), key=_rank, default=None)

    def _seen(self, here: EnvironmentId, calls: Iterable[OnPhone]) -> Iterator[AgentCall]:
        return filter(None, (seen(each, here, self._sites) for each in calls))


def _rank(call: AgentCall) -> tuple[bool, int, bool, datetime]:
    phone, told = call.phone, call.told
    has_customer = told is not None or phone.customer is not None
    has_interaction = told is not None and told.interaction is not None
    return has_customer, _RANK[phone.state], has_interaction, phone.began


def _newest(each: OnPhone) -> tuple[bool, datetime]:
    return each.ended is None, each.ended or each.call.began
