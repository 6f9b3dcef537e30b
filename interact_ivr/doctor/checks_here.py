"""What facts about this machine and the service mean: each check a function of the facts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from interact_ivr.doctor.facts import Certificate, Facts, Secret
from interact_ivr.doctor.finding import Unseen
from interact_ivr.doctor.kinds import Found, Kind

Outcome = Iterator[Found | Unseen]

_FULL_BYTES: Final = 1024 * 1024
"""A transaction's pages and their journal need less."""
_FILLING_BYTES: Final = 200 * 1024 * 1024
_SOON: Final = timedelta(days=14)
_READ_ONLY: Final = "read-only"
_IS_FULL: Final = "is full"
"""How the stores say what is wrong with them."""


def configuration(facts: Facts) -> Outcome:
    """Say what is wrong with the configuration file."""
    for fault in facts.faults:
        yield Kind.CONFIGURATION(fault, file=facts.file)
    for doubt in facts.doubts:
        yield Kind.DOUBTFUL(doubt, file=facts.file)


def secrets(facts: Facts) -> Outcome:
    """Look at the secrets that are no PBX's."""
    for each in facts.secrets:
        if not each.key.startswith("pbx."):
            yield from of_secret(each)


def of_secret(each: Secret) -> Outcome:
    """Say what is wrong with a secret."""
    if each.exposed:
        yield Kind.SECRET_EXPOSED(f"{each.key}: others may read {each.where}", file=each.where)
    elif each.fault:
        yield Kind.SECRET_MISSING(f"{each.key}: {each.fault}", key=each.key)


def certificates(facts: Facts) -> Outcome:
    """Look at the certificates that the configuration names."""
    for each in facts.certificates:
        yield from _of_certificate(each, facts)


def _of_certificate(each: Certificate, facts: Facts) -> Outcome:
    if each.begins is None or each.ends is None:
        yield Kind.CERTIFICATE_UNREADABLE(f"{each.file}: {each.fault}", key=each.key)
    elif each.ends <= facts.now:
        yield Kind.CERTIFICATE_EXPIRED(f"{each.file} has ended on {each.ends:%F}", file=each.file)
    elif each.begins > facts.now:
        yield Kind.CERTIFICATE_EXPIRED(f"{each.file} begins on {each.begins:%F}", file=each.file)
    elif each.ends - facts.now < _SOON:
        yield Kind.CERTIFICATE_ENDS(f"{each.file} ends on {each.ends:%F}", file=each.file)


def store(facts: Facts) -> Outcome:
    """Say what is wrong with the store: seen from here, and as the running service tells it."""
    known, config, service = facts.store, facts.config, facts.service
    if known is None or config is None:
        return
    told = service.missing.get("store", "") if service else ""
    # whoever is well says so: perhaps we may not look, and it may
    is_well = service is not None and service.running and service.http_fault == "" and not told
    fault = told or ("" if is_well else known.fault)
    if known.absent:
        yield Kind.STORE_ABSENT(f"{known.file} is not there")
    elif known.newer:
        yield Kind.STORE_NEWER(known.fault or f"{known.file} has schema {known.schema}")
    elif config.store.is_shared and known.fault:
        yield Kind.DATABASE_UNREACHABLE(f"{known.file}: {known.fault}")
    elif _IS_FULL in fault or (known.free_bytes is not None and known.free_bytes < _FULL_BYTES):
        yield Kind.STORE_FULL(f"{known.file}: {_free(known.free_bytes)}", file=known.file)
    elif (known.read_only and not is_well) or _READ_ONLY in fault:
        yield Kind.STORE_READ_ONLY(f"{known.file} may not be written", file=known.file)
    elif fault:
        yield Kind.STORE_FAILING(f"{known.file}: {fault}", file=known.file)
    elif known.schema < known.latest:
        told = f"{known.file} has schema {known.schema}, this release {known.latest}"
        yield Kind.STORE_OLDER(told)
    elif known.free_bytes is not None and known.free_bytes < _FILLING_BYTES:
        yield Kind.STORE_FILLING(f"{known.file}: {_free(known.free_bytes)}", file=known.file)
    if known.exposed:
        yield Kind.STORE_EXPOSED(f"others may read {known.file}", file=known.file)


def _free(count: int | None) -> str:
    return "its disk is full" if not count else f"{count // 1024} KiB are free on its disk"


def ports(facts: Facts) -> Outcome:
    """Say which of our ports another program has, while the service does not run."""
    if facts.service is not None and not facts.service.running:
        for each in facts.ports:
            if each.taken:
                told = f"{each.key}: another program listens on {each.address}"
                yield Kind.PORT_TAKEN(told, port=each.port, key=each.key)


def service(facts: Facts) -> Outcome:
    """Say whether the service runs, and with this configuration."""
    if facts.service is None or facts.config is None:
        return
    if not facts.service.running:
        yield Kind.SERVICE_DOWN(facts.service.fault)
        return
    expected = {
        "agi": f"{facts.config.agi.host}:{facts.config.agi.port}",
        "http": f"{facts.config.http.host}:{facts.config.http.port}",
        "store": facts.config.store.name,
    }
    for key, value in expected.items():
        now = str(facts.service.status.get(key, value))
        if now != value and not value.endswith(":0"):
            yield Kind.OTHER_CONFIGURATION(f"{key}: it has {now}, {facts.file} says {value}")


def agi(facts: Facts) -> Outcome:
    """Say whether a call would be answered."""
    if facts.service is None or facts.config is None or facts.service.agi_fault is None:
        return
    address = f"{facts.config.agi.host}:{facts.config.agi.port}"
    if facts.service.agi_fault:
        yield Kind.AGI_UNANSWERED(facts.service.agi_fault, address=address)
    elif not facts.service.agi_ready:
        missing = "; ".join(f"{name}: {what}" for name, what in facts.service.missing.items())
        yield Kind.AGI_UNAVAILABLE(missing or "FastAGI's health says UNAVAILABLE")


def http(facts: Facts) -> Outcome:
    """Say whether programs are answered."""
    if facts.service is not None and facts.config is not None and facts.service.http_fault:
        address = f"{facts.config.http.host}:{facts.config.http.port}"
        yield Kind.HTTP_UNANSWERED(facts.service.http_fault, address=address)


def pool(facts: Facts) -> Outcome:
    """Say whether there is something to lend."""
    if facts.service is None or facts.service.numbers is None:
        yield Unseen("the service did not tell its numbers")
    elif not any(facts.service.numbers.values()):
        yield Kind.POOL_EMPTY("no pool has a number that is enabled")
    elif not facts.service.idle:
        yield Kind.POOL_EXHAUSTED("no enabled number is idle or resting")
