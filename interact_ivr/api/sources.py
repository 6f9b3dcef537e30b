"""Where a request comes from, and how it got here: through proxies only where they are trusted."""

import re

import msgspec
from aiohttp import web

from interact_ivr.domain.networks import Address, Network, address_of, within

_HOP = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""An address with a port, or in brackets, as some proxies write it."""
_HOST = re.compile(r"([A-Za-z0-9.\-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
"""What a Host header may be; anything else is not repeated in an answer."""
_PREFIX = re.compile(r"(/[A-Za-z0-9.\-_~]+)*")
"""What a proxy's prefix may be; it stands in cookies and in headers."""
_SCHEMES = ("http", "https")
_AUTHORITY = re.compile(r"^https?://[^/]*")


class Sources(msgspec.Struct, frozen=True):
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
    return address_of((found[1] or found[2]) if found else text)
