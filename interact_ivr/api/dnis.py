"""The four methods of the vendor's API as REST and SOAP both have them.

All of them are about the pool of one DNIS application: another one's number is not found.
"""

import msgspec

from interact_ivr.api.faults import NoSuchInteraction
from interact_ivr.api.foreign import ForeignNumbers
from interact_ivr.api.registry import Registry
from interact_ivr.api.routes import Who
from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.errors import NoSuchNumber
from interact_ivr.domain.names import InteractionId
from interact_ivr.domain.values import Allocation, FreeStatus
from interact_ivr.service.allocations import Allocations
from interact_ivr.service.numbers import Numbers


class Dnis(msgspec.Struct, frozen=True):
    """The methods, each raising what refuses it.

    Who asks for many numbers that the pool has not gets ever slower answers, or `TooManyAttempts`.
    """

    allocations: Allocations
    numbers: Numbers
    registry: Registry | None
    """Knows which interactions there are; None: every one."""
    get_consumes: bool
    foreign: ForeignNumbers

    async def create(
        self, who: Who, number: str, dnid: str | None, group: str | None, *, enabled: bool
    ) -> int:
        """Take one number into the pool, and give its id.

        Raises:
            NumberExists: it is in the environment already.
        """
        speak_of({"number": number, "dnid": dnid, "group": group, "enabled": enabled})
        return await self.numbers.create(
            who.environment, who.application or "", number, dnid, group, enabled=enabled
        )

    async def allocate(
        self, who: Who, interaction: str, group: str | None, caller: str | None
    ) -> Allocation:
        """Lend a number to *interaction*.

        Raises:
            BadInput: it can be none; the registry is not asked.
            NoSuchInteraction: the operator's registry does not know it.
        """
        if self.registry is not None:
            known = self.allocations.interaction(who.environment, interaction)
            if not await self.registry.knows(known):
                raise NoSuchInteraction(interaction)
        return await self.allocations.allocate(
            who.environment, interaction, group, caller=caller, application=who.application or ""
        )

    async def get(
        self, who: Who, phone: str, over: str, *, only_look: bool = False
    ) -> InteractionId | None:
        """Say whose number it is; where `get_consumes`, it is free then, unless to *only look*.

        Raises:
            NoSuchNumber: the pool has no such number.
        """
        application = who.application or ""
        try:
            if not self.get_consumes or only_look:
                return await self.allocations.holder(who.environment, phone, application)
            detail = f"get over {over}"
            return await self.allocations.take(who.environment, phone, application, detail=detail)
        except NoSuchNumber:
            await self.foreign.ask(who, phone)
            raise

    async def free(self, who: Who, phone: str, over: str) -> bool:
        """End the number's allocation; False where it had none. The journal says *over* what.

        Raises:
            NoSuchNumber: the pool has no such number.
        """
        detail = f"by {who.user} over {over}"
        try:
            status = await self.allocations.free_known(
                who.environment, phone, application=who.application, detail=detail
            )
        except NoSuchNumber:
            await self.foreign.ask(who, phone)
            raise
        return status is FreeStatus.FREED
