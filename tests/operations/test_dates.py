"""Dates of any precision."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.errors import InvalidInput
from scckit.operations.dates import span


@pytest.mark.parametrize(
    ("start", "begin", "end"),
    [
        ("2021", "2021-01-01T00:00", "2022-01-01T00:00"),
        ("2021-03", "2021-03-01T00:00", "2021-04-01T00:00"),
        ("20210307", "2021-03-07T00:00", "2021-03-08T00:00"),
        ("2021-12", "2021-12-01T00:00", "2022-01-01T00:00"),
        ("2024-02-29", "2024-02-29T00:00", "2024-03-01T00:00"),
        (date(2021, 3, 7), "2021-03-07T00:00", "2021-03-08T00:00"),
        ("2021-03-07 12:30", "2021-03-07T12:30", None),
        (datetime(2021, 3, 7, 12, tzinfo=timezone(timedelta(hours=2))), "2021-03-07T10:00", None),
    ],
)
def test_what_a_start_means(start: object, begin: str, end: str | None) -> None:
    """A year, month or day is a span by itself; a point in time has no end."""
    expected = tuple(None if one is None else datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (begin, end))

    assert span(start) == expected  # type: ignore[arg-type]


@given(st.dates(), st.dates())
def test_a_span_has_its_end_after_its_start(one: date, other: date) -> None:
    """Any two dates are a span of aware datetimes, or an error if the second is not after the first."""
    try:
        begin, end = span(one, other.isoformat())
    except InvalidInput:
        assert other <= one
    else:
        assert end is not None
        assert begin < end
        assert begin.tzinfo is UTC


@pytest.mark.parametrize("bad", ["", "yesterday", "2021-13", "2021-02-30", "21", "0000", None, 2021])
def test_what_is_no_date_is_refused(bad: object) -> None:
    """The error shows what may be written."""
    with pytest.raises(InvalidInput, match="2021-03-07"):
        span(bad)  # type: ignore[arg-type]
