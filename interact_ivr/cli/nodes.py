"""The table of the nodes that share a store, as ``status`` shows it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from interact_ivr.cli.tables import local_time, print_table

HEADINGS = ("node", "", "version", "address", "since", "seen", "PBXes")


def print_nodes(nodes: Iterable[dict[str, Any]]) -> None:
    """Print a line for each node, this one first, and how it stood with its PBXes."""
    print_table(HEADINGS, map(_row, nodes))


def _row(node: dict[str, Any]) -> Sequence[str]:
    return (
        node["name"],
        _standing(node),
        node["version"],
        node["address"],
        local_time(node["since"]),
        f"{node['seen_seconds_ago']} s ago",
        "; ".join(_pbxes(node["facts"])) or "none",
    )


def _standing(node: dict[str, Any]) -> str:
    if not node["alive"]:
        return "silent"
    return "this one" if node["this"] else "alive"


def _pbxes(facts: dict[str, Any]) -> Iterator[str]:
    """Say how it stands with the links to each PBX that the node has."""
    ari = {pbx["name"]: _ari(pbx) for pbx in facts.get("pbx", ())}
    ami = {known["name"]: _ami(known) for known in facts.get("directories", ())}
    for name in dict.fromkeys([*ari, *ami]):
        yield f"{name}: {', '.join(filter(None, [ari.get(name), ami.get(name)]))}"


def _ari(pbx: dict[str, Any]) -> str:
    if pbx["ari"] != "watching":
        return f"ARI {pbx['ari']}"
    return f"ARI watching, {pbx['late_seconds']} s late"


def _ami(known: dict[str, Any]) -> str:
    if known["missing"]:
        return f"AMI {known['missing']}"
    return f"AMI read {known['read_seconds_ago']} s ago"
