"""Texts that somebody might send to be taken for more than text: one list, which every way in gets.

Each is a value of one field, not a document; what a whole body may be is in
`tests/edge/test_http_hostile.py`. Where one is meant to be carried out, it leaves `TAKEN` behind:
in a variable, a title, a file or a table, so that a test can see that it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TAKEN: Final = "taken"
MOST_BYTES: Final = 2000
"""Of a line that Asterisk takes as one AGI command."""

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "AGI": (
        *('"', '""', '"quoted"', "it's", "\\", "\\\\", "\\n", 'x\\"', '\\",__X="', "-1", "%s%n"),
        *('" = "" | "x,b', 'x" SET VARIABLE __TAKEN "1', '"\\,([' * 25, "\\" * 128, '"' * 128),
        'x",__INTERACT_STATUS=UNKNOWN,__INTERACT_ID="y',
        "x\nSET VARIABLE __INTERACT_ID y",
        *("x\rHANGUP", "x\r\nEXEC System 'touch taken'", "x\\nHANGUP", "200 result=1", "x" * 200),
    ),
    "Asterisk's expressions": (
        *("${x}", "${SHELL(touch taken)}", "${SYSTEM}", "$[1+1]", "$[ ${X} ]", "${${EXTEN}}", "$"),
        *(
            "${SET(TAKEN=1)}",
            "${EVAL(${SET(TAKEN=1)})}",
            "$[${SET(TAKEN=1)}]",
            "{}",
            "${",
            "$[",
            "}",
        ),
        *("${IF($[1]?${SHELL(id)}:)}", "${CURL(http://127.0.0.1:1/)}", "${ENV(PATH)}", "$[1/0]"),
        "1] & [1",
    ),
    "Asterisk's arguments": (
        *(
            ",",
            "a,b,,c",
            "()",
            "a)b(c",
            ")",
            "(",
            "[",
            "]",
            "](",
            "|",
            "a|b;c&d",
            "a,1)",
            "," * 128,
        ),
        *(
            "a=b=c",
            "=",
            "=x",
            "A=1,TAKEN=1",
            "s,1(x)",
            "^",
            "a^b",
            "&SIP/x",
            "Local/1@taken",
            "_X.",
        ),
        *("\\,", ";comment", "#include x", "#exec touch taken", "[taken]", "same => n,Hangup", "!"),
    ),
    "SQL": (
        *(
            "'; DROP TABLE numbers; --",
            "' OR '1'='1",
            "x') --",
            "1; SELECT pg_sleep(9)",
            "E'\\047'",
        ),
        *(
            "%",
            "_",
            "%%",
            "a%b_c",
            "\\%",
            "*",
            "?",
            "x*y?[a]",
            ":name",
            "$1",
            "%(x)s",
            "@x",
            "$$x$$",
        ),
        *(
            "' UNION SELECT sql FROM sqlite_master --",
            '"; DELETE FROM journal; --',
            "/* x */",
            "--",
        ),
        "x' || (SELECT version()) || '",
    ),
    "XML": (
        *("<b>", "&", "&amp;", "&lt;", "&#60;", "]]>", "<![CDATA[x]]>", "<!-- x -->", "<?x y?>"),
        *("&x;", "&#0;", "&#x1b;", "</group><enabled>false</enabled><group>", "</SOAP-ENV:Body>"),
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<x xmlns:x="urn:x" x:y="1"/>',
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>',
    ),
    "HTML": (
        *("<script>document.title='taken'</script>", "<img src=x onerror=document.title='taken'>"),
        *("\"><svg onload=document.title='taken'>", "' autofocus onfocus='document.title=1"),
        *("</textarea><script>document.title='taken'</script>", "</title><script>", "<!--", "-->"),
        *("</script><script>document.title='taken'</script>", "<style>*{display:none}</style>"),
        *("javascript:document.title='taken'", "data:text/html,<script>1</script>", "//x.example"),
        *("<base href=//x.example>", "<meta http-equiv=refresh content=0>", "<form action=//x>"),
        *("` onclick=1 `", "&quot; onclick=1", "<a href='javascript:1'>x</a>", "<iframe srcdoc=x>"),
        '{"a":"</script><script>document.title=1</script>"}',
    ),
    "templates": (
        "{{ 7*7 }}",
        "{% raw %}",
        "{# x #}",
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "{x.y}",
        "%d",
    ),
    "headers": (
        *(
            "x\r\nX-Taken: 1",
            "x\nX-Taken: 1",
            "x\r\n\r\n<html>",
            "x: y",
            "a;b=c",
            "a, b",
            '"a"; q="1',
        ),
        *("x%0d%0aX-Taken: 1", "=?utf-8?b?eA==?=", "Basic eDp5", "x\r\n ContinuedX: 1"),
    ),
    "lines": (
        *("x\ny", "x\ry", "x\r\ny", "x\vy", "x\fy", "x\x85y", "x\u2028y", "x\u2029y", "x\x1cy"),
        'x\n{"event":"taken","level":"error"}',
        "x event=taken level=error",
    ),
    "terminals": (
        *(
            "\x1b[31m",
            "\x1b]8;;http://x.example\x1b\\x",
            "\x1b]0;taken\x07",
            "\x9b31m",
            "\x9d0;t\x9c",
        ),
        *(
            "x\by",
            "\x7f",
            "\x07",
            "\x1bc",
            "x\ty",
            "[bold]x[/bold]",
            "[link=http://x]y[/link]",
            "[/]",
        ),
        ":smile:",
    ),
    "spreadsheets": (
        *(
            "=1+1",
            "+1+1",
            "-1+1",
            "@SUM(1)",
            "\t=1+1",
            "\r=1+1",
            "=cmd|'/c calc'!A0",
            "'=1+1",
            "''=1",
        ),
        *("\uff1d1+1", '=HYPERLINK("http://x")', " =1+1", '"=1+1"', "a\n=1+1", "=", "+", "-", "@"),
    ),
    "files": (
        *(
            "../../taken",
            "..",
            ".",
            "/etc/passwd",
            "..\\..\\taken",
            "C:\\taken",
            "taken\0.toml",
            "~",
        ),
        *("file:///etc/passwd", "%2e%2e%2ftaken", "....//taken", "|touch taken", "`touch taken`"),
        *("$(touch taken)", "; touch taken", "&& touch taken", "CON", "--help", "-", "-rf", "a/b"),
        "%2e%2e/%2e%2e/taken",
    ),
    "characters": (
        *(
            "x\0y",
            "\0",
            "\u202eabc",
            "\u2066x\u2069",
            "\u200bx",
            "x\u200b",
            "\ufeff",
            "\u00adx",
            "\ufffd",
        ),
        *(
            "\u00a0x\u00a0",
            "\u2003",
            "a\u0301",
            "\u00e1",
            "\u212b",
            "\u00c5",
            "\ufb01",
            "\u0130",
            "\u1e9e",
        ),
        *(
            "\u0430dmin",
            "\uff1cscript\uff1e",
            "\uffff",
            "\ue000",
            "\U0010fffd",
            "\U000e0041",
            "\ufe0f",
        ),
        *("é", "Grüße", "東京", "☎", "😀", "😀" * 128, "\u0661\u0662", "Z\u0351\u0358" * 20),
    ),
    "numbers": (
        *(
            "9" * 128,
            "-1",
            "1e999",
            "NaN",
            "Infinity",
            "0x10",
            "1_000",
            "٣",
            "00",
            "-0",
            "1.5",
            "2**99",
        ),
        *("9223372036854775808", "true", "null", "None"),
    ),
    "JSON": (
        *(
            "__proto__",
            "constructor",
            '{"__proto__":{"x":1}}',
            '","group":"x',
            "[" * 64,
            '{"a":' * 20,
        ),
        *("\\u0000", "\\ud800", '"', "}{"),
    ),
    "configuration": (
        *(
            "x\n[pool]\nhold_for_seconds = 1",
            '"""',
            "'''",
            'x"\ntaken = 1',
            "key = value",
            "[[pbx]]",
        ),
        *("a.b", "# x", "%(x)s", "$HOME", "${HOME}"),
    ),
    "encodings": (
        "%00",
        "%",
        "%zz",
        "%ff",
        "a+b",
        "a%20b",
        "+",
        "%252e",
        "%u0041",
        "+ADw-",
        "&a=b",
        "#x",
        "?x",
    ),
    "lengths": ("", " ", " x", "x ", "x" * 128, "x" * 129, "é" * 128, "x" * 5000, "x" * 50_000),
    "words": (
        "#",
        "_",
        "__",
        "`id`",
        "*",
        "<>",
        "unknown",
        "anonymous",
        "s",
        "default",
        "forgotten-0",
    ),
}

TEXTS: Final[Mapping[str, str]] = {
    f"{kind} {at}": text for kind, texts in _KINDS.items() for at, text in enumerate(texts, 1)
}
"""Every text by its name, the kind and its place in it."""

BROKEN: Final = ("\ud800", "x\udcff", "\udfff\ud800")
"""Halves of characters, which no encoding has: not every way can even carry one."""
