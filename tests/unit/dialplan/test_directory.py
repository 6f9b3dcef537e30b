"""The laws of a directory's file: TOML and CSV say the same, and every fault has its line."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import Owner, PlanError, QueueType, StaticDirectory
from dialplan.directory import read_directory

KINDS = [QueueType.USER, QueueType.STATION, QueueType.WORKGROUP, QueueType.ORBIT, QueueType.LINE]
NAMES = st.text("aé ,;\"'[]{}#=\\", min_size=1, max_size=8).map(str.strip).filter(bool)
DEVICES = st.from_regex(r"[A-Z][a-zA-Z0-9]{0,6}/[a-z0-9@.-]{1,8}", fullmatch=True)
OWNERS = st.lists(
    st.builds(
        Owner, st.text("0123456789*#", min_size=1, max_size=8), st.sampled_from(KINDS), NAMES,
        NAMES | st.just(""), DEVICES | st.just(""),
    ),
    max_size=5,
    unique_by=(lambda owner: owner.extension, lambda owner: owner.device or owner.extension),
)  # fmt: skip
COLUMNS = ["extension", *(kind.name.lower() for kind in KINDS), "mailbox", "device"]


@given(OWNERS)
def test_both_forms_say_the_same(owners: Sequence[Owner]) -> None:
    """Whatever the names are; and each extension is found, no other."""
    with tempfile.TemporaryDirectory() as folder:
        toml, csv = Path(folder, "people.toml"), Path(folder, "people.csv")
        toml.write_text("".join(map(as_toml, owners)))
        csv.write_text("".join([f"{','.join(COLUMNS)}\n", *map(as_csv, owners)]))
        assert read_directory(toml) == read_directory(csv) == tuple(owners)
    directory = StaticDirectory(owners)
    assert [directory.owner(owner.extension) for owner in owners] == list(owners)
    assert directory.owner("none") is None
    for owner in owners:
        is_line = owner.queue_type is QueueType.LINE
        expected = None if not owner.device else "" if is_line else owner.extension
        assert directory.extension_of(owner.device) == expected
    assert directory.extension_of("PJSIP/NONE") is None


def as_toml(owner: Owner) -> str:
    """A table of *owner*."""
    fields = {"extension": owner.extension, owner.queue_type.name.lower(): owner.id}
    fields |= {"mailbox": owner.mailbox} if owner.mailbox else {}
    fields |= {"device": owner.device} if owner.device else {}
    lines = (f"{key} = {quoted(value)}\n" for key, value in fields.items())
    return "".join(["[[extension]]\n", *lines])


def quoted(text: str) -> str:
    """*text* as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_csv(owner: Owner) -> str:
    """A line of *owner*."""
    cells = {"extension": owner.extension, owner.queue_type.name.lower(): owner.id}
    cells |= {"mailbox": owner.mailbox, "device": owner.device}
    return ",".join('"' + cells.get(name, "").replace('"', '""') + '"' for name in COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("name", "text", "faults"),
    [
        ("a.toml", "x = 1", [(1, "x", 1)]),
        ("a.toml", "extension = 1", [(1, "extension", 1)]),
        (
            "a.toml",
            '[[extension]]\nextension = "12"\nuser = "a"\nline = "b"\n'
            '[[extension]]\nextension = "1x"\nuser = "a"\n'
            '[[extension]]\nuser = "a"\nfax = "1"\n',
            [
                (1, "extension", ["user", "line"]),
                (6, "extension[2].extension", "1x"),
                (8, "extension[3].extension", None),
                (10, "extension[3].fax", "1"),
            ],
        ),
        ("a.toml", '[[extension]]\nextension = "12"\nuser = "a"\n' * 2, [(4, "extension", "12")]),
        ("a.csv", "", [(1, "", "")]),
        ("a.csv", "extension,fax\n", [(1, "", "extension,fax")]),
        ("a.csv", "extension,user,user\n", [(1, "", "extension,user,user")]),
        (
            "a.csv",
            "extension,user,line\n12,a,b\n13,,\n\n14,a\n1x,a,\n15,a,\n15,b,\n",
            [
                (2, "extension", ["user", "line"]),
                (3, "extension", None),
                (5, "", 2),
                (6, "extension", "1x"),
                (8, "extension", "15"),
            ],
        ),
    ],
)
def test_every_fault_has_its_line(
    tmp_path: Path, name: str, text: str, faults: list[tuple[int, str, object]]
) -> None:
    """All at once."""
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(PlanError) as caught:
        read_directory(file)
    assert {each.file for each in caught.value.faults} == {str(file)}
    got = sorted((each.line, each.key, each.value) for each in caught.value.faults)
    assert got == faults


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"extension,user\n12,a\n13,M\xfcller\n", 3), (b'extension\n12\n"1\x00', 3)],
)
def test_csv_that_is_none_is_told_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    """As spreadsheets write it that know no UTF-8."""
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    with pytest.raises(PlanError, match=rf"people\.csv:{line}: "):
        read_directory(file)


@pytest.mark.parametrize("name", ["a.csv", "a.toml"])
@pytest.mark.parametrize("content", [None, b"\xff", b'"\x00'], ids=["missing", "UTF-8", "NUL"])
def test_what_cannot_be_read_is_a_fault(tmp_path: Path, name: str, content: bytes | None) -> None:
    """Of the whole file."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PlanError, match=name.replace(".", r"\.")):
        read_directory(file)


@pytest.mark.parametrize(
    ("written", "device"),
    [
        ("PJSIP/desk-3", "PJSIP/desk-3"),
        ("Local/6929@agents/n", "Local/6929@agents"),
        ("Local/6929@agents", "Local/6929@agents"),
        ("DAHDI/1", "DAHDI/1"),
    ],
)
def test_a_device_is_as_channels_are_called(tmp_path: Path, written: str, device: str) -> None:
    """Without the options of a Local channel, which are not of its name."""
    file = tmp_path / "people.csv"
    file.write_text(f"extension,user,device\n12,ann,{written}\n13,ben,\n14,eve,\n")
    first, *_ = read_directory(file)
    assert first == Owner("12", QueueType.USER, "ann", device=device)


@pytest.mark.parametrize("written", ["desk-3", "PJSIP/", "/desk", "PJSIP/a&PJSIP/b", "Custom:a/b"])
def test_what_is_no_device_is_a_fault(tmp_path: Path, written: str) -> None:
    """As is one that two ring."""
    file = tmp_path / "people.csv"
    file.write_text(
        f"extension,user,device\n12,ann,{written}\n13,ben,PJSIP/a\n14,eve,PJSIP/a\n15,x,PJSIP/a/n\n"
    )
    with pytest.raises(PlanError) as caught:
        read_directory(file)
    assert [(each.line, each.key, each.value) for each in caught.value.faults] == [
        (2, "device", written),
        (4, "device", "PJSIP/a"),
        (5, "device", "PJSIP/a"),
    ]


def test_csv_of_spreadsheets(tmp_path: Path) -> None:
    """With a mark in front, capitals and CRLF."""
    file = tmp_path / "People.CSV"
    file.write_bytes(b"\xef\xbb\xbfExtension,User,Mailbox\r\n 12 , ann ,12\r\n,,\r\n")
    assert read_directory(file) == (Owner("12", QueueType.USER, "ann", "12"),)
