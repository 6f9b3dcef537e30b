"""An administrator's Asterisk dialplan that asks whose call it is; tests and demo call it.

Every number dialed goes through ``inbound``: a report ``arrived``, the look-up, a report ``ivr``
with what the Asterisk dialplan knows then, and a hang-up as an answered or a refused call.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interact_ivr.agi.detail_variables import Detail
from interact_ivr.agi.variables import FREE_STATUS, HEALTH, Variable
from testbed.report import report

CONFIG = Path(__file__).parent.parent / "asterisk-config"
POLL_SECONDS = 0.02
VARIABLES = [name.value for name in Variable]
REPORTED = [
    *VARIABLES,
    FREE_STATUS,
    HEALTH,
    "TIMEOUT(absolute)",
    "AGIEXITONHANGUP",
]


def extensions(
    agi: str, more: str = "", *, query: str = "pbx=testbed", reported: Sequence[str] = ()
) -> str:
    """Write extensions.conf for a service at *agi*; *more* adds contexts or extends ``inbound``.

    Variables to be *reported* are, beside those of every report.
    """
    return f"""
[globals]
INTERACT_AGI={agi}
INTERACT_QUERY={query}

[inbound]
exten => _[+0-9].,1,Gosub(testbed-report,s,1(arrived))
 same => n,Gosub(interact-retrieve,s,1)
 same => n,Goto(default-ivr,s,1)

exten => h,1,Gosub(testbed-report,s,1(hung-up))

{more}

[default-ivr]
exten => s,1,Gosub(testbed-report,s,1(ivr))
 same => n,Progress()
 same => n,Hangup(17)

#include "{CONFIG}/extensions_interact.conf"
{report([*REPORTED, *reported])}
"""


def detail_variables(*prefixes: str) -> list[str]:
    """Name the variables that tell what a number is, behind each prefix."""
    return [f"{prefix}_{name}" for prefix in prefixes for name in Detail]


def wait_until_a_call_is_late(expired_at: str) -> None:
    """Wait until no call can have arrived before *expired_at*; a PBX tells whole seconds only."""
    later = datetime.fromisoformat(expired_at) + timedelta(seconds=2)
    while datetime.now(UTC) < later:
        time.sleep(POLL_SECONDS)
