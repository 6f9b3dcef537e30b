"""A cause is named once, whatever else does not work for it; what is fine is said to be."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig
from interact_ivr.config_store import StoreConfig
from interact_ivr.doctor.asterisk_dialplan import AsteriskDialplan, of_file
from interact_ivr.doctor.examining import AT_THE_PBX, HERE, examined, is_well
from interact_ivr.doctor.facts import (
    AmiFacts,
    AriFacts,
    Certificate,
    Facts,
    FileFacts,
    PbxFacts,
    PoolNumber,
    Port,
    Secret,
    ServiceFacts,
    StoreFacts,
)
from interact_ivr.doctor.kinds import Kind, Severity
from interact_ivr.doctor.machine import now, store
from interact_ivr.doctor.validity import validity

NOW = now()
GOSUBS = of_file("[interact-retrieve]\nexten => s,1,Return()\n")
INBOUND = of_file("[inbound]\nexten => _X.,1,Gosub(interact-retrieve,s,1)\n")
LOADED = AsteriskDialplan({**GOSUBS.steps, **INBOUND.steps})
SERVICE = ServiceFacts(
    running=True,
    status={"pbx": [{"name": "main", "ari": "watching", "reason": ""}]},
    agi_fault="",
    agi_ready=True,
    numbers={"": (PoolNumber("380974520200", "380974520200"),)},
    idle=1,
)
PBX = PbxFacts(
    PbxConfig(),
    ari=AriFacts(registered=True, all_calls=True, ahead=timedelta(0)),
    ami=AmiFacts(http={"enabled": "yes", "bindaddr": "127.0.0.1", "bindport": "8088"}),
    dialplan=LOADED,
    files=FileFacts(LOADED, has_ours=True),
    missing_modules=(),
    address="127.0.0.1:4573",
)
STORE = StoreFacts("/store.db", schema=1, latest=1, free_bytes=10**12)
WELL = Facts(
    Path("/etc/interact-ivr.toml"),
    NOW,
    Config(),
    store=STORE,
    service=SERVICE,
    pbxes=(PBX,),
    gosubs=GOSUBS,
)


def codes(facts: Facts) -> list[str]:
    """Name what is wrong or doubtful."""
    return [each.code for each in examined(facts) if each.advice]


def of_service(**changes: object) -> Facts:
    """Change what the service answers."""
    return replace(WELL, service=replace(SERVICE, **changes))


def of_store(**changes: object) -> Facts:
    """Change what the store is."""
    return replace(WELL, store=replace(STORE, **changes))


def of_pbx(**changes: object) -> Facts:
    """Change what the PBX answers."""
    return replace(WELL, pbxes=(replace(PBX, **changes),))


def certificate(begins: int, ends: int) -> Facts:
    """Have a certificate that is valid from so many days to so many days from now."""
    days = timedelta(days=begins), timedelta(days=ends)
    one = Certificate("http.tls_certificate", "/c.pem", NOW + days[0], NOW + days[1])
    return replace(WELL, certificates=(one,))


def test_who_is_well_has_every_check_in_order() -> None:
    """One line a check, and exit status 0."""
    found = examined(WELL)
    assert {each.severity for each in found} == {Severity.OK}
    assert [each.check for each in found] == [each.name for each in (*HERE, *AT_THE_PBX)]
    assert is_well(found)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (Facts(Path("/x"), NOW, faults=("store.url: ...",)), Kind.CONFIGURATION),
        (replace(WELL, doubts=("...",)), Kind.DOUBTFUL),
        (of_service(status={**SERVICE.status, "agi": "127.0.0.1:9"}), Kind.OTHER_CONFIGURATION),
        (replace(WELL, secrets=(Secret("store.password", "/p", "gone"),)), Kind.SECRET_MISSING),
        (
            replace(WELL, secrets=(Secret("pbx.main.ami_secret", "/p", exposed=True),)),
            Kind.SECRET_EXPOSED,
        ),
        (certificate(-9, -1), Kind.CERTIFICATE_EXPIRED),
        (certificate(1, 99), Kind.CERTIFICATE_EXPIRED),
        (certificate(-9, 3), Kind.CERTIFICATE_ENDS),
        (
            replace(WELL, certificates=(Certificate("pbx.main.ca_file", "/c", fault="not PEM"),)),
            Kind.CERTIFICATE_UNREADABLE,
        ),
        (of_store(absent=True), Kind.STORE_ABSENT),
        (of_store(read_only=True), Kind.STORE_READ_ONLY),
        (of_service(missing={"store": "it is read-only"}), Kind.STORE_READ_ONLY),
        (of_service(missing={"store": "its disk, or its file, is full"}), Kind.STORE_FULL),
        (of_store(free_bytes=0), Kind.STORE_FULL),
        (of_store(free_bytes=10**8), Kind.STORE_FILLING),
        (of_store(newer=True, schema=9), Kind.STORE_NEWER),
        (of_store(latest=2), Kind.STORE_OLDER),
        (of_store(exposed=True), Kind.STORE_EXPOSED),
        (of_store(fault="its file is damaged"), Kind.STORE_FAILING),
        (of_service(running=False), Kind.SERVICE_DOWN),
        (
            replace(
                of_service(running=False), ports=(Port("agi.port", "127.0.0.1:4573", 4573, True),)
            ),
            Kind.PORT_TAKEN,
        ),
        (of_service(agi_fault="silent"), Kind.AGI_UNANSWERED),
        (of_service(agi_ready=False), Kind.AGI_UNAVAILABLE),
        (of_service(http_fault="refused"), Kind.HTTP_UNANSWERED),
        (of_service(numbers={"": ()}), Kind.POOL_EMPTY),
        (of_service(idle=0), Kind.POOL_EXHAUSTED),
        (of_pbx(ari=AriFacts("no", 404)), Kind.ARI_OFF),
        (of_pbx(ari=AriFacts("no", 401)), Kind.ARI_REFUSED),
        (of_pbx(ari=AriFacts("no answer")), Kind.ARI_UNREACHABLE),
        (of_pbx(ari=AriFacts("no"), ami=AmiFacts(http={"enabled": "no"})), Kind.HTTP_ELSEWHERE),
        (of_pbx(ari=AriFacts(registered=True)), Kind.ARI_NOT_ALL),
        (of_service(status={"pbx": []}), Kind.ARI_UNWATCHED),
        (of_pbx(ami=AmiFacts("no connection")), Kind.AMI_UNREACHABLE),
        (of_pbx(ami=AmiFacts("refused: x", refused=True)), Kind.AMI_REFUSED),
        (of_pbx(ami=AmiFacts(may_not=("GetConfig",))), Kind.AMI_RIGHTS),
        (of_pbx(ari=AriFacts(registered=True, all_calls=True, ahead=timedelta(1))), Kind.CLOCK),
        (of_pbx(missing_modules=("func_cut",)), Kind.MODULE_MISSING),
        (of_pbx(dialplan=INBOUND, files=FileFacts(INBOUND)), Kind.GOSUB_ABSENT),
        (
            of_pbx(dialplan=INBOUND, files=FileFacts(INBOUND, has_ours=True)),
            Kind.GOSUB_NOT_INCLUDED,
        ),
        (of_pbx(dialplan=INBOUND), Kind.DIALPLAN_NOT_RELOADED),
        (of_pbx(files=FileFacts(fault="bad format"), dialplan=INBOUND), Kind.DIALPLAN_BROKEN),
        (of_pbx(address="127.0.0.1:9"), Kind.GOSUB_ADDRESS),
        (of_pbx(dialplan=GOSUBS, files=FileFacts(GOSUBS)), Kind.CONTEXT_ABSENT),
    ],
)
def test_one_cause_is_one_finding(facts: Facts, kind: Kind) -> None:
    """Its code alone; and nothing is wrong only where it is but a warning."""
    assert codes(facts) == [kind.code]
    assert is_well(examined(facts)) is (kind.severity is Severity.WARNING)


def test_what_could_not_be_asked_is_not_said_to_be_in_order() -> None:
    """A PBX of which nothing is configured, on a machine without an Asterisk."""
    nothing = PbxFacts(PbxConfig(inbound_contexts=(), ari_url="", ami_host=""), unseen="no AMI")
    found = examined(replace(WELL, pbxes=(nothing,)))
    of_it = {each.check: each.code for each in found if each.about}
    assert of_it.keys() == {each.name for each in AT_THE_PBX}
    assert set(of_it.values()) == {"not_looked_at"}


def test_what_waits_for_a_cause_names_it() -> None:
    """So nobody takes what was not looked at for well."""
    found = examined(of_store(absent=True))
    waiting = [each for each in found if each.code == "not_looked_at"]
    assert {"service", "fastagi", "pool", "numbers"} <= {each.check for each in waiting}
    assert {each.facts for each in waiting} == {"because of store.absent"}


def test_what_a_check_needs_is_looked_at_before_it() -> None:
    """And there is such a check."""
    seen: set[str] = set()
    for check in (*HERE, *AT_THE_PBX):
        assert set(check.needs) <= seen, check.name
        seen.add(check.name)


def test_every_kind_has_a_code_of_its_own_and_says_what_to_do() -> None:
    """The codes are for programs: `what.is_wrong`."""
    assert len({kind.code for kind in Kind}) == len(Kind)
    for kind in Kind:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", kind.code)
        assert kind.advice
        assert kind.severity in (Severity.WARNING, Severity.PROBLEM)


def test_what_is_no_certificate_has_no_end() -> None:
    """Cut off anywhere, it is refused as a whole."""
    for der in (b"", b"\x30", b"\x30\x03\x30\x01\x02", b"\xff" * 64):
        with pytest.raises(ValueError, match="no certificate"):
            validity(der)


def test_a_store_that_cannot_be_looked_at_is_a_finding(tmp_path: Path) -> None:
    """As in a folder of another user's; here by a name that no disk has. The rest is looked at."""
    facts = store(StoreConfig(url=f"sqlite:///{tmp_path}/{'x' * 300}"))
    assert "cannot be looked at" in facts.fault
    assert not facts.absent
    found = examined(replace(WELL, store=facts, service=ServiceFacts(running=False, fault="away")))
    assert Kind.STORE_FAILING.code in {each.code for each in found}
