"""Every command of the documentation that no other test runs, page by page, in the pages' order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interact_ivr.config import load_config
from testbed.cookbook import PAGES, ROOT, blocks, read
from testbed.service import Service
from testbed.shell import shell

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
COMMANDS = {
    name: commands
    for name in NAMES
    if (
        commands := "".join(
            block.text for block in read(ROOT / name) if block.language == "sh" and not block.remark
        )
    )
}
SECTIONS = [
    block.text
    for page in PAGES
    for block in read(page)
    if block.remark == "run by test_a_configuration_that_is_shown_is_taken"
]
OPERATIONS = "docs/operations.md"
SYSTEM = {
    "backups": "/var/backups",
    "sysusers": "/etc/sysusers.d",
    "tmpfiles": "/etc/tmpfiles.d",
    "units": "/etc/systemd/system",
    "completion": "/etc/bash_completion.d",
}
"""Folders of the machine's that the pages write into."""
PASSWORD, YES = "correct horse battery\n", "y\n"


def prepare(name: str, service: Service) -> None:
    """Make what the page *name* takes for granted."""
    match name:
        case "docs/journal.md":
            service.ask("number", "add", "380974520200")
            service.ask("allocate", "basket-4711")
            service.ask("free", "380974520200")
        case "docs/plans.md":
            service.ask("tenant", "add", "acme")
            _write_our_plan(service.folder)
        case "docs/operations.md":
            for name in SYSTEM:
                (service.folder / name).mkdir()
            service.ask("application", "key", "add", "default")
        case "docs/migration.md":
            phones = "phoneNumber,dnId,groupName\n380974520200,0200,test\n"
            (service.folder / "phones.csv").write_text(phones)
            (service.folder / "web.key").touch(0o600)
            (service.folder / "web.key").write_text("63475e5f1463f9ab2052ead\n")
        case "docs/tenants-and-users.md":
            (service.folder / "pool.csv").write_text("number\n380974520200\n")
        case _:
            pass


def _places(service: Service) -> dict[str, str]:
    """Give a folder of the test's for each of the machine's."""
    return {place: str(service.folder / name) for name, place in SYSTEM.items()}


def _write_our_plan(folder: Path) -> None:
    """Write the plan that the page shows, and the files of which it speaks."""
    (plan,) = (block.text for block in read(ROOT / "docs/plans.md") if block.language == "toml")
    (folder / "our.toml").write_text(plan)
    (folder / "our.cases.toml").write_text('[[case]]\nnumber = "()"\nrefused = true\n')
    (folder / "people.csv").write_text("extension,user\n6929,ann\n")
    (folder / "numbers.txt").write_text("8004562354\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_of_a_page_hold(service_factory: Callable[..., Service], name: str) -> None:
    """Each of them, on a service that runs, with its usual configuration and an empty store."""
    service = service_factory()
    prepare(name, service)
    typed = YES if name == "docs/journal.md" else PASSWORD
    shell(service, COMMANDS[name], places=_places(service), typed=typed)


def test_a_backup_is_restored_as_it_is_shown(service_factory: Callable[..., Service]) -> None:
    """What was allocated then is so again, and what came later is not."""
    service = service_factory()
    places = _places(service)
    (service.folder / "backups").mkdir()
    back_up, restore = blocks("Backup and restore", OPERATIONS)
    service.ask("number", "add", "38097452020x")
    service.ask("allocate", "before")
    shell(service, back_up, places=places)
    service.ask("allocate", "after")
    service.stop()
    shell(service, restore, places=places)
    service.start()
    held = [each["interaction"] for each in service.ask("number", "list", "--state", "allocated")]
    assert held == ["before"]


@pytest.mark.parametrize("text", SECTIONS)
def test_a_configuration_that_is_shown_is_taken(tmp_path: Path, text: str) -> None:
    """Each key is one, with a value that it may have; keys without a section are a PBX's."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text(text if text.startswith("[") else f"[[pbx]]\n{text}", "utf-8")
    load_config(file)
