"""``python -m testbed.recording_ami``: what a service is told over AMI while something fails.

The recordings in ``tests/fixtures/ami`` are the office's (`testbed/office.py`): what nobody asked
for, and refused logins, as the bytes came. `queues-of-another` is an answer, by another PBX.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from testbed.ami_texts import FOLDER
from testbed.fetch import bring
from testbed.office import Office
from testbed.tools import Tools

END: Final = b"\r\n\r\n"


def asterisk_restart(office: Office) -> None:
    """It is gone, and back."""
    office.pbx.kill()
    until_missing(office)
    office.pbx.start()
    office.wait_until_known()


def service_restart(office: Office) -> None:
    """It logs in again, on a PBX that has been up all the while."""
    office.service.stop()
    office.service.start()
    office.wait_until_known()


def user_change(office: Office) -> None:
    """The user has another secret, which the service is told later."""
    file = office.pbx.etc / "manager.conf"
    file.write_text(file.read_text("utf-8").replace("change-me-ami", "another"), "utf-8")
    office.pbx.cli("manager reload")
    office.relay.cut()
    until_missing(office)
    office.wait_for(lambda: str(office.standing()["missing"]).startswith("refused"))
    office.secret.write_text("another\n")
    office.wait_until_known()


def parking_reload(office: Office) -> None:
    """Calls wait elsewhere."""
    file = office.pbx.etc / "res_parking.conf"
    file.write_text(file.read_text("utf-8").replace("701-703", "711-712"), "utf-8")
    office.pbx.cli("module reload res_parking.so")
    office.wait_for(lambda: office.details("711")["queue_name"])


CASES: Final = (asterisk_restart, service_restart, user_change, parking_reload)


def until_missing(office: Office) -> None:
    """Wait until the service knows that it cannot ask."""
    office.wait_for(lambda: office.standing()["missing"])


def is_news(message: bytes) -> bool:
    """Say whether nobody asked for it, or it is how a login was refused."""
    if message.startswith(b"Event: "):
        return b"ActionID: " not in message
    return b"Authentication failed" in message


def is_of_queues(message: bytes) -> bool:
    """Say whether it is of a list of queues."""
    return message.startswith(b"Event: Queue") and b"ActionID: " in message


def record(tools: Tools, case: Callable[[Office], None]) -> None:
    """Record a case, in an office of its own."""
    said = bytearray()
    with (
        tempfile.TemporaryDirectory(prefix="interact-ivr-recording-") as folder,
        Office(tools, Path(folder)) as office,
    ):
        office.relay.tap = said.extend
        case(office)
    write("on-" + case.__name__.replace("_", "-"), filter(is_news, messages(said)))


def record_another(tools: Tools) -> None:
    """Record the queues of another PBX than the office's, of which one is called the same."""
    said = bytearray()
    with tempfile.TemporaryDirectory(prefix="interact-ivr-recording-") as folder:
        office = Office(tools, Path(folder))
        file = office.pbx.etc / "queues.conf"
        file.write_text(file.read_text("utf-8").replace("[support]", "[6001]"), "utf-8")
        office.relay.tap = said.extend
        with office:
            write("queues-of-another", filter(is_of_queues, messages(said)))


def messages(said: bytearray) -> list[bytes]:
    """Take apart what was said, without the first words of each connection."""
    text = re.sub(rb"Asterisk Call Manager/\S+\r\n", b"", said)
    return re.sub(rb"ActionID: \S+", b"ActionID: 1", text).split(END)


def write(name: str, recorded: Iterable[bytes]) -> None:
    """Write a recording."""
    text = b"".join(message + END for message in recorded)
    (FOLDER / f"{name}.txt").write_bytes(text)
    print(f"{name}: {len(text)} bytes")


def main() -> None:
    """Bring an office up for each case, and record."""
    tools = bring()
    for case in CASES:
        record(tools, case)
    record_another(tools)


if __name__ == "__main__":
    main()
