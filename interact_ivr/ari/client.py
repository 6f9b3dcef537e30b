"""Asterisk's ARI as a client asks it: single requests, and the websocket of an application.

Every request has a deadline and a limit. What goes wrong is an `AriError` with facts for people;
the password is in none of them.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import aiohttp
import msgspec

from interact_ivr.domain.shown import shown

REQUEST_SECONDS = 2.0
LOOK_SECONDS = 10.0
"""All channels of a large PBX may take a while; no event is lost meanwhile."""
HEARTBEAT_SECONDS = 2.5
"""Between two pings; a socket whose pong does not come within half of it is lost."""
_CLOSE_SECONDS = 0.5
"""A service that stops waits no longer for a PBX that is away."""
_KEPT_SECONDS = 5.0
"""How long a connection waits for the next request; Asterisk closes it after 15 seconds."""
_MOST_ANSWER = 64 * 1024 * 1024
"""Bytes: ten thousand channels are a few megabytes."""
_MOST_EVENT = 1024 * 1024
_NOT_THERE = (403, 404, 405)
"""This version of ARI, or this user, cannot do it."""
_NOT_REGISTERED = 404
"""There is no such application."""


class Watch(StrEnum):
    """How it stands with the watching of a PBX."""

    CONNECTING = "connecting"
    WATCHING = "watching"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """The user or the password is not accepted, or may not do what is needed."""
    TAKEN_OVER = "taken over"
    """Another program has registered our ARI application."""


class AriError(Exception):
    """ARI does not do what was asked, and so the PBX is not watched."""

    def __init__(self, state: Watch, reason: str, status: int = 0) -> None:
        super().__init__(shown(reason))
        self.state = state
        self.status = status
        """Of the answer, if there was one."""


class TakenOverError(AriError):
    """Our application may have been registered by another connection."""

    def __init__(self, reason: str) -> None:
        super().__init__(Watch.TAKEN_OVER, reason)


@dataclass(frozen=True, slots=True)
class Access:
    """Where ARI is, and as whom it is asked."""

    url: str
    """Without a slash at its end."""
    user: str
    password: Callable[[], str] = field(repr=False)
    """Asked at each connection; OSError where there is none."""
    application: str
    tls: Callable[[], ssl.SSLContext | bool] = lambda: True
    """Says at each connection whose certificate is taken over ``https://``; True: as is usual."""


class Answer(msgspec.Struct, frozen=True):
    """What ARI answered, if it did what was asked."""

    body: bytes
    date: str | None
    """The Date header."""


class Client:
    """Asks one PBX; a context manager, whose connections end with it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._headers: Mapping[str, str] = {}
        self._tls: ssl.SSLContext | bool = True

    async def __aenter__(self) -> Self:
        """Begin; nothing is sent yet."""
        kept = aiohttp.TCPConnector(keepalive_timeout=_KEPT_SECONDS)
        self._reading = aiohttp.ClientSession(connector=kept, cookie_jar=aiohttp.DummyCookieJar())
        # a connection that Asterisk is about to close would fail a request and cost the watching
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_stay,),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self._reading.close()
        await self._http.close()

    def read_password(self) -> None:
        """Read the password, and whom to trust, anew, or raise `AriError`."""
        try:
            password = self._access.password()
            self._tls = self._access.tls()
        except OSError as error:
            raise AriError(Watch.REFUSED, f"no password: {error}") from None
        shown = f"{self._access.user}:{password}".encode("utf-8", "surrogateescape")
        self._headers = {"Authorization": f"Basic {b64encode(shown).decode()}"}

    async def ask(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        body: object = None,
        within: float = REQUEST_SECONDS,
    ) -> Answer:
        """Give the answer, or raise `AriError` where it is none *within* so many seconds."""
        return await self._ask(self._http, method, path, parameters, body, within)

    async def read(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Give the answer to one of many GETs, over a connection that is kept for the next.

        Where Asterisk has just closed that, it is asked anew. It raises what `ask` does.
        """
        return await self._ask(self._reading, "GET", path, parameters)

    async def _ask(
        self,
        http: aiohttp.ClientSession,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None,
        body: object = None,
        within: float = REQUEST_SECONDS,
    ) -> Answer:
        try:
            async with http.request(
                method,
                self._access.url + path,
                params=parameters,
                headers={**self._headers, "Content-Type": "application/json"},
                data=None if body is None else msgspec.json.encode(body),
                allow_redirects=False,
                ssl=self._tls,
                timeout=aiohttp.ClientTimeout(total=within),
            ) as response:
                answer = Answer(await _read(response), response.headers.get("Date"))
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AriError(Watch.UNREACHABLE, _reason(error, within)) from error
        if not 200 <= status < 300:
            raise _refusal(method, path, status)
        return answer

    async def may_subscribe(self) -> bool:
        """Say whether this user may choose what the application is told; who may only read cannot.

        Where it is not registered, who may is told so.
        """
        try:
            await self.subscribe("channel:")
        except AriError as error:
            if error.status not in _NOT_THERE:
                raise
            return error.status == _NOT_REGISTERED
        return True

    async def subscribe(self, source: str) -> None:
        """Have the application told of *source* as well: ``channel:`` is all channels."""
        await self.ask("POST", f"{self.application}/subscription", {"eventSource": source})

    async def listen(self, *, everything: bool) -> aiohttp.ClientWebSocketResponse:
        """Register the application, for all events or none yet, and give its websocket.

        Whoever reads it answers Asterisk's pings. *Everything* has the states of devices in it, of
        which Asterisk can deadlock when the websocket is lost (its issue 2170).
        """
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                return await self._http.ws_connect(
                    f"{self._access.url}/events",
                    params={
                        "app": self._access.application,
                        "subscribeAll": "true" if everything else "false",
                    },
                    headers=self._headers,
                    ssl=self._tls,
                    heartbeat=HEARTBEAT_SECONDS,
                    autoping=False,  # whoever reads sees the pongs, and answers the pings
                    max_msg_size=_MOST_EVENT,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise _refusal("GET", "/events", error.status) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AriError(Watch.UNREACHABLE, _reason(error, REQUEST_SECONDS)) from error

    @property
    def application(self) -> str:
        """The application's path."""
        return f"/applications/{self._access.application}"

    @property
    def name(self) -> str:
        """The application's name."""
        return self._access.application


async def _stay(
    request: aiohttp.ClientRequest, ask: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Go nowhere else, whatever the answer says; for a websocket aiohttp has no other setting."""
    response = await ask(request)
    if 300 <= response.status < 400:
        response.close()
        raise _refusal(request.method, request.url.path, response.status)
    return response


async def if_it_can(asked: Awaitable[object]) -> bool:
    """Say whether it was done; False where this ARI, or this user, cannot do it."""
    try:
        await asked
    except AriError as error:
        if error.status not in _NOT_THERE:
            raise
        return False
    return True


async def _read(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > _MOST_ANSWER:
            raise ValueError("an answer of more than 64 MiB")
    return bytes(read)


def _refusal(method: str, path: str, status: int) -> AriError:
    if status in (401, 403):
        may_not = "the user or the password" if status == 401 else f"{method} {path}"
        return AriError(Watch.REFUSED, f"ARI does not accept {may_not} ({status})", status)
    return AriError(Watch.UNREACHABLE, f"ARI answers {method} {path} with {status}", status)


def _reason(error: Exception, within: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {within:g} seconds"
    if isinstance(error, aiohttp.ClientConnectorError):  # its own words have the address of `ssl`
        return f"cannot connect to {error.host}:{error.port}: {error.os_error}"
    return str(error) or type(error).__name__
