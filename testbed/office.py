"""The .conf files of an office's PBX: phones, a trunk, queues, voicemail and parking, as text.

Who is who there: 6929 is Alice, who has a mailbox; 6930 is the lobby, which has none; the queue
`support` is called at 6500, the queue 6000 as it is named; calls are parked at 700 and wait at 701
to 703; the trunk `provider` is reached by 90.
"""

from __future__ import annotations

from typing import Final

from testbed.conf import MODULES

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
