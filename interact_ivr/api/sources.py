"""Where a request comes from, and how it got here: through proxies only where they are trusted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_HOP = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""An address with a port, or in brackets, as some proxies write it."""
_HOST = re.compile(r"([A-Za-z0-9.\-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
"""What a Host header may be; anything else is not repeated in an answer."""
_PREFIX = re.compile(r"(/[A-Za-z0-9.\-_~]+)*")
"""What a proxy's prefix may be; it stands in cookies and in headers."""
_SCHEMES = ("http", "https")
_AUTHORITY = re.compile(r"^https?://[^/]*")


@dataclass(frozen=True, slots=True)
class Sources:
    """Which proxies are trusted to say where a request came from."""

    trusted: tuple[Network, ...] = ()
    public_url: str = ""
    """Where the world reaches us, as far as a trusted proxy does not say it."""

    def address(self, request: web.Request) -> str:
        """Give the address of who asks: the last one that no trusted proxy has.

        X-Forwarded-For is read from its end, as each proxy appends the peer it saw.
        """
        peer = request.remote or ""
        if not self.trusted or not self._trusts(peer):
            return peer
        hops = ",".join(request.headers.getall("X-Forwarded-For", ()))
        for hop in reversed(hops.split(",")):
            address = _hop(hop)
            if address is None:  # what a proxy does not vouch for is nobody's
                return peer
            peer = str(address)
            if not self._trusts(peer):
                break
        return peer

    def base(self, request: web.Request) -> str:
        """Give the scheme and the host under which who asks has reached us, else an empty text."""
        scheme, host = request.scheme, request.headers.get("Host", "")
        if self._through_proxy(request):
            scheme = _forwarded_scheme(request) or scheme
            host = request.headers.get("X-Forwarded-Host", host)
        return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""

    def is_secure(self, request: web.Request) -> bool:
        """Say whether who asks has come to us, or to a trusted proxy, by TLS."""
        if not self._through_proxy(request):
            return request.secure
        public, _, _ = self.public_url.partition(":")
        return (_forwarded_scheme(request) or public or request.scheme) == "https"

    def prefix(self, request: web.Request) -> str:
        """Give what a trusted proxy has taken away in front of the path, as it says or is set."""
        if not self._through_proxy(request):
            return ""
        public = _AUTHORITY.sub("", self.public_url)
        prefix = request.headers.get("X-Forwarded-Prefix", public).rstrip("/")
        return prefix if _PREFIX.fullmatch(prefix) else ""

    def _through_proxy(self, request: web.Request) -> bool:
        return bool(self.trusted) and self._trusts(request.remote or "")

    def _trusts(self, address: str) -> bool:
        return within(address, self.trusted)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks (``10.0.0.0/8``); ValueError names the first that is none."""
    return tuple(ip_network(text) for text in texts)


@lru_cache(4096)
def within(address: str, among: tuple[Network, ...]) -> bool:
    """Say whether *address* is in one of the networks; what is no address is in none."""
    known = _address(address)
    return known is not None and any(known in network for network in among)


@lru_cache(4096)
def owner(address: str) -> str:
    """Give what *address* is one of many of: an IPv6 address's /64, which is one customer's."""
    known = _address(address)
    if not isinstance(known, IPv6Address):
        return str(known or address)
    return str(ip_network((known, 64), strict=False))


def _forwarded_scheme(request: web.Request) -> str:
    """Give the scheme of the first way of all, as X-Forwarded-Proto tells it; else an empty text.

    Each proxy of a chain may have appended what it saw: ``https, http``.
    """
    ways = ",".join(request.headers.getall("X-Forwarded-Proto", ()))
    first = ways.partition(",")[0].strip().lower()
    return first if first in _SCHEMES else ""


def _hop(text: str) -> Address | None:
    """Read what stands between two commas of X-Forwarded-For."""
    text = text.strip()
    found = _HOP.fullmatch(text)
    return _address((found[1] or found[2]) if found else text)


def _address(text: str) -> Address | None:
    """Read an address; the interface it may be reached by (``fe80::1%eth0``) is passed over."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
