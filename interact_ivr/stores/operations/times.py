"""Times as the stores keep them: whole microseconds, those of an instant since 1970 UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    """Give *at* as microseconds, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Give the aware UTC time of *micros*."""
    return _EPOCH + timedelta(microseconds=micros)


def micros_of(duration: timedelta) -> int:
    """Give *duration* as microseconds, exactly."""
    return duration // _MICROSECOND


def duration_of(micros: int) -> timedelta:
    """Give the duration of *micros*."""
    return timedelta(microseconds=micros)
