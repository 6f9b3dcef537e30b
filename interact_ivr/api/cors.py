"""Which other sites' scripts may ask the native API from a browser (CORS): unless set, none.

Who asks shows a token in a header, which only a script can do that has it; cookies are let through
to nobody.
"""

from collections.abc import Awaitable, Callable, Collection

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from interact_ivr.api.connections import REFERENCE_HEADER
from interact_ivr.api.native.asking import BASE

_BASE = f"{BASE}/"
_METHODS = "GET, HEAD, POST, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type"
_EXPOSED = f"{REFERENCE_HEADER}, {hdrs.RETRY_AFTER}"
_KEPT_SECONDS = "600"
"""For so long a browser need not ask again before it sends such a request."""


class Cors(msgspec.Struct, frozen=True):
    """Lets scripts of exactly these *origins* (``https://crm.example``) ask."""

    origins: Collection[str]

    def let_into(self, application: web.Application) -> None:
        """Let them ask *application*."""
        application.middlewares.append(self._middleware())
        application.on_response_prepare.append(self._allow)

    def _middleware(self) -> Middleware:
        @web.middleware
        async def preflight(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            """Answer a browser that asks whether a script may ask; it does so without the token."""
            is_asked = (
                request.method == hdrs.METH_OPTIONS
                and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
            )
            if not is_asked or self._origin(request) is None:
                return await handler(request)
            return web.Response(
                status=204,
                headers={
                    hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
                    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _HEADERS,
                    hdrs.ACCESS_CONTROL_MAX_AGE: _KEPT_SECONDS,
                },
            )

        return preflight

    async def _allow(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say whose script may read *response*, a refusal as well; what is kept is kept apart."""
        if not request.path.startswith(_BASE):
            return
        response.headers[hdrs.VARY] = hdrs.ORIGIN
        if (origin := self._origin(request)) is not None:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED

    def _origin(self, request: web.Request) -> str | None:
        """Give the origin whose script asks, if it may."""
        named = ", ".join(request.headers.getall(hdrs.ORIGIN, ()))
        may = named in self.origins and request.path.startswith(_BASE)
        return named if may else None
