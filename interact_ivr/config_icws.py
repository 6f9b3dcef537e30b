"""The configuration's [icws] section."""

from typing import Annotated

import msgspec
from msgspec import Meta


class IcwsConfig(msgspec.Struct, frozen=True):
    """The vendor's phone-number details over HTTP, for the users of one environment's tenant."""

    enabled: Annotated[
        bool, Meta(title="whether ICWS is served, on HTTP's port", description="true or false")
    ] = True
    environment: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9\-_.]{1,64}/[A-Za-z0-9\-_.]{1,64})?$",
            title="whose users may ask, and whose dial plan answers",
            description="tenant/environment, or empty for environment.default",
        ),
    ] = ""
    idle_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=604_800,
            title="how long a session may be unused",
            description="1 to 604800",
        ),
    ] = 900.0
    sessions_per_user: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            title="how many sessions a user may have; one more ends the longest unused",
            description="1 to 10000",
        ),
    ] = 100
    draining: Annotated[
        bool,
        Meta(
            title="take no new sessions, and name the alternate hosts; open ones go on",
            description="true or false",
        ),
    ] = False
    alternate_hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9.\-:\[\]]{1,253}$")], ...],
        Meta(title="other nodes, for who is not taken here", description="a list of hosts"),
    ] = ()
    removed: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9\-]+(/[a-z0-9\-]+)*$")], ...],
        Meta(
            title="resources that are answered as removed (410)",
            description="a list of paths behind the session id, such as messaging/messages",
        ),
    ] = ()
