"""What is set for ICWS; it may be set anew while it is served."""

import msgspec

from interact_ivr.api.routes import NOWHERE
from interact_ivr.domain.names import EnvironmentName


class Settings(msgspec.Struct, frozen=True):
    """The configuration's, as this API has it."""

    enabled: bool = True
    environment: EnvironmentName = NOWHERE
    """Whose users may ask, and whose dial plan answers; an empty name: the default one."""
    draining: bool = False
    """Take no new sessions; those there are go on."""
    removed: frozenset[str] = frozenset()
    """Resources that are gone, as they stand behind the session id: ``messaging/messages``."""
    alternate_hosts: tuple[str, ...] = ()
    """Where to go instead of here."""
