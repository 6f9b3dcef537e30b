"""What a secret is replaced by is good at once, and the old one until it is taken away."""

from __future__ import annotations

import json
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.certificate import make_certificate
from testbed.cookbook import blocks
from testbed.line import control
from testbed.service import Service
from testbed.shell import shell
from testbed.wire import Wire
from tests.edge.programs import program_of

NUMBER = "380974520200"
PATH = f"/interact/version/2/dnis/allocate/get/{NUMBER}"


def test_two_keys_are_good_and_then_one(shared_service: Service) -> None:
    """Also while calls of both come; of each the list says when it was shown last."""
    service = shared_service
    program = program_of(service, NUMBER)
    where = {"application": "default", "environment": program.environment}
    old = program.by_key()
    new = old | {"Application-Key": control(service, "application.key.add", **where)["key"]}

    def used() -> dict[str, bool]:
        (known,) = [
            each
            for each in control(service, "application.list")
            if each["environment"] == program.environment and each["application"] == "default"
        ]
        return {key["prefix"]: key["used_at"] is not None for key in known["keys"]}

    def status(headers: dict[str, str]) -> int:
        with Wire(service.http_port) as wire:
            return wire.ask("GET", PATH, headers).status

    first, second = (headers["Application-Key"][:6] for headers in (old, new))
    assert used() == {first: False, second: False}
    assert status(new) == 200
    assert used() == {first: False, second: True}
    assert status(old) == 200
    assert used() == {first: True, second: True}
    control(service, "application.key.remove", prefix=first, **where)
    assert (status(old), status(new)) == (401, 200)


def test_two_tokens_are_good_and_then_one(shared_service: Service) -> None:
    """And a token that was never shown is not called used; one that is wrong uses none."""
    service = shared_service
    old, new, idle = (control(service, "token.add", role="viewer")["token"] for _ in range(3))

    def status(token: str) -> int:
        with Wire(service.http_port) as wire:
            headers = {"Authorization": f"Bearer {token}"}
            return wire.ask("GET", "/api/v1/numbers", headers).status

    assert [status(each) for each in (old, new, f"{idle[:12]}{'0' * 52}")] == [200, 200, 401]
    control(service, "token.remove", prefix=old[:12])
    assert (status(old), status(new)) == (401, 200)
    used = {each["prefix"]: each["used_at"] for each in control(service, "token.list")}
    assert used[new[:12]] is not None
    assert used[idle[:12]] is None
    assert "used" in service.command("token", "list").stdout


def test_what_the_configuration_names_is_changed_while_it_serves(
    service_factory: Callable[..., Service], tmp_path: Path
) -> None:
    """By the page's commands: open connections go on, new ones see the new certificate."""
    (commands,) = [text for text in blocks("Changing one without a gap", "docs/secrets.md")
                   if "install" in text]  # fmt: skip
    assert commands.endswith("systemctl reload interact-ivr\n")
    served = tmp_path / "served"
    served.mkdir()
    old = make_certificate(served, "old", "ec").file.read_text()
    keys = f'tls_certificate = "{served}/certificate.pem"\ntls_key = "{served}/key.pem"'
    service = service_factory(http=keys)
    open_one = Wire(service.http_port, tls=ssl.create_default_context(cadata=old))
    (tmp_path / "new").mkdir()
    made = make_certificate(tmp_path / "new", "new", "ec")
    (service.folder / "new.pem").write_text(made.key.read_text())
    (service.folder / "new.crt").write_text(made.file.read_text())
    places = {"/etc/interact-ivr": str(served)}
    reload = f"kill -HUP {service.pid}"
    shell(service, commands.replace("systemctl reload interact-ivr", reload), places=places)
    service.wait_log("reloaded")
    trust = ssl.create_default_context(cadata=made.file.read_text())
    with Wire(service.http_port, tls=trust) as wire:
        assert wire.ask("GET", "/healthz").status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        Wire(service.http_port, tls=ssl.create_default_context(cadata=old))
    assert open_one.ask("GET", "/healthz").status == 200
    open_one.close()
    (served / "key.pem").chmod(0o604)
    service.signal(signal.SIGHUP)
    (line,) = service.wait_log("the old configuration stays")
    assert "others may read" in json.dumps(line)
