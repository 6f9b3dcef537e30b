"""The configuration's [http] section: its keys, and which of them do not go together."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from interact_ivr.config_agi import not_networks
from interact_ivr.domain.networks import is_public


class HttpConfig(msgspec.Struct, frozen=True):
    """Where programs and people ask over HTTP."""

    host: Annotated[
        str, Meta(min_length=1, title="the address HTTP listens on", description="an address")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, title="its port", description="0 to 65535, where 0 takes a free one"),
    ] = 8018
    application_name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9\-_.]{1,64}$",
            title="the first part of the vendor API's paths",
            description="1 to 64 letters, digits and - _ .",
        ),
    ] = "interact"
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[A-Za-z0-9.\-:\[\]]+(/[A-Za-z0-9.\-_~/]*)?)?$",
            title="where the world reaches us, as the WSDLs and the OpenAPI document say it",
            description="http:// or https:// and a host; empty for what each request came to",
        ),
    ] = ""
    tls_certificate: Annotated[
        str,
        Meta(
            pattern=r"^[^\0]*$",
            title="a certificate with its chain, read again at each reload",
            description="the path of a PEM file, or empty for plain HTTP",
        ),
    ] = ""
    tls_key: Annotated[
        str,
        Meta(
            pattern=r"^[^\0]*$",
            title="the certificate's private key",
            description="the path of a PEM file, or empty where the certificate's has it",
        ),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            title="proxies that are believed where a request came from, and that have TLS",
            description="a list of addresses and networks",
        ),
    ] = ()
    plain_on_public_address: Annotated[
        bool,
        Meta(
            title="listen on a public address without TLS and without a trusted proxy",
            description="true or false",
        ),
    ] = False
    operators: Annotated[
        tuple[str, ...],
        Meta(
            title="who may read /metrics",
            description="a list of addresses and networks",
        ),
    ] = ("127.0.0.0/8", "::1")
    most_connections: Annotated[
        int,
        Meta(ge=1, le=100_000, title="how many connections at once", description="1 to 100000"),
    ] = 1000
    free_guesses: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            title="how many different wrong keys, tokens and sessions an address may show, and "
            "foreign numbers a program may ask for, before it waits",
            description="1 to 1000000",
        ),
    ] = 100
    cors_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^https?://[a-z0-9.\-:\[\]]+$")], ...],
        Meta(
            title="whose scripts may ask /api/v1 from a browser, with a token",
            description="a list of origins, such as https://crm.example; none for nobody's",
        ),
    ] = ()
    idle_seconds: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            title="how long a request's headers may take, and the pause between two requests",
            description="0.1 to 3600",
        ),
    ] = 30.0
    body_seconds: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            title="how long a request's body may take",
            description="0.1 to 3600",
        ),
    ] = 10.0
    body_limit_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            le=16_777_216,
            title="how large a request's body may be",
            description="1024 to 16777216",
        ),
    ] = 65_536
    log_requests: Annotated[
        Literal["all", "refused"],
        Meta(title="which requests have a line in the log", description="all or refused"),
    ] = "all"
    get_consumes: Annotated[
        bool,
        Meta(
            title="the vendor API's get frees the number, as a retrieval does",
            description="true or false",
        ),
    ] = False
    interaction_registry: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s\0]+)?$",
            title="asked before an allocation whether there is such an interaction",
            description="a URL with {id} in it, or empty to take every one",
        ),
    ] = ""
    support_url: Annotated[
        str,
        Meta(
            pattern=r"^[\x21-\x7e]*$",
            title="the moreInfoUrl of the vendor API's 401",
            description="a URL",
        ),
    ] = "http://www.jacada.com/support"

    @property
    def most_streams(self) -> int:
        """How many connections may be agents' event streams: the others stay for all else."""
        return self.most_connections * 4 // 5

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can reach the address."""
        return is_public(self.host)


def http_contradictions(http: HttpConfig) -> Iterator[str]:
    """Name what cannot be, each as a fault of its key."""
    for key in ("trusted_proxies", "operators"):
        yield from not_networks(f"http.{key}", getattr(http, key))
    if http.tls_key and not http.tls_certificate:
        yield "http.tls_key: expected none without http.tls_certificate, got one"
    if http.application_name.lower() in ("icws", "api", "screen", "console"):
        yield (
            f"http.application_name: expected another than those of our own paths, "
            f"got {http.application_name!r}"
        )
    if http.interaction_registry and "{id}" not in http.interaction_registry:
        yield f"http.interaction_registry: expected {{id}} in it, got {http.interaction_registry!r}"
    if http.is_public and not (
        http.tls_certificate or http.trusted_proxies or http.plain_on_public_address
    ):
        yield (
            f"http.host: expected a loopback address, or http.tls_certificate, or a proxy in "
            f"http.trusted_proxies, or http.plain_on_public_address = true, got {http.host!r}"
        )
