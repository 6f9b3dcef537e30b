"""An office's PBX: phones, a trunk, queues, voicemail and parking; and a service that knows them.

Who is who there: 6929 is Alice, who has a mailbox; 6930 is the lobby, which has none; the queue
`support` is called at 6500, the queue 6000 as it is named; calls are parked at 700 and wait at 701
to 703; the trunk `provider` is reached by 90.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from testbed.conf import MODULES
from testbed.ivr import CONFIG
from testbed.line import control
from testbed.pbx import Pbx
from testbed.relay import Relay
from testbed.service import Service, ServiceError
from testbed.tools import Tools

POLL_SECONDS: Final = 0.02

PJSIP: Final = """
[6929]
type = endpoint
context = office
disallow = all
allow = ulaw
auth = 6929
aors = 6929
callerid = "Alice Müller" <6929>
mailboxes = 6929@default
[6929]
type = auth
auth_type = userpass
username = 6929
password = testbed
[6929]
type = aor
max_contacts = 1

[6930]
type = endpoint
context = office
disallow = all
allow = ulaw
aors = 6930
callerid = Lobby <6930>
[6930]
type = aor
max_contacts = 1

[carol]
type = endpoint
context = office
disallow = all
allow = ulaw
callerid = 6931

[provider]
type = endpoint
context = inbound
disallow = all
allow = ulaw
aors = provider
[provider]
type = aor
contact = sip:127.0.0.1:9
[provider]
type = identify
endpoint = provider
match = 192.0.2.1
"""

QUEUES: Final = """\
[general]
[support]
strategy = ringall
[6000]
strategy = ringall
member => PJSIP/6929
"""

VOICEMAIL: Final = """\
[general]
format = wav
[default]
6929 => 1234,Alice
"""

PARKING: Final = """\
[general]
[default]
parkext => 700
parkpos => 701-703
context => parkedcalls
"""

HINTS: Final = """
[office]
exten => 6929,hint,PJSIP/6929
exten => 6500,hint,Queue:support
exten => 90,hint,PJSIP/provider
include => parkedcalls
"""

# Debian's package ships three voicemail modules of one name, of which one can be loaded.
OTHER_VOICEMAILS: Final = "noload = app_voicemail_imap.so\nnoload = app_voicemail_odbc.so\n"

# As in Asterisk's own sample.
ALIASES: Final = """\
[general]
template = friendly
[friendly]
pjsip reload = module reload res_pjsip.so res_pjsip_endpoint_identifier_ip.so
"""

FILES: Final = {
    "modules.conf": MODULES + OTHER_VOICEMAILS,
    "queues.conf": QUEUES,
    "voicemail.conf": VOICEMAIL,
    "res_parking.conf": PARKING,
    "cli_aliases.conf": ALIASES,
}
"""What is added to a test's Asterisk, but for PJSIP and HINTS, which go behind its own."""


class Office:
    """The office's running PBX, and a running service that knows its extensions over AMI.

    The service logs in as the sample's user (`asterisk-config/samples/manager.conf`), through a
    relay that can be cut. *rights* stands in the place of what that user may ask.
    """

    def __init__(self, tools: Tools, folder: Path, rights: str = "", **keys: str) -> None:
        """Write all files; *keys* are added to the PBX's table, as TOML has them."""
        self.folder = folder
        self.service = Service(folder / "service")
        self.pbx = Pbx(
            tools,
            folder / "pbx",
            extensions=f"[general]\n{HINTS}",
            extra=FILES,
        )
        self.add("pjsip.conf", PJSIP)
        self._sample = (CONFIG / "samples/manager.conf").read_text("utf-8")
        manager = self._sample.replace("5038", str(self.pbx.ami_port))
        if rights:
            manager = re.sub("^write=.*", f"write={rights}", manager, flags=re.MULTILINE)
        (self.pbx.etc / "manager.conf").write_text(manager, "utf-8")
        self.relay = Relay(self.pbx.ami_port)
        self.secret = folder / "ami-secret"
        self.secret.touch(0o600)
        self.secret.write_text("change-me-ami\n")
        written = {
            "name": '"office"',
            "ari_url": '""',
            "ami_port": str(self.relay.port),
            "ami_secret": f'"{self.secret}"',
            **keys,
        }
        self.service.configure("[[pbx]]\n" + "".join(f"{k} = {v}\n" for k, v in written.items()))
        self._stack = ExitStack()

    def add(self, file: str, text: str) -> None:
        """Add *text* to one of Asterisk's files."""
        with (self.pbx.etc / file).open("a", encoding="utf-8") as out:
            out.write(text)

    def standing(self) -> Any:
        """Give what ``interact-ivr status`` says of the directory."""
        return control(self.service, "status")["directories"][0]

    def details(self, number: str) -> Any:
        """Give what ``interact-ivr explain`` says of *number*."""
        return control(self.service, "explain", number=number)["details"]

    def wait_for(self, holds: Callable[[], object], timeout_seconds: float = 5.0) -> None:
        """Wait until *holds*."""
        deadline = time.monotonic() + timeout_seconds
        while not holds():
            if time.monotonic() > deadline:
                raise ServiceError(f"it did not come to it: {self.standing()}\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def wait_until_known(self) -> None:
        """Wait until the directory is read, and can be read again."""
        self.wait_for(lambda: self.standing()["missing"] is None)

    def __enter__(self) -> Self:
        """Start all, and wait until the one knows the other."""
        with ExitStack() as stack:
            for each in (self.relay, self.pbx, self.service):
                stack.enter_context(each)
            self.wait_until_known()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all."""
        self._stack.close()

    def tail(self) -> str:
        """Give the end of both logs."""
        return f"{self.service.tail()}\n{self.pbx.tail()}"
