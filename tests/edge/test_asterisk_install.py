"""Our part of other people's configurations: in, out, half of either. Files; no Asterisk."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from interact_ivr.asterisk.faults import CannotInstallError
from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.hand import Hand
from interact_ivr.asterisk.inspecting import State, inspect
from interact_ivr.asterisk.record import digest, file_of
from interact_ivr.asterisk.shipped import EXTENSIONS
from testbed.pbx_trees import TREES, Kept, seen, without_times
from testbed.slipping import Slipped, SlippingHand, everything, install, remove, slip

TREE = pytest.mark.parametrize(
    "tree",
    [
        "samples",
        "freepbx",
        pytest.param("odd", marks=pytest.mark.long),
        pytest.param("bare", marks=pytest.mark.long),
    ],
)
FEWEST_STEPS, MOST_STEPS = 15, 100
WITH_LINES = ("extensions", "theirs", "http", "ari", "manager")
CUSTOM = ("extensions_custom", "globals_custom", "manager_custom")
FOLDERS = {"etc", "agi", "agi-bin", "elsewhere"}
OTHERS = FOLDERS | {EXTENSIONS} | {f"{name}.conf" for name in (*WITH_LINES, *CUSTOM)}
"""What may have been written anew once all is as it was."""


class Site:
    """A tree, the service's folder beside it, and how both were before us."""

    def __init__(self, folder: Path, tree: str) -> None:
        self.folder = folder
        self.place: Place = TREES[tree](folder)
        self.choice = everything(folder / "service")
        self.before = seen(folder)

    def state(self) -> State:
        """Say how it stands, without asking an Asterisk."""
        return inspect(self.place, None).state

    def assert_untouched(self) -> None:
        """Not a byte is left behind, and what was not ours to write was not even written anew."""
        after = seen(self.folder)
        assert without_times(after) == without_times(self.before)
        assert changed(self.before, after) <= OTHERS


def changed(before: dict[str, Kept], after: dict[str, Kept]) -> set[str]:
    return {Path(name).name for name in before if before[name].changed != after[name].changed}


@pytest.fixture
def sites(tmp_path: Path) -> Callable[[str], Site]:
    """Give a maker of sites, each new."""
    made: list[Site] = []

    def make(tree: str) -> Site:
        made.append(Site(tmp_path / f"site{len(made)}", tree))
        return made[-1]

    return make


@pytest.mark.parametrize("tree", TREES)
def test_what_was_installed_is_removed_byte_for_byte(
    sites: Callable[[str], Site], tree: str
) -> None:
    """Contents, modes, owners, listings; and a second time changes nothing."""
    site = sites(tree)
    assert site.state() is State.ABSENT
    for _ in range(2):
        install(site.place, site.choice)
        assert site.state() is State.WHOLE
    installed = seen(site.folder)
    install(site.place, site.choice)
    assert changed(installed, seen(site.folder)) <= {"record.json", "interact-ivr"}
    for _ in range(2):
        remove(site.place)
        assert site.state() is State.ABSENT
        site.assert_untouched()


def interrupted(
    make: Callable[[], Site], act: Callable[[Site, SlippingHand], None]
) -> Iterator[tuple[int, Site]]:
    """Give a site in which *act* was interrupted, for each of its steps; half a file is a step."""
    for done in range(MOST_STEPS):
        site = make()
        try:
            act(site, SlippingHand(done, slip))
        except Slipped:
            yield done, site
        else:
            assert done > FEWEST_STEPS
            return
    pytest.fail("it never ends")


def installing(site: Site, hand: SlippingHand) -> None:
    """Install all that there is."""
    install(site.place, site.choice, hand)


def whole(sites: Callable[[str], Site], tree: str) -> Site:
    """Give a site with all that there is."""
    site = sites(tree)
    install(site.place, site.choice)
    return site


@TREE
def test_an_installation_that_was_interrupted_is_known_and_finished(
    sites: Callable[[str], Site], tree: str
) -> None:
    """Checked, finished, and removed without a trace."""
    for done, site in interrupted(lambda: sites(tree), installing):
        assert site.state() is (State.BEGUN if done else State.ABSENT), done
        install(site.place, site.choice)
        assert site.state() is State.WHOLE, done
        remove(site.place)
        site.assert_untouched()


@TREE
def test_an_installation_that_was_interrupted_is_taken_back(
    sites: Callable[[str], Site], tree: str
) -> None:
    """Without having been finished."""
    for _, site in interrupted(lambda: sites(tree), installing):
        remove(site.place)
        site.assert_untouched()


@pytest.mark.parametrize(
    "goes_on", [pytest.param("install", marks=pytest.mark.long), "remove", "as before"]
)
def test_another_choice_that_was_interrupted_goes_any_way(
    sites: Callable[[str], Site], goes_on: str
) -> None:
    """Files of ours as they were, as they become, and that come or go: all are known as ours."""

    def earlier() -> Site:
        site = sites("samples")
        install(site.place, replace(site.choice, agi="127.0.0.1:4590", ami=False))
        return site

    def changing(site: Site, hand: SlippingHand) -> None:
        install(site.place, replace(site.choice, ari=False), hand)

    for done, site in interrupted(earlier, changing):
        assert site.state() is (State.BEGUN if done > 1 else State.WHOLE)
        if goes_on == "install":
            install(site.place, site.choice)
        elif goes_on == "as before":
            install(site.place, replace(site.choice, agi="127.0.0.1:4590", ami=False))
        assert goes_on == "remove" or site.state() is State.WHOLE
        remove(site.place)
        site.assert_untouched()


