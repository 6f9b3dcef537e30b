"""What an installation consists of, at one place and for one choice: files, lines, proofs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec

from interact_ivr.asterisk import shipped
from interact_ivr.asterisk.conf import Conf, read
from interact_ivr.asterisk.faults import CannotInstallError
from interact_ivr.asterisk.finding import Place

RELOADS = {
    shipped.EXTENSIONS: "dialplan reload",
    shipped.GLOBALS: "dialplan reload",
    shipped.HTTP: "module reload http",
    shipped.ARI: "module reload res_ari.so",
    shipped.MANAGER: "manager reload",
}
"""How Asterisk takes in that a file of ours has come, or gone."""
OURS = (*RELOADS,)
_ENDS = {"ari": ".ari-password", "ami": ".ami-secret"}
"""How the names of the secrets' files end."""
_USABLE = re.compile(r"[^\s;\[\]\\]{12,200}", re.ASCII)
"""A secret that Asterisk's files can have, and that nobody guesses soon."""
_ANY = ("", "0.0.0.0", "::", "[::]")  # noqa: S104  read, not listened on


class Choice(msgspec.Struct, frozen=True):
    """What the administrator wants."""

    agi: str = shipped.DEFAULT_AGI
    """Where the service listens: an address and a port."""
    query: str = ""
    """``environment=..&pbx=..``."""
    name: str = "main"
    """The PBX's name in the service's configuration."""
    ari: bool = False
    ami: bool = False
    secrets: str = "/etc/interact-ivr"
    """The folder of the files in which the service finds the secrets of ARI and AMI."""


class OwnFile(msgspec.Struct, frozen=True):
    """A file of ours: all that is in it, and beside whose it is put, who owns it likewise."""

    path: Path
    content: bytes
    mode: int
    like: Path
    secret: str = ""
    """What of the content is not shown."""


class Line(msgspec.Struct, frozen=True):
    """A line in another's *file*, which includes *name*; *like* says whose a new file would be."""

    file: Path
    name: str
    like: Path


class Proof(msgspec.Struct, frozen=True):
    """What Asterisk *says* of a part when *asked*, once it has taken it in."""

    asked: str
    says: str


class Wanted(msgspec.Struct, frozen=True):
    """All of it; files first, for a line must not include what is not there yet."""

    files: tuple[OwnFile, ...] = ()
    lines: tuple[Line, ...] = ()
    proofs: tuple[Proof, ...] = ()

    def __add__(self, other: Wanted) -> Wanted:
        """Put two parts together."""
        return Wanted(
            self.files + other.files, self.lines + other.lines, self.proofs + other.proofs
        )


def wanted(place: Place, choice: Choice) -> Wanted:
    """Say what is to be at *place*; a secret that is there already stays, else it is a new one.

    Raises:
        CannotInstallError: the PBX's own files stand against it.
        OSError: they cannot be read.
    """
    stub = OwnFile(place.agi_bin / shipped.STUB, shipped.stub(choice.agi), 0o755, place.agi_bin)
    told = (Proof(f"dialplan show {each}", f"Context '{each}'") for each in shipped.CONTEXTS)
    found = Wanted(files=(stub,)) + _part(place, "extensions.conf", shipped.gosubs(), 0o644)
    found += Wanted(proofs=tuple(told))
    if choice.query or choice.agi != shipped.DEFAULT_AGI:
        found += _globals(place, choice)
    if choice.ari:
        found += _ari(place, choice)
    return found + _ami(place, choice) if choice.ami else found


def secret_file(choice: Choice, kind: str) -> Path:
    """Give the file in which the service finds the secret of *kind*, ``ari`` or ``ami``."""
    return Path(choice.secrets).absolute() / f"{choice.name}{_ENDS[kind]}"


def is_name_of_ours(place: Place, path: Path) -> bool:
    """Say whether a file of ours may be at *path*: all that we ever write or delete whole."""
    if path.name in OURS:
        return path.parent == place.etc
    return path.name == shipped.STUB or path.name.endswith(tuple(_ENDS.values()))


def theirs(place: Place, name: str) -> Conf:
    """Read a file of the PBX as it would be without ours."""
    return read(place.etc, name, OURS)


def host_of(conf: Conf, key: str = "bindaddr") -> str:
    """Give the address at which this machine reaches what listens as *conf* says."""
    bound = conf.value("general", key)
    return "127.0.0.1" if bound in _ANY else bound


