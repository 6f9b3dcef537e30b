"""The .conf files of a test's Asterisk, as text; nothing here starts or reads anything."""

from __future__ import annotations

from pathlib import Path

from testbed.ports import LOOPBACK
from testbed.tools import Tools

#: The ARI user who may only read, and has the same password.
READER = "reader"

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

#: What asks for hardware, peers or databases that no test has, or listens on ports of its own. The
#: rest is loaded, and what has no .conf file declines: a test that needs queues adds queues.conf.
NOT_LOADED = (
    *("cdr_adaptive_odbc", "cdr_manager", "cdr_odbc", "cdr_pgsql", "cdr_radius", "cdr_tds"),
    *("cel_manager", "cel_odbc", "cel_pgsql", "cel_radius", "cel_tds"),
    *("chan_console", "chan_dahdi", "chan_iax2", "chan_mobile", "chan_motif", "chan_ooh323"),
    *("chan_unistim", "app_dahdiras", "app_festival", "app_jack", "app_meetme"),
    *("codec_codec2", "codec_dahdi", "codec_g726", "codec_ilbc", "codec_lpc10", "codec_opus"),
    *("codec_speex", "format_ogg_opus", "format_ogg_speex", "format_ogg_vorbis", "pbx_dundi"),
    *("res_calendar", "res_calendar_caldav", "res_calendar_ews", "res_calendar_exchange"),
    *("res_calendar_icalendar", "res_config_ldap", "res_config_pgsql", "res_fax_spandsp"),
    *("res_hep", "res_hep_pjsip", "res_hep_rtcp", "res_snmp", "res_stun_monitor", "res_xmpp"),
)
MODULES = "[modules]\nautoload = yes\n" + "".join(f"noload = {n}.so\n" for n in NOT_LOADED)

# Reports are log lines: on a busy machine Asterisk would discard what is behind a thousand others.
LOGGER = """\
[general]
dateformat = %F %T.%3q
logger_queue_limit = 1000000
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
[{reader}]
type = user
read_only = yes
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
        "reader": READER,
        "password": PASSWORD,
    }
    return {name: template.format(**facts) for name, template in TEMPLATES.items()}
