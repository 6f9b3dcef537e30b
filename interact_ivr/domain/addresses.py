"""Addresses in SIP's headers (RFC 3261, 20.10)."""

import re
from typing import Final

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|$)', re.DOTALL)
_USER: Final = re.compile(
    r"(?:^|<)\s*+(?:sips?:([^@;:<>]*+)[^@<>]*+@|tel:([^@;<>]*+))",  # sip:user:password@host
    re.IGNORECASE,
)


def user_of(address: str) -> str:
    """Cut the user part out of a SIP or tel header: what stands between ``:`` and ``@`` or ``;``.

    ``"A, B" <sip:+380974520200@example.org;user=phone>`` has ``+380974520200``; what is none, none.
    """
    found = _USER.search(_QUOTED.sub("", address))
    return found[found.lastindex or 0] if found else ""
