"""The AGI codec: bytes in any portions to values, and values to commands that cannot be two."""

import re
import shlex
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interact_ivr.agi.wire import (
    MAX_BLOCK,
    MAX_COMMAND,
    MAX_LINE,
    Call,
    Conversation,
    Reply,
    TooLongError,
    WireError,
    set_variable,
    set_variables,
)

ENVIRONMENT = (
    b"agi_network: yes\n"
    b"agi_network_script: retrieve_interaction?environment=main\n"
    b"agi_request: agi://127.0.0.1:4573/retrieve_interaction?environment=main\n"
    b"agi_channel: PJSIP/carrier-00000001\n"
    b"agi_callerid: unknown\n"
    b"agi_calleridname: Caf\xc3\xa9: \xff\n"
    b"agi_dnid: +380974520200\n"
    b"agi_uniqueid: 1700000000.1\n"
    b"agi_accountcode: \n"
    b"agi_arg_2: two\n"
    b"agi_arg_10: ten\n"
    b"agi_arg_1: one: 1\n"
    b"agi_arg_3: \n"
    b"\n"
)
USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n"
    b" Usage: SET VARIABLE <variablename> <value>\n"
    b"\n"
    b"\tSets a variable.\n"
    b"520 End of proper usage.\n"
)
OK = Reply(200, "1", "")
PIECES = st.lists(st.integers(1, 40), max_size=60)

UNSAFE = '"\\,()[]'
PLAIN = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters=UNSAFE), max_size=40
)
PRINTABLE = st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from(UNSAFE + " '${}=|;"),
    max_size=60,
)
CONTROLS = [*map(chr, range(0x20)), "\x7f"]


def _in_pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def _replies(conversation: Conversation, data: bytes) -> list[Reply]:
    conversation.feed(data)
    return list(iter(conversation.reply, None))


def _opened() -> Conversation:
    conversation = Conversation()
    conversation.feed(ENVIRONMENT)
    assert conversation.call() is not None
    return conversation


# What Asterisk says


def _call(data: bytes) -> Call:
    conversation = Conversation()
    conversation.feed(data)
    call = conversation.call()
    assert call is not None
    return call


def test_arguments_stand_in_their_order_and_empty_ones_count() -> None:
    """agi_arg_10 comes after agi_arg_3, wherever its line stands."""
    assert _call(ENVIRONMENT).arguments == ("one: 1", "two", "", "ten")


def test_a_variable_that_asterisk_does_not_know_is_empty() -> None:
    """`unknown`, an empty value and no line at all are the same."""
    call = _call(ENVIRONMENT)
    assert call.get("callerid") == call.get("accountcode") == call.get("rdnis") == ""
    assert call.get("dnid") == "+380974520200"


def test_a_name_may_hold_colons_and_broken_utf_8() -> None:
    """The first colon parts name and value; a byte that is no UTF-8 is marked, not an error."""
    assert _call(ENVIRONMENT).get("calleridname") == "Café: \ufffd"


def test_lines_may_end_as_in_other_protocols() -> None:
    """CR LF ends a line as LF does."""
    assert _call(ENVIRONMENT.replace(b"\n", b"\r\n")) == _call(ENVIRONMENT)


@pytest.mark.parametrize("position", ["x", "", "-1", "\u0661", "1" * 5000])
def test_an_argument_has_a_place(position: str) -> None:
    """What is numbered like no argument is another variable, and no error."""
    call = _call(f"agi_arg_1: one\nagi_arg_{position.replace('-', '_')}: x\n\n".encode())
    assert call.arguments == ("one",)


