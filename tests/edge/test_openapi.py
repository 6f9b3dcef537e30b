"""The OpenAPI document: it says what is served, and what is served keeps to it."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import pytest
import pytest_asyncio
import requests
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks as conformance

from interact_ivr.api.event_streams import MEDIA
from interact_ivr.api.openapi import PATH, document
from interact_ivr.api.routes import COOKIE, ROLES, Needs, Route, Who, application_of, served
from interact_ivr.app import opened
from interact_ivr.config_keys import Config
from interact_ivr.config_store import StoreConfig
from interact_ivr.house import House
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from testbed.api import BASE, Api
from testbed.desk import Desk, on_phone
from testbed.icws import Session, with_user
from testbed.line import control
from testbed.service import Service

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PLAIN = (Needs.NOTHING, Needs.OPERATOR, Needs.ICWS, Needs.FORM)


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Give a house that does not listen."""
    config = Config(store=StoreConfig(url=f"sqlite:///{tmp_path}/interact-ivr.db"))
    async with (
        opened(config, "test", Observing()) as parts,
        House.of(config, parts, Metrics("0"), lambda: 0) as house,
    ):
        yield house


async def test_every_route_is_described_and_served(house: House) -> None:
    """The table, the document and what aiohttp serves are one; HEAD goes with each GET.

    But for the console, whose pages are for people.
    """
    table = {(route.method, route.path) for route in house.routes}
    assert len(table) == len(house.routes)
    undescribed = {
        (route.method, re.sub(r":[^}]*}", "}", route.path))
        for route in house.routes
        if route.description is None
    }
    assert undescribed == {each for each in table if each[1].startswith("/console")}

    async def guard(_: Needs, __: web.Request) -> Who:
        return Who()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)

    application = application_of(house.routes, guard, middleware, 1024)
    methods = {(method, path) for method, path in served(application) if method != "HEAD"}
    paths = {re.sub(r":[^}]*}", "}", path) for _, path in table}
    assert {path for _, path in methods} == paths
    assert len(methods) == len(table)

    said = document(house.routes, "0")
    described = {(method, path) for path, each in said["paths"].items() for method in each}
    assert described == {(method.lower(), path) for method, path in methods - undescribed}


async def test_the_document_says_what_each_route_needs(house: House) -> None:
    """A token with its roles, the vendor's headers, or nothing; each scheme is there."""
    said = document(house.routes, "0")
    by_name = {
        operation["operationId"]: operation
        for each in said["paths"].values()
        for operation in each.values()
    }
    routes = [each for each in house.routes if each.description is not None]
    assert len(by_name) == len(routes), "two routes have the same name"
    for route in routes:
        assert route.description is not None
        operation = by_name[route.description.name]
        assert route.needs.value in operation["description"]
        if route.needs in ROLES:
            assert operation["security"] == [{"token": sorted(ROLES[route.needs])}]
            assert {"401", "403"} <= set(operation["responses"])
        assert bool(operation["security"]) is (route.needs not in PLAIN)
        for shown in operation["security"]:
            assert set(shown) <= set(said["components"]["securitySchemes"])


