"""Headers: who asks, by credentials, cookies and proxies, and what a body is said to be.

An input is a request's head as it comes over the wire, the path first; aiohttp's parser reads it,
as in the service, and its first bytes pick who sends it. `@ID@`, `@TOKEN@` and `@COOKIE@` stand for
those of a session that is open.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Final, Self

from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser, RawRequestMessage
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler

from fuzzing.target import Target
from fuzzing.targets.shop import ENVIRONMENT, KEY, PASSWORD, TENANT, TOKEN, USER, access
from interact_ivr.api.bodies import BODY_SECONDS, read_json, read_parameters
from interact_ivr.api.credentials import Credentials
from interact_ivr.api.guessing import Guessing
from interact_ivr.api.icws.guarding import IcwsGuard, cookie_name, cookies_of, wants_events
from interact_ivr.api.icws.sessions import Session, Sessions
from interact_ivr.api.icws.settings import Settings
from interact_ivr.api.icws.wire import TOKEN_HEADER, DetailsQuery
from interact_ivr.api.own_forms import check_ours
from interact_ivr.api.routes import COOKIE, Needs, Who
from interact_ivr.api.signing_in import SignIn
from interact_ivr.api.sources import Sources
from interact_ivr.domain.errors import NotPermitted, Refusal
from interact_ivr.domain.networks import networks, owner
from interact_ivr.service.guesses import Guesses

_OPEN: Final = {Needs.NOTHING, Needs.SOAP, Needs.FORM, Needs.DOOR, Needs.ICWS}
_CONSOLE: Final = {Needs.CONSOLE_AGENT, Needs.CONSOLE_VIEWER, Needs.CONSOLE_ADMIN}
_BASE: Final = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+|")
_PREFIX: Final = re.compile(r"[A-Za-z0-9.\-_~/]*")
_PEERS: Final = ("203.0.113.1", "10.0.0.1", "127.0.0.1", "::ffff:10.0.0.1")
_LIMIT: Final = 8190
_FREE_GUESSES: Final = 10**9
"""Nobody who fuzzes waits."""
_SOURCES: Final = Sources(networks(["10.0.0.0/8", "2001:db8:ffff::/48"]), "https://ivr.example/a")


@dataclass(frozen=True, slots=True)
class _Connection:
    """What a request has come over."""

    protocol: RequestHandler
    writer: StreamWriter
    task: asyncio.Task[None]

    @classmethod
    async def made(cls) -> Self:
        """Make one on which nothing comes."""
        protocol = web.Server(_answer)()
        protocol.transport = asyncio.Transport({"peername": ("192.0.2.1", 1)})
        task = asyncio.create_task(asyncio.sleep(0))
        await task
        return cls(protocol, StreamWriter(protocol, asyncio.get_running_loop()), task)


@dataclass(frozen=True, slots=True)
class _House:
    """The guards, and a session that is open."""

    loop: asyncio.AbstractEventLoop
    credentials: Credentials
    session: Session
    connection: _Connection
    match: web.UrlMappingMatchInfo

    def request(self, message: RawRequestMessage, peer: str) -> web.Request:
        """Give a request without a body, as the server would."""
        around = self.connection.protocol, self.connection.writer, self.connection.task
        made = web.Request(
            message, EMPTY_PAYLOAD, *around, self.loop, client_max_size=_LIMIT, remote=peer
        )
        made._match_info = self.match
        return made


@cache
def _house() -> _House:
    loop = asyncio.new_event_loop()
    known = loop.run_until_complete(access())
    sessions = Sessions(lambda: 0.0, 60.0, 9)
    user = known.user(TENANT, USER)
    session = sessions.open(ENVIRONMENT, USER, user.password_hash if user else "")
    icws = IcwsGuard(Settings(), sessions, known, _SOURCES, lambda: ENVIRONMENT)
    sign_in = SignIn(_knows, _SOURCES, lambda _: None)
    operators = networks(["127.0.0.1"])
    guessing = Guessing(Guesses(_FREE_GUESSES), _SOURCES, lambda _what, _why: None)
    credentials = Credentials(known, sign_in, icws.check, _nobody, guessing, _SOURCES, operators)
    asyncio.set_event_loop(loop)
    route = web.ResourceRoute("POST", _answer, web.PlainResource("/"))
    match = web.UrlMappingMatchInfo({"sessionId": session.id}, route)
    app = web.Application()
    app[BODY_SECONDS] = 60.0
    match.add_app(app)
    connection = loop.run_until_complete(_Connection.made())
    return _House(loop, credentials, session, connection, match)


async def _answer(_: web.BaseRequest) -> web.Response:
    raise NotPermitted


async def _knows(tenant: str, user: str, password: str, _source: str) -> bool:
    return (tenant, user, password) == (TENANT, USER, PASSWORD)


def _nobody(_needs: Needs, _request: web.Request) -> Who:
    raise NotPermitted


def _check(data: bytes) -> None:
    house = _house()
    message = _message(house, data)
    if message is None:
        return
    request = house.request(message, _PEERS[sum(data[:9]) % len(_PEERS)])
    _check_source(request)
    for needs in {*Needs} - _CONSOLE:
        with suppress(Refusal):
            house.loop.run_until_complete(house.credentials.check(needs, request))
            _check_let_in(needs, request, house.session)
    _check_reading(house, request)


def _message(house: _House, data: bytes) -> RawRequestMessage | None:
    """Read a request's head; None: aiohttp refuses it, or it does not end."""
    session = house.session
    for name, value in (("ID", session.id), ("TOKEN", session.token), ("COOKIE", session.cookie)):
        data = data.replace(f"@{name}@".encode(), value.encode())
    path, _, lines = data.partition(b"\n")
    head = b"POST /%s HTTP/1.1\r\n%s\r\n\r\n" % (path, lines.replace(b"\n", b"\r\n"))
    parser = HttpRequestParser(BaseProtocol(house.loop), house.loop, 2**16, max_line_size=_LIMIT)
    try:
        messages, _, _ = parser.feed_data(head)
    except HttpProcessingError:
        return None
    message: RawRequestMessage | None = messages[0][0] if messages else None
    return message


