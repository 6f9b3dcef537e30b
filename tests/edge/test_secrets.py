"""Secrets stay where they are: files that others read are refused, nothing that comes out has one.

Each secret that is planted is told apart from all others, and then looked for in everything that
came out: answers, logs, what commands print, process lists, files and rows.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import click
import psycopg
import pytest

from interact_ivr.api.server import Certificate
from interact_ivr.app import create_store
from interact_ivr.cli.commands import COMMANDS, Commands, children
from interact_ivr.config import load_config
from interact_ivr.config_pbx import secret as read_secret
from interact_ivr.control.client import NotRunning, ask
from interact_ivr.doctor import machine
from interact_ivr.domain.access import Grant, Role, kept_key, kept_token
from interact_ivr.domain.directory import AddApplication, AddToken, AddUser
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.secret_files import Exposed, check_place, exposure, faults, opened
from interact_ivr.service.passwords import hashed
from testbed.agi_peer import Peer, environment
from testbed.certificate import make_certificate
from testbed.line import control
from testbed.service import Service, ServiceError
from testbed.wire import Answer, Wire, request
from tests.contract.cluster import databases
from tests.contract.stores import STORES, Pool

V2 = "/interact/version/2/dnis"
ROLE = "canary"


def _bad(name: str) -> str:
    """Give what is like a secret, and wrong."""
    return f"wrong-{name}-canary-5521"


# Files


@pytest.mark.parametrize(
    ("mode", "whose", "who"),
    [
        (0o600, 1, None),
        (0o400, 1, None),
        (0o640, 0, None),
        (0o604, 0, "others"),
        (0o602, 0, "others"),
        (0o660, 0, "a whole group"),
        (0o644, 1, "others"),
    ],
)
def test_who_may_read_a_secret(tmp_path: Path, mode: int, whose: int, who: str | None) -> None:
    """Its owner, and a group that only reads; what is not there, nobody."""
    file = tmp_path / "secret"
    assert exposure(file) is None
    file.touch()
    if os.geteuid() == 0:
        os.chown(file, whose, -1)
    file.chmod(mode)
    assert exposure(file) == who
    assert [f"{who} may read {file}" in fault for fault in faults([file])] == [True] * (
        who is not None
    )


def test_what_a_link_leads_to_counts(tmp_path: Path) -> None:
    """Its mode, and who may write into its folder, as into that of the link."""
    kept, links = tmp_path / "kept", tmp_path / "links"
    for folder in (kept, links):
        folder.mkdir()
    (file := kept / "secret").touch(mode=0o600)
    (link := links / "secret").symlink_to(file)
    assert [*faults([link])] == []
    file.chmod(0o644)
    assert [fault.partition(" may")[0] for fault in faults([link])] == ["others"]
    file.chmod(0o600)
    for folder in (kept, links):
        folder.chmod(0o777)
        wanted = f"others may put another file in the place of {link}: chmod o-w {folder}"
        assert [*faults([link])] == [wanted]
        with pytest.raises(Exposed, match="may put another"):
            read_secret(str(link))
        folder.chmod(0o1777)
        assert [*faults([link])] == [], "as in /tmp, each takes away their own alone"
        assert read_secret(str(link)) == ""
        folder.chmod(0o755)


@pytest.mark.parametrize("open_to_all", ["upper", "upper/middle", "upper/kept"])
def test_every_folder_on_the_way_counts(tmp_path: Path, open_to_all: str) -> None:
    """Who may write into one that is higher up, or that a link between leads through, may too."""
    upper = tmp_path / "upper"
    for folder in (upper / "kept", upper / "middle", tmp_path / "links"):
        folder.mkdir(parents=True)
    (upper / "kept" / "secret").touch(mode=0o600)
    (upper / "middle" / "now").symlink_to("../kept", target_is_directory=True)
    (link := tmp_path / "links" / "secret").symlink_to("../upper/middle/now/secret")
    assert [*faults([link])] == []
    (tmp_path / open_to_all).chmod(0o777)
    (fault,) = faults([link])
    assert (tmp_path / open_to_all).samefile(fault.partition("chmod o-w ")[2])
    with pytest.raises(Exposed, match="may put another"):
        read_secret(str(link))


@pytest.mark.parametrize(
    ("mode", "owner", "who"),
    [
        (0o600, 4711, None),
        (0o600, 0, None),
        (0o640, 0, None),
        (0o600, 65534, "uid 65534, who owns it,"),
        (0o640, 65534, "uid 65534, who owns it,"),
    ],
)
def test_whose_a_file_is_counts(
    monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, who: str | None
) -> None:
    """Ours or root's: whoever owns it may change it, and read what others write into it."""
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    found = os.stat_result((stat.S_IFREG | mode, 1, 1, 1, owner, 4711, 0, 0, 0, 0))
    monkeypatch.setattr(Path, "stat", lambda _: found)
    monkeypatch.setattr(os, "getgroups", lambda: [4711])
    assert exposure(Path("secret")) == who


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody may write into it, ever: the service would stand."""
    os.mkfifo(pipe := tmp_path / "secret", 0o600)
    with pytest.raises(OSError, match="no regular file"), opened(pipe):
        pass


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_control_socket_where_anybody_may_listen_is_not_used(tmp_path: Path, mode: int) -> None:
    """By the service, nor by a command while no service is there: it would be told secrets."""
    service = Service(tmp_path / "service")
    (folder := tmp_path / "open").mkdir()
    folder.chmod(mode)
    place = folder / "control.sock"
    text = service.config.read_text()
    service.config.write_text(text.replace(str(service.control_socket), str(place)))
    advice = f"all may write into {folder}" if mode == 0o1777 else f"chmod o-w {folder}, or"
    with pytest.raises(ServiceError, match=f"another socket in the place of .*: {advice}"):
        service.start()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(place))
        stranger.listen()
        stranger.setblocking(False)
        asked = service.command("user", "add", "default", "ann", "--password", "-", text="a secret")
        assert (asked.returncode, advice in asked.stderr) == (1, True), asked.stderr
        with pytest.raises(BlockingIOError):
            stranger.accept()
    backed_up = service.command("db", "backup", str(tmp_path / "backup.db"))
    told = re.search("the audit trail has no entry: others may .*", backed_up.stderr)
    assert (backed_up.returncode, told is not None) == (0, True), backed_up.stderr
    folder.chmod(0o755)
    service.control_socket = place
    service.start()
    service.close()


def test_a_socket_below_a_folder_like_tmp_leads_on_through_our_own_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's folder or link in it is a stranger's socket, and so is one that is not there."""
    (tmp := tmp_path / "tmp").mkdir()
    (own := tmp / "ivr").mkdir()
    (kept := tmp_path / "kept").mkdir()
    (link := tmp / "to-kept").symlink_to(kept)
    (into := kept / "into").symlink_to(tmp / "control.sock")
    tmp.chmod(0o1777)
    for place in (own, link, kept):
        check_place(place / "control.sock")
    for place in (tmp / "control.sock", tmp / "later" / "control.sock", into):
        with pytest.raises(Exposed, match=f"all may write into {tmp}: have it in a folder of its"):
            check_place(place)
    if os.geteuid() == 0:
        for place in (own, link):
            os.chown(place, 65534, -1, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
    for place in (own, link):
        with pytest.raises(Exposed, match=f"{place} belongs to uid .*: have it in another folder"):
            check_place(place / "control.sock")
    if os.geteuid() == 0:
        os.chown(own, 0, -1)
        os.chown(tmp, 65534, -1)  # who may take away what is not theirs
        with pytest.raises(Exposed, match=f"{tmp} belongs to uid 65534: have it in another"):
            check_place(own / "control.sock")


def test_where_there_is_no_socket_no_service_is_told_of(tmp_path: Path) -> None:
    """Its folder in one like /tmp is gone after a boot: what is done without a service goes on."""
    (tmp := tmp_path / "tmp").mkdir()
    tmp.chmod(0o1777)
    for place in (tmp / "ivr" / "control.sock", tmp / "control.sock"):
        with pytest.raises(NotRunning):
            ask(place, "status", {})


def test_a_command_takes_no_secret_that_others_may_read(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """From a file; what a shell hands over as a pipe is nobody else's."""
    service = service_factory()
    (file := tmp_path / "secret").write_text("correct-horse-battery\n")
    file.chmod(0o644)
    for command in (
        ("user", "add", "default", "ann", "--password", str(file)),
        ("application", "add", "shop", "--allocates-from", "default", "--key", str(file)),
    ):
        asked = service.command(*command)
        told = f"others may read {file}: chmod 0600 {file}, and change what is in it"
        assert (asked.returncode, told in asked.stderr) == (1, True), asked.stderr
        file.chmod(0o600)
        assert service.command(*command).returncode == 0
        file.chmod(0o644)
    os.mkfifo(pipe := tmp_path / "pipe")
    with ThreadPoolExecutor() as beside:
        written = beside.submit(pipe.write_text, "battery staple\n")
        added = service.command("user", "add", "default", "bob", "--password", str(pipe))
        assert (written.result(), added.returncode) == (15, 0), added.stderr


@pytest.mark.parametrize("end", ["", "-wal", ".ani-key"])
def test_a_db_command_warns_of_a_store_that_others_may_read(tmp_path: Path, end: str) -> None:
    """It does its work: a store is backed up whoever else may read it."""
    service = Service(tmp_path)
    with service:
        service.ask("number", "add", "380974520200")
    store = tmp_path / "interact-ivr.db"
    exposed = store.with_name(f"{store.name}{end}")
    for mode, warned in ((0o600, False), (0o666, True)):
        exposed.touch()
        exposed.chmod(mode)
        told = service.command("db", "backup", str(tmp_path / f"{mode}.db"))
        assert told.returncode == 0, told.stderr
        assert (f"others may read {exposed}" in told.stderr) is warned


def test_what_was_checked_is_what_is_read(tmp_path: Path) -> None:
    """One that is put in its place while it is open is not looked at, whatever its mode is."""
    (file := tmp_path / "secret").write_text("ours")
    file.chmod(0o600)
    (other := tmp_path / "other").write_text("theirs")
    other.chmod(0o644)
    with opened(file) as reading:
        other.rename(file)
        assert reading.read() == b"ours"
    with pytest.raises(Exposed, match="others may read"), opened(file):
        pass
    made = make_certificate(tmp_path, kind="ec")
    shown = Certificate(made.file, made.key)
    made.key.chmod(0o644)
    with pytest.raises(Exposed, match="others may read"):
        shown.read()


def test_what_others_read_is_not_served(tmp_path: Path) -> None:
    """The service does not start, and says of each file what to do; the doctor says so, too."""
    made = make_certificate(tmp_path, kind="ec")
    service = Service(tmp_path / "service", '[journal]\nani = "hash"\n')
    keys = f'[http]\ntls_certificate = "{made.file}"\ntls_key = "{made.key}"\n'
    service.config.write_text(service.config.read_text().replace("[http]\n", keys))
    config = load_config(service.config)
    asyncio.run(create_store(config))
    ani_key = service.database.with_name("interact-ivr.db.ani-key")
    for file in (service.database, ani_key, made.key):
        assert file.stat().st_mode & 0o777 == 0o600
    for exposed in ((service.database, ani_key), (made.key,)):
        for file in exposed:
            file.chmod(0o604)
        with pytest.raises(ServiceError) as refused:
            service.start()
        for file in exposed:
            assert f"others may read {file}: chmod 0600 {file}" in str(refused.value)
        found = {each.where for each in machine.secrets(config) if each.exposed}
        assert found == {*map(str, exposed)} - {str(service.database)}
        assert machine.store(config.store).exposed is (service.database in exposed)
        for file in (made.key, *service.folder.glob("interact-ivr.db*")):
            file.chmod(0o600)  # beside the store is what SQLite made like it
    service.close()


def test_a_backup_is_its_owner_s_alone(service_factory: Callable[..., Service]) -> None:
    """Whatever the umask, and whatever the file was that it replaces."""
    service = service_factory()
    to = service.folder / "backup.db"
    to.write_bytes(b"")
    to.chmod(0o644)
    assert service.command("db", "backup", "--force", str(to)).returncode == 0
    assert to.stat().st_mode & 0o777 == 0o600


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    for name, child in children(command):
        yield from _commands(child, f"{path} {name}")


def test_no_option_takes_a_secret() -> None:
    """It takes the file that has it: the command line is what a process list shows to everybody."""
    root, secrets = Commands("root"), {"key", "password", "secret", "token"}
    context = click.Context(root)
    taken = []
    for name in COMMANDS:
        top = root.get_command(context, name)
        assert top is not None
        for path, command in _commands(top, name):
            for each in command.params:
                if each.name is not None and set(each.name.split("_")) & secrets:
                    taken.append((path, each.name))
                    assert isinstance(each, click.Option)
                    assert each.metavar == "FILE", (path, each.name)
    assert ("user add", "password") in taken
    assert ("application add", "key") in taken


# At rest


async def test_a_store_has_no_secret_as_it_is(tmp_path: Path) -> None:
    """Keys and tokens are digests, passwords argon2's hashes, whichever store it is."""
    key, token, password = "a-key-canary-7719", "ab12" * 16, "a-password-canary-7720"
    live = EnvironmentName("default/default")
    for name, make in STORES.items():
        (folder := tmp_path / name).mkdir()
        pool = Pool(make(folder))
        await pool.open()
        settings = PoolSettings()
        change = pool.directory.change
        await change(AddApplication(live, "shop", None, settings, kept_key(key)))
        await change(AddToken(kept_token(token), Grant(Role.ADMIN, live)))
        await change(AddUser("default", "ann", await hashed(password)))
        pool.store.close()
        kept = pool.store.bytes()
        assert b"$argon2id$" in kept
        for secret in (key, token, password):
            assert secret.encode() not in kept
            assert base64.b64encode(secret.encode()) not in kept


# Canaries


@dataclass
class Heard:
    """What was planted, and all that came out."""

    planted: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, bytes]] = field(default_factory=list)

    def keep(self, where: str, *texts: str | bytes) -> None:
        """Keep what came out there."""
        for text in texts:
            self.came.append((where, text.encode() if isinstance(text, str) else text))

    def answer(self, where: str, answer: Answer) -> Answer:
        """Keep an answer, with its headers."""
        self.keep(where, repr(dict(answer.headers)), answer.body)
        return answer

    def leaks(self) -> list[str]:
        """Name each secret with where it was found, as it is or as Base64."""
        found = []
        for name, secret in self.planted.items():
            forms = {secret.encode(), base64.b64encode(secret.encode()).rstrip(b"=")}
            found += [f"{name} in {where}" for where, text in self.came if
                      any(form in text for form in forms)]  # fmt: skip
        return found


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[tuple[Service, Heard]]:
    """Give a service over PostgreSQL, with a secret of each kind that it knows, logging all."""
    heard = Heard()
    planted = heard.planted
    for name in ("postgres", "ari", "ami", "ani", "password", "key"):
        planted[name] = f"{name}-canary-4417-{name}"
    name = databases().take()
    own = databases().own(name)
    own.execute(f"DROP ROLE IF EXISTS {ROLE}".encode())
    own.execute(f"CREATE ROLE {ROLE} LOGIN SUPERUSER PASSWORD '{planted['postgres']}'".encode())
    access = databases().cluster.data / "pg_hba.conf"
    before = access.read_text()
    access.write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n{before}")
    own.execute("SELECT pg_reload_conf()")
    made = make_certificate(tmp_path, kind="ec")
    planted["tls"] = made.key.read_text().splitlines()[1]
    for each in ("postgres", "ari", "ami"):
        file = tmp_path / each
        file.write_text(f"{planted[each]}\n")
        file.chmod(0o600)
    address = f"postgresql://{ROLE}@127.0.0.1:{databases().cluster.port}/{name}"
    service = Service(
        tmp_path / "service",
        f'[log]\nlevel = "debug"\n[journal]\nani = "hash"\n[icws]\nenabled = true\n'
        f'[[pbx]]\nari_url = "http://127.0.0.1:1/ari"\nari_password = "{tmp_path}/ari"\n'
        f'ami_port = 1\nami_secret = "{tmp_path}/ami"\n',
        store=address,
    )
    text = service.config.read_text()
    text = text.replace("[store]\n", f'[store]\npassword = "{tmp_path}/postgres"\n')
    keys = f'[http]\ntls_certificate = "{made.file}"\ntls_key = "{made.key}"\n'
    service.config.write_text(text.replace("[http]\n", keys))
    service.environment["INTERACT_IVR_ANI_KEY"] = planted["ani"]
    with service:
        yield service, heard
    access.write_text(before)
    own.execute("SELECT pg_reload_conf()")
    databases().give_back(name)


