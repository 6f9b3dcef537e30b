"""Asterisk's command line, as far as an installation needs it: reload, and say what is loaded."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from interact_ivr.asterisk.finding import Place
from interact_ivr.asterisk.wanted import RELOADS, Proof

PATIENCE_SECONDS: Final = 15.0


class AsteriskError(Exception):
    """Asterisk was not told, or did not take in what it was told; a sentence."""


class NotRunningError(AsteriskError):
    """No Asterisk runs with this configuration."""


class Console(msgspec.Struct, frozen=True):
    """``asterisk -rx``, of the Asterisk whose configuration is at *place*."""

    place: Place
    program: str = "asterisk"

    def say(self, command: str) -> str:
        """Give what Asterisk answers.

        Raises:
            AsteriskError: it does not within PATIENCE_SECONDS, or there is no such program.
        """
        conf = ("-C", str(self.place.main)) if self.place.main.exists() else ()
        try:
            done = subprocess.run(
                [self.program, *conf, "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE_SECONDS,
                check=False,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise AsteriskError(f"{self.program} cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise AsteriskError(f"no answer to {command!r} in {PATIENCE_SECONDS:.0f} s") from error
        if done.returncode:
            said = (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"
            kind = NotRunningError if "Unable to connect" in said else AsteriskError
            raise kind(f"Asterisk was not told {command!r}: {said.splitlines()[0]}")
        return done.stdout

    def take_in(self, own: Iterable[str]) -> None:
        """Have Asterisk read again what includes the files *own*, or did."""
        named = {Path(each).name for each in own}
        for command in dict.fromkeys(RELOADS[name] for name in RELOADS if name in named):
            self.say(command)

    def prove(self, proofs: Iterable[Proof]) -> None:
        """Raise AsteriskError where something is not loaded."""
        for proof in proofs:
            if proof.says not in self.say(proof.asked):
                raise AsteriskError(f"{proof.asked!r} does not say {proof.says!r}: not loaded")
