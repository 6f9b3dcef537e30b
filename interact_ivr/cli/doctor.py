"""``doctor``: what is wrong, and what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from interact_ivr.cli.asking import asking_options, failing
from interact_ivr.cli.tables import print_json, print_table

if TYPE_CHECKING:
    from interact_ivr.doctor.finding import Finding


@click.command()
@click.option("--call", "placing", is_flag=True, help="Place a test call through the PBX.")
@click.option("--yes", is_flag=True, help="Do not ask before it.")
@click.option(
    "--asterisk", default="asterisk", metavar="COMMAND", help="How Asterisk's command line is run."
)
@asking_options
@failing
def doctor(placing: bool, yes: bool, asterisk: str, config: str | None, as_json: bool) -> None:
    """Examine the configuration, the store, the service and every PBX, also while it is down.

    A cause is named once, with what to do. Exit status: 0 nothing is wrong, 1 something is.
    """
    import asyncio

    from interact_ivr.config import config_file
    from interact_ivr.doctor.calling import called
    from interact_ivr.doctor.command_line import CommandLine
    from interact_ivr.doctor.examining import examined, gathered, is_well
    from interact_ivr.log import configure_logging

    configure_logging("error")
    command_line = CommandLine(asterisk)

    async def examine() -> list[Finding]:
        facts = await gathered(config_file(config), command_line)
        found = examined(facts)
        calls = await called(facts, found, command_line, confirm) if placing else ()
        return [*found, *calls]

    def confirm(number: str, pbx: str) -> bool:
        asked = f"{number} is idle: dial it on {pbx}, and free it then?"
        return yes or not sys.stdin.isatty() or click.confirm(asked, err=True)

    findings = asyncio.run(examine())
    _show(findings, as_json=as_json)
    sys.exit(0 if is_well(findings) else 1)


def _show(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(findings))
        return
    rows = []
    for each in findings:
        what = f"{each.check} of {each.about}" if each.about else each.check
        rows.append((each.severity.value, what, each.facts or "in order"))
        if each.advice:
            rows.append(("", "", f"→ {each.advice}"))
    print_table(("", "checked", "found"), rows)
