"""Every command of the documentation that no other test runs, page by page, in the pages' order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interact_ivr.config import load_config
from testbed.cookbook import PAGES, ROOT, read
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
        case "docs/tenants-and-users.md":
            (service.folder / "pool.csv").write_text("number\n380974520200\n")
        case _:
            pass


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
    shell(service, COMMANDS[name], typed=YES if name == "docs/journal.md" else PASSWORD)


@pytest.mark.parametrize("text", SECTIONS)
def test_a_configuration_that_is_shown_is_taken(tmp_path: Path, text: str) -> None:
    """Each key is one, with a value that it may have; keys without a section are a PBX's."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text(text if text.startswith("[") else f"[[pbx]]\n{text}", "utf-8")
    load_config(file)
