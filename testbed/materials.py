"""``make sbom``: what the service is made of, as CycloneDX 1.5 has it, from the lock.

Names, versions and hashes are the lock's; licences and who needs whom are what the installed
packages say of themselves. The same commit gives the same bytes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from interact_ivr import __version__
from testbed.locked import LOCK, Locked, read_lock

ROOT: Final = Path(__file__).parent.parent
OURS: Final = "interact-ivr"
SPECIFICATION: Final = "1.5"
_REQUIRED: Final = re.compile(r"[\w.-]+")
_CLASSIFIER: Final = "License :: OSI Approved :: "

Json = dict[str, Any]


def bill(packages: Sequence[Locked], made_at: datetime) -> Json:
    """Write the bill of materials of *packages*, which *made_at* dates."""
    components = [_component(each) for each in packages]
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))
    ours = f"pkg:pypi/{OURS}@{__version__}"
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {
            "timestamp": made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                **{"type": "application", "bom-ref": ours, "name": OURS, "purl": ours},
                **{"version": __version__, "licenses": [{"license": {"id": "Apache-2.0"}}]},
            },
        },
        "components": components,
        "dependencies": [*_dependencies(ours, packages)],
    }


def _component(package: Locked) -> Json:
    """Write a package; where it is not installed, as one of another system, no licence is known."""
    component: Json = {
        **{"type": "library", "bom-ref": package.purl, "name": package.name},
        **{"version": package.version, "purl": package.purl},
        "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
    }
    if (licence := licence_of(_installed(package.name))) is not None:
        component["licenses"] = [licence]
    if package.marker:
        component["properties"] = [{"name": f"{OURS}:needed-where", "value": package.marker}]
    return component


def licence_of(installed: Distribution | None) -> Json | None:
    """Give the licence that a package says it has; an SPDX expression where it says one."""
    if installed is None:
        return None
    said = installed.metadata
    if "License-Expression" in said:
        return {"expression": said["License-Expression"]}
    classifiers = said.get_all("Classifier", [])
    named = [each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER)]
    name = said["License"] if "License" in said else " and ".join(named)
    first, *_ = [*name.strip().splitlines(), ""]
    return {"license": {"name": first}} if first else None


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _dependencies(ours: str, packages: Sequence[Locked]) -> Iterator[Json]:
    """Write who needs whom of what is locked; ours are its own, without the development's."""
    references = {_plain(each.name): each.purl for each in packages}
    for name, reference in {OURS: ours, **references}.items():
        yield {"ref": reference, "dependsOn": sorted({*_needed(name, references)})}


def _needed(name: str, references: Mapping[str, str]) -> Iterator[str]:
    installed = _installed(name)
    for requirement in (installed.requires if installed else None) or ():
        found = _REQUIRED.match(requirement)
        is_development = name == OURS and "extra ==" in requirement
        if found and not is_development and (reference := references.get(_plain(found[0]))):
            yield reference


def _plain(name: str) -> str:
    """Give *name* as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def committed_at() -> datetime:
    """Say when what is checked out was committed, or what SOURCE_DATE_EPOCH says instead."""
    said = (
        os.environ.get("SOURCE_DATE_EPOCH")
        or subprocess.run(
            ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
            capture_output=True,
            check=True,
            encoding="ascii",
        ).stdout.strip()
    )
    return datetime.fromtimestamp(int(said), UTC)


def main() -> int:
    """Write the bill into ``dist``, and say what has no licence that is known."""
    written = bill(read_lock(LOCK.read_text("utf-8")), committed_at())
    file = ROOT / f"dist/{OURS}-{__version__}.cdx.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
    unknown = [each["name"] for each in written["components"] if "licenses" not in each]
    print(f"{file.relative_to(ROOT)}: {len(written['components'])} packages")
    if unknown:
        print(f"not installed here, so no licence is known: {', '.join(unknown)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
