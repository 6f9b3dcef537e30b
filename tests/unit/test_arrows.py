"""What import-linter's arrows cannot say of our packages."""

import re
from pathlib import Path

import dialplan
import interact_ivr.domain

VALUES = {"msgspec", "msgspec.Struct", "msgspec.field", "msgspec.structs", "msgspec.to_builtins"}


def test_the_domain_and_the_dial_plan_know_of_msgspec_its_values_alone() -> None:
    """No wire, and nothing that reads one."""
    roots = [Path(package.__path__[0]) for package in (interact_ivr.domain, dialplan)]
    texts = [file.read_text("utf-8") for root in roots for file in root.rglob("*.py")]
    known = {name for text in texts for name in re.findall(r"\bmsgspec(?:\.\w+)*", text)}
    assert {"msgspec.Struct"} <= known <= VALUES