@given(PIECES)
def test_an_environment_is_the_same_in_any_portions(sizes: list[int]) -> None:
    """It is given once, when its empty line is there; what follows it is kept."""
    conversation = Conversation()
    found: list[Call] = []
    for piece in _in_pieces(ENVIRONMENT + b"200 result=1\n", sizes):
        conversation.feed(piece)
        call = conversation.call() if not found else None
        found += [call] if call is not None else []
    assert found == [_call(ENVIRONMENT)]
    assert conversation.reply() == OK
    assert conversation.reply() is None


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1",
        b"agi_network",
        b"agi_: yes",
        b"AGI_network: yes",
        b" agi_network: yes",
        b"\x16\x03\x01\x02",
        b"HANGUP",
    ],
)
def test_another_protocol_is_not_agi(line: bytes) -> None:
    """One line that no Asterisk sends, and nothing of the rest is believed."""
    conversation = Conversation()
    conversation.feed(b"agi_network: yes\n" + line + b"\n\n")
    with pytest.raises(WireError, match="not a line of an AGI environment"):
        conversation.call()


@pytest.mark.parametrize(
    "callerid",
    [
        "1\nagi_arg_1: 380974520299",
        "1\nagi_dnid: 380974520299",
        "1\nagi_callerid: 2",
        "1\0",
        "1\nX",
    ],
)
def test_a_caller_cannot_add_lines(callerid: str) -> None:
    """Asterisk writes a caller's line feed (`%0A` in a From) as it is: nothing is believed then."""
    lines = ENVIRONMENT.replace(b"agi_callerid: unknown", f"agi_callerid: {callerid}".encode())
    with pytest.raises(WireError, match="a line"):
        _call(lines)


