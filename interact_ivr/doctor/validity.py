"""From when until when a certificate is valid: as much of its DER as that takes (RFC 5280).

The standard library reads no certificate that it is not shown by a peer.
"""

from datetime import UTC, datetime

_VERSION = 0xA0
_FIELDS_BEFORE = 3
"""Of a certificate's body, behind the version: its number, its algorithm, its issuer."""
_FORMATS = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""UTCTime and GeneralizedTime."""
_LONG_FORM = 0x80


def validity(der: bytes) -> tuple[datetime, datetime]:
    """Give when a certificate begins and ends.

    Raises:
        ValueError: it is no certificate.
    """
    try:
        body = _inner(_inner(der, 0)[1], 0)[1]
        at = 0
        if body[0] == _VERSION:
            at = _inner(body, at)[2]
        for _ in range(_FIELDS_BEFORE):
            at = _inner(body, at)[2]
        span = _inner(body, at)[1]
        first, second = _inner(span, 0), _inner(span, _inner(span, 0)[2])
        return _time(first[0], first[1]), _time(second[0], second[1])
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError("no certificate") from error


def _inner(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Give the tag, the content and the end of the value that begins *at*."""
    tag, length, begin = data[at], data[at + 1], at + 2
    if length & _LONG_FORM:
        count = length & ~_LONG_FORM
        length = int.from_bytes(data[begin : begin + count], "big")
        begin += count
    if begin + length > len(data):
        raise IndexError(begin)
    return tag, data[begin : begin + length], begin + length


def _time(tag: int, text: bytes) -> datetime:
    return datetime.strptime(text.decode("ascii"), _FORMATS[tag]).replace(tzinfo=UTC)
