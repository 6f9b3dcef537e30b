"""The Asterisk dialplan that measures itself: channels that look up in a loop, and what they tell.

A channel begins at a common instant, notes each look-up's microseconds, and logs them in parts,
because Asterisk cuts a line of its log at 8 KB. Each look-up is of another number, whose answer is
the number itself; so whoever is told anything else, an earlier answer too, counts it as wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MARK, WRONG = "BENCH-LOOKED", "BENCH-WRONG"
NOW = "${STRFTIME(,,%s%6q)}"
FIRST = 380_970_000_000
EACH = 2_000
"""Numbers that a channel has for itself, one for each of a run's look-ups."""
BEGIN_IN = 150_000
"""Microseconds from the request to the common instant: Asterisk starts twenty channels in 40 ms."""

LOOP = f"""
; EXTEN is way.channels.look-ups.run, and .instant.channel behind it.
[begin]
exten => _[a-z].,1,Set(left=${{CUT(EXTEN,.,2)}})
 same => n,Set(instant=$[{NOW} + {BEGIN_IN}])
 same => n(more),Originate(Local/${{EXTEN}}.${{instant}}.${{left}}@look,app,Wait,600,,600,a)
 same => n,Set(left=$[${{left}} - 1])
 same => n,GotoIf($[${{left}} > 0]?more)
 same => n,Hangup()

; Where SIPp calls: WAY is set from outside.
[inbound]
exten => _38.,1,Set(number=${{EXTEN}})
 same => n,Gosub(${{WAY}},s,1)
 same => n,ExecIf($["${{${{TOLD_${{WAY}}}}}}" != "${{number}}"]?Log(NOTICE,{WRONG} ${{number}}))
 same => n,Hangup(17)

[look]
exten => _[a-z].,1,Answer()
 same => n,Set(way=${{CUT(EXTEN,.,1)}})
 same => n,Set(left=${{CUT(EXTEN,.,3)}})
 same => n,Set(run=${{CUT(EXTEN,.,4)}})
 same => n,Set(me=${{CUT(EXTEN,.,6)}})
 same => n,Set(CALLERID(num)=141555501${{me}})
 same => n,Set(number=$[{FIRST} + (${{me}} - 1) * {EACH}])
 same => n,Set(good=0)
 same => n,Set(times=)
 same => n,Wait($[(${{CUT(EXTEN,.,5)}} - {NOW}) / 1000000])
 same => n,Set(since={NOW})
 same => n(again),Set(begun={NOW})
 same => n,Gosub(${{way}},s,1)
 same => n,Set(times=${{times}} $[{NOW} - ${{begun}}])
 same => n,Set(good=$[${{good}} + ("${{${{TOLD_${{way}}}}}}" = "${{number}}")])
 same => n,Set(number=$[${{number}} + 1])
 same => n,Set(left=$[${{left}} - 1])
 same => n,ExecIf($[${{left}} = 0 | ${{LEN(${{times}})}} > 800]?Gosub(tell,1))
 same => n,GotoIf($[${{left}} > 0]?again)
 same => n,Hangup()

exten => tell,1,Log(NOTICE,{MARK} ${{run}} ${{left}} ${{good}} ${{since}} {NOW}${{times}})
 same => n,Set(times=)
 same => n,Return()
"""
_TOLD = re.compile(rf"{MARK} (\d+) (\d+) (\d+) (\d+) (\d+)((?: -?\d+)*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """What a channel told: how many look-ups are left, how many were right; times in us."""

    run: int
    left: int
    good: int
    since: int
    until: int
    times: tuple[int, ...]


def dialplan(ways: Mapping[str, tuple[str, str]]) -> str:
    """Write the loop, and each way: its steps, and the name of what they set."""
    names = "".join(f"TOLD_{way}={told}\n" for way, (_, told) in ways.items())
    texts = "".join(
        f"\n[{way}]\nexten => s,1,{steps}\n same => n,Return()\n"
        for way, (steps, _) in ways.items()
    )
    return f"[globals]\n{names}{LOOP}{texts}"


def read_parts(log: str) -> Iterator[Part]:
    """Read what channels have told."""
    for found in _TOLD.finditer(log):
        run, left, good, since, until = (int(found[at]) for at in range(1, 6))
        yield Part(run, left, good, since, until, tuple(map(int, found[6].split())))
