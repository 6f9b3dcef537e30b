"""The OpenAPI 3.1 document, made from the table of routes and the structs that check requests."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from interact_ivr.api.describing import IN_QUERY, JSON, Answer, Content, Description
from interact_ivr.api.faults import Broken, NoSuchPath, TooLarge, TooSlow, said_of
from interact_ivr.api.icws.faults import SessionRefused
from interact_ivr.api.native.problems import REFUSING, title_of
from interact_ivr.api.routes import COOKIE, ROLES, Needs, Route, Who
from interact_ivr.domain.errors import (
    BadInput,
    NotPermitted,
    Refusal,
    TooManyAttempts,
    Unauthenticated,
)

PATH = "/api/v1/openapi.json"

_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "`interact-ivr token add` gives one out; it has a role and an environment",
    },
    "tenant": {"type": "apiKey", "in": "header", "name": "Tenant-Id"},
    "key": {"type": "apiKey", "in": "header", "name": "Application-Key"},
    "user": {
        "type": "apiKey",
        "in": "header",
        "name": "User-Id",
        "description": "in Base64",
    },
    "icws_token": {"type": "apiKey", "in": "header", "name": "ININ-ICWS-CSRF-Token"},
    "icws_cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "icws_sessionId",
        "description": "`icws_` and the session's id",
    },
    "screen_cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "the token that an agent has signed in with",
    },
    "password": {
        "type": "apiKey",
        "in": "header",
        "name": "User-Password",
        "description": "in Base64",
    },
}
_KEY: Mapping[str, Sequence[str]] = {"tenant": [], "key": []}
_USER: Mapping[str, Sequence[str]] = {**_KEY, "user": [], "password": []}
_COOKIE: Mapping[str, Sequence[str]] = {"icws_cookie": []}
_SESSION: Mapping[str, Sequence[str]] = {"icws_token": [], **_COOKIE}
_SHOWN: Mapping[Needs, Sequence[Mapping[str, Sequence[str]]]] = {
    Needs.NOTHING: [],
    Needs.OPERATOR: [],
    Needs.DNIS_KEY: [_KEY],
    Needs.CONSUMER_KEY: [_KEY],
    Needs.USER_AND_DNIS_KEY: [_USER],
    Needs.SOAP: [_USER, _KEY],
    Needs.ICWS: [],
    Needs.ICWS_SESSION: [_SESSION],
    Needs.ICWS_POLL: [_SESSION, _COOKIE],
    Needs.SCREEN: [{"screen_cookie": []}],
    Needs.FORM: [],
    **{needs: [{"token": sorted(roles)}] for needs, roles in ROLES.items()},
}
"""What may be shown: one of these, and all that is in it."""
_TOKEN = (Unauthenticated, NotPermitted)
_REFUSES: Mapping[Needs, tuple[type[Refusal], ...]] = {
    Needs.NOTHING: (),
    Needs.OPERATOR: (NotPermitted,),
    Needs.DNIS_KEY: (Unauthenticated,),
    Needs.CONSUMER_KEY: (Unauthenticated,),
    Needs.USER_AND_DNIS_KEY: (Unauthenticated, TooManyAttempts),
    Needs.SOAP: (Unauthenticated, TooManyAttempts),
    Needs.ICWS: (NoSuchPath,),
    Needs.ICWS_SESSION: (SessionRefused, NoSuchPath),
    Needs.ICWS_POLL: (SessionRefused, NoSuchPath),
    Needs.SCREEN: (Unauthenticated, NotPermitted),
    Needs.FORM: (),
    **dict.fromkeys(ROLES, _TOKEN),
}
_WITH_BODY = (BadInput, TooLarge, TooSlow)

_IN_PATH = {
    "number": "in any written form, or a DNID",
    "phone": "in any written form, or a DNID",
    "allocation": "an allocation's id",
    "prefix": "how the token begins",
    "version": "both are the same",
    "sessionId": "as it was opened",
    "featureId": "`phone-numbers`",
    "extension": "of an agent's phone",
    "uniqueid": "of a channel",
}
_PART = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_CHOICE = re.compile(r"\[(\w+)\]")
_SCHEMAS = "#/components/schemas/"


def with_document(routes: Iterable[Route], version: str, public_url: str = "") -> list[Route]:
    """Give *routes*, and one that serves the document of all of them, itself too."""

    async def show(_: web.Request, __: Who) -> web.Response:
        return web.Response(body=written, content_type=JSON)

    description = Description(
        "show_document",
        "This document",
        (Answer(200, "an OpenAPI 3.1 document", Content(JSON, dict[str, Any])),),
        REFUSING,
    )
    all_routes = [*routes, Route("GET", PATH, Needs.NOTHING, show, description)]
    written = msgspec.json.encode(document(all_routes, version, public_url))
    return all_routes


def document(routes: Iterable[Route], version: str, public_url: str = "") -> dict[str, Any]:
    """Say in OpenAPI 3.1 what *routes* take and give; of one without a description, nothing."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in routes:
        if route.description is not None:
            operation = _operation(route, route.description, schemas)
            paths[_PART.sub(r"{\1}", route.path)][route.method.lower()] = operation
    written: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "interact_ivr",
            "summary": "Lends a phone number to every waiting interaction.",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas.named, "securitySchemes": _SCHEMES},
    }
    return {**written, "servers": [{"url": public_url}]} if public_url else written