def _check_source(request: web.Request) -> None:
    """See that nothing of a header is taken for more than it is, nor from whom we do not trust."""
    address = _SOURCES.address(request)
    assert ip_address(address)
    assert owner(address)
    assert _BASE.fullmatch(_SOURCES.base(request))
    assert _PREFIX.fullmatch(_SOURCES.prefix(request))
    if request.remote == _PEERS[0]:
        assert address == request.remote
        assert _SOURCES.prefix(request) == ""
        assert not _SOURCES.is_secure(request)
    with suppress(Refusal):
        check_ours(request, _SOURCES)
    for value in cookies_of(request, COOKIE):
        assert ";" not in value


def _check_let_in(needs: Needs, request: web.Request, session: Session) -> None:
    """See that whoever is let in has shown what they need."""
    if needs in _OPEN:
        return
    headers = request.headers
    match needs:
        case Needs.OPERATOR:
            shown = request.remote in ("127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1")
        case Needs.ICWS_SESSION:
            cookies = cookies_of(request, cookie_name(session.id))
            shown = headers[TOKEN_HEADER] == session.token and {*cookies} == {session.cookie}
        case Needs.ICWS_POLL:
            cookies = cookies_of(request, cookie_name(session.id))
            is_token = headers.get(TOKEN_HEADER) == session.token
            shown = {*cookies} == {session.cookie} and (is_token or wants_events(request))
        case Needs.DNIS_KEY | Needs.USER_AND_DNIS_KEY:
            shown = headers["Application-Key"] == KEY and headers["Tenant-Id"] == TENANT
        case Needs.SCREEN:
            shown = TOKEN in headers["Cookie"]
        case _:
            shown = TOKEN in headers["Authorization"]
    if needs is Needs.USER_AND_DNIS_KEY:
        shown = shown and b64encode(PASSWORD.encode()).decode() in headers["User-Password"]
    assert shown, needs


def _check_reading(house: _House, request: web.Request) -> None:
    """See that a body's description is taken as such, or refused."""
    with suppress(Refusal):
        assert isinstance(read_parameters(request, DetailsQuery), DetailsQuery)
    with suppress(Refusal):
        house.loop.run_until_complete(read_json(request, DetailsQuery))
    assert request.charset is None or isinstance(request.charset, str)


def _seeds() -> Iterator[bytes]:
    who = f"Tenant-Id: {TENANT}\nApplication-Key: {KEY}\nEnvironment-Name: live\n"
    user, password = (b64encode(text.encode()).decode() for text in (USER, PASSWORD))
    yield f"icws/1\nHost: a\n{who}User-Id: {user}\nUser-Password: {password}".encode()
    yield f"api?phoneNumber=1\nHost: a\nAuthorization: Bearer {TOKEN}\nContent-Length: 2".encode()
    yield b"icws/2\nHost: a\nININ-ICWS-CSRF-Token: @TOKEN@\nCookie: icws_@ID@=@COOKIE@; b=c"
    yield b"icws/3\nHost: a\nAccept: text/event-stream\nCookie: icws_@ID@=@COOKIE@"
    yield f"agent\nHost: a:1\nCookie: interact_screen={TOKEN}\nSec-Fetch-Site: same-origin".encode()
    yield (
        b"x\nHost: a\nX-Forwarded-For: 198.51.100.1:80, [2001:db8::1]:443, 10.0.0.2\n"
        b"X-Forwarded-Proto: https\nX-Forwarded-Host: ivr.example\nX-Forwarded-Prefix: /a/b"
    )
    yield (
        b'x?a=%f0%9f&phoneNumber=1\nHost: a\nContent-Type: application/x+json; charset="utf-8"\n'
        b"Content-Encoding: gzip\nOrigin: http://[\nForwarded: for=1"
    )


TARGET = Target(
    _check,
    _seeds,
    (
        *(b"Host: ", b"Cookie: ", b"Authorization: ", b"Bearer ", b"bearer\t", b"Basic ", b"; "),
        *(
            b"Tenant-Id: ",
            b"Application-Key: ",
            b"Environment-Name: ",
            b"User-Id: ",
            b"User-Password: ",
        ),
        *(
            b"X-Forwarded-For: ",
            b"X-Forwarded-Host: ",
            b"X-Forwarded-Proto: ",
            b"X-Forwarded-Prefix: ",
        ),
        *(b"Content-Type: ", b"Content-Encoding: ", b"charset=", b"application/json", b"Origin: "),
        *(
            b"Sec-Fetch-Site: ",
            b"Accept: ",
            b"ININ-ICWS-CSRF-Token: ",
            b"@ID@",
            b"@TOKEN@",
            b"@COOKIE@",
        ),
        *(b"icws_", b"interact_screen=", b"10.0.0.1", b"::1", b"::ffff:", b"%eth0", b"[", b"]:80"),
        *(b"same-origin", b"http://[", b"//", b"%00", b"\xff", b"\xc2\x85", b"\\012", b'"'),
        *(KEY.encode(), TOKEN.encode(), TENANT.encode(), b"live"),
    ),
)
