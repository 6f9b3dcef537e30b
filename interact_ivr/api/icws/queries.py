"""What an ICWS session asks for: phone-number details (seed 003), and messages: there are none."""

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from interact_ivr.api.describing import Answer, Content
from interact_ivr.api.faults import renamed
from interact_ivr.api.icws.connection import described
from interact_ivr.api.icws.guarding import wants_events
from interact_ivr.api.icws.paths import DETAILS, MESSAGES, OF_SESSION
from interact_ivr.api.icws.wire import MEDIA, DetailsQuery, PhoneNumberDetails, given, read
from interact_ivr.api.routes import Needs, Route, Who
from interact_ivr.domain.errors import BadInput, NoSuchEnvironment
from interact_ivr.service.numbers import Numbers

_AGAIN = "retry: 5000\n: no messages\n\n"
"""An event stream that ends at once: a browser comes again after as many milliseconds."""


class Queries(msgspec.Struct, frozen=True):
    """Serves both."""

    numbers: Numbers

    def routes(self) -> list[Route]:
        """Give what is served."""
        details, messages = f"{OF_SESSION}/{DETAILS}", f"{OF_SESSION}/{MESSAGES}"
        return [
            Route("POST", details, Needs.ICWS_SESSION, self._details, _DETAILS),
            Route("GET", messages, Needs.ICWS_POLL, self._messages, _MESSAGES),
        ]

    async def _details(self, request: web.Request, who: Who) -> web.Response:
        asked = await read(request, DetailsQuery)
        try:
            details = self.numbers.details(who.environment, asked.phone_number)
        except BadInput as error:
            raise renamed(error, number="phoneNumber") from None
        return given(PhoneNumberDetails.of(details))

    async def _messages(self, request: web.Request, _: Who) -> web.Response:
        if wants_events(request):
            return web.Response(text=_AGAIN, content_type="text/event-stream")
        return given([])


_DETAILS = described(
    "icws_query_details",
    "What is known of a phone number",
    Answer(200, "its details, by the dial plan", Content(MEDIA, PhoneNumberDetails)),
    BadInput,
    NoSuchEnvironment,
    asks=DetailsQuery,
)
_MESSAGES = described(
    "icws_poll",
    "The messages that have come",
    Answer(200, "none; as an event stream, if that is accepted", Content(MEDIA, Sequence[Any])),
)