def _part(
    place: Place, base: str, content: bytes, mode: int, name: str = "", secret: str = ""
) -> Wanted:
    """Put *content* beside *base*, which includes it."""
    name = name or base.replace(".", "_interact.")
    like = place.etc / (base if (place.etc / base).exists() else "extensions.conf")
    own = OwnFile(place.etc / name, content, mode, like, secret)
    return Wanted((own,), (Line(place.line_goes_to(base), name, like),))


def _globals(place: Place, choice: Choice) -> Wanted:
    heading = _heading(theirs(place, "extensions.conf"), "globals")
    content = shipped.global_variables(choice.agi, choice.query, heading)
    value = choice.query or choice.agi
    proof = Proof("dialplan show globals", f"={value}")
    return _part(place, "extensions.conf", content, 0o644, shipped.GLOBALS) + Wanted(
        proofs=(proof,)
    )


def _ari(place: Place, choice: Choice) -> Wanted:
    web, conf = theirs(place, "http.conf"), theirs(place, "ari.conf")
    found = Wanted()
    if not web.is_on("general", "enabled"):
        content = shipped.http(_heading(web, "general"))
        found = _part(place, "http.conf", content, 0o644)
        proof = Proof("http show status", "Server Enabled")
        found += Wanted(proofs=(proof,))
    general = "" if conf.is_on("general", "enabled") else _heading(conf, "general")
    file, secret = _secret(place, choice, "ari", conf)
    found += Wanted(files=(file,))
    found += _part(place, "ari.conf", shipped.ari(secret, general), 0o640, secret=secret)
    return found + Wanted(proofs=(Proof("ari show users", shipped.USER),))


def _ami(place: Place, choice: Choice) -> Wanted:
    conf = theirs(place, "manager.conf")
    is_on = conf.is_on("general", "enabled")
    general, host = ("", host_of(conf)) if is_on else (_heading(conf, "general"), "127.0.0.1")
    file, secret = _secret(place, choice, "ami", conf)
    content = shipped.manager(secret, general, host)
    found = Wanted(files=(file,)) + _part(place, "manager.conf", content, 0o640, secret=secret)
    return found + Wanted(proofs=(Proof("manager show users", shipped.USER),))


def _secret(place: Place, choice: Choice, kind: str, conf: Conf) -> tuple[OwnFile, str]:
    if shipped.USER in conf.sections:
        base = "ari.conf" if kind == "ari" else "manager.conf"
        raise CannotInstallError(f"{place.etc / base} has a user {shipped.USER} already")
    file = secret_file(choice, kind)
    content = file.read_bytes() if file.exists() else f"{secrets.token_urlsafe(24)}\n".encode()
    secret = content.decode("latin-1").rstrip("\r\n")
    if not _USABLE.fullmatch(secret) or not secret.isascii():
        raise CannotInstallError(f"{file} has no usable secret: take it away, and one is made")
    return OwnFile(file, content, 0o640, file.parent, secret), secret


def _heading(conf: Conf, section: str) -> str:
    """Give the heading of what goes into *section*: Asterisk minds whether it is there."""
    return f"[{section}](+)" if section in conf.sections else f"[{section}]"


def configuration(place: Place, choice: Choice, contexts: tuple[str, ...]) -> Iterator[str]:
    """Give the lines of the service's [[pbx]] table for what was chosen."""
    named = ", ".join(f'"{each}"' for each in contexts)
    yield from ("[[pbx]]", f'name = "{choice.name}"', f"inbound_contexts = [{named}]")
    if choice.ari:
        web = read(place.etc, "http.conf")
        port, prefix = web.value("general", "bindport") or "8088", web.value("general", "prefix")
        path = "/".join(filter(None, (prefix.strip("/"), "ari")))
        yield f'ari_url = "http://{host_of(web)}:{port}/{path}"'
        yield f'ari_password = "{secret_file(choice, "ari")}"'
    else:
        yield 'ari_url = ""'
    if choice.ami:
        manager = read(place.etc, "manager.conf")
        yield f'ami_host = "{host_of(manager)}"'
        yield f"ami_port = {manager.value('general', 'port') or 5038}"
        yield f'ami_secret = "{secret_file(choice, "ami")}"'
    else:
        yield 'ami_host = ""'
