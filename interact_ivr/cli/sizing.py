"""``pool size``: how many numbers a pool needs, from what was measured or from figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interact_ivr.cli.asking import (
    application_option,
    ask,
    asking_options,
    environment_option,
    fail,
    failing,
)
from interact_ivr.cli.tables import local_time, print_json, print_table

if TYPE_CHECKING:
    from interact_ivr.domain.sizing import Sizing


@click.group()
def pool() -> None:
    """Look at a pool as a whole."""


@pool.command("size")
@click.option("--target", type=float, help="Share to refuse; else as configured, or 0.001.")
@click.option("--group", help="Only the numbers of this group.")
@click.option(
    "--days",
    type=click.IntRange(1, 92),
    default=28,
    show_default=True,
    help="Whole days measured, before today.",
)
@click.option("--arrivals-per-hour", type=click.FloatRange(min=0), help="Instead of measuring.")
@click.option("--hold", type=click.FloatRange(min=0), help="Seconds each takes a number.")
@click.option(
    "--numbers", type=click.IntRange(0, 1_000_000), help="With these: how many there are."
)
@click.option("--svg", type=click.Path(dir_okay=False), help="Draw it, into this file.")
@environment_option
@application_option
@asking_options
@failing
def size(
    target: float | None,
    group: str | None,
    days: int,
    arrivals_per_hour: float | None,
    hold: float | None,
    numbers: int | None,
    svg: str | None,
    environment: str,
    application: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Say how many numbers the pool needs, how often it refuses, and until when it is enough.

    Measured in its busiest hour; or for --arrivals-per-hour of --hold seconds, which asks nobody.
    """
    import msgspec

    from interact_ivr.domain.sizing import SizeQuestion, Sizing, check_target, given_size

    if target is not None:
        check_target(target)  # here: JSON has no NaN, and would have none for it
    if (arrivals_per_hour is None) != (hold is None):
        raise click.UsageError("--arrivals-per-hour and --hold go together")
    if arrivals_per_hour is None or hold is None:
        if numbers is not None:
            raise click.UsageError("--numbers goes with --arrivals-per-hour and --hold")
        where = {"environment": environment, "application": application, "group": group}
        answer = ask(config, "pool.size", target=target, days=days, **where)
        sizing = msgspec.convert(answer, Sizing)
    else:
        sizing = given_size(
            SizeQuestion(
                target=target,
                arrivals_per_hour=arrivals_per_hour,
                hold_seconds=hold,
                numbers=numbers,
            )
        )
    if svg is not None:
        _draw(sizing, Path(svg))
    if as_json:
        print_json(msgspec.to_builtins(sizing))
    else:
        print_table(("", ""), _rows(sizing))


def _draw(sizing: Sizing, file: Path) -> None:
    from interact_ivr.sizing_charts import sizing_svg

    if sizing.size is None:
        fail("nothing was lent: there is nothing to draw")
    days = () if sizing.measured is None else sizing.measured.days
    file.write_text(sizing_svg(sizing.size, days), "utf-8")


def _rows(sizing: Sizing) -> list[tuple[str, str]]:
    """Give what people read, a fact a row."""
    from interact_ivr.sizing_words import ahead, enough, percent

    rows: list[tuple[str, str]] = []
    size, measured = sizing.size, sizing.measured
    if measured is not None:
        rows.append(("measured since", local_time(measured.since.isoformat())))
        rows.append(("allocations", f"{measured.allocations}"))
        if measured.busiest_hour is not None:
            rows.append(("busiest hour", local_time(measured.busiest_hour.isoformat())))
    if size is not None:
        rows += [
            ("arrivals an hour", f"{size.arrivals_per_hour:g}"),
            ("each takes a number for", f"{size.taken_seconds:.1f} s"),
            ("load", f"{size.erlangs:.4g} erlangs"),
            (f"needed to refuse {percent(size.target)}", f"{size.needed} numbers"),
        ]
        if size.numbers is not None and size.blocking is not None:
            refuses = f"{size.numbers} numbers refuse {percent(size.blocking)}"
            rows.append(("there are", f"{refuses}, and bear {size.bears_erlangs:.4g} erlangs"))
    if measured is not None:
        rows += [("forecast", ahead(measured)), ("hold_for_seconds", enough(measured.hold))]
    return rows
