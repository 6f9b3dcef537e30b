"""What every store says that was written by another release, or by another program."""


class SchemaError(Exception):
    """The store cannot be served: too new, not ours, or what it runs on is too old."""