async def test_the_document_is_one_of_openapi(house: House) -> None:
    """By the schema of OpenAPI 3.1; it names the public address where there is one."""
    said = json.loads(json.dumps(document(house.routes, "0", "https://ivr.example")))
    assert said["servers"] == [{"url": "https://ivr.example"}]
    assert "servers" not in document(house.routes, "0")
    schemathesis.openapi.from_dict(said).validate()
    for schema in said["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})


DIALECT = "https://json-schema.org/draft/2020-12/schema"


async def test_a_route_without_a_description_is_not_in_the_document() -> None:
    """So the test above finds it."""

    async def handler(_: web.Request, __: Who) -> web.Response:
        return web.Response()

    assert document([Route("GET", "/x", Needs.NOTHING, handler)], "0")["paths"] == {}


# What is served keeps to it

CHECKS = [
    schemathesis.checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
]
EXAMPLES = settings().max_examples
"""Of the profile: 100, or many."""
FUZZ = settings(
    max_examples=min(EXAMPLES // 4, 500),
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
USER, PASSWORD, KEY = "fuzz", "fuzz-password", "fuzz-application-key"
NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
SESSION = "ININ-ICWS-Session-ID"
_COUNT = itertools.count(1)


def credentials(service: Service) -> dict[str, str]:
    """Give the headers of somebody who may everything in a world of their own."""
    tenant = f"fuzz-{next(_COUNT)}"
    here = {"environment": f"{tenant}/live"}
    control(service, "tenant.add", tenant=tenant)
    control(service, "environment.add", **here)
    control(service, "user.add", tenant=tenant, user=USER, password=PASSWORD)
    control(service, "application.key.add", application="default", key=KEY, **here)
    session = Session.opened(with_user(service, f"user-{tenant}"), f"user-{tenant}")
    admin = Api.of(service, "admin", **here)
    admin.ask("POST", "/numbers", {"numbers": ["38097452020x"], "group": "g"})
    return {
        "Authorization": f"Bearer {admin.token}",
        "Tenant-Id": tenant,
        "Application-Key": KEY,
        "User-Id": base64.b64encode(USER.encode()).decode(),
        "User-Password": base64.b64encode(PASSWORD.encode()).decode(),
        **session.headers,
        SESSION: session.id,
    }


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.name.lower())
def test_what_is_served_keeps_to_the_document(service: Service, mode: GenerationMode) -> None:
    """Whatever is asked, by the document or not: no error of ours, and no answer but its own."""
    schema = schemathesis.openapi.from_url(f"{service.http}{PATH}")
    headers = credentials(service)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        if can_be(mode, result.ok()):
            ask(service.http, result.ok(), mode, headers)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.name.lower())
def test_agents_calls_keep_to_the_document(tmp_path: Path, mode: GenerationMode) -> None:
    """Where there is a PBX, of a phone that has a call and of any other: JSON, pages, streams."""
    with Desk(tmp_path) as desk:
        desk.told()
        desk.shows(on_phone())
        desk.shows(on_phone(uniqueid="p0"))
        desk.over("p0")
        token = desk.token()
        headers = {"Authorization": f"Bearer {token}", "Cookie": f"{COOKIE}={token}"}
        schema = schemathesis.openapi.from_url(f"{desk.url}{PATH}")
        for result in schema.include(path_regex="extension|uniqueid").get_all_operations():
            assert isinstance(result, Ok)
            if not can_be(mode, result.ok()):
                continue
            ask(desk.url, result.ok(), mode, headers)
            ask(desk.url, result.ok(), mode, headers, {"extension": "6929", "uniqueid": "c1"})


def can_be(mode: GenerationMode, operation: Any) -> bool:
    """Say whether *operation* can be asked for so: not badly, where there is only a path."""
    said = operation.definition.raw
    beside_path = any(each["in"] != "path" for each in said["parameters"])  # any text is a path
    return mode is GenerationMode.POSITIVE or beside_path or "requestBody" in said


def ask(
    url: str,
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    known: Mapping[str, str] = NOTHING_KNOWN,
) -> None:
    """Ask for *operation* many times; what is beside the document the native API refuses."""
    said = operation.definition.raw
    is_strict = operation.path.startswith(BASE)

    @FUZZ
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps_to_it(case: Any) -> None:
        if operation.method.upper() != "DELETE" and "sessionId" in case.path_parameters:
            case.path_parameters["sessionId"] = headers[SESSION]
        if isinstance(case.body, dict) and isinstance(case.body.get("userID"), str):
            case.body["userID"] += f"~{next(_COUNT)}"  # one user's guesses get ever slower
        case.path_parameters.update({n: v for n, v in known.items() if n in case.path_parameters})
        answer = sent(case, url, headers)
        case.validate_response(answer, checks=CHECKS)
        if is_strict and answer.status_code < 300:
            assert_asked_well(operation, said, answer.request)

    keeps_to_it()


def sent(case: Any, url: str, headers: dict[str, str]) -> Response:
    """Send a case; of an answer that goes on, take its beginning for all of it."""
    asked = case.as_transport_kwargs(base_url=url, headers=headers)
    with requests.request(**asked, stream=True, timeout=10, allow_redirects=False) as answer:
        if answer.headers.get("Content-Type") == MEDIA:
            answer._content = next(answer.iter_content(64))
        return Response.from_requests(answer, verify=False)


def assert_asked_well(operation: Any, said: Any, request: Any) -> None:
    """See that what was done was asked as the document has it, as it went over the wire."""
    names = [name for name, _ in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)]
    assert len(set(names)) == len(names)
    assert set(names) <= {each["name"] for each in said["parameters"] if each["in"] == "query"}
    if "requestBody" in said:
        schema = said["requestBody"]["content"]["application/json"]["schema"]
        components = operation.schema.raw_schema["components"]
        jsonschema_rs.validate({**schema, "components": components}, json.loads(request.body))
