"""What a test's Asterisk dialplan saw: the subroutine that logs it, and the reader of that log.

The values cross the log as Base64, so any character survives and a value never looks like a field.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

MARK = "TESTBED-SEEN"
#: Asterisk cuts a line of its log here without a word, its end too, so that the next follows on.
LIMIT_BYTES = 8_191


class CutReportError(Exception):
    """Raised for a report that Asterisk cut: its values together were too long."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One report of a call: who, when in Unix time, and the asked values by the names asked for."""

    label: str
    at: float
    ani: str
    uniqueid: str
    channel: str
    values: dict[str, str]


def report(names: Sequence[str] = ()) -> str:
    """Write the subroutine ``testbed-report``, called as ``Gosub(testbed-report,s,1(label))``.

    It logs one line with the values of *names*: variables or functions such as ``CALLERID(rdnis)``.
    A label is one word. An unset variable is reported as empty, as Asterisk has it.
    """
    fields = [
        "label=${ARG1}",
        "at=${STRFTIME(,,%s.%6q)}",
        "ani=${BASE64_ENCODE(${CALLERID(num)})}",
        "uniqueid=${UNIQUEID}",
        "channel=${BASE64_ENCODE(${CHANNEL(name)})}",
        *(f"{quote(name, safe='()')}=${{BASE64_ENCODE(${{{name}}})}}" for name in names),
    ]
    log = f"Log(NOTICE,{MARK} {' '.join(fields)})"
    # who hangs up in here goes without the extension h of the context that they came from
    return f"\n[testbed-report]\nexten => s,1,{log}\n same => n,Return()\nexten => h,1,{log}\n"


REPORT = report()


def read_log(text: str) -> Iterator[Seen]:
    """Read the reports in a log, in its order; raises CutReportError for a line that was cut.

    A last line without its end is still being written, and left for later.
    """
    for line in text.splitlines(keepends=True):
        _, *reports = line.rstrip("\n").split(f"{MARK} ")
        is_cut = len(reports) > 1 or len(line.encode()) >= LIMIT_BYTES
        if reports and is_cut:
            raise CutReportError(f"a report was cut at {LIMIT_BYTES} bytes: {reports[0][:80]}...")
        if reports and line.endswith("\n"):
            yield _read(reports[0].split(" "))


def _read(words: Sequence[str]) -> Seen:
    fields = dict(_pair(word) for word in words)
    return Seen(
        label=fields.pop("label"),
        at=float(fields.pop("at")),
        ani=_decoded(fields.pop("ani")),
        uniqueid=fields.pop("uniqueid"),
        channel=_decoded(fields.pop("channel")),
        values={unquote(name): _decoded(value) for name, value in fields.items()},
    )


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value


def _decoded(value: str) -> str:
    return b64decode(value).decode("utf-8", "surrogateescape")
