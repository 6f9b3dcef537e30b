"""Brings Asterisk 22, SIPp and wrk into the user's cache; ``python -m testbed.fetch`` by hand.

Debian 12 and 13 have no Asterisk. The packages of a later Debian are unpacked into a folder and run
there by their own loader: the machine itself is not changed, and root is not needed. By hand,
Chromium is brought as well.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from testbed.chromium import bring_chromium
from testbed.packages import StepError
from testbed.sources import NoMirrorError
from testbed.tools import Tools, ToolsError, named_tools, unpacked_tools
from testbed.trees import Tree, brought, cache_folder

#: What the closure has for install scripts, not for running Asterisk or SIPp from a folder.
LEFT_OUT = re.compile(
    r"(adduser|asterisk-config|base-passwd|debconf|dirmngr|gnupg.*|gpg.*|libdb5.*|libdebconf.*|libpam.*|libperl.*"
    r"|libpython.*|libsemanage.*|login.*|media-types|netbase|pci\.ids|passwd|perl.*|pinentry.*|python.*|systemd.*|tzdata)"
)
TREE = Tree(
    name="asterisk",
    packages=(
        "asterisk",
        "asterisk-modules",
        "sip-tester",
        "wrk",
        "libsqliteodbc",
        "odbc-postgresql",
    ),
    suites=("forky", "sid"),
    layout=2,
    left_out=LEFT_OUT,
    prove=unpacked_tools,
)
ADVICE = (
    "The administrator can let this machine reach its Debian mirror, "
    "or name an Asterisk 20-22 by INTERACT_IVR_ASTERISK (its binary or its prefix)."
)


class FetchError(Exception):
    """Raised when Asterisk cannot be had: what failed, what was printed, and what can be done."""


def bring() -> Tools:
    """Give the tools, fetched first when the cache has none; parallel callers wait for one another.

    ``INTERACT_IVR_ASTERISK`` may name another Asterisk 20-22, used as it is. Raises FetchError.
    """
    named = os.environ.get("INTERACT_IVR_ASTERISK")
    try:
        return named_tools(Path(named)) if named else unpacked_tools(brought(TREE, cache_folder()))
    except (OSError, StepError, NoMirrorError, ToolsError) as error:
        raise FetchError(f"Asterisk cannot be had: {error}\n{ADVICE}") from error


def main() -> int:
    """Fetch, and say in a line each what is there."""
    try:
        tools = bring()
        chromium = bring_chromium()
    except (FetchError, OSError, StepError, NoMirrorError, ToolsError) as error:
        print(f"testbed.fetch: {error}", file=sys.stderr)
        return 1
    print(f"Asterisk {tools.version} and SIPp are there: {tools.modules}")
    print(f"Chromium is there: {chromium.binary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
