"""Texts as nobody would write them, and as everybody does; quicker to make than hypothesis's."""

import random
import string
from collections.abc import Iterator

from dialplan import MAX_LENGTH

PIECES = (
    *string.digits * 6,
    *string.ascii_letters,
    *string.punctuation * 2,
    *" /+^x" * 6,
    *map(chr, range(0x20)),
    *"\u00a0\u2007\u202f\u3000\u200b\u200e\u200f\u202a\u202b\u202c\u202e\u2066\u2069\ufeff\u0085",
    *"\ud800\udbff\udc00\udfff\ue000\U0010ffff\U000e0001",
    *"\u0663\u06f3\u0969\uff13\U0001d7d0\u00b2\u00bd\u2462\u5341",
    *"\uff0b\uff0f\u2044\u2215\uff3e\uff38\uff58\uff1a\u00e9\u0301\u00df\u0131\u0130\u0416\ufdfa\U0001f4de",
    *["ext", " ext. ", "EXTN", "extension", " x", ";ext=", ";isub=", ";phone-context=", "=+1"] * 2,
    *["tel:", "sip:", "SIPS:", "@example.com", "%2B", "8004562354", "911"] * 2,
)
SCHEMES = ["tel:", "sip:", "sips:", " TEL :", "+", "/", "^", "00"]


def random_texts(count: int, seed: int) -> Iterator[str]:
    """*count* texts, always the same for a *seed*: most of up to 24 pieces, some thousands long."""
    chance = random.Random(seed)
    for _ in range(count):
        front = chance.choice(SCHEMES) if chance.random() < 0.3 else ""
        long = chance.random() < 0.005
        most = int(10 ** chance.uniform(1.4, 4)) if long else chance.randint(0, 24)
        pieces = PIECES if chance.random() < 0.8 else chance.choices(PIECES, k=3)
        text = front + "".join(chance.choices(pieces, k=most))
        yield text[: MAX_LENGTH + (chance.random() < 0.1)]
