"""Identifiers of the SCC and their grammar (scc-interface.md 5.2)."""

from __future__ import annotations

import re
from datetime import date
from typing import Self

from scckit.errors import InvalidMeasurementID

__all__ = ["MeasurementID"]

_GRAMMAR = re.compile(r"([0-9]{8})([A-Za-z0-9]{4,7})")


class MeasurementID(str):
    """A measurement ID: 8 digits of the date, then letters or digits, 12 to 15 characters in all.

    New IDs are date + 3-letter station + 4 free characters, usually ``HHMM``; old ones date + 2-letter call sign + 2-digit
    number. It is a ``str`` in every way, only checked.

    Raises:
        InvalidMeasurementID: The text does not fit the grammar.

    Example:
        >>> MeasurementID("20210307aky0930").date
        datetime.date(2021, 3, 7)
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check a text and make it an ID."""
        if isinstance(text, cls):
            return text
        match = _GRAMMAR.fullmatch(text) if isinstance(text, str) else None
        if match is None or _day(match[1]) is None:
            msg = (
                f"{text!r} is not a measurement ID: expected a date as YYYYMMDD and 4 to 7 letters or digits,"
                " such as 20210307aky0930"
            )
            raise InvalidMeasurementID(msg)
        return super().__new__(cls, text)

    @property
    def date(self) -> date:
        """Day on which the first profile starts (UTC)."""
        day = _day(self[:8])
        if day is None:  # unreachable: __new__ has checked it
            raise InvalidMeasurementID(self)
        return day


def _day(text: str) -> date | None:
    try:
        # Not strptime, which is much slower: a page of 100 measurements makes 100 IDs.
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
