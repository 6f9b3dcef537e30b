"""What is told of DNIDs that fit several numbers."""

from interact_ivr.domain.errors import AmbiguousDnid
from interact_ivr.observing import Observing


def test_the_last_few_are_named_and_all_are_counted() -> None:
    """Whatever is dialed, no more is kept; one that comes again is a late one again."""
    told = Observing()
    for dnid in (*range(1000), 995):
        told.ambiguous(AmbiguousDnid(str(dnid), [f"+38{dnid}", f"+39{dnid}"]))
    assert told.ambiguous_dnids == 1001
    assert [*told.last_ambiguous] == [
        str(dnid) for dnid in (*range(990, 995), *range(996, 1000), 995)
    ]
    assert told.last_ambiguous["995"] == ["+38995", "+39995"]
