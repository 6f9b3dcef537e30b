"""What ARI says of a channel when it is asked: variables, what was dialed, whether it has asked."""

from urllib.parse import quote

from interact_ivr.agi.variables import Variable
from interact_ivr.ari.client import AriError, Client
from interact_ivr.ari.events import MalformedError, value_of
from interact_ivr.ari.told import Channel
from interact_ivr.domain.addresses import user_of
from interact_ivr.domain.values import Status

_VARIABLES = {
    "request_uri": "CALLERID(dnid)",
    "to": "PJSIP_HEADER(read,To)",
    "diversion": "CALLERID(rdnis)",
}
"""Where a dialed number stands, if it is not the extension; as the subroutines read it."""
_SIP, _LOCAL = "PJSIP/", "Local/"
_ONCE_TAKEN = "CHANNEL(pjsip,call-id)"
"""Answered by the thread that takes the INVITE, when it has. Its channel is told of before that
thread sets whom the call was diverted from."""
_ANSWERED = {status.value for status in Status} - {Status.AMBIGUOUS, Status.UNAVAILABLE}
"""Who was told one of the others asks again."""


async def dialed(client: Client, place: str, channel: Channel) -> str:
    """Give what stands in *place*, an entry of ``dnis_from``.

    Raises:
        AriError, MalformedError: it cannot be read.
    """
    if place == "extension":
        return channel.extension
    if place == "to" and not channel.name.startswith(_SIP):
        return ""
    if place == "diversion" and channel.name.startswith(_SIP):
        await variable(client, channel.id, _ONCE_TAKEN)
    value = await variable(client, channel.id, _VARIABLES[place])
    return user_of(value) if place == "to" else value


async def has_asked(client: Client, channel: Channel) -> bool:
    """Say whether the call was told whose it is, by what its script has set; in doubt, no.

    A Local channel has what its caller was told.
    """
    if channel.name.startswith(_LOCAL):
        return False
    try:
        return await variable(client, channel.id, Variable.STATUS) in _ANSWERED
    except (AriError, MalformedError):  # 404 where it is not set; else its time is bounded anyway
        return False


async def variable(client: Client, channel: str, name: str) -> str:
    """Give a channel's variable, or what a function of the Asterisk dialplan says of it.

    Raises:
        AriError, MalformedError: it cannot be read.
    """
    path = f"/channels/{quote(channel, safe='')}/variable"
    return value_of((await client.read(path, {"variable": name})).body)
