"""Texts that might be taken for more than text, in the configuration and as labels of metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from interact_ivr.config import ConfigError, load_config
from interact_ivr.config_keys import Config
from interact_ivr.metrics import Metrics
from testbed.hostile import TEXTS
from testbed.ways_of_plans import quoted

CORPUS = {text: name for name, text in TEXTS.items()}
"""Each text once, with its name."""
KINDS = "(AGI|files|lines|terminals|configuration|headers|lengths|words) "
"""Which texts are the keys': each in every key, and read until no fault is left."""
LONGEST_READ = 1000
"""Longer ones, in every key, are only slow."""
INSTEAD = {("[agi]", "allow"): "host"}
"""Which key is not to be the text, where another one that does not go with it is named."""
Keys = Mapping[str, list[str]]
"""Which keys of which sections."""


def keys() -> dict[str, list[str]]:
    """Give those that have a text for their default."""
    found: dict[str, list[str]] = {}
    for section, kind in get_type_hints(Config).items():
        one = getattr(kind, "__args__", (kind,))[0]
        texts = [f.name for f in msgspec.structs.fields(one) if isinstance(f.default, str)]
        if texts:
            found[f"[[{section}]]" if one is not kind else f"[{section}]"] = texts
    return found


def written(given: Keys, text: str) -> str:
    """Write a file in which each of the keys is *text*."""
    lines = (
        f"{head}\n" + "".join(f"{k} = {quoted(text)}\n" for k in given[head]) for head in given
    )
    return "".join(lines)


def blamed(faults: list[str]) -> Iterator[tuple[str, str]]:
    """Give the keys that are named, as `keys` has them."""
    for fault in faults:
        found = re.match(r"([a-z_]+)(\[1\])?\.([a-z_]+): expected ", fault)
        assert found, fault
        assert fault.isprintable(), fault
        yield (f"[[{found[1]}]]" if found[2] else f"[{found[1]}]"), found[3]


def test_a_key_is_the_text_or_is_named(tmp_path: Path) -> None:
    """Of each section; the fault is one line."""
    file = tmp_path / "interact-ivr.toml"
    assert sum(map(len, keys().values())) > 20
    taken = 0
    for text, name in CORPUS.items():
        if not re.match(KINDS, name) or len(text) > LONGEST_READ:
            continue
        given, config = accepted(file, text)
        for head, names in given.items():
            section = getattr(config, head.strip("[]"))
            section = section[0] if isinstance(section, tuple) else section
            came = {key: getattr(section, key) for key in names}
            assert came == dict.fromkeys(names, text), (name, head)
            taken += len(names)
    assert taken > 100


def accepted(file: Path, text: str) -> tuple[Keys, Config]:
    """Read a file without the keys that may not be *text*: they are named, all at once."""
    given = keys()
    while True:
        file.write_text(written(given, text), "utf-8")
        try:
            return given, load_config(file)
        except ConfigError as error:
            for head, key in blamed(error.faults):
                given[head].remove(INSTEAD.get((head, key), key))


def test_a_name_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    """Of a section and of a key, both of which are the administrator's own."""
    file = tmp_path / "interact-ivr.toml"
    file.write_text("".join(f"[pool.{quoted(t)}]\n[{quoted(t)}]\n" for t in CORPUS), "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(file)
    assert [fault for fault in refused.value.faults if not fault.isprintable()] == []
    assert len(str(refused.value).split("\n")) == len(refused.value.faults) > 2 * len(CORPUS) - 5


def test_a_label_comes_out_of_metrics_as_it_went_in() -> None:
    """To a parser that is Prometheus' own; each series is one line, whoever is called what."""
    metrics = Metrics("1")
    metrics.nodes(1, dict.fromkeys(CORPUS, 1.0))
    metrics.numbers({(text, text, text): 1 for text in CORPUS})
    metrics.pool_warnings((text, text, "dry", True) for text in CORPUS)
    for text in CORPUS:
        metrics.pbx(text).events.inc()
        metrics.directory_read(text, {text: 1})
    told = metrics.text().decode()
    assert [x for x in told.split("\n") if x and not re.match("#|[a-z_]+(_bucket)?[{ ]", x)] == []
    seen: dict[str, set[frozenset[str]]] = {}
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            seen.setdefault(sample.name, set()).add(frozenset(sample.labels.values()))
    once = {frozenset([text]) for text in CORPUS}
    for name in ("node_age_seconds", "numbers", "pbx_events_total", "directory_extensions"):
        assert seen[f"interact_ivr_{name}"] == once, name
