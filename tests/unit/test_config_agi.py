"""Who may speak AGI to us: the list, and what is refused and warned of before anybody listens."""

from __future__ import annotations

import pytest

from interact_ivr.config import contradictions, warnings
from interact_ivr.config_agi import AgiConfig
from interact_ivr.config_keys import Config

PBX = ("192.0.2.10", "2001:db8::/64")
OWN = AgiConfig().allow


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ivr.example.com"])
def test_a_public_address_wants_a_list(host: str) -> None:
    """FastAGI has no password: the addresses of the PBXes are all there is."""
    (fault,) = contradictions(Config(agi=AgiConfig(host=host)))
    assert fault.startswith(
        f"agi.allow: expected the addresses of the PBXes, as agi.host is {host!r}"
    )
    assert not [*contradictions(Config(agi=AgiConfig(host=host, allow=PBX)))]
    assert not [*contradictions(Config(agi=AgiConfig(host=host, allow=(*OWN, *PBX))))]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_s_own_need_not_be_said(host: str) -> None:
    """As it was before there was a list."""
    assert not [*contradictions(Config(agi=AgiConfig(host=host)))]


@pytest.mark.parametrize("wrong", ["", "10.0.0.0/33", "10.0.0.1/8", "pbx.example.com", "10.0.0"])
def test_what_is_no_network_is_a_fault(wrong: str) -> None:
    """Of that one; a host's bits behind a network's are a mistake, too."""
    (fault,) = contradictions(Config(agi=AgiConfig(host="0.0.0.0", allow=(*PBX, wrong))))
    assert fault.startswith("agi.allow: expected addresses and networks")


@pytest.mark.parametrize("everybody", ["0.0.0.0/0", "::/0"])
def test_to_let_everybody_in_is_warned_of(everybody: str) -> None:
    """It may stand: a firewall may know better."""
    config = Config(agi=AgiConfig(host="0.0.0.0", allow=(everybody,)))
    assert not [*contradictions(config)]
    (warning,) = warnings(config)
    assert warning.startswith(f"agi.allow: {everybody} is everybody")
    assert not warnings(Config(agi=AgiConfig(host="0.0.0.0", allow=PBX)))
