"""Where a request comes from: what a trusted proxy says counts, and nothing else."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from interact_ivr.api.sources import Sources
from interact_ivr.domain.networks import networks, owner, within

TRUSTED = Sources(networks(["10.0.0.0/8", "192.0.2.7", "2001:db8:ffff::/48"]))


def _address(sources: Sources, peer: str, *lines: str) -> str:
    headers = CIMultiDict(("X-Forwarded-For", line) for line in lines)
    request = make_mocked_request("GET", "/", headers=headers)
    return sources.address(request.clone(remote=peer))


@pytest.mark.parametrize(
    ("peer", "lines", "address"),
    [
        ("203.0.113.1", [], "203.0.113.1"),
        ("203.0.113.1", ["198.51.100.1"], "203.0.113.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["127.0.0.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9, 10.0.0.2, 192.0.2.7"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", ["2001:0DB8:0:0::1"], "2001:db8::1"),
        ("10.0.0.1", ["198.51.100.1, [2001:db8:ffff::9]:80"], "198.51.100.1"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["fe80::1%eth0"], "fe80::1"),
        ("10.0.0.1", ["  198.51.100.1\t"], "198.51.100.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1,"], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, _hidden, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1.1"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.001"], "10.0.0.1"),
        ("10.0.0.1", ["3325256705"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:999999"], "10.0.0.1"),
        ("10.0.0.1", ["[198.51.100.1"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1\x1b[31m"], "10.0.0.1"),
        ("10.0.0.1", ["\u0661.\u0662.\u0663.\u0664"], "10.0.0.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_last_that_is_no_proxy_of_ours(peer: str, lines: list[str], address: str) -> None:
    """Is who asks: before it anybody may have written anything."""
    assert _address(TRUSTED, peer, *lines) == address


@given(st.lists(st.text(max_size=30), max_size=5), st.sampled_from(["10.0.0.1", "203.0.113.1"]))
def test_any_header_gives_an_address(lines: list[str], peer: str) -> None:
    """Never what stands there, unless it is one."""
    address = _address(TRUSTED, peer, *lines)
    assert address == peer or within(address, networks(["0.0.0.0/0", "::/0"]))
    if peer == "203.0.113.1":
        assert address == peer


@given(st.text(max_size=20), st.sampled_from(["198.51.100.1", "2001:db8::5"]))
def test_what_stands_before_it_changes_nothing(spoofed: str, honest: str) -> None:
    """However it is written."""
    assert _address(TRUSTED, "10.0.0.1", f"{spoofed}, {honest}") == honest


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("a name", "a name"),
    ],
)
def test_attempts_are_counted_by_customer(address: str, whose: str) -> None:
    """Who has one IPv6 address has 2**64 of them."""
    assert owner(address) == whose


@pytest.mark.parametrize(
    ("peer", "headers", "base"),
    [
        ("203.0.113.1", {"Host": "ivr.example"}, "http://ivr.example"),
        ("203.0.113.1", {"Host": "a", "X-Forwarded-Host": "evil.example"}, "http://a"),
        ("203.0.113.1", {"Host": "a", "X-Forwarded-Proto": "https"}, "http://a"),
        (
            "10.0.0.1",
            {"Host": "a", "X-Forwarded-Host": "ivr.example:8443", "X-Forwarded-Proto": "https"},
            "https://ivr.example:8443",
        ),
        ("10.0.0.1", {"Host": "a", "X-Forwarded-Proto": "https, http"}, "https://a"),
        ("10.0.0.1", {"Host": "[2001:db8::1]:80", "X-Forwarded-Proto": "ftp"}, None),
        ("203.0.113.1", {"Host": 'a"><b'}, ""),
        ("203.0.113.1", {"Host": "a/b"}, ""),
        ("203.0.113.1", {"Host": "user@a"}, ""),
        ("203.0.113.1", {}, ""),
    ],
)
def test_how_we_were_reached(peer: str, headers: dict[str, str], base: str | None) -> None:
    """By the proxy's word where it is trusted; what is no host is not repeated."""
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
    expected = "http://[2001:db8::1]:80" if base is None else base
    assert TRUSTED.base(request) == expected


def _request(peer: str, **headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/", headers=CIMultiDict(named)).clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "public", "said", "prefix"),
    [
        ("203.0.113.1", "", "/a", ""),
        ("203.0.113.1", "https://x.example/a", None, ""),
        ("10.0.0.1", "", None, ""),
        ("10.0.0.1", "", "/a/b", "/a/b"),
        ("10.0.0.1", "", "/a/", "/a"),
        ("10.0.0.1", "", "/", ""),
        ("10.0.0.1", "https://x.example/a/b", None, "/a/b"),
        ("10.0.0.1", "https://x.example/a", "", ""),
        ("10.0.0.1", "https://x.example/a", "/c", "/c"),
        ("10.0.0.1", "https://x.example", None, ""),
        ("10.0.0.1", "", "/a;b", ""),
        ("10.0.0.1", "", "/a//b", ""),
        ("10.0.0.1", "", "a", ""),
        ("10.0.0.1", "", "/a b", ""),
    ],
)
def test_the_prefix_that_a_trusted_proxy_has_taken_away(
    peer: str, public: str, said: str | None, prefix: str
) -> None:
    """As it says, else as it is set; what could be an attribute of a cookie is none."""
    request = _request(peer, **({} if said is None else {"X_Forwarded_Prefix": said}))
    assert Sources(TRUSTED.trusted, public).prefix(request) == prefix


@pytest.mark.parametrize(
    ("peer", "public", "said", "secure"),
    [
        ("203.0.113.1", "https://x.example", "https", False),
        ("10.0.0.1", "", "https", True),
        ("10.0.0.1", "", "http", False),
        ("10.0.0.1", "", None, False),
        ("10.0.0.1", "https://x.example", None, True),
        ("10.0.0.1", "https://x.example", "http", False),
        ("10.0.0.1", "http://x.example", None, False),
        ("10.0.0.1", "", "https, http", True),
        ("10.0.0.1", "", "HTTPS,http", True),
        ("10.0.0.1", "https://x.example", "http, https", False),
        ("10.0.0.1", "https://x.example", "javascript", True),
        ("203.0.113.1", "", "https, http", False),
    ],
)
def test_whether_who_asks_has_come_by_tls(
    peer: str, public: str, said: str | None, secure: bool
) -> None:
    """To a trusted proxy, as it says, else as it is set."""
    request = _request(peer, **({} if said is None else {"X_Forwarded_Proto": said}))
    assert Sources(TRUSTED.trusted, public).is_secure(request) is secure
