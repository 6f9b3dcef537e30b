"""The configuration's [agi] section: its keys, and which of them do not go together."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from interact_ivr.domain.networks import is_public, networks


class AgiConfig(msgspec.Struct, frozen=True):
    """Where the Asterisk dialplan asks."""

    host: Annotated[
        str, Meta(min_length=1, title="the address FastAGI listens on", description="an address")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, title="its port", description="0 to 65535, where 0 takes a free one"),
    ] = 4573
    allow: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            title="the PBXes: who else connects is closed at once, since FastAGI has no password",
            description="a list of addresses and networks",
        ),
    ] = ("127.0.0.0/8", "::1")
    dnis_from: Annotated[
        tuple[Literal["extension", "request_uri", "to", "diversion"], ...],
        Meta(
            min_length=1,
            title="where the dialed number is looked for, first come first",
            description="a list of extension, request_uri, to, diversion",
        ),
    ] = ("extension", "request_uri", "to", "diversion")
    most_sessions: Annotated[
        int,
        Meta(ge=1, le=100_000, title="how many calls may ask at once", description="1 to 100000"),
    ] = 1000


def agi_contradictions(agi: AgiConfig) -> Iterator[str]:
    """Name what cannot be, each as a fault of its key."""
    wrong = [*not_networks("agi.allow", agi.allow)]
    yield from wrong
    if not wrong and is_public(agi.host) and not any(_is_elsewhere(text) for text in agi.allow):
        yield (
            f"agi.allow: expected the addresses of the PBXes, as agi.host is {agi.host!r}, "
            f"got this machine's own alone"
        )


def agi_warnings(agi: AgiConfig) -> Iterator[str]:
    """Say where anybody may ask as a PBX does."""
    for text in agi.allow:
        if ip_network(text).prefixlen == 0 and is_public(agi.host):
            yield (
                f"agi.allow: {text} is everybody, and who connects can take every interaction; "
                f"name the PBXes"
            )


def not_networks(key: str, texts: tuple[str, ...]) -> Iterator[str]:
    """Name each of *texts* that is no address and no network."""
    for text in texts:
        try:
            networks((text,))
        except ValueError as error:
            yield f"{key}: expected addresses and networks (10.0.0.0/8), {error}"


def _is_elsewhere(text: str) -> bool:
    return not ip_network(text).is_loopback
