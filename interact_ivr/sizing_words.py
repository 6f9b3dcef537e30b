"""What is said of a pool's size to people: shares, spans, and what is ahead of it."""

from interact_ivr.domain.sizing import HoldAdvice, Measured

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def percent(share: float) -> str:
    """Write *share* as people read it."""
    return f"{100 * share:.3g} %"


def lasting(seconds: float) -> str:
    """Write a time as people read it, in its largest unit: 40 s, 4 min, 2.5 h, 3 days.

    >>> lasting(90)
    '1.5 min'
    """
    for unit, name in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{round(seconds / unit, 1):g} {name}"
    return f"{seconds:.0f} s"


def ahead(measured: Measured) -> str:
    """Say when the pool gets too small."""
    forecast = measured.forecast
    if forecast.outlook == "too few days":
        return f"{len(measured.days)} days are too few for a trend"
    if forecast.days is None:
        return f"the load {forecast.outlook}"
    if forecast.days == 0:
        return "too small already, by its trend"
    return f"too small in {forecast.days:.0f} days: {forecast.erlangs_a_day:+.3g} erlangs a day"


def enough(hold: HoldAdvice) -> str:
    """Say which hold is enough, by how long callers take to dial."""
    said = (
        f"{hold.retrieved} calls are too few to say, {hold.fewest} are enough"
        if hold.enough_seconds is None
        else f"{hold.enough_seconds:.0f} s are enough for 99 of 100, of {hold.retrieved} calls"
    )
    return f"{hold.hold_seconds:g} s; {said}; {hold.expired} ran out"
