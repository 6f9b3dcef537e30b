"""How numbers are dialed at a site: its area codes, its prefixes and its extensions' lengths."""

from dialplan.metadata import Known, read
from dialplan.plan import Plan


class Dialing:
    """Reads digits as people of the site dial them."""

    def __init__(self, plan: Plan) -> None:
        """Know the site by its *plan*."""
        self._plan = plan
        self._lengths = plan.extension_lengths

    def known(self, base: str) -> Known | None:
        """The number of some country that *base* is; None where it is none.

        A local number is one without its area code, where it is none with a plus before it.
        """
        known = read(base, self._plan.home_country)
        return known or self._local(base)

    def is_extension(self, base: str) -> bool:
        """Whether *base* is an extension by the number of its digits."""
        if len(base) not in self._lengths or not base.isdecimal():
            return False
        return not (self._plan.allow_short_national and self._at_home(base))

    def without_prefixes(self, base: str) -> str:
        """*base* without what is dialed for an outside line, and with a plus for its prefix.

        Only where a number follows, and *base* itself is neither an extension nor dialed at home.
        """
        if not (self._plan.outside_line or self._plan.international_prefixes):
            return base
        if self.is_extension(base) or self._at_home(base):
            return base
        for prefix in self._plan.outside_line:
            rest = base.removeprefix(prefix)
            if rest != base and (self._at_home(rest) or self._abroad(rest)):
                return self._abroad(rest) or rest
        return self._abroad(base) or base

    def _at_home(self, base: str) -> bool:
        """Whether *base* is how the home country dials a number, be it a foreign one."""
        home = self._plan.home_country
        known = read(base, home) if home else None
        if known and known.valid and (known.domestic or known.e164 != f"+{base}"):
            return True
        return self._local(base) is not None

    def _local(self, base: str) -> Known | None:
        for code in self._plan.area_codes:
            known = read(f"{code}{base}", self._plan.home_country)
            if known and known.valid and known.domestic:
                return known
        return None

    def _abroad(self, base: str) -> str:
        """*base* with a plus for an international prefix of the plan, where it is a number so."""
        for prefix in self._plan.international_prefixes:
            rest = base.removeprefix(prefix)
            if rest != base and (known := read(f"+{rest}", "")) and known.valid:
                return f"+{rest}"
        return ""
