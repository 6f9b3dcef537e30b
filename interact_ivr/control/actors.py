"""Who asks on this machine: a user of the operating system."""

import pwd

from interact_ivr.domain.acts import Actor


def actor_of(uid: int, source: str) -> Actor:
    """Name the user *uid*, who may be none that the machine knows."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return Actor(f"uid {uid}", source)
    return Actor(f"uid {uid} ({name})", source)
