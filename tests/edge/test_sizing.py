"""How large a pool should be: command, API and console say the same, and the picture is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest

from testbed.api import Api
from testbed.service import Service
from testbed.sized import figures, said
from testbed.wire import ask

ANN = "correct-horse"
SVG = "{http://www.w3.org/2000/svg}"
TYPED = ("pool", "size", "--arrivals-per-hour", "600", "--hold", "60", "--target", "0.01")


def _same(answer: Any) -> Any:
    """Leave out what says when it was asked."""
    answer["measured"].pop("since")
    return answer


def entered(service: Service) -> dict[str, str]:
    """Have somebody come into the console; give the header that says so."""
    service.command(
        "user", "add", "default", "ann", "--role", "viewer", "--password", "-", text=ANN
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    door = "/console/sign-in"
    told = ask(service.http_port, "POST", door, form, b"user=ann&password=" + ANN.encode())
    return {"Cookie": told.headers["set-cookie"].partition(";")[0]}


def test_the_command_the_api_and_the_console_say_the_same(service: Service) -> None:
    """Before anything was lent, and after; of the pool, and of a group."""
    api, cookie = Api.of(service, "viewer"), entered(service)
    nothing = service.ask("pool", "size")
    assert nothing["size"] is None
    assert _same(nothing) == _same(api.get("/sizing"))
    service.ask("number", "add", "380974520200", "380974520201", "--group", "g")
    service.ask("number", "add", "380974520202")
    for interaction in ("a", "b"):
        service.ask("allocate", interaction, "--group", "g")
    service.ask("free", "380974520200")
    for group, numbers in (((), 3), (("--group", "g"), 2)):
        asked = {"group": group[1]} if group else {}
        told = service.ask("pool", "size", "--target", "0.02", *group)
        size, measured = told["size"], told["measured"]
        assert (size["numbers"], size["target"], measured["allocations"]) == (numbers, 0.02, 2)
        assert measured["forecast"]["outlook"] == "too few days"
        assert measured["hold"]["enough_seconds"] is None
        assert measured["hold"]["hold_seconds"] == 900
        query = urlencode({"target": 0.02, **asked})
        page = ask(service.http_port, "GET", f"/console/default/sizing?{query}", cookie)
        assert said(page.text) == figures(api.get("/sizing", target=0.02, **asked))
        assert _same(told) == _same(api.get("/sizing", target=0.02, **asked))
    assert "299 are enough" in service.command("pool", "size").stdout


def test_given_figures_are_sized_alike_and_ask_nobody(service: Service, tmp_path: Path) -> None:
    """Ten erlangs on 15 numbers: 3.65 percent are refused, 18 are needed for one."""
    typed = service.ask(*TYPED, "--numbers", "15")
    assert typed["measured"] is None
    assert typed["size"]["needed"] == 18
    assert round(typed["size"]["blocking"], 4) == 0.0365
    figures = {"arrivals_per_hour": 600, "hold_seconds": 60, "target": 0.01, "numbers": 15}
    assert Api.of(service, "viewer").get("/sizing", **figures) == typed
    nowhere = str(tmp_path / "nowhere.toml")
    assert service.command(*TYPED, "--numbers", "15", "--config", nowhere).returncode == 0


FIGURES = {"arrivals_per_hour": 1e9, "hold_seconds": 1e6}
HALVES = [{"arrivals_per_hour": 1}, {"hold_seconds": 1}, {"numbers": 1}]
BEYOND = [{"target": 0}, {"target": 1}, {"target": "nan"}, {"days": 0}, {"days": 93}, {"days": 1.5}]
WHOLE = {"arrivals_per_hour": 600, "hold_seconds": 60, "numbers": 15}
NONSENSE = [
    WHOLE | {name: value} for name in WHOLE for value in ("nan", "inf", "-1", "1e400", "many")
]
OPTIONS = {"arrivals_per_hour": "--arrivals-per-hour", "hold_seconds": "--hold"}


def test_the_command_refuses_what_is_no_figure(service: Service) -> None:
    """NaN is neither below nor above a limit, and is none all the same; no traceback is shown."""
    for name, option in OPTIONS.items():
        for value in ("nan", "inf"):
            given = {**OPTIONS, name: option}
            arguments = [
                each
                for field, named in given.items()
                for each in (named, value if field == name else "1")
            ]
            done = service.command("pool", "size", *arguments)
            assert done.returncode in (1, 2), arguments
            assert "Traceback" not in done.stderr
            assert "expected" in done.stderr
    for value in ("nan", "1e-7"):
        for more in (("--arrivals-per-hour", "1", "--hold", "1"), ()):
            assert service.command("pool", "size", "--target", value, *more).returncode in (1, 2)


@pytest.mark.parametrize("query", [*HALVES, *BEYOND, *NONSENSE, FIGURES], ids=str)
def test_what_is_no_question_is_refused(service: Service, query: dict[str, object]) -> None:
    """Half the figures, a target that is none, a load that would take for ever."""
    answer = Api.of(service, "viewer").ask("GET", "/sizing", **query)
    assert (answer.status, answer.json["code"]) == (400, "bad_input")


def test_the_picture_is_svg_for_eyes_and_ears(service: Service, tmp_path: Path) -> None:
    """It has a title and a description, its colours are the reader's, all is within its frame."""
    file = tmp_path / "size.svg"
    assert service.command(*TYPED, "--numbers", "15", "--svg", str(file)).returncode == 0
    drawn = ET.fromstring(file.read_text("utf-8"))
    assert drawn.find(f"{SVG}title") is not None
    description = drawn.findtext(f"{SVG}desc") or ""
    assert "10.00 erlangs need 18 numbers" in description
    assert "15, which refuse 3.65 %" in description
    strokes = {each.get("stroke") for each in drawn.iter()} - {None}
    assert strokes == {"currentColor", "none"}
    (line,) = drawn.iter(f"{SVG}polyline")
    points = [tuple(map(float, each.split(","))) for each in (line.get("points") or "").split()]
    assert len(points) > 15
    assert all(0 <= x <= 640 and 0 <= y <= 300 for x, y in points)
    assert points == sorted(points)  # more numbers refuse less
    dashed = [each for each in drawn.iter(f"{SVG}line") if each.get("stroke-dasharray") == "6 4"]
    target = float(dashed[0].get("y1") or "nan")
    assert points[17][1] < target < points[18][1]  # 18 are needed; down is less
