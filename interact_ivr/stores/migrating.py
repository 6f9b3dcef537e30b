"""What every store says that was written by another release or program, or cannot be copied."""


class SchemaError(Exception):
    """The store cannot be served: too new, not ours, or what it runs on is too old."""


class CopyError(Exception):
    """A copy was not made, or not used; what was there is as it was."""
