"""``bench``: what this machine can do, in a minute."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from interact_ivr.cli.asking import asking_options, fail, failing
from interact_ivr.cli.tables import print_json, print_table


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.05, max=600),
    default=12,
    show_default=True,
    help="How long each of the four parts takes.",
)
@asking_options
@failing
def bench(seconds: float, config: str | None, as_json: bool) -> None:
    """Measure the store's disk, a temporary store on it, and calls.

    Calls are asked of the running service, which they take nothing of, or else of a temporary one.
    Where the store is PostgreSQL, the service must run, and calls alone are measured. What else
    this machine has to do is measured with it.
    """
    import asyncio

    from interact_ivr.config import config_file, load_config
    from interact_ivr.control.client import NotRunning, Refused
    from interact_ivr.measuring.whole import measured

    loaded = load_config(config_file(config))
    try:
        answer = asyncio.run(measured(loaded, seconds))
    except NotRunning:
        fail(f"no service listens on {loaded.control.socket}")
    except Refused as refused:
        fail(*refused.faults)
    if as_json:
        print_json(answer)
    else:
        print_table(("", "a second", "half within", "99 of 100 within"), _rows(answer))
        versions = ("interact_ivr", "python", "sqlite", "kernel", "cores", "load")
        click.echo(", ".join(f"{name} {answer[name]}" for name in versions))


def _rows(answer: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Give a line for each part."""
    if disk := answer.get("disk"):
        times = (disk["fsync_p50_ms"], disk["fsync_p99_ms"])
        yield (f"fsync on {disk['file_system']}, {disk['folder']}", "", *map(_ms, times))
    for part in answer.get("pairs", ()):
        yield _row(f"allocated and retrieved, {part['callers']} at once", part)
    for part in answer["calls"]:
        yield _row(f"calls to the {answer['service']} service, {part['callers']} at once", part)


def _row(what: str, part: Mapping[str, Any]) -> tuple[str, ...]:
    return what, f"{part['per_second']:.0f}", _ms(part["p50_ms"]), _ms(part["p99_ms"])


def _ms(value: float) -> str:
    return f"{value:.2f} ms"