@pytest.mark.parametrize("take", [Conversation.call, Conversation.reply], ids=["call", "reply"])
def test_a_line_without_an_end_is_refused(take: object) -> None:
    """At 8 KiB, with no more than that and one portion kept."""
    assert callable(take)
    conversation, portion = Conversation(), b"agi_x: " + b"x" * 1017
    with pytest.raises(WireError, match="a line is longer"):  # noqa: PT012  until it is refused
        for _ in range(MAX_LINE // len(portion) + 1):
            conversation.feed(portion)
            assert take(conversation) is None
            assert len(conversation._buffer) < MAX_LINE + len(portion)


def test_an_environment_without_an_end_is_refused() -> None:
    """At 64 KiB, with its lines taken out of the buffer as they come."""
    conversation, line = Conversation(), b"agi_x: " + b"x" * 1000 + b"\n"
    with pytest.raises(WireError, match="the environment is longer"):  # noqa: PT012
        for _ in range(MAX_BLOCK // len(line) + 2):
            conversation.feed(line)
            assert conversation.call() is None
            assert len(conversation._buffer) == 0


@pytest.mark.parametrize("line", [b"x\n", b"\n", b"x" * 8000 + b"\n"], ids=["x", "empty", "long"])
def test_a_usage_text_without_an_end_is_refused(line: bytes) -> None:
    """At 64 KiB, however short or long its lines are."""
    conversation, sent = _opened(), 0
    conversation.feed(b"520-Invalid command syntax.\n")
    with pytest.raises(WireError, match="a usage text is longer"):  # noqa: PT012
        while sent < MAX_BLOCK + 2 * len(line):
            conversation.feed(line)
            sent += len(line)
            assert conversation.reply() is None


@pytest.mark.parametrize(
    ("line", "reply", "done"),
    [
        (b"200 result=1", Reply(200, "1", ""), True),
        (b"200 result=0", Reply(200, "0", ""), True),
        (b"200 result=", Reply(200, "", ""), True),
        (b"200 result=1 (a value)", Reply(200, "1", "(a value)"), True),
        (b"200 result=-1", Reply(200, "-1", ""), False),
        (b"200 result=-2", Reply(200, "-2", ""), False),
        (b"200 result=-1 (hangup)", Reply(200, "-1", "(hangup)"), False),
        (
            b"510 Invalid or unknown command",
            Reply(510, "", "Invalid or unknown command"),
            False,
        ),
        (
            b"511 Command Not Permitted on a dead channel or intercept routine",
            Reply(511, "", "Command Not Permitted on a dead channel or intercept routine"),
            False,
        ),
        (
            b"520 Invalid command syntax.  Proper usage not available.",
            Reply(520, "", "Invalid command syntax.  Proper usage not available."),
            False,
        ),
        (b"503", Reply(503, "", ""), False),
    ],
)
def test_a_reply_is_done_only_when_asterisk_says_so(line: bytes, reply: Reply, done: bool) -> None:
    """A negative result is a failure too: -2 is an application that Asterisk does not have."""
    assert _replies(_opened(), line + b"\n") == [reply]
    assert reply.done is done


@pytest.mark.parametrize(
    "line", [b"", b"result=1", b"20 result=1", b"2000", b"ok", b"hangup", b"\xff\xfe", b"200result"]
)
def test_what_is_no_reply_is_refused(line: bytes) -> None:
    """The conversation is out of step then, and nothing more is believed."""
    with pytest.raises(WireError, match="not a reply"):
        _replies(_opened(), line + b"\n")


def test_a_usage_text_is_one_reply() -> None:
    """Its lines are not replies of their own, and the next reply is not part of it."""
    assert _replies(_opened(), USAGE + b"200 result=1\n") == [Reply(520, "", ""), OK]


@pytest.mark.parametrize(
    "data",
    [
        b"HANGUP\n200 result=1\n" + USAGE,
        b"200 result=1\nHANGUP\nHANGUP\n" + USAGE,
        b"200 result=1\n" + USAGE.replace(b"\tSets", b"HANGUP\n\tSets"),
        b"200 result=1\n" + USAGE + b"HANGUP\n",
    ],
    ids=["before", "between", "inside", "after"],
)
def test_hangup_is_no_reply(data: bytes) -> None:
    """It is noted wherever it stands, and the replies are those to the commands."""
    conversation = _opened()
    assert not conversation.hung_up
    assert _replies(conversation, data) == [OK, Reply(520, "", "")]
    assert conversation.hung_up


@given(PIECES)
def test_replies_are_the_same_in_any_portions(sizes: list[int]) -> None:
    """However the network cuts them."""
    conversation = _opened()
    found = [
        reply
        for piece in _in_pieces(b"200 result=0\nHANGUP\n" + USAGE + b"200 result=1\n", sizes)
        for reply in _replies(conversation, piece)
    ]
    assert found == [Reply(200, "0", ""), Reply(520, "", ""), OK]


@given(st.binary(max_size=300), PIECES)
def test_garbage_is_an_answer_or_a_wire_error(data: bytes, sizes: list[int]) -> None:
    """Nothing that comes makes the codec fail in another way."""
    conversation = Conversation()
    try:
        for piece in _in_pieces(data, sizes):
            conversation.feed(piece)
            conversation.call()
    except WireError:
        return


# What Asterisk is told


def test_plain_values_go_in_one_command_with_the_status_last() -> None:
    """One round trip; empty values are set too."""
    assert set_variables({"A": "1", "B": "", "C": "a b:c", "STATUS": "FOUND"}) == [
        b'EXEC MSet "A=1,B=,C=a b:c,STATUS=FOUND"\n'
    ]


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ('say "hi"', rb'"say \"hi\""'),
        ("a,b", b'"a,b"'),
        ("a\\b", rb'"a\\b"'),
        ("a[1]", b'"a[1]"'),
        ("]", b'"]"'),
        ("(a", b'"(a"'),
        ("a)", b'"a)"'),
        (")a(", b'")a("'),
        ("(a,b)", b'"(a,b)"'),
        ("((a))", b'"((a))"'),
        (" a", b'" a"'),
        ("a ", b'"a "'),
        ("\u00a0a", '"\u00a0a"'.encode()),
        ("\\", rb'"\\"'),
        ('"', rb'"\""'),
    ],
)
def test_a_value_that_mset_would_take_apart_is_set_by_itself_before(
    value: str, quoted: bytes
) -> None:
    """Then the others in one command; the status is still the last pair of the last one."""
    assert set_variables({"A": "1", "ID": value, "B": "2", "STATUS": "FOUND"}) == [
        b"SET VARIABLE ID " + quoted + b"\n",
        b'EXEC MSet "A=1,B=2,STATUS=FOUND"\n',
    ]


