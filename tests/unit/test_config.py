"""The configuration file: taken whole or refused whole, with every fault told at once."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from interact_ivr.config import (
    DEFAULT_FILE,
    NEEDS_RESTART,
    VARIABLE,
    ConfigError,
    after_reload,
    changes,
    config_file,
    load_config,
    sample,
    warnings,
)
from interact_ivr.config_keys import Config
from interact_ivr.config_store import StoreConfig

SECTIONS = {section: kind for section, kind in get_type_hints(Config).items() if section != "pbx"}
KEYS = [
    (section, field.name, field.default)
    for section, kind in SECTIONS.items()
    for field in msgspec.structs.fields(kind)
]


def _written(folder: Path, text: str | bytes) -> Path:
    file = folder / "interact-ivr.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def _faults(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_config(_written(folder, text))
    return refused.value.faults


def test_the_sample_says_the_defaults(tmp_path: Path) -> None:
    """What `init` writes changes nothing: it is every key with its default."""
    assert load_config(_written(tmp_path, sample())) == Config()


def test_the_sample_names_every_key_once() -> None:
    """Each section and key stands there, and nothing else."""
    tables = tomllib.loads(sample())
    assert tables | {"pbx": []} == msgspec.json.decode(msgspec.json.encode(Config()))


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    """Every key has a default."""
    assert load_config(_written(tmp_path, "")) == Config()


@pytest.mark.parametrize(("section", "key", "default"), KEYS)
def test_every_key_says_what_it_is_and_what_it_expects(
    section: str, key: str, default: object
) -> None:
    """The sample and the faults speak from these two."""
    (meta,) = get_type_hints(SECTIONS[section], include_extras=True)[key].__metadata__
    assert meta.title
    assert meta.description
    assert default is not msgspec.NODEFAULT


@pytest.mark.parametrize(("section", "key", "default"), KEYS)
def test_every_key_refuses_another_kind_of_value(
    tmp_path: Path, section: str, key: str, default: object
) -> None:
    """The fault names the key, what was expected, and what stands there."""
    (meta,) = get_type_hints(SECTIONS[section], include_extras=True)[key].__metadata__
    assert _faults(tmp_path, f"[{section}]\n{key} = [1, 'x']\n") == [
        f"{section}.{key}: expected {meta.description}, got [1, 'x']"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "[agi]\nport = -1",
        "[agi]\nport = 65536",
        "[agi]\nport = 80.5",
        "[agi]\nport = true",
        "[agi]\nport = '4573'",
        "[agi]\nhost = ''",
        "[agi]\nmost_sessions = 0",
        "[pool]\nhold_for_seconds = 0",
        "[pool]\nhold_for_seconds = -0.0",
        "[pool]\nhold_for_seconds = 604801",
        "[pool]\nhold_for_seconds = 1e-9",
        "[pool]\nhold_for_seconds = nan",
        "[pool]\nhold_for_seconds = inf",
        "[pool]\nrest_for_seconds = -1",
        "[pool]\nrest_for_seconds = 1e-9",
        "[pool]\nrest_for_seconds = true",
        "[pool]\nlate_for_seconds = 31536001",
        "[pool]\nrest_for_seconds = nan",
        "[pool]\nresting = 'Strict'",
        "[journal]\ndays = -1",
        "[journal]\ndays = 0.5",
        "[journal]\ndays = 36501",
        "[journal]\nani = 'hashed'",
        "[interaction]\nalphabet = ''",
        "[store]\nurl = 'sqlite:'",
        "[store]\nurl = 'mysql://localhost/x'",
        "[store]\nurl = '/var/lib/interact-ivr.db'",
        "[control]\nsocket = ''",
        f"[control]\nsocket = '/{'x' * 100}'",
        "[log]\nlevel = 'INFO'",
    ],
)
def test_a_value_out_of_range_is_refused(tmp_path: Path, line: str) -> None:
    """Each with its key and the value as it was read."""
    section, key = line.split(" =")[0].strip("[").split("]\n")
    value = tomllib.loads(line)[section][key]
    (fault,) = _faults(tmp_path, line)
    assert fault.startswith(f"{section}.{key}: expected ")
    assert fault.endswith(f", got {value!r}")


@pytest.mark.parametrize(
    ("line", "policy"),
    [
        ("hold_for_seconds = 1", (1, 300, False)),
        ("hold_for_seconds = 0.5", (0.5, 300, False)),
        ("hold_for_seconds = 0.000001", (1e-6, 300, False)),
        ("rest_for_seconds = 0", (900, 0, False)),
        ("resting = 'strict'", (900, 300, True)),
    ],
)
def test_what_is_written_is_what_the_pool_does(
    tmp_path: Path, line: str, policy: tuple[float, float, bool]
) -> None:
    """Seconds may be whole or not; the domain has the same lengths."""
    held = load_config(_written(tmp_path, f"[pool]\n{line}\n")).pool.policy
    found = (held.hold_for.total_seconds(), held.rest_for.total_seconds(), held.strict_rest)
    assert found == policy


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Unknown sections and keys, a value for a table and wrong values, all in the file's order."""
    text = """
store = "here"
[agi]
port = 99999
hots = "127.0.0.1"
[pools]
hold_for_seconds = 1
[pool]
resting = "never"
hold_for_seconds = -3
[[log]]
level = "info"
"""
    faults = _faults(tmp_path, text)
    assert [fault.split(": expected ")[0] for fault in faults] == [
        "store",
        "agi.port",
        "agi.hots",
        "[pools]",
        "pool.resting",
        "pool.hold_for_seconds",
        "log",
    ]
    assert "agi.hots: expected one of host, port, allow, dnis_from, most_sessions" in faults
    assert "[pools]: expected one of " + ", ".join([*SECTIONS, "pbx"]) in faults
    assert "store: expected a table, got 'here'" in faults


