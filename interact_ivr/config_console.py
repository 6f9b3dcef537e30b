"""The configuration's [console] section."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ConsoleConfig(msgspec.Struct, frozen=True):
    """The pages for people who look after the pools, /console."""

    idle_seconds: Annotated[
        int,
        Meta(
            ge=60,
            le=86_400,
            title="after how long without a request a person is signed out",
            description="60 to 86400",
        ),
    ] = 1800
    session_seconds: Annotated[
        int,
        Meta(
            ge=60,
            le=604_800,
            title="after how long a person signs in again in any case",
            description="60 to 604800",
        ),
    ] = 43_200
