"""What is told of DNIDs that fit several numbers."""

from interact_ivr.app import Ambiguities
from interact_ivr.domain.errors import AmbiguousDnid


def test_the_last_few_are_named_and_all_are_counted() -> None:
    """Whatever is dialed, no more is kept; one that comes again is a late one again."""
    told = Ambiguities()
    for dnid in (*range(1000), 995):
        told.tell(AmbiguousDnid(str(dnid), [f"+38{dnid}", f"+39{dnid}"]))
    assert told.count == 1001
    assert [*told.last] == [str(dnid) for dnid in (*range(990, 995), *range(996, 1000), 995)]
    assert told.last["995"] == ["+38995", "+39995"]
