"""Addresses in SIP's headers."""

import pytest

from interact_ivr.domain.addresses import user_of


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ("<sip:380974520200@127.0.0.1>", "380974520200"),
        ('"A, <B>" <sip:+380974520200@example.org;user=phone>;tag=1', "+380974520200"),
        ("sip:0200@example.org", "0200"),
        ("sips:0200@example.org;x=y", "0200"),
        ("<tel:+380974520200;phone-context=example.org>", "+380974520200"),
        ("<tel:+380974520200>", "+380974520200"),
        ("<urn:service:sos>", ""),
        ("0200", ""),
        ("", ""),
        ("<>", ""),
        ("<sip:example.org>", ""),
        ("<sip:0200@example.org", "0200"),
        ('<sip:0200@example.org>;x="<sip:0300@example.org>"', "0200"),
        ("<sip:0200@example.org>;x<y>", "0200"),
        ('"A <sip:0300@b>" <sip:0200@example.org>', "0200"),
        ('"A \\"<sip:0300@b>" <sip:0200@example.org>', "0200"),
        ('"never closed <sip:0300@b>', ""),
        ("A<B><sip:0200@example.org>", "0200"),
        ("<sip:0200:secret@example.org>", "0200"),
        ("<sip:0200;phone-context=+38@example.org:5060>", "0200"),
        ("<SIP:0200@example.org>", "0200"),
        ("<sip:" * 20_000, ""),
        ('"\\' * 30_000, ""),
    ],
)
def test_the_user_part_of_an_address(address: str, user: str) -> None:
    """As the subroutines of the Asterisk dialplan cut it out; what is no number finds none."""
    assert user_of(address) == user
