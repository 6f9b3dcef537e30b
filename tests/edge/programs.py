"""Tenants whose programs ask over HTTP, each made at a running service."""

from __future__ import annotations

import itertools

from testbed.line import control
from testbed.service import Service
from testbed.wire import Program

_COUNT = itertools.count(1)
PASSWORD = "correct horse"


def program_of(service: Service, *numbers: str) -> Program:
    """Make a tenant with an environment, a pool of *numbers*, a key of each kind and a user."""
    tenant = f"program-{next(_COUNT)}"
    where = {"environment": f"{tenant}/live"}
    control(service, "tenant.add", tenant=tenant)
    control(service, "environment.add", **where)
    added = control(service, "application.key.add", application="default", **where)
    consumer = control(
        service, "application.add", application="web", allocates_from="default", **where
    )
    control(service, "user.add", tenant=tenant, user="admin", password=PASSWORD)
    if numbers:
        control(service, "number.add", numbers=[*numbers], **where)
    return Program(tenant, added["key"], consumer["key"], "admin", PASSWORD)