class _Schemas:
    """The schemas of types; those that have a name are collected."""

    def __init__(self) -> None:
        self.named: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """Give the schema of *kind*, which refers to those that have a name."""
        (schema,), named = msgspec.json.schema_components([kind], ref_template=_SCHEMAS + "{name}")
        self.named |= named
        return schema

    def fields(self, kind: type[msgspec.Struct]) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """Give the fields of *kind* with their schemas, and whether each must be there."""
        (_,), named = msgspec.json.schema_components([kind], ref_template=_SCHEMAS + "{name}")
        own = named.pop(kind.__name__)
        self.named |= named
        for name, schema in own["properties"].items():
            yield name, schema, name in own["required"]


def _operation(route: Route, description: Description, schemas: _Schemas) -> dict[str, Any]:
    has_query = description.asks is not None and route.method in IN_QUERY
    body = description.body
    if description.asks is not None and not has_query:
        body = Content(JSON, description.asks)
    parameters = [*_of_path(route.path), *_of_headers(description.headers)]
    if has_query and description.asks is not None:
        parameters += _of_query(description.asks, schemas)
    refuses: list[type[Refusal]] = [Broken, *_REFUSES[route.needs], *description.refuses]
    refuses += _WITH_BODY if body else ()
    refuses += (NoSuchPath,) if _PART.search(route.path) else ()
    operation: dict[str, Any] = {
        "operationId": description.name,
        "summary": description.summary,
        "description": f"Needs {route.needs.value}.",
        "security": _SHOWN[route.needs],
        "parameters": parameters,
        "responses": _responses(description, refuses, schemas),
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _content(body, schemas)}
    return operation


def _of_path(path: str) -> Iterator[dict[str, Any]]:
    for name, pattern in _PART.findall(path):
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if choice := _CHOICE.fullmatch(pattern):
            schema = {"type": "string", "enum": list(choice[1])}
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _IN_PATH[name],
            "schema": schema,
        }


def _of_headers(headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, text in headers.items():
        yield {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}


def _of_query(kind: type[msgspec.Struct], schemas: _Schemas) -> Iterator[dict[str, Any]]:
    for name, schema, required in schemas.fields(kind):
        known = _without_null(schema)
        text = known.pop("description", None)
        yield {
            "name": name,
            "in": "query",
            "required": required,
            **({"description": text} if text else {}),
            "schema": known,
        }


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of a parameter that may be left out: as text, nothing stands for null."""
    known = dict(schema)
    if known.get("default", ...) is None:
        del known["default"]
    match known.pop("anyOf", None):
        case [one, {"type": "null"}]:
            return {**one, **known}
        case None:
            return known
        case several:
            return {**known, "anyOf": several}


def _responses(
    description: Description, refuses: Iterable[type[Refusal]], schemas: _Schemas
) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for answer in description.answers:
        responses[str(answer.status)] = _response(answer.text, answer.content, schemas)
    refusing = description.refusing
    by_status: dict[int, list[str]] = defaultdict(list)
    for kind in dict.fromkeys(refuses):
        by_status[said_of(refusing.table, kind).status].append(f"{title_of(kind)}: `{kind.code}`")
    for status, texts in sorted(by_status.items()):
        refused = _response("; ".join(texts), refusing.content(status), schemas)
        if headers := refusing.headers.get(status):
            refused["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in headers.items()
            }
        there = responses.setdefault(str(status), refused)
        if there is not refused:  # it is an answer, too: either body
            there["description"] = f"{there['description']}; {refused['description']}"
            there.setdefault("content", {}).update(refused["content"])
    return responses


def _response(text: str, content: Content | None, schemas: _Schemas) -> dict[str, Any]:
    if content is None:
        return {"description": text}
    return {"description": text, "content": _content(content, schemas)}


def _content(content: Content, schemas: _Schemas) -> dict[str, Any]:
    return {content.media: {"schema": schemas.of(content.kind)}}
