"""What is fuzzed, a module each; a target's name is its module's."""

from __future__ import annotations

from importlib import import_module

from fuzzing.target import Target

NAMES = ("agi", "ari", "ami", "soap", "headers", "plan", "numbers")


def target(name: str) -> Target:
    """Give the target called *name*; only now is imported what it reads by."""
    found = import_module(f"fuzzing.targets.{name}").TARGET
    if not isinstance(found, Target):
        raise TypeError(f"{name} has no target")
    return found
