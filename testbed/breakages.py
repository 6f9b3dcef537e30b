"""What can be broken in a set-up that was well: each a context in which it is, and what that shows.

Nothing of Asterisk is played: its files are changed and it is told to read them, or started anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from testbed.broken_service import (
    certificate_expired,
    database_unreachable,
    pool_empty,
    port_taken,
    schema_too_new,
    secret_exposed,
    service_down,
    store_full,
    store_read_only,
    taken_over,
    wait_until_watching,
)
from testbed.patient import INCLUDE, OURS, Patient
from testbed.ports import LOOPBACK

Breakage = Callable[[Patient], AbstractContextManager[None]]

RELOAD: Final = "dialplan reload"


def _edited(name: str, pattern: str, by: str, *reload: str) -> Breakage:
    return lambda patient: patient.edited(name, pattern, by, *reload)


@contextmanager
def http_elsewhere(patient: Patient) -> Iterator[None]:
    """Bind Asterisk's HTTP server to another port."""
    other = patient.pbx.http_port + 5
    with patient.edited("http.conf", "^bindport.*", f"bindport={other}", "module reload http"):
        yield


@contextmanager
def without_modules(patient: Patient) -> Iterator[None]:
    """Start Asterisk without two of its modules, which cannot be taken out while it runs."""
    lacking = "autoload = yes\nnoload = res_agi.so\nnoload = func_cut.so"
    with patient.edited("modules.conf", "^autoload = yes$", lacking):
        patient.pbx.kill()
        patient.pbx.start()
        wait_until_watching(patient)
        yield
    patient.pbx.kill()
    patient.pbx.start()


@contextmanager
def gosub_absent(patient: Patient) -> Iterator[None]:
    """Take the file away, and its #include."""
    aside = patient.pbx.etc / "aside"
    (patient.pbx.etc / OURS).rename(aside)
    try:
        with patient.edited("extensions.conf", re.escape(INCLUDE), "", RELOAD):
            yield
    finally:
        aside.rename(patient.pbx.etc / OURS)
        patient.pbx.cli(RELOAD)


BREAKAGES: Final[Mapping[str, tuple[Breakage, frozenset[str]]]] = {
    name: (breakage, frozenset(codes.split()))
    for name, breakage, codes in (
        ("service down", service_down, "service.down"),
        (
            "wrong FastAGI port",
            _edited("extensions.conf", "^INTERACT_AGI=.*", f"INTERACT_AGI={LOOPBACK}:1", RELOAD),
            "gosub.address",
        ),
        ("port taken", port_taken, "port.taken"),
        (
            "ARI off",
            _edited("ari.conf", "^enabled = yes", "enabled = no", "module reload res_ari.so"),
            "ari.off",
        ),
        (
            "ARI wrong password",
            _edited("ari.conf", "^password = .*", "password = x", "module reload res_ari.so"),
            "ari.refused",
        ),
        ("ARI application taken over", taken_over, "ari.taken_over"),
        ("HTTP server elsewhere", http_elsewhere, "http.elsewhere"),
        (
            "AMI off",
            _edited("manager.conf", "^enabled=yes", "enabled=no", "manager reload"),
            "ami.unreachable",
        ),
        (
            "AMI wrong secret",
            _edited("manager.conf", "^secret=.*", "secret=x", "manager reload"),
            "ami.refused",
        ),
        (
            "AMI without rights",
            _edited("manager.conf", "^write=.*", "write=agent", "manager reload"),
            "ami.rights",
        ),
        ("modules missing", without_modules, "module.missing"),
        ("Gosub absent", gosub_absent, "gosub.absent"),
        (
            "Gosub edited",
            _edited(OURS, re.escape("(AGIEXITONHANGUP)=yes"), "(AGIEXITONHANGUP)=no", RELOAD),
            "gosub.edited",
        ),
        (
            "include missing",
            _edited("extensions.conf", re.escape(INCLUDE), "", RELOAD),
            "gosub.not_included",
        ),
        (
            "include of what is not there",
            _edited("extensions.conf", re.escape(INCLUDE), f'#include "gone.conf"\n{INCLUDE}'),
            "dialplan.broken",
        ),
        (
            "dialplan not reloaded",
            _edited("extensions.conf", "^ same => n,Goto.default-ivr.*", " same => n,Hangup()"),
            "dialplan.not_reloaded",
        ),
        (
            "Gosub in U()",
            _edited(
                "extensions.conf",
                r"^\[default-ivr\]$",
                "[agents]\nexten => 1,1,Dial(PJSIP/1,5,tU(asks))\n"
                "[asks]\nexten => s,1,Gosub(interact-retrieve,s,1)\n[default-ivr]",
                RELOAD,
            ),
            "gosub.misplaced",
        ),
        (
            "numbers unknown to the pool",
            _edited(
                "extensions.conf",
                r"^\[inbound\]$",
                "[inbound]\nexten => 380441112233,1,Gosub(interact-retrieve,s,1)",
                RELOAD,
            ),
            "number.unknown",
        ),
        ("pool empty", pool_empty, "pool.empty"),
        ("store read-only", store_read_only, "store.read_only"),
        ("store full", store_full, "store.full"),
        ("schema too new", schema_too_new, "store.newer"),
        ("secret world-readable", secret_exposed, "secret.exposed"),
        ("certificate expired", certificate_expired, "certificate.expired"),
        ("database unreachable", database_unreachable, "database.unreachable"),
    )
}
"""Each by name, with what the doctor finds in it, and nothing else."""