@pytest.mark.parametrize("goes_on", [pytest.param("remove", marks=pytest.mark.long), "install"])
def test_what_was_replaced_comes_back_however_often_we_were_interrupted(
    sites: Callable[[str], Site], goes_on: str
) -> None:
    """An older version that somebody copied; --force need not be said again to finish."""

    def copied() -> Site:
        site = sites("freepbx")
        (site.place.etc / EXTENSIONS).write_text("; an older one\n")
        site.before = seen(site.folder)
        return site

    def forcing(site: Site, hand: SlippingHand) -> None:
        install(site.place, site.choice, hand, force=True)

    for done, site in interrupted(copied, forcing):
        if goes_on == "install":
            install(site.place, site.choice, force=done < 3)
        with suppress(Slipped):
            remove(site.place, SlippingHand(done, slip))
        remove(site.place)
        site.assert_untouched()


@TREE
@pytest.mark.parametrize("goes_on", ["remove", pytest.param("install", marks=pytest.mark.long)])
def test_a_removal_that_was_interrupted_is_known_and_finished(
    sites: Callable[[str], Site], tree: str, goes_on: str
) -> None:
    """Or the installation is made whole again, and then removed."""
    removing = interrupted(lambda: whole(sites, tree), lambda site, hand: remove(site.place, hand))
    for done, site in removing:
        # before the record says so nothing has happened; behind it only our folder is left
        known = {State.LEAVING, State.BEGUN} if done > 1 else {State.WHOLE}
        assert site.state() in known, done
        if goes_on == "install":
            install(site.place, site.choice)
            assert site.state() is State.WHOLE, done
        remove(site.place)
        site.assert_untouched()


@pytest.mark.parametrize("what", ["install", "remove"])
@pytest.mark.parametrize(
    "every", [5, pytest.param(1, marks=(pytest.mark.long, pytest.mark.timeout(600)))]
)
def test_a_process_that_is_killed_leaves_nothing_that_cannot_be_finished(
    sites: Callable[[str], Site], what: str, every: int
) -> None:
    """The same with SIGKILL, which runs no line of ours behind it; at each fifth step at least."""
    for done in range(0, MOST_STEPS, every):
        site = sites("freepbx") if what == "install" else whole(sites, "freepbx")
        arguments = (what, str(done), str(site.place.etc), site.choice.secrets)
        killed = subprocess.run([sys.executable, "-m", "testbed.slipping", *arguments], check=False)
        if killed.returncode == 0:
            assert done > FEWEST_STEPS
            return
        assert killed.returncode == -signal.SIGKILL
        (install(site.place, site.choice) if what == "install" else remove(site.place))
        assert site.state() is (State.WHOLE if what == "install" else State.ABSENT)
        remove(site.place)
        site.assert_untouched()
    pytest.fail("it never ends")


def test_nobody_s_link_is_written_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns Asterisk's folder may put a link where root is about to write, at any moment."""
    theirs, like = tmp_path / "shadow", tmp_path / "like"
    theirs.write_bytes(b"theirs")
    like.write_bytes(b"")
    unlink = Path.unlink

    def linked_at_once(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        path.symlink_to(theirs)

    monkeypatch.setattr(Path, "unlink", linked_at_once)
    with pytest.raises(FileExistsError):
        Hand(durable=False).write(tmp_path / "x.conf", b"ours", 0o600, like)
    assert theirs.read_bytes() == b"theirs"


@pytest.mark.parametrize("name", ["elsewhere/shadow", "elsewhere/extensions_interact.conf"])
def test_a_record_that_names_others_files_is_not_followed(
    sites: Callable[[str], Site], name: str
) -> None:
    """Asterisk's user owns its folder: what they write into the record takes no file of others."""
    site = sites("samples")
    install(site.place, site.choice)
    theirs = site.folder / name
    theirs.parent.mkdir()
    theirs.write_bytes(b"theirs")
    record = file_of(site.place)
    told = json.loads(record.read_text("utf-8"))
    told["own"][str(theirs)] = [digest(b"theirs")]
    record.write_text(json.dumps(told), "utf-8")
    for act in (remove, lambda place: install(place, site.choice)):
        with pytest.raises(CannotInstallError, match="never ours"):
            act(site.place)
    assert theirs.read_bytes() == b"theirs"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"short", b"long-enough;cut", b"long enough", b"a\n[b]\n" * 9, b"\xff" * 20],
)
def test_a_secret_that_is_none_is_refused(sites: Callable[[str], Site], content: bytes) -> None:
    """An empty file would make users that need no password; some Asterisk would read otherwise."""
    site = sites("samples")
    folder = Path(site.choice.secrets)
    folder.mkdir()
    (folder / "one.ari-password").write_bytes(content)
    with pytest.raises(CannotInstallError, match="no usable secret"):
        install(site.place, site.choice)
    assert not site.place.ours.exists()
