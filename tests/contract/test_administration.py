"""Administering the directory: a change is seen at once, and none is lost to another."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from interact_ivr.domain.directory import AddTenant
from interact_ivr.domain.errors import (
    BadDialPlan,
    BadInput,
    ContradictingSettings,
    EntryExists,
    EntryInUse,
    NoSuchApplication,
    NoSuchEntry,
    NoSuchEnvironment,
)
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.domain.settings import written_settings
from interact_ivr.service.administration import Administration, OwnSettings
from interact_ivr.service.environments import Environments
from tests.contract.stores import Pool
from tests.contract.test_environments import LIVE, environments_of

ONE_BY_ONE = {
    "hold_for_seconds": "60",
    "rest_for_seconds": "61",
    "redial_for_seconds": "62",
    "late_for_seconds": "63",
    "resting": "strict",
    "on_repeat": "replace",
    "late_reveals_id": "false",
    "most_allocations": "64",
    "most_allocations_per_minute": "65",
}


@pytest.fixture
async def environments(pool: Pool) -> Environments:
    """Give the environments of a new store, where the default one is not there yet."""
    environments = environments_of(pool, LIVE)
    await environments.reload()
    return environments


@pytest.fixture
def warned() -> list[str]:
    """Give what was warned of."""
    return []


@pytest.fixture
def administration(pool: Pool, environments: Environments, warned: list[str]) -> Administration:
    """Give what administers them."""
    return Administration(pool.directory, environments, pool.clock, warned.append)


async def test_a_change_is_seen_when_it_is_acknowledged(
    administration: Administration, environments: Environments
) -> None:
    """A call that arrives then goes by it."""
    with pytest.raises(NoSuchEnvironment):
        environments.named()
    await administration.add_tenant("acme")
    assert await administration.add_environment("live", None) == LIVE
    assert administration.has_default
    assert environments.named().application()
    await administration.add_application("", "sales", settings={"hold_for_seconds": "60"})
    assert environments.named().application("sales").policy.hold_for.total_seconds() == 60
    await administration.remove_application("live", "sales")
    with pytest.raises(NoSuchApplication):
        environments.named().application("sales")


async def test_changes_at_the_same_time_are_all_made(administration: Administration) -> None:
    """Each of nine people gives one setting; all nine stand."""
    await administration.add_tenant("acme")
    await administration.add_environment("live", None)
    await asyncio.gather(
        *(administration.set_application("", "default", {k: v}) for k, v in ONE_BY_ONE.items())
    )
    (known,) = [each for each in administration.directory.applications if each.environment == LIVE]
    assert written_settings(known.settings).keys() == ONE_BY_ONE.keys()


async def test_the_same_name_at_the_same_time_is_one(
    pool: Pool, administration: Administration
) -> None:
    """Who comes second is refused, and told so."""
    made = await asyncio.gather(
        *(administration.add_tenant("acme") for _ in range(8)), return_exceptions=True
    )
    assert [each for each in made if each is None] == [None]
    assert sum(isinstance(each, EntryExists) for each in made) == 7
    with pytest.raises(EntryExists):
        await pool.directory.change(AddTenant("acme"))


async def test_a_dial_plan_with_faults_is_refused(administration: Administration) -> None:
    """Before there is an environment that could not be served."""
    with pytest.raises(BadDialPlan, match=r"^dial_plan: there are no telephones$"):
        await administration.add_environment("default/mars", "mars")
    assert len(administration.directory.environments) == 1


async def test_the_configured_default_stays(administration: Administration) -> None:
    """Whoever wants to remove it configures another one first."""
    await administration.add_tenant("acme")
    await administration.add_environment("live", None)
    for name in ("", "live", "acme/live"):
        with pytest.raises(EntryInUse, match=r"it is the configured environment\.default$"):
            await administration.remove_environment(name)
    await administration.remove_environment("default/default")
    await administration.remove_tenant("default")
    with pytest.raises(NoSuchEnvironment):
        await administration.remove_environment("default/default")


async def test_what_is_not_there_is_named(administration: Administration) -> None:
    """An application of no environment, a user of no tenant."""
    with pytest.raises(NoSuchApplication):
        await administration.set_application("default/default", "none", {"resting": "strict"})
    with pytest.raises(NoSuchEntry, match=r"^tenant 'none' was not found$"):
        await administration.add_user("none", "ann", "correct horse")


async def test_every_secret_is_another_one(administration: Administration) -> None:
    """A key has 96 random bits, a token 256."""
    where = "default/default"
    made = [
        await administration.add_application(where, f"a{count}", settings={}) for count in range(4)
    ]
    keys = [each.key for each in made]
    tokens = [await administration.add_token(where, "viewer") for _ in range(4)]
    assert len(set(keys)) == len(set(tokens)) == 4
    assert {len(key) for key in keys} == {24}
    assert {len(token) for token in tokens} == {64}


# What an application has of its own, against what is configured for all

DEFAULT = EnvironmentName("default/default")
DAY = "86400"
LONGER = "86400.5"


async def short_journal(administration: Administration, environments: Environments) -> None:
    """Let the journal be kept for a day, and the default environment be one that is there."""
    days = timedelta(days=1)
    await administration.adopt(
        replace(environments.defaults, environment=DEFAULT, journal_kept_for=days)
    )


@pytest.mark.parametrize("key", ["hold_for_seconds", "redial_for_seconds", "late_for_seconds"])
async def test_a_time_the_journal_could_not_answer_for_is_refused(
    administration: Administration, environments: Environments, key: str
) -> None:
    """Whoever sets it; what is kept for ever answers for everything. Nothing is half done."""
    await administration.set_application(DEFAULT, "default", {key: LONGER})
    await administration.set_application(DEFAULT, "default", {key: ""})
    await short_journal(administration, environments)
    before = administration.directory
    refusal = (
        rf"^{key}: expected at most 86400, as long as the journal is kept \(journal\.days\), "
        r"got 86400\.5$"
    )
    with pytest.raises(BadInput, match=refusal):
        await administration.set_application(DEFAULT, "default", {key: LONGER})
    with pytest.raises(BadInput, match=refusal):
        await administration.add_application(DEFAULT, "sales", settings={key: LONGER})
    assert administration.directory == before
    await administration.set_application(DEFAULT, "default", {key: DAY})
    await administration.add_application(DEFAULT, "sales", settings={key: DAY})


async def test_a_configuration_that_an_application_contradicts_is_refused(
    administration: Administration, environments: Environments
) -> None:
    """Every such application is named with its key; the old one counts on."""
    await administration.add_application(DEFAULT, "web", allocates_from="default", settings={})
    for name in ("sales", "support"):
        await administration.add_application(DEFAULT, name, settings={"late_for_seconds": LONGER})
    before = environments.defaults
    with pytest.raises(ContradictingSettings) as refused:
        await short_journal(administration, environments)
    assert refused.value.faults == [
        f"journal.days: expected 0, or at least late_for_seconds of application '{name}' in "
        f"{DEFAULT} (86400.5 seconds), got 1"
        for name in ("sales", "support")
    ]
    assert environments.defaults is before
    administration.check()
    for name in ("sales", "support"):
        await administration.set_application(DEFAULT, name, {"late_for_seconds": DAY})
    await short_journal(administration, environments)
    administration.check()


async def test_a_default_environment_that_is_not_there_is_refused(
    administration: Administration, environments: Environments
) -> None:
    """With all other faults; the one that counts goes on counting, as soon as it is there."""
    await administration.set_application(DEFAULT, "default", {"late_for_seconds": LONGER})
    before = environments.defaults
    other = replace(
        before, environment=EnvironmentName("acme/test"), journal_kept_for=timedelta(days=1)
    )
    with pytest.raises(ContradictingSettings) as refused:
        await administration.adopt(other)
    assert [fault.partition(",")[0] for fault in refused.value.faults] == [
        "environment.default: expected an environment that is there",
        "journal.days: expected 0",
    ]
    assert environments.defaults is before
    await administration.add_tenant("acme")
    for name in ("live", "test"):
        await administration.add_environment(f"acme/{name}", None)
    await administration.adopt(replace(before, environment=EnvironmentName("acme/test")))
    assert administration.default == "acme/test"


async def test_a_configuration_waits_for_the_change_before_it(
    administration: Administration, environments: Environments
) -> None:
    """What is set while it is adopted is either refused or refuses it: never do both stand."""
    outcomes = await asyncio.gather(
        administration.set_application(DEFAULT, "default", {"late_for_seconds": LONGER}),
        short_journal(administration, environments),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes] == [OwnSettings, ContradictingSettings]
    administration.check()


async def test_a_number_lent_while_it_may_be_redialed_is_warned_of(
    administration: Administration, warned: list[str]
) -> None:
    """Whoever sets it so, and the log; not where it is configured so for all, nor once it ends."""
    told = (
        "application 'sales' in default/default: rest_for_seconds is less than redial_for_seconds: "
        "a number may be lent again while its last caller may still redial it, and is then told "
        "AMBIGUOUS"
    )
    made = await administration.add_application(
        DEFAULT, "sales", settings={"redial_for_seconds": "301"}
    )
    assert (made.warnings, warned, administration.warnings()) == ([told], [told], [told])
    own = await administration.set_application(DEFAULT, "sales", {"rest_for_seconds": "301"})
    assert (own.warnings, warned, administration.warnings()) == ([], [told], [])
    own = await administration.set_application(DEFAULT, "sales", {"rest_for_seconds": ""})
    assert (own.warnings, warned) == ([told], [told, told])
    own = await administration.set_application(DEFAULT, "sales", {"redial_for_seconds": ""})
    assert own.warnings == administration.warnings() == []
