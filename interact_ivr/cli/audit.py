"""``audit``: what administrators did, and what they were refused."""

from collections.abc import Iterator
from typing import Any

import click

from interact_ivr.cli.asking import ask, asking_options, failing
from interact_ivr.cli.tables import local_time, print_json_array, print_table
from interact_ivr.cli.times import SINCE

_PAGE = 1000
_HEADINGS = ("at", "who", "from", "action", "on", "where", "outcome")

Entry = dict[str, Any]


@click.command()
@click.option("--since", type=SINCE, help="Only what was done since: a time, or 30m, 2h, 3d.")
@click.option("--who", default="", help="Only by those whose name has this: olena, token 01ab.")
@click.option("--action", default="", help="Only this, or what begins so: application.key, user.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.")
@asking_options
@failing
def audit(config: str | None, as_json: bool, limit: int | None, **asked: Any) -> None:
    """Show what administrators did and were refused, the newest first.

    By the command line, the console, the native API, and the vendor's where a user takes numbers
    in. It is kept as long as the journal, and nothing changes it.
    """
    since = asked["since"]
    asked["since"] = None if since is None else since.isoformat()
    if as_json:
        print_json_array(entry for page in _pages(config, limit, asked) for entry in page)
    else:
        for page in _pages(config, limit, asked):
            print_table(_HEADINGS, map(_row, page))


def _pages(config: str | None, limit: int | None, asked: dict[str, Any]) -> Iterator[list[Entry]]:
    """Give the entries page by page, each one asked for when it is wanted."""
    before, left = "", limit
    while left != 0:
        size = _PAGE if left is None else min(left, _PAGE)
        entries = ask(config, "audit.list", before=before, limit=size, **asked)["entries"]
        yield entries
        if len(entries) < size:
            return
        before = entries[-1]["id"]
        left = None if left is None else left - size


def _row(entry: Entry) -> tuple[str, ...]:
    why = f" ({entry['reason']})" if entry["reason"] else ""
    return (
        local_time(entry["at"]),
        entry["who"],
        entry["source"],
        entry["action"],
        entry["object"],
        entry["environment"] or entry["tenant"],
        entry["outcome"] + why,
    )
