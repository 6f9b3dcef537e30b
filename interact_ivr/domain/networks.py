"""Addresses and networks: which address is in which, and whose it is. Nothing here asks anybody."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def is_public(host: str) -> bool:
    """Whether *host*, an address or a name, may be reached from, or be, another machine."""
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True  # a name may be anything


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks (``10.0.0.0/8``); ValueError names the first that is none."""
    return tuple(ip_network(text) for text in texts)


@lru_cache(4096)
def within(address: str, among: tuple[Network, ...]) -> bool:
    """Say whether *address* is in one of the networks; what is no address is in none."""
    known = address_of(address)
    return known is not None and any(known in network for network in among)


@lru_cache(4096)
def owner(address: str) -> str:
    """Give what *address* is one of many of: an IPv6 address's /64, which is one customer's."""
    known = address_of(address)
    if not isinstance(known, IPv6Address):
        return str(known or address)
    return str(ip_network((known, 64), strict=False))


def address_of(text: str) -> Address | None:
    """Read an address; the interface it may be reached by (``fe80::1%eth0``) is passed over."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
