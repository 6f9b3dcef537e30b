"""``init``, ``serve`` and ``status``: the service itself."""

import gc
import sys
from typing import Any

import click

from interact_ivr.cli.asking import asking_options, fail, failing
from interact_ivr.cli.nodes import print_nodes
from interact_ivr.cli.tables import print_json, print_table


@click.command()
@click.option("--config", metavar="FILE", help="The configuration file to write.")
@failing
def init(config: str | None) -> None:
    """Write a configuration file to begin with, and create the store.

    What is there already stays as it is.
    """
    import asyncio

    from interact_ivr.app import create_store
    from interact_ivr.config import config_file, load_config, sample

    file = config_file(config)
    if file.exists():
        click.echo(f"{file} is there already")
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sample(), "utf-8")
        click.echo(f"{file} written: every key with its default")
    loaded = load_config(file)
    asyncio.run(create_store(loaded))
    click.echo(f"{loaded.store.name} is ready")


@click.command()
@click.option("--config", metavar="FILE", help="The configuration file.")
@failing
def serve(config: str | None) -> None:
    """Serve calls and the command line until told to stop."""
    import asyncio

    import uvloop

    from interact_ivr.config import config_file, load_config
    from interact_ivr.log import configure_logging
    from interact_ivr.serving import serve as serve_calls

    file = config_file(config)
    loaded = load_config(file)
    configure_logging(loaded.log.level)
    _allow_descriptors()
    sys.setswitchinterval(0.0005)  # a call waits this long, not 5 ms, behind an import's threads
    gc.freeze()  # what is loaded by now stays: it is not looked through again and again
    gc.set_threshold(2_000, 10, 20)  # few requests leave cycles behind; those hold all of theirs
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_calls(loaded, file))


def _allow_descriptors() -> None:
    """Let the process have as many open files as the system allows: each call takes one."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@click.command()
@asking_options
@failing
def status(config: str | None, as_json: bool) -> None:
    """Show the running service, its pool and its nodes; exit status 1 where none runs."""
    from pathlib import Path

    from interact_ivr.config import config_file, load_config
    from interact_ivr.control.client import NotRunning, Refused, ask

    loaded = load_config(config_file(config))
    try:
        answer = ask(Path(loaded.control.socket), "status", {})
    except NotRunning:
        if as_json:
            print_json({"running": False})
            sys.exit(1)
        fail(f"no service listens on {loaded.control.socket}")
    except Refused as refused:
        fail(*refused.faults)
    if as_json:
        print_json({"running": True, **answer})
        return
    dnids = _dnids(answer["last_ambiguous_dnids"])
    shown = {"last_ambiguous_dnids": dnids, "pool": _pool(answer["pool"])}
    pbxes = {f"pbx {pbx['name']}": _pbx(pbx) for pbx in answer.pop("pbx")}
    shown |= {"warnings": "; ".join(answer["warnings"]) or "none"}
    directories, nodes = answer.pop("directories"), answer.pop("nodes")
    known = {f"directory {each['name']}": _directory(each) for each in directories}
    facts = {"service": "running", **answer, **shown, **pbxes, **known}
    print_table(("", ""), ((name, str(value)) for name, value in facts.items()))
    print_nodes(nodes)


def _dnids(last: dict[str, list[str]]) -> str:
    return "; ".join(f"{dnid}: {', '.join(numbers)}" for dnid, numbers in last.items()) or "none"


def _pbx(pbx: dict[str, Any]) -> str:
    """Say how it stands with a PBX."""
    if pbx["ari"] != "watching":
        return f"not watched: {pbx['ari']}, {pbx['reason'] or 'not yet'}, since {pbx['since']}"
    return (
        f"Asterisk {pbx['version']}, watched since {pbx['since']}; "
        f"{pbx['calls']} calls on numbers, {pbx['events']} events, {pbx['malformed']} malformed, "
        f"{pbx['unread']} numbers not read, {pbx['reconnects']} reconnects, "
        f"last event {pbx['late_seconds']} s late"
    )


def _directory(directory: dict[str, Any]) -> str:
    """Say how it stands with what a PBX knows of its extensions."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in directory["extensions"].items())
    age, refused = directory["read_seconds_ago"], "; ".join(directory["refused"])
    read = "never read" if age is None else f"{kinds}, read {age} s ago"
    told = [read, directory["missing"], refused and f"refused: {refused}"]
    return "; ".join(filter(None, told))


def _pool(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items())
