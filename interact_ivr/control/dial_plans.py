"""What the command line can ask of an environment's dial plan: to compare, replace, and go back."""

import msgspec
from msgspec.structs import asdict

from interact_ivr.control.directory import Operation
from interact_ivr.service.activating import Activation
from interact_ivr.service.plans import Plans


class TryPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say what a plan would change of the last real numbers."""

    text: str
    environment: str = ""


class ActivatePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let a plan count that was tried."""

    text: str
    seal: str
    environment: str = ""


class GoBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let the plan of before count again."""

    environment: str = ""


class PlanOperations:
    """Carries them out."""

    def __init__(self, plans: Plans, activation: Activation) -> None:
        self._plans = plans
        self._activation = activation
        self.by_name: dict[str, tuple[type[msgspec.Struct], Operation]] = {
            "plan.try": (TryPlan, self._try),
            "plan.activate": (ActivatePlan, self._activate),
            "plan.back": (GoBack, self._go_back),
        }

    async def _try(self, request: TryPlan) -> object:
        tried = await self._plans.tried(request.environment, request.text)
        return {
            "findings": [asdict(each) for each in tried.findings],
            "cases": len(tried.outcomes),
            "failed": [
                {"number": each.case.number, "expected": each.case.expected, "got": each.got}
                for each in tried.failed
            ],
            "numbers": tried.numbers,
            "changes": [asdict(each) for each in tried.changes],
            "seal": tried.seal,
            "obstacle": await self._activation.obstacle(request.environment),
        }

    async def _activate(self, request: ActivatePlan) -> object:
        return await self._activation.activate(request.environment, request.text, request.seal)

    async def _go_back(self, request: GoBack) -> object:
        return await self._activation.go_back(request.environment)