@pytest.mark.parametrize("value", ["1 (800) 456-2354", "(a)", "(a) (b)", "()"])
def test_pairs_of_parentheses_are_plain(value: str) -> None:
    """Asterisk counts them, and they come out even: a number's display costs no round trip."""
    assert set_variables({"A": value, "STATUS": "FOUND"}) == [
        f'EXEC MSet "A={value},STATUS=FOUND"\n'.encode()
    ]


def test_a_status_that_mset_would_take_apart_is_refused() -> None:
    """It could not be set last of all."""
    with pytest.raises(ValueError, match="STATUS comes last"):
        set_variables({"A": "1", "STATUS": "a,b"})


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
@pytest.mark.parametrize("around", ["", "a,"], ids=["plain", "awkward"])
def test_a_control_character_is_never_sent(control: str, around: str) -> None:
    """A line feed would begin a second command; the others have no business in a value."""
    with pytest.raises(ValueError, match="a control character"):
        set_variables({"ID": f"{around}x{control}y", "STATUS": "FOUND"})
    with pytest.raises(ValueError, match="a control character"):
        set_variable(f"ID{control}", "x")


@pytest.mark.parametrize("letter", ["x", "é", '"', "\\", "\U0001f600"])
def test_a_command_holds_2000_bytes_with_its_end(letter: str) -> None:
    """Asterisk runs what is longer as a second command; bytes count, after quoting."""
    around = len(set_variable("A", ""))
    each = len(set_variable("A", letter)) - around
    fits = (MAX_COMMAND - around) // each
    assert len(set_variable("A", letter * fits)) <= MAX_COMMAND
    with pytest.raises(TooLongError, match="2000 fit"):
        set_variable("A", letter * (fits + 1))


def test_values_that_are_too_long_together_are_refused() -> None:
    """Nothing is cut off, and nothing of it is sent."""
    with pytest.raises(TooLongError):
        set_variables({"A": "x" * 1000, "B": "y" * 1000, "STATUS": "FOUND"})


def test_half_a_character_is_refused() -> None:
    """A lone surrogate has no bytes."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        set_variable("A", "\udcff")


@given(st.dictionaries(st.from_regex(r"\A[A-Z_]{1,12}\Z"), PRINTABLE, max_size=6), PLAIN)
def test_every_command_is_one_line(values: dict[str, str], status: str) -> None:
    """For any printable values: one line feed a command, at its end, and room for Asterisk."""
    assume("STATUS" not in values)
    commands = set_variables({**values, "STATUS": status})
    for command in commands:
        assert command.count(b"\n") == 1
        assert command.endswith(b"\n")
        assert len(command) <= MAX_COMMAND
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", command)
    assert [command.startswith(b"EXEC MSet ") for command in commands].count(True) == 1
    assert commands[-1].endswith(f'STATUS={status}"\n'.encode())


@given(st.dictionaries(st.from_regex(r"\A[A-Z_]{1,12}\Z"), PRINTABLE, max_size=6))
def test_what_asterisk_unquotes_is_what_was_meant(values: dict[str, str]) -> None:
    """Read as Asterisk reads a command (quotes, then backslashes), each value is there once."""
    assume("STATUS" not in values)
    values = {**values, "STATUS": "FOUND"}
    heard: dict[str, str] = {}
    for command in set_variables(values):
        text = command.decode().removesuffix("\n")
        if text.startswith("SET VARIABLE "):
            name, quoted = text.removeprefix("SET VARIABLE ").split(" ", 1)
            (heard[name],) = shlex.split(quoted)
        else:
            inner = text.removeprefix('EXEC MSet "').removesuffix('"')
            heard |= {
                name: value for name, _, value in (p.partition("=") for p in inner.split(","))
            }
    assert heard == values
