"""Dates of any precision, as people write them, to the half-open span of time that they mean."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from scckit.errors import InvalidInput

__all__ = ["Moment", "span"]

#: A date, a datetime (UTC if without zone), or a text such as "2021", "2021-03", "2021-03-07", "2021-03-07 12:30".
Moment: TypeAlias = str | date | datetime

_YEAR = re.compile(r"[0-9]{4}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}")


def span(start: Moment, stop: Moment | None = None) -> tuple[datetime, datetime | None]:
    """Return begin and end (exclusive, UTC) of a span.

    Args:
        start: Where it begins.
        stop: Where it ends, exclusive; None for the year, month or day that ``start`` names, and for no end if
            ``start`` is a point in time.

    Raises:
        InvalidInput: One is no date, or the end is not after the start.

    Example:
        >>> [moment.isoformat() for moment in span("2021-12")]
        ['2021-12-01T00:00:00+00:00', '2022-01-01T00:00:00+00:00']
    """
    begin, end = _period(start)
    if stop is not None:
        end = _period(stop)[0]
        if end <= begin:
            msg = f"the end ({stop}) must be after the start ({start}); the end itself is not included"
            raise InvalidInput(msg)
    return begin, end


def _period(value: Moment) -> tuple[datetime, datetime | None]:
    try:
        if isinstance(value, datetime):
            return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)), None
        if isinstance(value, date):
            begin = datetime(value.year, value.month, value.day, tzinfo=UTC)
            return begin, begin + timedelta(days=1)
        if isinstance(value, str):
            return _text_period(value.strip())
    except (ValueError, OverflowError):
        pass
    msg = f"{value!r} is not a date; use 2021, 2021-03, 2021-03-07, 2021-03-07T12:30, a date or a datetime"
    raise InvalidInput(msg)


def _text_period(text: str) -> tuple[datetime, datetime | None]:
    if _YEAR.fullmatch(text):
        begin = datetime(int(text), 1, 1, tzinfo=UTC)
        return begin, begin.replace(year=begin.year + 1)
    if match := _MONTH.fullmatch(text):
        begin = datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)
        return begin, (begin + timedelta(days=31)).replace(day=1)
    if _DAY.fullmatch(text):
        return _period(date.fromisoformat(text))
    return _period(datetime.fromisoformat(text))
