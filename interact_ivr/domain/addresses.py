"""Addresses in SIP's headers (RFC 3261, 20.10)."""


def user_of(address: str) -> str:
    """Cut the user part out of a SIP or tel header: what stands between ``:`` and ``@`` or ``;``.

    ``"A, B" <sip:+380974520200@example.org;user=phone>`` has ``+380974520200``; what is none, none.
    """
    _, bracket, inner = address.rpartition("<")
    uri = inner.partition(">")[0] if bracket else address
    scheme, _, rest = uri.partition(":")
    if scheme.strip().lower() not in ("sip", "sips", "tel"):
        return ""
    return rest.partition("@")[0].partition(";")[0]
