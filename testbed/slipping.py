"""A hand that slips: at the n-th thing that it does it is gone, a file half written.

``python -m testbed.slipping install|remove N ETC SECRETS`` is killed there, as by a power cut.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from interact_ivr.asterisk.applying import alone, carry_out
from interact_ivr.asterisk.finding import Place, find
from interact_ivr.asterisk.hand import Hand
from interact_ivr.asterisk.planning import to_install, to_remove
from interact_ivr.asterisk.wanted import Choice


class Slipped(BaseException):  # nothing may catch it, as nothing catches a power cut
    """The hand is gone."""


class SlippingHand(Hand):
    """Does *count* things whole, and of the next one what can be half done; then it is *gone*."""

    def __init__(self, count: int, gone: Callable[[], None]) -> None:
        super().__init__(durable=False)
        self._left = count
        self._gone = gone

    def make_folder(self, path: Path, like: Path, mode: int) -> None:
        """Make a folder, if it does not slip."""
        self._touch()
        super().make_folder(path, like, mode)

    def write(self, path: Path, content: bytes, mode: int | None, like: Path) -> None:
        """Write all of it, or half."""
        if not self._left:
            super().write(path, content[: len(content) // 2], 0o600, like)
        self._touch()
        super().write(path, content, mode, like)

    def put(self, path: Path) -> None:
        """Put it in its place, if it does not slip."""
        self._touch()
        super().put(path)

    def delete(self, path: Path) -> None:
        """Take it away, if it does not slip."""
        self._touch()
        super().delete(path)

    def remove_folder(self, path: Path) -> None:
        """Take it away, if it does not slip."""
        self._touch()
        super().remove_folder(path)

    def _touch(self) -> None:
        if not self._left:
            self._gone()
        self._left -= 1


def everything(secrets: Path) -> Choice:
    """Choose all that there is."""
    return Choice("127.0.0.1:4580", "pbx=one", "one", ari=True, ami=True, secrets=str(secrets))


def install(place: Place, choice: Choice, hand: Hand | None = None, *, force: bool = False) -> None:
    """Install, without an Asterisk."""
    carry_out(
        place, to_install(place, choice, force=force), hand or Hand(durable=False), lambda: None
    )


def remove(place: Place, hand: Hand | None = None, *, force: bool = False) -> None:
    """Remove, without an Asterisk."""
    carry_out(place, to_remove(place, force=force), hand or Hand(durable=False), lambda: None)


def slip() -> None:
    """Be gone, within this process."""
    raise Slipped


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Do as the command line says, until the hand slips."""
    what, count, etc, secrets = sys.argv[1:]
    place, hand = find(Path(etc)), SlippingHand(int(count), _die)
    with alone(place):
        if what == "install":
            install(place, everything(Path(secrets)), hand)
        else:
            remove(place, hand)


if __name__ == "__main__":
    main()
