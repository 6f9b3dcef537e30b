"""Every text that might be taken for more than text, through every way in to every way out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest

from testbed.hostile import TEXTS
from testbed.service import Service
from testbed.ways_in import WAYS_IN, Place
from testbed.ways_out import ALL_AT_ONCE, OF_GROUPS, OF_INTERACTIONS

SETTINGS = '[interaction]\nalphabet = "printable"\n[log]\nlevel = "debug"\n'
CORPUS = {name: text for text, name in {text: name for name, text in TEXTS.items()}.items()}
"""Each text once."""

MORE = {"control socket": OF_INTERACTIONS, "CSV": OF_GROUPS}
"""What is read one by one is read once: it is the store's, which is compared for every way in."""


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service that takes all that it can be told to take."""
    with Service(tmp_path_factory.mktemp("injection"), SETTINGS) as service:
        yield service


def may_be(text: str) -> bool:
    """Whether an id or a group may be *text* where the alphabet is the widest."""
    fits = 1 <= len(text) <= 128 and text == text.strip(" ")
    unfit = ("Cc", "Cs", "Zl", "Zp")
    return fits and not any(unicodedata.category(s) in unfit or s in "\ufffe\uffff" for s in text)


@pytest.mark.parametrize("name", WAYS_IN)
def test_what_comes_in_comes_out_the_same(service: Service, name: str) -> None:
    """Or is refused at the way in, by the name of the field; nothing else is changed by it."""
    way = WAYS_IN[name]
    place = Place.of(service, way, CORPUS)
    unnamed = {text: said for text, said in place.refused.items() if way.field not in said}
    assert {t: s for t, s in unnamed.items() if may_be(t)} == {}, f"{name}: refused"
    outs = ALL_AT_ONCE | MORE.get(name, {})
    for out, read in outs.items():
        came, wanted = read(place), place.by_number
        wrong = {
            n: (wanted.get(n), came.get(n)) for n in wanted | came if wanted.get(n) != came.get(n)
        }
        assert wrong == {}, f"{name} -> {out}"