def _setup(service: Service, heard: Heard) -> None:
    """Plant what the service is told while it runs."""
    planted = heard.planted
    for name, command in (
        ("key", ("application", "add", "shop", "--allocates-from", "default", "--key", "-")),
        ("password", ("user", "add", "default", "ann", "--role", "admin", "--password", "-")),
    ):
        done = service.command(*command, text=f"{planted[name]}\n")
        assert done.returncode == 0, done.stderr
        heard.keep(" ".join(command), done.stdout, done.stderr)
    planted["token"] = service.command("token", "add", "admin").stdout.strip()
    assert len(planted["token"]) == 64


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _requests(planted: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    """Give requests that show secrets: right and wrong ones, well formed and not."""
    forms = {"Content-Type": "application/x-www-form-urlencoded"}
    for key in (planted["key"], _bad("key")):
        app = {"Tenant-Id": "default", "Application-Key": key}
        for password in (planted["password"], _bad("password")):
            user = {"User-Id": _b64("ann"), "User-Password": _b64(password)}
            yield "POST", f"{V2}/allocate/new", app | user, b'{"id": "basket-1"}'
            yield "POST", V2, app | user, b'{"phoneNumber": "+380974520777"}'
            yield "POST", V2, app | user, b'{"phoneNumber": '
            yield "POST", f"{V2}/soap", app | user, b"<a><b></a>"
            yield "POST", f"{V2}/soap", app | user | {"Content-Type": "text/xml"}, b"\xff"
        yield "GET", f"{V2}/allocate/get/%ff", app, b""
        yield "PATCH", V2, app, b""
    for token in (planted["token"], planted["token"][:-1], _bad("token")):
        bearer = {"Authorization": f"Bearer {token}"}
        for method, path, body in (
            ("GET", "/api/v1/tokens", b""),
            ("GET", "/api/v1/audit", b""),
            ("GET", "/api/v1/numbers?limit=none", b""),
            ("POST", "/api/v1/tokens", b'{"role": "king"}'),
            ("POST", "/api/v1/numbers", b"{"),
            ("DELETE", "/api/v1/tokens/none", b""),
            ("GET", "/api/v1/nowhere", b""),
        ):
            yield method, path, bearer, body
        yield "GET", "/screen", {"Cookie": f"interact_screen={token}"}, b""
        yield "POST", "/screen/sign-in", forms, f"token={token}".encode()
    for password in (planted["password"], _bad("password")):
        login = f'{{"__type": "urn:inin.com:connection:icAuthConnectionRequestSettings", "userID": "ann", "password": "{password}"'  # noqa: E501  # the vendor's own
        for end in ("}", ""):
            yield "POST", "/icws/connection", {"Accept-Language": "en"}, (login + end).encode()
        for fields in (f"user=ann&password={password}", f"user=ann&password={password}&user=x"):
            yield "POST", "/console/sign-in", forms, fields.encode()
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/nowhere", "/console"):
        yield "GET", path, {}, b""


def _over_http(service: Service, heard: Heard, trust: ssl.SSLContext) -> None:
    """Ask all of them; the session's cookie, which a sign-in gives, is planted, too."""
    with Wire(service.http_port, tls=trust) as wire:
        for method, path, headers, body in _requests(heard.planted):
            try:
                answer = wire.ask(method, path, headers, body)
            except ConnectionError:
                answer = None
            if answer is None or answer.headers.get("connection") == "close":
                wire.close()
                wire = Wire(service.http_port, tls=trust)
            if answer is None:
                continue
            kept = re.match("interact_console=([^;]+);", answer.headers.get("set-cookie", ""))
            if kept is not None:
                heard.planted["cookie"] = kept[1]
                answer = Answer(answer.status, {}, answer.body)
            elif "interact_screen" in answer.headers.get("set-cookie", ""):
                answer = Answer(answer.status, {}, answer.body)  # it gives back what was shown
            heard.answer(f"{method} {path}", answer)
        cookie = {"Cookie": f"interact_console={heard.planted['cookie']}"}
        for page in ("pool", "people", "applications", "service", "audit", "journal", "nowhere"):
            heard.answer(page, wire.ask("GET", f"/console/default/{page}", cookie))
        heard.answer("action", wire.ask("POST", "/console/default/pool", cookie, b"x"))
    for junk in (b"GET / HTTP/9\r\nAuthorization: Bearer %s\r\n\r\n", b"%s\r\n\r\n"):
        with Wire(service.http_port, tls=trust) as wire:
            heard.keep("junk", wire.send(junk % heard.planted["token"].encode()).rest())


@pytest.mark.long
def test_nothing_that_comes_out_has_a_secret(
    planted: tuple[Service, Heard], tmp_path: Path
) -> None:
    """Whatever is asked, rightly or not, while all is well, and while the store is gone."""
    service, heard = planted
    trust = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    _setup(service, heard)
    _over_http(service, heard, trust)
    secret = heard.planted["password"]
    for bad in (
        {"tenant": "default", "user": "eve", "password": [secret]},
        {"tenant": "default", "user": "eve", "password": secret, "role": "king"},
        {"tenant": "none", "user": "eve", "password": secret},
        {"password": secret},
    ):
        with pytest.raises(Exception) as refused:  # noqa: PT011  whatever it says is looked at
            control(service, "user.add", **bad)
        heard.keep("control", repr(refused.value))
    peer = Peer.call(service.agi_port)
    peer.send(environment("retrieve_interaction", dnid="380974520200", callerid="+14085550000"))
    heard.keep("AGI", repr(peer.converse().variables))
    peer.close()
    own = databases().own(service.store.rpartition("/")[2])
    own.execute(f"ALTER ROLE {ROLE} NOLOGIN".encode())
    own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'canary'")
    _over_http_while_broken(service, heard, trust)
    own.execute(f"ALTER ROLE {ROLE} LOGIN".encode())
    service.config.write_text(service.config.read_text() + "nonsense = 1\n")
    service.signal(signal.SIGHUP)
    service.wait_log("the old configuration stays")
    text = service.config.read_text().removesuffix("nonsense = 1\n")
    service.config.write_text(text)
    service.signal(signal.SIGHUP)
    service.wait_log("reloaded")
    for command in ("status", "doctor", "audit", "journal", "application list", "user list",
                    "token list", "tenant list", "status --json", "doctor --json"):  # fmt: skip
        done = service.command(*command.split())
        heard.keep(command, done.stdout, done.stderr)
    heard.keep("ps", Path(f"/proc/{service.pid}/cmdline").read_bytes())
    heard.keep("rows", _rows(service))
    service.stop()
    heard.keep("the log", service.log_path.read_bytes())
    heard.planted |= {f"wrong {name}": _bad(name) for name in ("key", "password", "token")}
    assert len(heard.came) > 80
    assert b"debug" in service.log_path.read_bytes()
    assert heard.leaks() == []


def _over_http_while_broken(service: Service, heard: Heard, trust: ssl.SSLContext) -> None:
    bearer = {"Authorization": f"Bearer {heard.planted['token']}"}
    for path in ("/readyz", "/metrics", "/api/v1/numbers", "/api/v1/audit"):
        with Wire(service.http_port, tls=trust) as wire:
            heard.answer(path, wire.ask("GET", path, bearer))
    with Wire(service.http_port, tls=trust) as wire:
        answer = wire.ask("POST", "/api/v1/tokens", bearer, b'{"role": "viewer"}')
    assert heard.answer("broken", answer).status == 503


def _rows(service: Service) -> str:
    """Give every row there is."""
    name = service.store.rpartition("/")[2]
    with psycopg.connect(databases().cluster.url(name)) as own:
        tables = own.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return repr([own.execute(f"SELECT * FROM {table}".encode()).fetchall()
                     for (table,) in tables.fetchall()])  # fmt: skip


def test_a_leak_would_be_found() -> None:
    """The search finds a secret as it is, and as Base64."""
    heard = Heard({"one": "a-secret-canary"})
    heard.keep("a log", b'{"x": "a-secret-canary"}')
    heard.keep("a header", f"Basic {_b64('a-secret-canary')}")
    heard.keep("elsewhere", b"nothing")
    assert heard.leaks() == ["one in a log", "one in a header"]
    assert request("GET", "/").startswith(b"GET")
