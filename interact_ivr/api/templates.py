"""How pages are written: all text in them is escaped, and what a template lacks is an error."""

from collections.abc import Mapping
from importlib.resources import files

import jinja2


def texts_of(package: str) -> Mapping[str, str]:
    """Read the folder ``files`` of *package*, by name."""
    return {each.name: each.read_text("utf-8") for each in (files(package) / "files").iterdir()}


def templates_of(texts: Mapping[str, str]) -> jinja2.Environment:
    """Give the templates among *texts*."""
    return jinja2.Environment(
        loader=jinja2.DictLoader(texts),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
