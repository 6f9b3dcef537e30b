"""``journal``: who held which number when, and by which call it ended; ``journal forget``."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import click

from interact_ivr.cli.asking import (
    ask,
    ask_running,
    asking_options,
    environment_option,
    fail,
    failing,
)
from interact_ivr.cli.tables import (
    local_time,
    print_json,
    print_json_array,
    print_json_line,
    print_table,
    say,
)
from interact_ivr.cli.times import SINCE, TIME
from interact_ivr.domain.shown import shown

_PAGE = 1000
_WAIT_SECONDS = 20
_HEADINGS = ("at", "event", "number", "interaction", "call", "ani", "allocation")

Entry = dict[str, Any]


@click.group(invoke_without_command=True)
@click.option("--number", help="Only of this number.")
@click.option("--at", type=TIME, help="Who held --number at this time?")
@click.option("--interaction", help="Only of this interaction.")
@click.option("--call", help="Only by the call of this Asterisk uniqueid.")
@click.option("--pbx", help="Which PBX --call is of, where several number theirs alike.")
@click.option("--since", type=SINCE, help="Only what was written since: a time, or 30m, 2h, 3d.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.")
@click.option("--follow", is_flag=True, help="Go on with what the service writes from now on.")
@environment_option
@asking_options
@failing
@click.pass_context
def journal(context: click.Context, /, config: str | None, as_json: bool, **asked: Any) -> None:
    """Show the journal, oldest first.

    Times are ISO 8601, of this machine's time zone unless they name another. With --follow, the
    entries there are already are shown where --since or --limit ask for them.
    """
    if context.invoked_subcommand is not None:
        return
    at, since = asked.pop("at"), asked.pop("since")
    limit, following = asked.pop("limit"), asked.pop("follow")
    _check_usage(at=at, since=since, limit=limit, follow=following, **asked)
    if at is not None:
        of = {"number": asked["number"], "environment": asked["environment"]}
        _show_holder(ask(config, "journal.who_held", at=at, **of), as_json)
        return
    asked["since"] = None if since is None else since.isoformat()
    if following:
        _end_at_ctrl_c()
        for entry in _following(config, limit, asked):
            print_json_line(entry) if as_json else say("  ".join(_row(entry)).rstrip())
    elif as_json:
        print_json_array(entry for page in _pages(config, limit, asked) for entry in page)
    else:
        for page in _pages(config, limit, asked):
            print_table(_HEADINGS, map(_row, page))


@journal.command()
@click.option("--interaction", required=True, help="Whose traces.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--force", is_flag=True, help="If it holds a number, free that first.")
@environment_option
@asking_options
@failing
def forget(
    interaction: str, yes: bool, force: bool, environment: str, config: str | None, as_json: bool
) -> None:
    """Put a tombstone in place of a person's traces: the interaction's id and calling numbers.

    That a number was held from when to when stays on record. Backups and logs are not touched.
    """
    if not yes:
        click.confirm(f"Forget {shown(interaction)}? It cannot be undone", abort=True, err=True)
    done = ask(
        config, "journal.forget", interaction=interaction, force=force, environment=environment
    )
    if as_json:
        print_json(done)
    elif not done["entries"] and not done["allocations"]:
        say(f"nothing of {interaction} is on record")
    else:
        say(
            f"{interaction} is {done['tombstone']} now: {done['entries']} entries with "
            f"{done['anis']} calling numbers, {done['allocations']} allocations; "
            f"{done['answers']} answers to calls removed"
        )
    if not done["scrubbed"]:
        fail(
            "unused parts of the store's file may still hold the text; the same command rewrites "
            "the file when no service runs"
        )


def _check_usage(*, at: object, pbx: object, call: object, **asked: Any) -> None:
    """Refuse options that do not go together."""
    subjects = [asked["number"], asked["interaction"], call]
    if sum(subject is not None for subject in subjects) > 1:
        raise click.UsageError("one of --number, --interaction and --call")
    if pbx is not None and call is None:
        raise click.UsageError("--pbx goes with --call")
    if at is None:
        return
    if asked["number"] is None:
        raise click.UsageError("--at goes with --number")
    if asked["since"] is not None or asked["limit"] is not None or asked["follow"]:
        raise click.UsageError("--at goes without --since, --limit and --follow")


def _pages(config: str | None, limit: int | None, asked: dict[str, Any]) -> Iterator[list[Entry]]:
    """Give the journal page by page, each one asked for when it is wanted."""
    after, left = "", limit
    while left != 0:
        size = _PAGE if left is None else min(left, _PAGE)
        page = ask(config, "journal.list", after=after, limit=size, newest=left, **asked)
        yield page["entries"]
        if len(page["entries"]) < size:
            return
        after = page["after"]
        left = None if left is None else left - size


def _end_at_ctrl_c() -> None:
    """Let Ctrl-C end the process, as done: an exception may be lost where Python ignores them."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))


def _following(config: str | None, limit: int | None, asked: dict[str, Any]) -> Iterator[Entry]:
    """Give the entries asked for, then each new one as it is written."""
    newest = 0 if limit is None and asked["since"] is None else limit
    page = ask_running(config, "journal.list", newest=newest, **asked)
    while True:
        yield from page["entries"]
        after = page["after"]
        page = ask_running(config, "journal.list", after=after, wait_seconds=_WAIT_SECONDS, **asked)


def _row(entry: Entry) -> tuple[str, ...]:
    call = entry["call"]
    return (
        local_time(entry["at"]),
        entry["event"] + (f" ({entry['detail']})" if entry["detail"] else ""),
        entry["number"],
        entry["interaction"],
        _call(call) if call else "",
        entry["ani"] or "",
        entry["allocation"],
    )


def _call(call: dict[str, str]) -> str:
    return f"{call['uniqueid']} of {call['pbx']}" if call["pbx"] else call["uniqueid"]


def _show_holder(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    say(_sentence(answer))


def _sentence(answer: dict[str, Any]) -> str:
    from datetime import datetime

    number, at, hold = answer["number"], local_time(answer["at"]), answer["hold"]
    if hold is not None:
        return f"{number} was held by {hold['interaction']} at {at}: {_span(hold)}"
    begins = answer["journal_begins"]
    asked = datetime.fromisoformat(answer["at"])
    if begins is not None and asked < datetime.fromisoformat(begins):
        return f"Nobody is known to have held {number} at {at}: the journal begins later, at " + (
            local_time(begins)
        )
    return f"Nobody held {number} at {at}"


def _span(hold: dict[str, Any]) -> str:
    whole = f"allocation {hold['allocation']}, from {local_time(hold['since'])}"
    if hold["until"] is None:
        return f"{whole}, and it holds it still"
    ended = f"{whole} to {local_time(hold['until'])}, when it was {hold['ended']}"
    if hold["ended"] == "expired":
        ended = f"{whole} to {local_time(hold['until'])}, when it expired"
    return f"{ended} by call {_call(hold['call'])}" if hold["call"] else ended
