"""Making a dial plan the environment's, once it was compared with the one that counts; and back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from dialplan import PlanError
from interact_ivr.domain.acts import speak_of
from interact_ivr.domain.directory import tenant_of
from interact_ivr.domain.errors import BadDialPlan
from interact_ivr.service.administration import Administration
from interact_ivr.service.cluster import NodeView
from interact_ivr.service.environments import Environments
from interact_ivr.service.plan_files import (
    PlanFile,
    as_written,
    expressions,
    own_file,
    seal_of,
    sharing,
    sum_of,
)
from interact_ivr.service.plans import Plans


class Activated(msgspec.Struct, frozen=True):
    """A plan that counts from now on."""

    file: str
    environments: Sequence[str]
    """Whose plan it is."""


class Activation:
    """The use cases of who changes a dial plan, one after the other.

    Where *tenant* is given, it is theirs to change only where nobody else's numbers are read by it.
    """

    def __init__(
        self,
        plans: Plans,
        environments: Environments,
        administration: Administration,
        nodes: Callable[[], Awaitable[Sequence[NodeView]]],
    ) -> None:
        self._plans = plans
        self._environments = environments
        self._administration = administration
        self._nodes = nodes
        self._turn = asyncio.Lock()

    async def obstacle(self, environment: str, tenant: str | None = None) -> str:
        """Say why the plan of *environment* cannot be replaced here; empty: it can."""
        try:
            file = await self._file(environment, tenant)
        except BadDialPlan as error:
            return str(error)
        return await asyncio.to_thread(file.why_not_written)

    async def way_back(self, environment: str) -> str:
        """Give what stands for the plan to go back to, and the one it is left for; empty: none."""
        file = own_file(self._environments.named(environment).plan_name)
        return "" if file is None else await asyncio.to_thread(_way_back, file)

    async def activate(
        self, environment: str, text: str, seal: str, tenant: str | None = None
    ) -> Activated:
        """Let the plan count that was tried as *text*: it is in the file, and loaded.

        Raises:
            BadDialPlan: it is not what was compared with the plan that counts now, as *seal* says;
                it cannot be used; or the plan cannot be replaced here.
        """
        async with self._turn:
            file = await self._file(environment, tenant)
            if seal != seal_of(text, file.text()):
                raise BadDialPlan(
                    ["it is not what was compared with the plan that counts now: try it again"]
                )
            return await self._replace(environment, file, text, tenant)

    async def go_back(
        self, environment: str, tenant: str | None = None, seal: str | None = None
    ) -> Activated:
        """Let the plan of before count again; the one of now is the former then.

        Raises:
            BadDialPlan: there is none, it cannot be used, or cannot be replaced here; or it is not
                the way back that was seen, as *seal* says, if it is given.
        """
        async with self._turn:
            file = await self._file(environment, tenant)
            former = file.former_text()
            if former is None:
                raise BadDialPlan([f"there is no former plan: {file.former} is not there"])
            if seal is not None and seal != _way_back(file):
                raise BadDialPlan(["another plan counts than you saw: look at the page again"])
            return await self._replace(environment, file, former, tenant)

    async def _replace(
        self, environment: str, file: PlanFile, text: str, tenant: str | None
    ) -> Activated:
        speak_of({"plan_sha256": sum_of(as_written(text).encode())})
        if reason := await asyncio.to_thread(file.why_not_written):
            raise BadDialPlan([reason])
        await self._plans.tried(environment, text)  # it may have taken too long for a call
        self._check_expressions(text, tenant)
        users = self._users(file)
        names = {self._environments.named(each).plan_name for each in users}
        former = await asyncio.to_thread(file.former_text)
        try:
            speak_of({"former_sha256": sum_of(await asyncio.to_thread(file.path.read_bytes))})
            await asyncio.to_thread(file.replace, as_written(text))
            await self._administration.reload_dial_plans(names)
        except OSError as error:
            raise BadDialPlan([f"{file.path} cannot be written: {error.strerror}"]) from None
        except PlanError as error:
            await asyncio.to_thread(file.restore, former)
            raise BadDialPlan(str(error).splitlines()) from None
        return Activated(str(file.path), users)

    async def _file(self, environment: str, tenant: str | None) -> PlanFile:
        here = self._environments.named(environment)
        file = own_file(here.plan_name)
        if file is None:
            raise BadDialPlan(
                [
                    f"{here.plan_name} is a shipped plan, which has no file of your own: put one "
                    "into /var/lib/interact-ivr, and name it as dial_plan.plan or as the "
                    "environment's --dial-plan"
                ]
            )
        users = self._users(file)
        if tenant is not None and not self._is_of(tenant, file, users):
            raise BadDialPlan(["it is not of this tenant alone: the operator may change it"])
        if any(node.alive and not node.this for node in await self._nodes()):
            raise BadDialPlan(
                [f"each node reads a file of its own: replace {file.path} on each, and reload it"]
            )
        return file

    def _check_expressions(self, text: str, tenant: str | None) -> None:
        """Refuse a customer's regular expressions: calls of all tenants wait while one is matched.

        Of all other patterns the time goes with the length of a number.
        """
        if tenant in (None, tenant_of(self._environments.defaults.environment)):
            return
        if found := expressions(text):
            why = "a regular expression, which only the operator may let count"
            raise BadDialPlan([f"{each}: {why}" for each in found])

    def _users(self, file: PlanFile) -> Sequence[str]:
        return sharing(file, self._environments.plan_names())

    def _is_of(self, tenant: str, file: PlanFile, users: Sequence[str]) -> bool:
        defaults = self._environments.defaults
        of_all = own_file(defaults.plan_name) == file and tenant_of(defaults.environment) != tenant
        return not of_all and all(each.partition("/")[0] == tenant for each in users)


def _way_back(file: PlanFile) -> str:
    former = file.former_text()
    return "" if former is None else seal_of(former, file.text())
