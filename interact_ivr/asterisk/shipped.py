"""The files that go to an Asterisk, as they are shipped or written for it. Pure but for reading."""

from __future__ import annotations

from importlib.resources import files

EXTENSIONS = "extensions_interact.conf"
GLOBALS = "extensions_interact_globals.conf"
HTTP = "http_interact.conf"
ARI = "ari_interact.conf"
MANAGER = "manager_interact.conf"
STUB = "interact-ivr-agi"
USER = "interact-ivr"
CONTEXTS = ("interact-retrieve", "interact-free", "interact-number-details", "interact-guard")
DEFAULT_AGI = "127.0.0.1:4573"
_WRITTEN = "; interact-ivr: written by `interact-ivr asterisk install`. Don't edit it."


def gosubs() -> bytes:
    """Give the subroutines that the Asterisk dialplan calls."""
    return (files("interact_ivr") / "asterisk-config" / EXTENSIONS).read_bytes()


def stub(agi: str) -> bytes:
    """Give the relay for a plain AGI(), which asks the service at *agi*, ``host:port``."""
    text = (files("interact_ivr.agi") / "stub.py").read_text("utf-8")
    host, _, port = agi.rpartition(":")
    here, there = 'SERVICE = ("127.0.0.1", 4573)', f'SERVICE = ("{host}", {port})'
    return text.replace(here, there).encode()


def global_variables(agi: str, query: str, heading: str) -> bytes:
    """Say where the subroutines ask, under *heading*."""
    lines = [_WRITTEN, heading]
    lines += [f"INTERACT_AGI={agi}"] if agi != DEFAULT_AGI else []
    return _text(*lines, *([f"INTERACT_QUERY={query}"] if query else []))


def http(heading: str) -> bytes:
    """Turn Asterisk's HTTP server on, on loopback only and on whatever port is set."""
    return _text(_WRITTEN, heading, "enabled=yes", "bindaddr=127.0.0.1")


def ari(password: str, general: str) -> bytes:
    """Give the ARI user who may look and do nothing; *general* is the heading that turns ARI on."""
    turned_on = [general, "enabled=yes"] if general else []
    user = (f"[{USER}]", "type=user", "read_only=yes", f"password={password}")
    return _text(_WRITTEN, *turned_on, *user)


def manager(secret: str, general: str, host: str) -> bytes:
    """Give the AMI user of the samples, who may come from *host* only."""
    path = files("interact_ivr") / "asterisk-config" / "samples/manager.conf"
    _, _, user = path.read_text("utf-8").partition(f"[{USER}]\n")
    user = user.replace("change-me-ami", secret).replace(
        "permit=127.0.0.1/255.255.255.255", f"permit={host}/255.255.255.255"
    )
    turned_on = [general, "enabled=yes", "bindaddr=127.0.0.1"] if general else []
    return _text(_WRITTEN, *turned_on, f"[{USER}]", user.rstrip("\n"))


def _text(*lines: str) -> bytes:
    return ("\n".join(line for line in lines if line) + "\n").encode()
