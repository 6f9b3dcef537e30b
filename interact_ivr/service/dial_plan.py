"""What the services need of the dial-plan engine. Stores do not know that there is one."""

from typing import Protocol

from dialplan import Details, Explanation


class DialPlan(Protocol):
    """Reads numbers as an environment dials them."""

    def normalize(self, raw: str) -> str:
        """Give the normalized text of a number in any written form; ValueError if it is none."""

    def lookup_keys(self, raw: str) -> tuple[str, ...]:
        """Give the keys under which a dialed number may be stored, best first."""

    def resolve(self, raw: str) -> Details:
        """Give what is known of a number; `NotANumber` if it is none."""

    def explain(self, raw: str) -> Explanation:
        """Say why a number is what it is; takes longer."""

    def extension_of(self, device: str) -> str | None:
        """Give the extension whose phone a PBX's device is; empty: nobody's; None: not known."""
