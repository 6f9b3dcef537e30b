"""The configuration's [[pbx]] tables, one a PBX: its keys, and which of them do not go together."""

import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from interact_ivr.domain.networks import is_public
from interact_ivr.secret_files import opened

WHERE = r"^(/[^\0]*[^/\0]|\$[A-Za-z_][A-Za-z0-9_]*)$"
"""Where a secret is: the path of a file, or $ and the name of an environment variable."""
_CONTEXT = r"^[^@\s\0]+(@[A-Za-z0-9\-_.]{1,64}/[A-Za-z0-9\-_.]{1,64})?$"


class PbxConfig(msgspec.Struct, frozen=True):
    """An Asterisk that is watched; for several, a table each."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9\-_.]{1,64}$",
            title="its name, which AGI addresses give as pbx=; one alone is meant without it, too",
            description="1 to 64 letters, digits and - _ .",
        ),
    ] = "main"
    inbound_contexts: Annotated[
        tuple[Annotated[str, Meta(pattern=_CONTEXT)], ...],
        Meta(
            title="where calls to the pool's numbers come in",
            description="a list of contexts, each perhaps with @tenant/environment",
        ),
    ] = ("inbound",)
    required: Annotated[
        bool,
        Meta(
            title="/readyz says no while it cannot be watched or asked, and does not only name it",
            description="true or false",
        ),
    ] = False
    ari_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[A-Za-z0-9.\-:\[\]]+(/[A-Za-z0-9.\-_~/]*)?)?$",
            title="where its ARI is",
            description="http:// or https:// and a host, with the path; empty for no watching",
        ),
    ] = "http://127.0.0.1:8088/ari"
    ari_user: Annotated[
        str,
        Meta(
            pattern=r"^[^:\x00-\x20\x7f]+$",
            title="the user as whom it is watched",
            description="the name of a user of ari.conf",
        ),
    ] = "interact-ivr"
    ari_password: Annotated[
        str,
        Meta(
            pattern=WHERE,
            title="that user's password, read at each connection",
            description="the path of a file, or $ and the name of an environment variable",
        ),
    ] = "$INTERACT_IVR_ARI_PASSWORD"  # noqa: S105  where it is, not what it is
    ari_application: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9\-_.]{0,64}$",
            title="the ARI application, one of each node's own",
            description="up to 64 letters, digits and - _ .; empty for interact-ivr-HOST",
        ),
    ] = ""
    ami_host: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9.\-:]*$",
            title="where its AMI is, which says whose its extensions are",
            description="a name or an address; empty for not asking it",
        ),
    ] = "127.0.0.1"
    ami_port: Annotated[
        int, Meta(ge=1, le=65_535, title="the port of its AMI", description="1 to 65535")
    ] = 5038
    ami_user: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x20\x7f]+$",
            title="the user as whom it is asked",
            description="the name of a user of manager.conf",
        ),
    ] = "interact-ivr"
    ami_secret: Annotated[
        str,
        Meta(
            pattern=WHERE,
            title="that user's secret, read at each connection",
            description="the path of a file, or $ and the name of an environment variable",
        ),
    ] = "$INTERACT_IVR_AMI_SECRET"  # noqa: S105  where it is, not what it is
    ami_tls: Annotated[
        bool,
        Meta(
            title="its AMI is asked over TLS, on the port that manager.conf has for that (5039)",
            description="true or false",
        ),
    ] = False
    ca_file: Annotated[
        str,
        Meta(
            pattern=r"^(/[^\0]*[^/\0])?$",
            title="who vouches for the PBX's certificate over TLS, read at each connection",
            description="the path of a PEM file; empty for those whom the machine trusts",
        ),
    ] = ""
    ami_reread_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=86_400,
            title="how often all is asked again, whatever the PBX has told of changes",
            description="1 to 86400",
        ),
    ] = 300.0

    @property
    def application(self) -> str:
        """The ARI application as it is registered."""
        return self.ari_application or f"interact-ivr-{_host()}"

    @property
    def contexts(self) -> Mapping[str, str]:
        """The inbound contexts, each with the environment of its calls; empty: the default one."""
        pairs = (context.partition("@") for context in self.inbound_contexts)
        return {context: environment for context, _, environment in pairs}


def secret(where: str) -> str:
    """Read the secret that is *where* the configuration says.

    Raises:
        OSError: the file cannot be read, or others can too; or the variable is not set.
    """
    if where.startswith("$"):
        found = os.environ.get(where[1:])
        if found is None:
            raise OSError(f"the environment has no {where[1:]}")
        return found
    with opened(Path(where)) as file:
        return file.read().decode("utf-8", "surrogateescape").rstrip("\r\n")


def trust(ca_file: str) -> ssl.SSLContext:
    """Say whose certificate a PBX must show: one for its host, by an issuer in *ca_file*.

    Raises:
        OSError: the file cannot be read, or is none of certificates.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # which does not say of what
        raise OSError(f"{ca_file}: {error}") from error


def pbx_warnings(pbxes: Sequence[PbxConfig]) -> Iterator[str]:
    """Name the secrets that would go to another machine as they are."""
    for at, pbx in enumerate(pbxes, 1):
        url = urlsplit(pbx.ari_url)
        if url.scheme == "http" and is_public(url.hostname or ""):
            yield (
                f"pbx[{at}].ari_url: the password and all that is asked goes to {url.hostname} in "
                f"the clear; use https:// or a tunnel"
            )
        if pbx.ami_host and not pbx.ami_tls and is_public(pbx.ami_host):
            yield (
                f"pbx[{at}].ami_host: the secret and all that is asked goes to {pbx.ami_host} in "
                f"the clear; use ami_tls or a tunnel"
            )


def pbx_contradictions(pbxes: Sequence[PbxConfig]) -> Iterator[str]:
    """Name what cannot be, each as a fault of its key."""
    for key, value_of in (
        ("name", lambda pbx: pbx.name),
        ("ari_application", lambda pbx: (pbx.ari_url.rstrip("/"), pbx.application)),
    ):
        seen: dict[object, int] = {}
        for at, pbx in enumerate(pbxes, 1):
            if key == "ari_application" and not pbx.ari_url:
                continue
            first = seen.setdefault(value_of(pbx), at)
            if first != at:
                yield (
                    f"pbx[{at}].{key}: expected another than that of pbx[{first}], "
                    f"got {getattr(pbx, key)!r}"
                )
    for at, pbx in enumerate(pbxes, 1):
        if len(pbx.contexts) < len(pbx.inbound_contexts):
            yield f"pbx[{at}].inbound_contexts: expected each context once, got one twice"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9\-_.]", "-", socket.gethostname())[:48]
