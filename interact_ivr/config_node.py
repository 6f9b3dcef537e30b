"""The configuration's [node]: what this node is called among those that share a store."""

import re
import socket
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

_NAME = r"[A-Za-z0-9\-_.]{1,64}"


class NodeConfig(msgspec.Struct, frozen=True):
    """What this node is called among those that share a PostgreSQL."""

    name: Annotated[
        str,
        Meta(
            pattern=rf"^({_NAME})?$",
            title="its name, which no other node has",
            description="1 to 64 letters, digits and - _ .; empty: the host's name",
        ),
    ] = ""

    @property
    def called(self) -> str:
        """The name, or the host's."""
        return self.name or socket.gethostname()


def node_contradictions(node: NodeConfig) -> Iterator[str]:
    """Say where the host's name cannot be the node's."""
    if not re.fullmatch(_NAME, node.called):
        yield f"node.name: expected a name, as the host's cannot be one, got {node.called!r}"
