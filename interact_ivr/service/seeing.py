"""What an environment sees of a call on a phone: its own customers and the phones, nobody else's.

Of whom a channel is, what it was told says; else the inbound context by which it came in. A call on
which is nobody's customer is shown where the PBX serves that environment alone.
"""

from datetime import datetime

from msgspec.structs import replace

from interact_ivr.domain.names import EnvironmentId
from interact_ivr.domain.phone_calls import AgentCall, Party, Told
from interact_ivr.service.phones import OnPhone
from interact_ivr.service.sites import Sites

_NOBODYS = EnvironmentId(0)
"""Of an environment that is not there: none has this id."""


def seen(there: OnPhone, here: EnvironmentId, sites: Sites) -> AgentCall | None:
    """Give *there* as the environment *here* sees it; None: not at all."""
    whose = [(other, _whose(there, other, sites)) for other in there.parties]
    owners = {owner for _, owner in whose} - {None}
    if not (here in owners if owners else sites.serves_alone(there.call.pbx, here)):
        return None
    others = tuple(_shown(there, other) for other, owner in whose if owner in (here, None))
    told = [
        (other.near, there.told[other.uniqueid]) for other in others if other.uniqueid in there.told
    ]
    return AgentCall(
        replace(there.call, others=others),
        max(told, key=_last, default=(False, None))[1],
        there.ended,
    )


def _whose(there: OnPhone, other: Party, sites: Sites) -> EnvironmentId | None:
    if (told := there.told.get(other.uniqueid)) is not None:
        return told.environment
    if other.environment is None:
        return None
    return sites.id_of(other.environment) or _NOBODYS


def _shown(there: OnPhone, other: Party) -> Party:
    """Give *other* with the number that the call itself was told, if it was told one."""
    told = there.told.get(other.uniqueid)
    return other if told is None or told.ani is None else replace(other, number=told.ani)


def _last(told: tuple[bool, Told]) -> tuple[bool, bool, datetime]:
    near, each = told
    return near, each.interaction is not None, each.at
