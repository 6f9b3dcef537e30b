"""The configuration that Asterisk ships as a sample, as Debian's asterisk-config has it.

Whoever installs Debian's Asterisk begins with it: to us it is someone else's configuration.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from testbed.fetch import ADVICE, FetchError
from testbed.packages import StepError
from testbed.sources import NoMirrorError
from testbed.tools import ToolsError
from testbed.trees import Tree, brought, cache_folder

FOLDER: Final = "etc/asterisk"
OTHERS: Final = re.compile(r"(?!asterisk-config$).*")
"""All that it needs: only its files are wanted."""


def bring_samples() -> Path:
    """Give the folder of the samples, fetched first when the cache has none. Raises FetchError."""
    try:
        return brought(TREE, cache_folder()) / FOLDER
    except (OSError, StepError, NoMirrorError, ToolsError) as error:
        raise FetchError(f"Asterisk's samples cannot be had: {error}\n{ADVICE}") from error


def copy_samples(folder: Path) -> Path:
    """Copy the samples to *folder*, as an installation would have them."""
    shutil.copytree(bring_samples(), folder, symlinks=True)
    return folder


def _prove(tree: Path) -> None:
    for name in ("asterisk.conf", "extensions.conf", "http.conf", "ari.conf", "manager.conf"):
        if not (tree / FOLDER / name).is_file():
            raise ToolsError(f"{tree / FOLDER} has no {name}")


TREE: Final = Tree(
    name="samples",
    packages=("asterisk-config",),
    suites=("forky", "sid"),
    layout=1,
    left_out=OTHERS,
    prove=_prove,
)
