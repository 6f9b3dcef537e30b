"""What every store says that was written by another release or program, or cannot be copied."""

from typing import Final

NEWER: Final = (
    "a later release of interact-ivr has written it; install that one again, or put a backup back "
    "that was made before it"
)
"""Why an earlier release does not open a store, and what to do."""


class SchemaError(Exception):
    """The store cannot be served: too new, not ours, or what it runs on is too old."""


class CopyError(Exception):
    """A copy was not made, or not used; what was there is as it was."""
