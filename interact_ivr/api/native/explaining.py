"""Why a number is what it is, over the native API."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from dialplan.explain import Asked as Patterns
from interact_ivr.api.native.asking import Asked, Says, Within, answer, given, native
from interact_ivr.api.routes import Needs, Route
from interact_ivr.service.numbers import Numbers


class ExplainNumber(Within, frozen=True, kw_only=True):
    """Which number."""

    number: Annotated[str, Meta(max_length=256, description="as somebody wrote it")]


class Owner(msgspec.Struct, frozen=True):
    """Whose an extension is."""

    extension: str
    type: Literal["user", "station", "workgroup", "orbit", "line"]
    id: str
    mailbox: str


class NumberDetails(msgspec.Struct, frozen=True):
    """What a screen and a PBX need to know of a number; the names are the vendor's."""

    raw_text: str
    normalized_text: str
    display_text: str
    edit_base: str
    extension: str
    default_classification: str
    classifications: list[str]
    internal: bool
    queue_type: Literal["none", "my_interactions", "user", "station", "workgroup", "orbit", "line"]
    queue_name: str
    voicemail_capable: bool
    dial_capable: bool
    auto_dial_extension: bool
    dial_string: str
    emergency: bool
    description: str


class NumberExplained(msgspec.Struct, frozen=True):
    """How a number was read, step by step."""

    raw: str
    plan: str
    refused: str
    """Why it is no number; empty where it is one."""
    cleaned: str
    dialed: str
    conversions: Patterns
    converted: str
    rules: Patterns
    decided: str
    owner: Owner | None
    details: NumberDetails | None


class ExplainRoutes(msgspec.Struct, frozen=True):
    """Serves it."""

    numbers: Numbers

    def routes(self) -> list[Route]:
        """Give what is served."""
        return [
            native(
                "GET", "/numbers/explain", Needs.VIEWER, self._explain, ExplainNumber,
                Says("explain_number", "Why a number is what it is, by the dial plan"),
                answer(200, "each step, also where it is no number", NumberExplained),
            ),
        ]  # fmt: skip

    async def _explain(self, asked: Asked[ExplainNumber]) -> web.Response:
        told = await self.numbers.explain(asked.environment, asked.what.number)
        return given(msgspec.convert(told.as_data(), NumberExplained))
