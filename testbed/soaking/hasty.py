"""The service with a shorter memory: its journal is kept for seconds, and purged every few of them.

The configuration's shortest is a day, and a purge comes by the hour. A soak of an hour would see no
purge at all, and tables that only grow. Everything else is the service as it ships.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Final

from interact_ivr import app
from interact_ivr.cli import main
from interact_ivr.config_keys import JournalConfig
from interact_ivr.service import purge

PROGRAM: Final = (sys.executable, "-m", __name__)
KEEP, EVERY = "SOAK_KEEP_SECONDS", "SOAK_PURGE_SECONDS"
"""Names of the environment variables that say how long is kept, and how often is purged."""


def remembers(keep: timedelta, every: timedelta) -> None:
    """Have this process's journal kept for *keep*, and purged *every* so often."""
    for module in (app, purge):  # the duty and the task itself
        setattr(module, "EVERY", every)  # noqa: B010  a constant to the type checker
    setattr(JournalConfig, "keep_for", property(lambda _: keep))  # noqa: B010  as above


if __name__ == "__main__":
    keep, every = (timedelta(seconds=float(os.environ[name])) for name in (KEEP, EVERY))
    remembers(keep, every)
    main(prog_name="interact-ivr")
