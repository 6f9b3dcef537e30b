"""The bill of materials: all that is locked and nothing else, as CycloneDX wants it."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from testbed.locked import LOCK, LockError, read_lock
from testbed.materials import OURS, ROOT, bill

AT = datetime(2026, 11, 22, tzinfo=UTC)
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
LICENCE = {
    "oneOf": [
        {"required": ["expression"], "properties": {"expression": TEXT}},
        {
            "required": ["license"],
            "properties": {
                "license": {"oneOf": [{"required": ["id"]}, {"required": ["name"]}]},
            },
        },
    ]
}
COMPONENT = {
    "type": "object",
    "required": ["type", "name", "version", "purl", "bom-ref"],
    "properties": {
        "type": {"enum": ["application", "library"]},
        "purl": {"type": "string", "pattern": r"^pkg:pypi/[a-z0-9.-]+@[^@]+$"},
        "licenses": {"type": "array", "minItems": 1, "items": LICENCE},
        "hashes": {
            "type": "array",
            "items": {
                "required": ["alg", "content"],
                "properties": {
                    "alg": {"enum": ["SHA-256"]},
                    "content": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                },
            },
        },
        "properties": {"type": "array", "items": {"required": ["name", "value"]}},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["bomFormat", "specVersion", "serialNumber", "version", "metadata", "components"],
    "properties": {
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.5"},
        "serialNumber": {"pattern": "^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        "version": {"type": "integer", "minimum": 1},
        "metadata": {
            "required": ["timestamp", "component"],
            "properties": {"component": COMPONENT},
        },
        "components": {"type": "array", "items": COMPONENT, "uniqueItems": True},
        "dependencies": {
            "type": "array",
            "items": {
                "required": ["ref"],
                "properties": {"dependsOn": {"type": "array", "uniqueItems": True, "items": TEXT}},
            },
        },
    },
}
"""What CycloneDX 1.5 asks of the parts that we write."""


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """Give the bill of this checkout, as it is read by others."""
    read: dict[str, Any] = json.loads(json.dumps(bill(read_lock(LOCK.read_text("utf-8")), AT)))
    return read


def test_it_is_as_cyclonedx_wants_it(written: dict[str, Any]) -> None:
    """And the essentials that this is held against refuse what lacks one."""
    jsonschema_rs.validate(SCHEMA, written)
    for without in ("purl", "version"):
        broken = json.loads(json.dumps(written))
        del broken["components"][0][without]
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(SCHEMA, broken)


def test_it_has_all_that_is_locked(written: dict[str, Any]) -> None:
    """Each package once, by its version, with all of its hashes."""
    lock = LOCK.read_text("utf-8")
    named = [line for line in lock.splitlines() if line[:1].isalnum()]
    assert len(written["components"]) == len(named)
    hashes = [one["content"] for each in written["components"] for one in each["hashes"]]
    assert len(hashes) == len(set(hashes)) == lock.count("--hash=sha256:")
    assert all(one in lock for one in hashes)
    assert all(f"{each['name']}==" in lock for each in written["components"])


def test_what_is_installed_says_its_licence(written: dict[str, Any]) -> None:
    """Whatever is for another system says where it is needed instead."""
    for each in written["components"]:
        assert each.get("licenses") or each["properties"][0]["value"], each


def test_each_is_needed_by_somebody(written: dict[str, Any]) -> None:
    """We need what our own metadata names; whoever is referred to is there."""
    needs = {each["ref"]: set(each["dependsOn"]) for each in written["dependencies"]}
    ours = written["metadata"]["component"]["bom-ref"]
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert len(needs[ours]) >= len(named)
    assert set().union(*needs.values()) == set(needs) - {ours}
    assert OURS in ours


def test_it_is_the_same_each_time(written: dict[str, Any]) -> None:
    """But for its date, it depends on the lock alone."""
    again = bill(read_lock(LOCK.read_text("utf-8")), AT)
    assert again == written
    other = bill(read_lock(LOCK.read_text("utf-8"))[1:], AT)
    assert other["serialNumber"] != written["serialNumber"]


@pytest.mark.parametrize("line", ["click==8.5.1", "click>=8 --hash=sha256:" + "0" * 64, "-e ."])
def test_what_is_not_locked_is_refused(line: str) -> None:
    """A version without a hash, a range, a folder."""
    with pytest.raises(LockError):
        read_lock(f"{line}\n")
