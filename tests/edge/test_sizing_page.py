"""The console's page of a pool's size, and its warnings: what it says, keeps, refuses and costs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import structlog

from interact_ivr.domain.access import Role
from interact_ivr.metrics import Metrics
from interact_ivr.observing import Observing
from testbed.desk import ACME, BOLT, Desk
from testbed.sized import figures, said
from testbed.visitor import HERE, Visitor, stock, words

ADMIN, VIEWER = Role.ADMIN, Role.VIEWER
SETTINGS = '[environment]\ndefault = "acme/live"\n'
NUMBERS = [f"+1317872300{at}" for at in range(6)]
TYPED = "arrivals_per_hour=600&hold_seconds=60&numbers=15&target=0.01"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk with six numbers, of which some were lent."""
    with Desk(tmp_path_factory.mktemp("sizing"), SETTINGS) as desk:
        stock(desk, *NUMBERS, group="sales")
        stock(desk, "+12025550100")
        for at in range(4):
            lent = desk.wait(desk.parts.allocations.allocate(ACME, f"basket-{at}", "sales"))
            desk.wait(desk.parts.allocations.free_known(ACME, lent.number, None))
        desk.wait(desk.parts.allocations.allocate(ACME, "basket", "sales"))
        yield desk


@pytest.fixture(scope="module")
def viewer(desk: Desk) -> Visitor:
    """Give somebody who may look."""
    return Visitor.of(desk, VIEWER)


@pytest.mark.parametrize(
    ("page", "api"),
    [
        ("", {}),
        ("group=sales&target=0.02&days=7", {"group": "sales", "target": 0.02, "days": 7}),
        (TYPED, dict(each.split("=") for each in TYPED.split("&"))),
        ("arrivals_per_hour=1e3&hold_seconds=9.5", {"arrivals_per_hour": 1e3, "hold_seconds": 9.5}),
        ("arrivals_per_hour=5&hold_seconds=0", {"arrivals_per_hour": 5, "hold_seconds": 0}),
    ],
)
def test_the_page_says_what_the_api_says(
    desk: Desk, viewer: Visitor, page: str, api: dict[str, Any]
) -> None:
    """To the last digit, measured and typed in."""
    shown = viewer.look(f"{HERE}/sizing?{page}")
    assert shown.status == 200
    query = "&".join(f"{name}={value}" for name, value in api.items())
    told = desk.ask(f"/api/v1/sizing?{query}", desk.token(role=Role.VIEWER))
    assert told.status == 200
    assert said(shown.text) == figures(told.json())


def test_a_pool_that_was_lent_nothing_says_so(desk: Desk) -> None:
    """It asks for figures; another application's numbers and traffic are not its own."""
    other = Visitor.of(desk, VIEWER, "bolt")
    assert "there is nothing to go by" in words(other.look(f"{HERE}/sizing"))
    stock(desk, NUMBERS[0], environment=BOLT)
    assert "there is nothing to go by" in words(other.look(f"{HERE}/sizing"))
    assert said(other.look(f"{HERE}/sizing?{TYPED}").text)["needed"] == "18"
    assert other.look(f"{HERE}/sizing?application=none").status == 404


