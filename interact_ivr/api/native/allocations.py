"""Allocations over the native API: made, looked at, ended; by those of an application alone."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta
from msgspec.structs import replace

from interact_ivr.api.dnis import Dnis
from interact_ivr.api.faults import NoSuchInteraction
from interact_ivr.api.native.asking import (
    BASE,
    Asked,
    Says,
    Time,
    Within,
    answer,
    done,
    given,
    native,
)
from interact_ivr.api.native.numbers import GroupName
from interact_ivr.api.routes import Needs, Route
from interact_ivr.domain.errors import AllocationEnded, Exhausted, NoSuchAllocation, QuotaReached
from interact_ivr.domain.values import Allocation, Ending, KnownAllocation
from interact_ivr.service.pools import Pools

Interaction = Annotated[
    str, Meta(min_length=1, max_length=128, description="the interaction's unique id")
]


class Allocate(Within, frozen=True, kw_only=True):
    """For whom a number is wanted."""

    interaction: Interaction
    group: GroupName | None = None
    caller: (
        Annotated[str, Meta(min_length=1, max_length=80, description="who is expected to call")]
        | None
    ) = None


class OfInteraction(Within, frozen=True, kw_only=True):
    """Whose allocation is asked for."""

    interaction: Interaction


class MadeAllocation(msgspec.Struct, frozen=True):
    """An allocation as it was made, or renewed."""

    id: str
    number: str
    """As stored."""
    entered: str
    """As the administrator wrote it: what a customer is shown."""
    interaction: str
    group: str | None
    allocated_at: Time
    expires_at: Time
    renewed: bool
    """The interaction held it already; its wait has begun anew."""
    lent_early: bool
    """The number still rested, because none was idle."""
    replaced: str | None
    """The allocation that ended because its interaction was given this one."""

    @classmethod
    def of(cls, made: Allocation) -> "MadeAllocation":
        """Show an allocation that was *made*."""
        return cls(
            id=made.id,
            number=made.number,
            entered=made.entered,
            interaction=made.interaction,
            group=made.group,
            allocated_at=made.allocated_at,
            expires_at=made.expires_at,
            renewed=made.renewed,
            lent_early=made.lent_early,
            replaced=made.replaced,
        )


class ShownAllocation(msgspec.Struct, frozen=True):
    """An allocation, open or ended."""

    id: str
    number: str
    entered: str
    interaction: str
    group: str | None
    allocated_at: Time
    expires_at: Time
    ended_at: Time | None
    """null: it is open."""
    ended_as: Ending | None

    @classmethod
    def of(cls, known: KnownAllocation) -> "ShownAllocation":
        """Show what is *known*."""
        return cls(
            id=known.id,
            number=known.number,
            entered=known.entered,
            interaction=known.interaction,
            group=known.group,
            allocated_at=known.allocated_at,
            expires_at=known.expires_at,
            ended_at=known.ended_at,
            ended_as=known.ended_as,
        )


class ShownAllocations(msgspec.Struct, frozen=True):
    """The open allocations of an interaction: none, or one."""

    allocations: list[ShownAllocation]


class AllocationRoutes(msgspec.Struct, frozen=True):
    """Serves them."""

    dnis: Dnis
    pools: Pools

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            native(
                "POST", "/allocations", Needs.ALLOCATOR, self._make, Allocate,
                Says(
                    "allocate", "Lend a number to an interaction, or renew the one it holds",
                    (Exhausted, QuotaReached, NoSuchInteraction),
                ),
                answer(201, "a number was lent", MadeAllocation),
                answer(200, "the number it holds; its wait has begun anew", MadeAllocation),
            ),
            native(
                "GET", "/allocations", Needs.READER, self._of_interaction, OfInteraction,
                Says("list_allocations", "The open allocations of an interaction"),
                answer(200, "none, or one", ShownAllocations),
            ),
            native(
                "GET", "/allocations/{allocation}", Needs.READER, self._show, Within,
                Says(
                    "show_allocation", "An allocation by its id, open or ended", (NoSuchAllocation,)
                ),
                answer(200, "the allocation", ShownAllocation),
            ),
            native(
                "DELETE", "/allocations/{allocation}", Needs.ALLOCATOR, self._end, Within,
                Says(
                    "end_allocation", "End an allocation as freed: that one and no later one",
                    (NoSuchAllocation, AllocationEnded),
                ),
                answer(204, "it has ended as freed"),
            ),
        ]  # fmt: skip

    async def _make(self, asked: Asked[Allocate]) -> web.Response:
        what = asked.what
        made = await self.dnis.allocate(
            replace(asked.who, application=asked.application),
            what.interaction,
            what.group,
            what.caller,
        )
        return given(MadeAllocation.of(made), 200 if made.renewed else 201)

    async def _of_interaction(self, asked: Asked[OfInteraction]) -> web.Response:
        known = await self.pools.allocation_of(
            asked.environment, asked.what.interaction, asked.application
        )
        return given(ShownAllocations([] if known is None else [ShownAllocation.of(known)]))

    async def _show(self, asked: Asked[Within]) -> web.Response:
        known = await self.pools.allocation(
            asked.environment, asked.path["allocation"], asked.application
        )
        return given(ShownAllocation.of(known))

    async def _end(self, asked: Asked[Within]) -> web.Response:
        await self.pools.end(
            asked.environment,
            asked.path["allocation"],
            asked.application,
            f"by {asked.who.user} over {BASE}",
        )
        return done()
