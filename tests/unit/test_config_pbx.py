"""The [[pbx]] tables: what they take, what does not go together, and where their secrets are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from interact_ivr.config import ConfigError, changes, load_config, sample, warnings
from interact_ivr.config_keys import Config
from interact_ivr.config_pbx import PbxConfig, pbx_contradictions, secret, trust

FIELDS = msgspec.structs.fields(PbxConfig)


def _loaded(folder: Path, text: str) -> Config:
    file = folder / "interact-ivr.toml"
    file.write_text(text)
    return load_config(file)


def _faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        _loaded(folder, text)
    return refused.value.faults


def test_there_is_none_until_one_is_written(tmp_path: Path) -> None:
    """Without a table nothing is watched; a table alone is a PBX with every default."""
    assert _loaded(tmp_path, "").pbx == ()
    assert _loaded(tmp_path, "[[pbx]]\n").pbx == (PbxConfig(),)


def test_the_sample_has_it_commented_out(tmp_path: Path) -> None:
    """With the comment signs of its lines away it is a PBX with every default."""
    table = sample().partition("# [[pbx]]")[2]
    lines = [line[2:] for line in table.splitlines() if line.split(" = ")[0][2:] in _names()]
    assert len(lines) == len(FIELDS)
    assert _loaded(tmp_path, "\n".join(["[[pbx]]", *lines])).pbx == (PbxConfig(),)


def _names() -> set[str]:
    return {field.name for field in FIELDS}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_key_says_what_it_is_and_refuses_another_kind(
    tmp_path: Path, field: msgspec.structs.FieldInfo
) -> None:
    """The fault names the table by its place, the key, what was expected and what stands there."""
    (meta,) = get_type_hints(PbxConfig, include_extras=True)[field.name].__metadata__
    assert meta.title
    assert field.default is not msgspec.NODEFAULT
    assert _faults(tmp_path, f"[[pbx]]\n[[pbx]]\n{field.name} = [1, 'x']\n") == [
        f"pbx[2].{field.name}: expected {meta.description}, got [1, 'x']"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "name = ''",
        "name = 'a b'",
        "inbound_contexts = ['a b']",
        "inbound_contexts = ['a@live']",
        "ari_url = 'ws://127.0.0.1:8088/ari'",
        "ari_url = 'http://127.0.0.1:8088/ari?api_key=a:b'",
        "ari_user = ''",
        "ari_user = 'a:b'",
        "ari_password = 'secret'",
        "ari_password = ''",
        "ari_password = '/'",
        "ari_application = 'a,b'",
    ],
)
def test_a_value_out_of_range_is_refused(tmp_path: Path, line: str) -> None:
    """Among them a password that stands in the file itself."""
    (fault,) = _faults(tmp_path, f"[[pbx]]\n{line}\n")
    assert fault.startswith(f"pbx[1].{line.split(' =')[0]}: expected ")


def test_what_is_no_list_of_tables_is_refused(tmp_path: Path) -> None:
    """A single table is written with two brackets, too."""
    assert _faults(tmp_path, "[pbx]\nname = 'a'\n") == [
        "pbx: expected [[pbx]] tables, got {'name': 'a'}"
    ]
    assert _faults(tmp_path, "pbx = [1]\n") == ["pbx: expected [[pbx]] tables, got [1]"]
    assert _faults(tmp_path, "[[pbx]]\nnames = 1\n")[0].startswith("pbx[1].names: expected one of ")


@pytest.mark.parametrize(
    ("pbxes", "fault"),
    [
        ([{}, {"ari_url": "http://b/ari"}], "pbx[2].name: expected another than that of pbx[1]"),
        ([{}, {"name": "b"}], "pbx[2].ari_application: expected another than that of pbx[1]"),
        ([{"inbound_contexts": ("a", "a@b/c")}], "pbx[1].inbound_contexts: expected each context"),
    ],
)
def test_what_does_not_go_together_is_refused(pbxes: list[dict[str, Any]], fault: str) -> None:
    """Names tell PBXes apart, and an ARI application is one connection's."""
    (told,) = pbx_contradictions([PbxConfig(**keys) for keys in pbxes])
    assert told.startswith(fault)


def test_what_goes_together_is_taken() -> None:
    """Two PBXes, two applications of one, and PBXes that are not watched."""
    assert [*pbx_contradictions([PbxConfig(), PbxConfig(name="b", ari_url="http://b/ari")])] == []
    assert [*pbx_contradictions([PbxConfig(), PbxConfig(name="b", ari_application="b")])] == []
    unwatched = [PbxConfig(name=name, ari_url="") for name in "ab"]
    assert [*pbx_contradictions(unwatched)] == []


@pytest.mark.parametrize(
    ("keys", "warned"),
    [
        ({}, []),
        ({"ami_host": "localhost", "ari_url": "http://[::1]:8088/ari"}, []),
        ({"ami_host": "10.0.0.5"}, ["pbx[1].ami_host"]),
        ({"ami_host": "10.0.0.5", "ami_tls": True}, []),
        ({"ami_host": "", "ari_url": ""}, []),
        ({"ari_url": "http://pbx.example.org/ari"}, ["pbx[1].ari_url"]),
        ({"ari_url": "https://pbx.example.org/ari"}, []),
        ({"ari_url": "http://[2001:db8::1]/ari"}, ["pbx[1].ari_url"]),
    ],
)
def test_a_secret_in_the_clear_is_warned_of(keys: dict[str, Any], warned: list[str]) -> None:
    """Where it leaves the machine; on loopback nobody hears it."""
    told = warnings(Config(pbx=(PbxConfig(**keys),)))
    assert [each.partition(":")[0] for each in told] == warned
    assert all("in the clear" in each for each in told)


def test_who_vouches_must_be_a_file_of_certificates(tmp_path: Path) -> None:
    """Which is named where it is none."""
    (tmp_path / "words.pem").write_text("words")
    for name in ("none.pem", "words.pem"):
        with pytest.raises(OSError, match=name):
            trust(str(tmp_path / name))


def test_contexts_have_their_environments() -> None:
    """One without is of the default environment."""
    pbx = PbxConfig(inbound_contexts=("inbound", "from-acme@acme/live"))
    assert pbx.contexts == {"inbound": "", "from-acme": "acme/live"}


def test_each_node_has_an_application_of_its_own() -> None:
    """Called after the machine, unless one is named."""
    assert PbxConfig().application.startswith("interact-ivr-")
    assert len(PbxConfig().application) <= 64
    assert PbxConfig(ari_application="a").application == "a"


def test_a_secret_is_in_a_file_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read when it is asked for, the end of its line away; what is not there is told."""
    file = tmp_path / "password"
    with pytest.raises(OSError, match="No such file"):
        secret(str(file))
    file.write_text("one\n")
    file.chmod(0o604)
    with pytest.raises(OSError, match=r"others may read .*: chmod 0600"):
        secret(str(file))
    file.chmod(0o640)
    assert secret(str(file)) == "one"
    with pytest.raises(OSError, match="the environment has no THE_PASSWORD"):
        secret("$THE_PASSWORD")
    monkeypatch.setenv("THE_PASSWORD", "two")
    assert secret("$THE_PASSWORD") == "two"


def test_a_change_is_told_as_a_whole() -> None:
    """Tables have no names that a key could be told by."""
    assert changes(Config(), Config(pbx=(PbxConfig(),))) == ["pbx"]
