"""The table of the nodes that share a store, as ``status`` shows it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from interact_ivr.cli.tables import local_time, print_table
from interact_ivr.service.links import links

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
    for link in links(facts):
        yield f"{link.pbx}: {', '.join(link.words)}"
