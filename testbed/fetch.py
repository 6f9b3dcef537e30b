"""Brings Asterisk 22, SIPp, wrk and PostgreSQL into the user's cache; ``python -m testbed.fetch``.

Debian 12 and 13 have no Asterisk. The packages of a later Debian are unpacked into a folder and run
there by their own loader: the machine itself is not changed, and root is not needed. PostgreSQL,
Chromium, systemd and shells are those of the machine's own Debian; by hand, all are brought.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from testbed.chromium import bring_chromium
from testbed.desktop import bring_desktop
from testbed.monitoring_tools import bring_monitoring
from testbed.packages import StepError
from testbed.postgres_tools import PostgresTools, named_postgres, unpacked_postgres
from testbed.samples import bring_samples
from testbed.sources import NoMirrorError, machine_suite
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
#: The machine's own C library runs PostgreSQL; what compiles queries is not used.
POSTGRES_LEFT_OUT = re.compile(
    rf"{LEFT_OUT.pattern}|libc6|libllvm.*|libz3.*|locales.*|ssl-cert|ucf|openssl|sysvinit.*|init-.*"
)
ADVICE = (
    "The administrator can let this machine reach its Debian mirror, "
    "or name an Asterisk 20-22 by INTERACT_IVR_ASTERISK (its binary or its prefix)."
)
POSTGRES_ADVICE = (
    "The administrator can let this machine reach its Debian mirror, "
    "or name a PostgreSQL of 14 or later by INTERACT_IVR_POSTGRES (its folder of programs)."
)


class FetchError(Exception):
    """Raised when something cannot be had: what failed, what was printed, and what can be done."""


def bring() -> Tools:
    """Give the tools, fetched first when the cache has none; parallel callers wait for one another.

    ``INTERACT_IVR_ASTERISK`` may name another Asterisk 20-22, used as it is. Raises FetchError.
    """
    named = os.environ.get("INTERACT_IVR_ASTERISK")
    try:
        return named_tools(Path(named)) if named else unpacked_tools(brought(TREE, cache_folder()))
    except (OSError, StepError, NoMirrorError, ToolsError) as error:
        raise FetchError(f"Asterisk cannot be had: {error}\n{ADVICE}") from error


def bring_postgres() -> PostgresTools:
    """Give PostgreSQL, fetched first when the cache has none.

    ``INTERACT_IVR_POSTGRES`` may name another one's folder of programs. Raises FetchError.
    """
    named = os.environ.get("INTERACT_IVR_POSTGRES")
    try:
        if named:
            return named_postgres(Path(named))
        tree = Tree(
            name="postgres",
            packages=("postgresql",),
            suites=(machine_suite(),),
            layout=1,
            left_out=POSTGRES_LEFT_OUT,
            prove=unpacked_postgres,
        )
        return unpacked_postgres(brought(tree, cache_folder()))
    except (OSError, StepError, NoMirrorError, ToolsError) as error:
        raise FetchError(f"PostgreSQL cannot be had: {error}\n{POSTGRES_ADVICE}") from error


def main() -> int:
    """Fetch, and say in a line each what is there."""
    try:
        tools, postgres = bring(), bring_postgres()
        chromium, monitoring = bring_chromium(), bring_monitoring()
        samples, desktop = bring_samples(), bring_desktop()
    except (FetchError, OSError, StepError, NoMirrorError, ToolsError) as error:
        print(f"testbed.fetch: {error}", file=sys.stderr)
        return 1
    print(f"Asterisk {tools.version} and SIPp are there: {tools.modules}")
    print(f"PostgreSQL {postgres.version} is there: {postgres.programs}")
    print(f"Chromium is there: {chromium.binary}")
    print(f"Prometheus is there: {monitoring.prometheus}")
    print(f"Asterisk's samples, systemd and shells are there: {samples}, {desktop.tree}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
