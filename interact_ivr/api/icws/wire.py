"""What travels over ICWS: its content type, its headers, and what is asked and answered.

Keys are the vendor's; enumerations travel as numbers; an optional text that is blank is ``""``.
"""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta
from multidict import istr

from dialplan import Details
from interact_ivr.api.bodies import json_of, take_body
from interact_ivr.api.whole import Whole

T = TypeVar("T")

MEDIA: Final = "application/vnd.inin.icws+JSON"
CONTENT_TYPE: Final = f"{MEDIA}; charset=utf-8"
"""Of every answer: some programs decode no other."""
TOKEN_HEADER: Final = istr("ININ-ICWS-CSRF-Token")
SESSION_HEADER: Final = istr("ININ-ICWS-Session-ID")
_HEADERS: Final = {istr("Content-Type"): CONTENT_TYPE}


class ConnectionRequest(msgspec.Struct, frozen=True):
    """Who asks for a session. Its type and the application's name are passed over."""

    user: Annotated[str, Meta(min_length=1)] = msgspec.field(name="userID")
    password: str
    application: str = msgspec.field(name="applicationName", default="")


class FeatureInfo(msgspec.Struct, frozen=True, rename="camel"):
    """A feature of this server."""

    feature_id: str
    version: int


class FeatureList(msgspec.Struct, frozen=True, rename="camel"):
    """All there are."""

    feature_info_list: Sequence[FeatureInfo]


class Version(msgspec.Struct, frozen=True, rename="camel"):
    """This server's own version."""

    major_version: int
    minor_version: int
    su: int


class Connection(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A session that was opened; *features* and *version* where they were asked for."""

    csrf_token: str
    session_id: str
    user_id: str = msgspec.field(name="userID")
    user_display_name: str
    ic_server: str
    alternate_host_list: Sequence[str]
    features: Sequence[FeatureInfo] | msgspec.UnsetType = msgspec.UNSET
    version: Version | msgspec.UnsetType = msgspec.UNSET


class ConnectionState(msgspec.Struct, frozen=True, rename="camel"):
    """How a session is: 0 none, 1 up, 2 down."""

    connection_state: int
    reason: str
    should_reconnect: bool


class DetailsQuery(msgspec.Struct, frozen=True):
    """Whose details are asked for."""

    phone_number: Annotated[str, Meta(description="in any written form")] = msgspec.field(
        name="phoneNumber"
    )


class PhoneNumberDetails(msgspec.Struct, frozen=True, rename="camel"):
    """What is known of a number; every key is always there."""

    raw_text: str
    normalized_text: str
    display_text: str
    edit_base: str
    extension: str
    default_classification: str
    classifications: Annotated[Sequence[str], Meta(min_length=1)]
    internal: bool
    queue_type: Annotated[int, Meta(ge=0, le=6)]
    """0 None, 1 MyInteractions, 2 User, 3 Station, 4 Workgroup, 5 Orbit, 6 Line."""
    queue_name: str
    voicemail_capable: bool
    dial_capable: bool
    auto_dial_extension: bool

    @classmethod
    def of(cls, details: Details) -> "PhoneNumberDetails":
        """Give *details* as they travel."""
        return cls(
            details.raw_text,
            details.normalized_text,
            details.display_text,
            details.edit_base,
            details.extension,
            details.default_classification,
            details.classifications,
            details.internal,
            int(details.queue_type),
            details.queue_name,
            details.voicemail_capable,
            details.dial_capable,
            details.auto_dial_extension,
        )


async def read(request: web.Request, kind: type[T]) -> T:
    """Read the body as *kind*, whatever type of content it says to be, or none."""
    return json_of(await take_body(request), kind)


def given(value: object, status: int = 200) -> web.Response:
    """Answer with *value*."""
    return Whole(status=status, body=_ENCODER.encode(value), headers=_HEADERS)


_ENCODER: Final = msgspec.json.Encoder()
