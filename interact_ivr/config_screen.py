"""The configuration's [screen] section."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

_PLACE = "{interaction}"


class ScreenConfig(msgspec.Struct, frozen=True):
    """The page that an agent leaves open, /screen/ and the extension."""

    customer_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[A-Za-z0-9.\-:\[\]]+/[\x21-\x7e]*)?$",
            title="the link to a customer's record",
            description="a URL with {interaction} in its path or behind it, or empty for none",
        ),
    ] = ""


def screen_contradictions(screen: ScreenConfig) -> Iterator[str]:
    """Name what cannot be."""
    if screen.customer_url and _PLACE not in screen.customer_url:
        yield f"screen.customer_url: expected {_PLACE} in it, got {screen.customer_url!r}"