WRONG = {
    "days": ("soon", "0", "93", "1.5", "nan"),
    "target": ("0", "1", "nan", "inf", "-1", "1e-9", "half"),
    "arrivals_per_hour": ("-1", "nan", "inf", "1e999", "1e10", "many"),
    "hold_seconds": ("-1", "nan", "inf", "1e999", "99999999"),
    "numbers": ("-1", "1.5", "1000001", "nan", "9" * 60),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_stays(
    viewer: Visitor, name: str
) -> None:
    """It is named, with what was expected; all fields have what they had."""
    for text in WRONG[name]:
        fields = dict(each.split("=") for each in TYPED.split("&")) | {name: text}
        shown = viewer.look(
            f"{HERE}/sizing?" + "&".join(f"{each}={value}" for each, value in fields.items())
        )
        assert shown.status == 400, text
        assert f"{name}: expected " in words(shown)
        assert 'aria-invalid="true"' in shown.text
        for each, value in fields.items():
            assert re.search(rf'name="{each}" value="{re.escape(value)}"', shown.text), (text, each)


@pytest.mark.parametrize("half", ["arrivals_per_hour=1", "hold_seconds=1", "numbers=1"])
def test_half_the_figures_are_none(viewer: Visitor, half: str) -> None:
    """Which are missing is said."""
    shown = viewer.look(f"{HERE}/sizing?{half}")
    assert shown.status == 400
    assert "arrivals_per_hour and hold_seconds together" in words(shown)


def test_the_picture_is_what_the_page_says(desk: Desk, viewer: Visitor) -> None:
    """By its address alone; its policy lets in its own style, and nothing else."""
    shown = viewer.look(f"{HERE}/sizing?{TYPED}")
    found = re.search(r'<img src="(sizing-picture[^"]*)" alt="([^"]+)"', shown.text)
    assert found is not None
    picture = viewer.look(f"{HERE}/{html.unescape(found[1])}")
    assert (picture.status, picture.headers["content-type"]) == (
        200,
        "image/svg+xml; charset=utf-8",
    )
    policy = picture.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy
    drawn = ET.fromstring(picture.text)
    description = drawn.findtext("{http://www.w3.org/2000/svg}desc")
    assert description == html.unescape(found[2])
    assert "10.00 erlangs need 18 numbers" in (description or "")


DRAWN = "sizing-picture?arrivals_per_hour=1&hold_seconds=1&target=0.1"


@pytest.mark.parametrize(
    "more",
    [
        *(
            "&loads=1,x&first=2026-05-04",
            "&loads=nan&first=2026-05-04",
            "&loads=-1&first=2026-05-04",
        ),
        *("&loads=1,1&first=9999-12-31", "&first=soon&loads=1", "&numbers=-1", "&numbers=1e9"),
        *("&target=0.2", "&loads=" + "1," * 1001),
    ],
    ids=lambda more: str(more)[:40],
)
def test_no_picture_is_made_of_nonsense(viewer: Visitor, more: str) -> None:
    """Whatever somebody writes into its address; some of it is drawn, and none of it breaks."""
    assert viewer.look(f"{HERE}/{DRAWN}&loads=1,,2&first=2026-05-04").status == 200
    assert viewer.look(f"{HERE}/{DRAWN}{more}").status == 400
    for name in ("arrivals_per_hour", "hold_seconds", "target"):
        for value in ("nan", "inf", "-1", "1e400", "x"):
            asked = re.sub(rf"{name}=[^&]*", f"{name}={value}", DRAWN)
            assert viewer.look(f"{HERE}/{asked}").status == 400, asked


def test_log_metric_and_console_warn_together_and_end_together(tmp_path: Path) -> None:
    """A pool that empties, and is too small for its load; another environment is told nothing."""
    metrics = Metrics("0")
    with Desk(tmp_path, SETTINGS, observing=Observing(metrics)) as desk:
        stock(desk, *NUMBERS[:3])
        visitors = [Visitor.of(desk, VIEWER), Visitor.of(desk, VIEWER, "bolt")]
        seen: list[dict[str, Any]] = []
        for lend in (0, 3, 0):
            with structlog.testing.capture_logs() as log:
                if lend:
                    lent = [
                        desk.wait(desk.parts.allocations.allocate(ACME, f"basket-{at}", None))
                        for at in range(lend)
                    ]
                elif seen:
                    for each in lent:
                        desk.wait(desk.parts.allocations.free_known(ACME, each.number, None))
                desk.wait(desk.parts.pool_watch.turn())
            seen.append(_warned(visitors[0], metrics, [each["event"] for each in log]))
            for name in ("pool", "live", "sizing"):
                assert "runs dry" not in words(visitors[1].look(f"{HERE}/{name}"))
    quiet = {"pool": (False, False), "live": (False, False), "sizing": (False, False)}
    loud = dict.fromkeys(quiet, (True, True))
    assert seen == [
        quiet | {"metric": (False, False), "log": [], "over": []},
        loud | {"metric": (True, True), "log": ["dry", "small"], "over": []},
        quiet | {"metric": (False, False), "log": [], "over": ["dry", "small"]},
    ]


WORDS = {"dry": "runs dry within its hold", "small": "refuses more than its target"}


def _warned(visitor: Visitor, metrics: Metrics, log: list[str]) -> dict[str, Any]:
    """Say who warns of what: each page, the metric, and the log, which says its end, too."""
    pages = {name: words(visitor.look(f"{HERE}/{name}")) for name in ("pool", "live", "sizing")}
    text = metrics.text().decode()
    of = 'application="default",environment="acme/live"'
    told = {name: tuple(each in page for each in WORDS.values()) for name, page in pages.items()}
    metric = tuple(
        f'interact_ivr_pool_warning{{{of},reason="{reason}"}} 1.0' in text for reason in WORDS
    )
    begun = [r for r, each in WORDS.items() if f"the pool {each}" in log]
    over = [r for r, each in WORDS.items() if f"no more: the pool {each}" in log]
    return {**told, "metric": metric, "log": begun, "over": over}


def test_what_changes_by_itself_of_live_asks_the_journal_nothing(
    desk: Desk, viewer: Visitor
) -> None:
    """The warnings come, and no rows: the stream brings these."""
    assert "basket-1" in viewer.look(f"{HERE}/live").text
    fresh = viewer.look(f"{HERE}/live", X_Fresh="yes")
    assert (fresh.status, "basket-1" in fresh.text) == (200, False)
    assert 'id="strained"' in fresh.text