def test_the_error_names_the_file_before_each_fault(tmp_path: Path) -> None:
    """One line a fault, as compilers write theirs."""
    file = _written(tmp_path, "[log]\nlevel = 1\n[agi]\nport = 'x'\n")
    with pytest.raises(ConfigError) as refused:
        load_config(file)
    lines = str(refused.value).splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{file}: ") for line in lines)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"[agi]\nhost = '\xff'\n", "cannot be read: 'utf-8' codec can't decode byte 0xff"),
        ("[agi\n", "not TOML: "),
        ("[agi]\nport = 1\nport = 2\n", "not TOML: "),
        ("port\n", "not TOML: "),
        ("\0", "not TOML: "),
        (f"[journal]\ndays = {'9' * 5000}\n", "not TOML: "),
        (f"[journal]\ndays = {'[' * 5000}\n", "not TOML: "),
        (
            f"[journal]\ndays = 0x{'f' * 5000}\n",
            "journal.days: expected 0 to 36500, where 0 is for ever, "
            "got a number of thousands of digits",
        ),
    ],
)
def test_a_file_that_is_no_configuration_is_one_fault(
    tmp_path: Path, text: str | bytes, fault: str
) -> None:
    """Nothing is guessed from what could be read of it."""
    (told,) = _faults(tmp_path, text)
    assert told.startswith(fault)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A missing file, a folder, and a file whose device fails."""
    for file, reason in (
        (tmp_path / "none.toml", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (Path("/proc/self/mem"), "Input/output error"),
    ):
        with pytest.raises(ConfigError) as refused:
            load_config(file)
        assert str(refused.value) == f"{file}: cannot be read: {reason}"


def test_the_wide_alphabet_is_warned_of() -> None:
    """It is a setting with a warning; the defaults have none."""
    wide: Any = msgspec.convert({"interaction": {"alphabet": "printable"}}, Config)
    assert warnings(Config()) == []
    (warning,) = warnings(wide)
    assert warning.startswith('interaction.alphabet = "printable"')


def test_the_file_given_goes_before_the_environment_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option, else the variable, else the default; an empty variable is none."""
    monkeypatch.setenv(VARIABLE, "/there.toml")
    assert config_file("here.toml") == Path("here.toml")
    assert config_file(None) == Path("/there.toml")
    monkeypatch.setenv(VARIABLE, "")
    assert config_file(None) == DEFAULT_FILE


@pytest.mark.parametrize("days", [0, 1, 400])
def test_a_journal_that_ends_before_a_hold_does_is_refused(tmp_path: Path, days: int) -> None:
    """Who holds a number is on record for as long: kept for ever, or longer than that."""
    text = f"[journal]\ndays = {days}\n[pool]\nhold_for_seconds = 86401\n"
    if days == 1:
        assert _faults(tmp_path, text) == [
            "journal.days: expected 0, or at least pool.hold_for_seconds (86401 seconds), got 1"
        ]
    else:
        kept = load_config(_written(tmp_path, text)).journal.keep_for
        assert kept == (timedelta(days=days) if days else None)


def test_a_reload_takes_all_but_what_needs_a_restart() -> None:
    """Every key is one or the other, and each that differs is named."""
    assert set(NEEDS_RESTART) < {*SECTIONS, "pbx"}
    old = Config()
    new = msgspec.convert(
        {"agi": {"port": 1}, "pool": {"hold_for_seconds": 1.0}, "log": {"level": "debug"}}, Config
    )
    effective = after_reload(old, new)
    assert (effective.agi, effective.pool, effective.log) == (old.agi, new.pool, new.log)
    assert changes(old, effective) == ["pool.hold_for_seconds", "log.level"]
    assert changes(effective, new) == ["agi.port"]
    assert changes(new, new) == []


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret@host/x", "postgres://host/x?password=secret"]
)
def test_a_password_in_the_store_s_address_is_refused_and_not_shown(
    tmp_path: Path, url: str
) -> None:
    """People show each other configurations, and status shows the store."""
    (fault,) = _faults(tmp_path, f"[store]\nurl = {url!r}")
    assert fault.startswith("store.url: expected no password in it")
    assert "secret" not in fault


def test_where_the_store_is_is_told_without_its_user_and_parameters() -> None:
    """Hosts and the database say which it is."""
    url = "postgresql://me@one:5433,two/interact?sslmode=verify-full&passfile=/etc/passes"
    assert StoreConfig(url=url).name == "postgresql://one:5433,two/interact"
    assert StoreConfig(url="postgresql:///interact?host=/run").name == "postgresql:///interact"
    assert StoreConfig(url="sqlite:////var/x.db").name == "/var/x.db"
