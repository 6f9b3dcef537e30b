"""The [http] section: what it takes, what does not go together, all faults told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interact_ivr.config import ConfigError, load_config
from interact_ivr.config_http import HttpConfig, http_contradictions

PUBLIC = ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "ivr.example.com", "127.0.0.1.example", ""]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1", "localhost"]


def _faults(**keys: Any) -> list[str]:
    return [*http_contradictions(HttpConfig(**keys))]


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_needs_tls(host: str) -> None:
    """Or a trusted proxy, or being told so: the fault names the key and each way out."""
    (fault,) = _faults(host=host)
    assert fault == (
        "http.host: expected a loopback address, or http.tls_certificate, or a proxy in "
        f"http.trusted_proxies, or http.plain_on_public_address = true, got {host!r}"
    )
    for way in (
        {"tls_certificate": "/etc/ssl/ivr.pem"},
        {"trusted_proxies": ("192.0.2.9",)},
        {"plain_on_public_address": True},
    ):
        assert _faults(host=host, **way) == []


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_needs_nothing(host: str) -> None:
    """It is not public."""
    assert _faults(host=host) == []


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "300.1.1.1", "a name", "", "::1/129", "10.0.0.0/8 "]
)
@pytest.mark.parametrize("key", ["trusted_proxies", "operators"])
def test_a_network_is_one(key: str, text: str) -> None:
    """Each that is none is named."""
    (fault,) = _faults(**{key: ("10.0.0.0/8", text, "::1")})
    assert fault.startswith(f"http.{key}: expected addresses and networks (10.0.0.0/8), ")
    assert text in fault


def test_all_that_contradicts_is_told_at_once(tmp_path: Path) -> None:
    """Each with its key and what was expected."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text(
        "[http]\n"
        'host = "0.0.0.0"\n'
        'operators = ["nobody", "nowhere"]\n'
        'tls_key = "/etc/ssl/ivr.key"\n'
        'interaction_registry = "https://registry.example/"\n'
    )
    with pytest.raises(ConfigError) as refused:
        load_config(file)
    named = [fault.partition(":")[0] for fault in refused.value.faults]
    assert named == [
        "http.operators",
        "http.operators",
        "http.tls_key",
        "http.interaction_registry",
        "http.host",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("idle_seconds", "0"),
        ("idle_seconds", "3601"),
        ("body_seconds", "0.01"),
        ("body_limit_bytes", "1023"),
        ("body_limit_bytes", "16777217"),
        ("most_connections", "0"),
        ("application_name", '"a/b"'),
        ("log_requests", '"some"'),
        ("public_url", '"ftp://a"'),
        ("support_url", '"a\\r\\nX: 1"'),
    ],
)
def test_a_limit_has_limits(tmp_path: Path, key: str, value: str) -> None:
    """What is outside is refused by its key."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text(f"[http]\n{key} = {value}\n")
    with pytest.raises(ConfigError, match=rf"http\.{key}: expected "):
        load_config(file)
