"""A plan: what a site knows of its numbers, as values. It decides no number itself.

`plan_file` reads it from TOML.
"""

from dataclasses import dataclass, field

import msgspec

from dialplan.directory import Owner
from dialplan.patterns import Pattern, Template


class Classes(msgspec.Struct, frozen=True):
    """What each class of numbers is called; "" makes a further class none."""

    emergency: str = "Emergency"
    internal: str = "Intercom"
    sip: str = "SIP"
    unknown: str = "Other"
    """No number that anybody knows."""

    fixed_line: str = "Fixed Line"
    mobile: str = "Mobile"
    fixed_line_or_mobile: str = "Fixed Line or Mobile"
    toll_free: str = "Toll Free"
    premium_rate: str = "Premium"
    shared_cost: str = "Shared Cost"
    voip: str = "VoIP"
    personal_number: str = "Personal Number"
    pager: str = "Pager"
    uan: str = "Company"
    voicemail: str = "Voicemail"

    local: str = "Local"
    """A further class, where the plan has area codes: a number of one of them."""
    long_distance: str = "Long Distance"
    """A further class, where the plan has area codes: another number of the home country."""
    international: str = "International"
    """A further class: a number of another country than the home country."""


class QueueNames(msgspec.Struct, frozen=True):
    """What an owner's queue is called: `{id}` is the owner's name, `{extension}` the extension."""

    user: str = "User Queue: {id}"
    station: str = "Station Queue: {id}"
    workgroup: str = "Workgroup Queue: {id}"
    orbit: str = "Orbit Queue: {id}"
    line: str = "Line Queue: {id}"


class Place(msgspec.Struct, frozen=True):
    """Where something is written."""

    file: str
    line: int

    def __str__(self) -> str:
        """As compilers write it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Conversion:
    """An input conversion: which texts go on as which other."""

    name: str
    pattern: Pattern
    standardized: Template
    emergency: bool = False
    """It may take an emergency number: whoever wrote it knows."""
    place: Place = field(default=Place("", 0), compare=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is said of the numbers of a pattern; of what is None, the metadata has its say."""

    name: str
    pattern: Pattern
    standardized: Template | None = None
    display: Template | None = None
    dial_string: Template | None = None
    classifications: tuple[str, ...] = ()
    """The default first; empty: the class of the number's type."""
    dialable: bool = True
    emergency: bool = False
    description: str = ""
    place: Place = field(default=Place("", 0), compare=False)


class Plan(msgspec.Struct, frozen=True):
    """What a site knows of its numbers."""

    name: str
    description: str = ""
    home_country: str = ""
    """ISO 3166 alpha-2, in capitals. "" is none: every number is written internationally, with or
    without its plus."""
    extension_lengths: range = range(0)
    """How many digits an extension may have; the file's `[2, 6]` is `range(2, 7)`. Empty: none."""
    allow_short_national: bool = False
    """Digits as many as an extension has are a national number where they are a valid one."""
    area_codes: tuple[str, ...] = ()
    """Those of the site, by which local numbers are dialed; the likeliest first."""
    outside_line: tuple[str, ...] = ()
    """What is dialed before a number that is not internal, such as 9."""
    international_prefixes: tuple[str, ...] = ()
    """What is dialed for a plus, beside what the home country dials."""
    extra_emergency: tuple[str, ...] = ()
    """Emergency numbers beside those of the home country."""
    allow_shadow: tuple[str, ...] = ()
    """Emergency numbers that are none here."""
    classes: Classes = Classes()
    queues: QueueNames = QueueNames()
    conversions: tuple[Conversion, ...] = ()
    rules: tuple[Rule, ...] = ()
    owners: tuple[Owner, ...] = ()
    """The directory that the plan brings along."""
