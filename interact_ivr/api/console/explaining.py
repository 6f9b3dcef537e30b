"""Why a number is what it is; the dial plan as it is loaded; and another one, tried first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from dialplan import Explanation, Plan
from dialplan.explain import Asked as Patterns
from dialplan.explain import Considered, reached
from interact_ivr.api.console.asking import Desk, action, asked, done, must_have, page
from interact_ivr.api.console.guarding import SESSION
from interact_ivr.api.console.sessions import Note
from interact_ivr.api.routes import CONSOLE_ROLES, Needs, Route, Who
from interact_ivr.domain.acts import say_refused
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import BadDialPlan
from interact_ivr.service.activating import Activated, Activation
from interact_ivr.service.numbers import Numbers
from interact_ivr.service.plans import REAL_NUMBERS, Plans

_NEAREST: Final = 20
"""Of the rules that do not match, those that came nearest are shown."""
_RULES: Final = 200
_CHANGES: Final = 200


class Explained(msgspec.Struct, frozen=True):
    """Which number."""

    number: Annotated[str, Meta(max_length=256)] = ""


class TriedPlan(msgspec.Struct, frozen=True):
    """The form by which a plan is tried."""

    plan: str = ""


class ActivatedPlan(TriedPlan, frozen=True):
    """The same form, by which it is let count."""

    seal: str = ""
    """Of the page on which it was compared."""


class WayBack(msgspec.Struct, frozen=True):
    """The form by which the former plan is let count again."""

    seal: str = ""
    """Of both plans, as they were when the page was shown: somebody may have gone back since."""


class ExplainPages(msgspec.Struct, frozen=True):
    """Serves it."""

    desk: Desk
    numbers: Numbers
    plans: Plans
    activation: Activation

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            page("explain", Needs.CONSOLE_AGENT, self._show),
            page("plan", Needs.CONSOLE_VIEWER, self._plan),
            action("plan", self._try),
            action("plan-activate", self._activate, "plan.activate"),
            action("plan-back", self._go_back, "plan.back"),
        ]

    async def _show(self, request: web.Request, who: Who) -> web.Response:
        what = asked(request, Explained)
        here = must_have(who)
        told = await self.numbers.explain(here, what.number) if what.number else None
        return self.desk.show(
            request,
            who,
            "explain.html",
            number=what.number,
            told=told,
            steps=[*_steps(told)] if told else [],
            may_see_plan=who.grant is not None
            and who.grant.role in CONSOLE_ROLES[Needs.CONSOLE_VIEWER],
        )

    async def _plan(self, request: web.Request, who: Who) -> web.Response:
        return await self._page(request, who)

    async def _try(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, TriedPlan)
        try:
            tried = await self.plans.tried(must_have(who), what.plan)
        except BadDialPlan as error:
            return await self._page(request, who, 400, text=what.plan, faults=error.faults)
        return await self._page(request, who, text=what.plan, tried=tried)

    async def _activate(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, ActivatedPlan)
        here, tenant = must_have(who), tenant_of(who.environment)
        try:
            activated = await self.activation.activate(here, what.plan, what.seal, tenant)
        except BadDialPlan as error:
            say_refused(error.code, str(error))
            return await self._page(request, who, 400, text=what.plan, faults=error.faults)
        return _done(request, activated)

    async def _go_back(self, request: web.Request, who: Who) -> web.Response:
        what = await self.desk.form(request, WayBack)
        here, tenant = must_have(who), tenant_of(who.environment)
        try:
            activated = await self.activation.go_back(here, tenant, what.seal)
        except BadDialPlan as error:
            say_refused(error.code, str(error))
            return await self._page(request, who, 400, faults=error.faults)
        return _done(request, activated)

    async def _page(
        self, request: web.Request, who: Who, status: int = 200, **more: Any
    ) -> web.Response:
        here = must_have(who)
        seen = await self.plans.seen(here)
        shown = {"text": "", "faults": (), "tried": None} | more
        return self.desk.show(
            *(request, who, "plan.html", status),
            seen=seen,
            obstacle=await self.activation.obstacle(here, tenant_of(here)),
            way_back=await self.activation.way_back(here),
            facts=[*_facts(seen.plan)],
            failed=[each for each in seen.outcomes if not each.holds],
            rules=seen.plan.rules[:_RULES],
            conversions=seen.plan.conversions[:_RULES],
            most=_CHANGES,
            real_numbers=REAL_NUMBERS,
            **shown,
        )


def _done(request: web.Request, activated: Activated) -> web.Response:
    environments = ", ".join(each.partition("/")[2] for each in activated.environments)
    note = Note(f"This plan counts from now on, for {environments}. The former one is kept.")
    return done(request[SESSION], "plan", note)


class Step(msgspec.Struct, frozen=True):
    """One kind of patterns that a number was held against."""

    title: str
    asked: Patterns
    shown: Sequence[Considered]

    @property
    def others(self) -> int:
        """How many more do not match."""
        return len(self.asked.considered) - len(self.shown) + self.asked.not_listed


def _steps(told: Explanation) -> Iterator[Step]:
    for title, patterns in (("Conversions", told.conversions), ("Rules", told.rules)):
        if patterns.of:
            yield Step(title, patterns, _nearest(patterns.considered))


def _nearest(considered: Sequence[Considered]) -> Sequence[Considered]:
    """Give the one that matched, and of the others those whose patterns came farthest."""
    missed = [each for each in considered if not each.matched]
    nearest = sorted(missed, key=lambda each: -reached(each.why_not))[:_NEAREST]
    return [each for each in considered if each.matched or each in nearest]


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Give what a plan sets, in words; what it leaves open is not told."""
    lengths = plan.extension_lengths
    said: Mapping[str, str] = {
        "Description": plan.description,
        "Home country": plan.home_country,
        "Extensions": f"{lengths[0]} to {lengths[-1]} digits" if lengths else "",
        "Area codes": ", ".join(plan.area_codes),
        "Outside line": ", ".join(plan.outside_line),
        "International prefixes": ", ".join(plan.international_prefixes),
        "Emergency numbers of its own": ", ".join(plan.extra_emergency),
        "Rules": f"{len(plan.rules):,}",
        "Conversions": f"{len(plan.conversions):,}",
    }
    yield from ((title, text) for title, text in said.items() if text)
