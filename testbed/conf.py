"""The .conf files of a test's Asterisk, as text; nothing here starts or reads anything."""

from __future__ import annotations

from pathlib import Path

from testbed.ports import LOOPBACK
from testbed.tools import Tools

#: The name and the password of the one AMI and ARI user. The ports are open on loopback only.
USER = "testbed"
PASSWORD = "testbed"

ASTERISK = """\
[directories]
astetcdir => {folder}/etc
astmoddir => {modules}
astdatadir => {data}
astvarlibdir => {folder}/lib
astdbdir => {folder}/lib
astkeydir => {folder}/lib
astspooldir => {folder}/spool
astcachedir => {folder}/cache
astlogdir => {folder}/log
astagidir => {folder}/agi-bin
astrundir => {run}

[options]
verbose = 3
nocolor = yes
systemname = {systemname}
"""

MODULES = """\
[modules]
autoload = yes
; They ask for hardware or peers that a test does not have, or listen on ports of their own.
noload = chan_dahdi.so
noload = chan_iax2.so
noload = chan_unistim.so
noload = pbx_dundi.so
noload = res_snmp.so
"""

LOGGER = """\
[general]
dateformat = %F %T.%3q
[logfiles]
full => notice,warning,error,verbose
seen => notice
"""

# A call from loopback is SIPp's: no registration, no password; its P-Asserted-Identity is believed.
PJSIP = """\
[global]
type = global
endpoint_identifier_order = ip

[udp]
type = transport
protocol = udp
bind = {loopback}:{sip_port}

[sipp]
type = endpoint
context = inbound
transport = udp
disallow = all
allow = ulaw
direct_media = no
trust_id_inbound = yes

[sipp]
type = identify
endpoint = sipp
match = {loopback}
"""

RTP = """\
[general]
rtpstart = 12000
rtpend = 19999
"""

HTTP = """\
[general]
enabled = yes
bindaddr = {loopback}
bindport = {http_port}
"""

ARI = """\
[general]
enabled = yes
[{user}]
type = user
password = {password}
"""

MANAGER = """\
[general]
enabled = yes
bindaddr = {loopback}
port = {ami_port}
[{user}]
secret = {password}
read = all
write = all
"""

TEMPLATES = {
    "asterisk.conf": ASTERISK,
    "modules.conf": MODULES,
    "logger.conf": LOGGER,
    "pjsip.conf": PJSIP,
    "rtp.conf": RTP,
    "http.conf": HTTP,
    "ari.conf": ARI,
    "manager.conf": MANAGER,
}


def conf_files(
    tools: Tools, folder: Path, run: Path, sip_port: int, http_port: int, ami_port: int
) -> dict[str, str]:
    """Write every file but extensions.conf, by name; *run* is the folder of the control socket."""
    facts = {
        "folder": folder,
        "run": run,
        "modules": tools.modules,
        "data": tools.data,
        "systemname": f"testbed-{sip_port}",
        "loopback": LOOPBACK,
        "sip_port": sip_port,
        "http_port": http_port,
        "ami_port": ami_port,
        "user": USER,
        "password": PASSWORD,
    }
    return {name: template.format(**facts) for name, template in TEMPLATES.items()}
