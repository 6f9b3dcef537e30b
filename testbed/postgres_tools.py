"""Where PostgreSQL's programs are, and how they are started; nothing here fetches.

It is the machine's own Debian's, so the machine's loader and C library run it. Its programs start
one another, which a loader named on the command line would not reach: so the libraries that were
unpacked beside them are named in the environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from testbed.tools import MULTIARCH, ToolsError

OLDEST = 14
LIBRARIES = f"usr/lib/{MULTIARCH}"
NEEDED = ("postgres", "initdb", "pg_isready", "psql", "pgbench", "pg_basebackup")


@dataclass(frozen=True, slots=True)
class PostgresTools:
    """A PostgreSQL: its folder of programs, and the environment that they need."""

    programs: Path
    environment: Mapping[str, str]
    version: str
    tree: Path | None = None
    """What it was unpacked into; None where it is the user's own."""

    def copied(self, folder: Path) -> PostgresTools:
        """Give the same in *folder*, for users who may not look into the cache."""
        if self.tree is None:
            return self
        shutil.copytree(self.tree, folder, symlinks=True)
        libraries = {"LD_LIBRARY_PATH": str(folder / LIBRARIES)}
        programs = folder / self.programs.relative_to(self.tree)
        return replace(self, programs=programs, environment={**self.environment, **libraries})

    def command(self, program: str) -> tuple[str, ...]:
        """Give the command that runs *program*."""
        return (str(self.programs / program),)


def unpacked_postgres(tree: Path) -> PostgresTools:
    """Give PostgreSQL unpacked into *tree*; raises ToolsError when it does not start."""
    found = sorted((tree / "usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise ToolsError(f"PostgreSQL was looked for in {tree}, and is not there")
    tools = named_postgres(found[-1], {"LD_LIBRARY_PATH": str(tree / LIBRARIES)})
    return replace(tools, tree=tree)


def named_postgres(programs: Path, also: Mapping[str, str] | None = None) -> PostgresTools:
    """Give the PostgreSQL of the folder *programs*, 14 or later, with *also* in its environment."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", **(also or {})}
    if missing := [program for program in NEEDED if not (programs / program).is_file()]:
        raise ToolsError(f"{programs} has no {', '.join(missing)}")
    try:
        done = subprocess.run(
            [programs / "postgres", "--version"],
            env=environment,
            capture_output=True,
            timeout=20,
            check=False,
            encoding="utf-8",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolsError(f"PostgreSQL does not start: {error}") from error
    found = re.search(r"PostgreSQL\) (\d+)([.\d]*)", done.stdout)
    if found is None or int(found[1]) < OLDEST:
        said = f"{done.stdout}{done.stderr}".strip()
        raise ToolsError(f"PostgreSQL {OLDEST} or later is needed, this says: {said}")
    return PostgresTools(programs, environment, found[1] + found[2])
