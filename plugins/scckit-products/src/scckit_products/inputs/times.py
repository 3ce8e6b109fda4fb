"""Rules about the times of profiles: each goes forward, one after the other, within the measurement (8.3, 8.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from scckit.models import Problem, Severity
from scckit_products.inputs.forms import moment
from scckit_products.inputs.look import File, places_of, some, warn
from scckit_products.inputs.tables import CLOCK, START, STOP

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_dark_times", "check_profile_times"]


def check_profile_times(file: File) -> Iterator[Problem]:
    """``missing-time``, ``time-interval``, ``time-order``, ``time-overlap``, ``time-span``, ``single-profile``."""
    yield from _intervals(file, "Raw_Data_Start_Time", "Raw_Data_Stop_Time", severity="error")
    if file.contents.dimensions.get("time") == 1:
        message = "there is a single profile; of analogue signals the SCC takes one only for depolarization calibration"
        yield warn("single-profile", "time", message)
    yield from _within(file)


def _place(name: str, profile: int, scale: int) -> str:
    return f"{name}[{profile}, {scale}]"


def check_dark_times(file: File) -> Iterator[Problem]:
    """The same of dark profiles, without ``time-span`` and ``single-profile``; the SCC can do without them: warnings."""
    yield from _intervals(file, "Raw_Bck_Start_Time", "Raw_Bck_Stop_Time", severity="warning")


def _intervals(file: File, start_name: str, stop_name: str, *, severity: Severity) -> Iterator[Problem]:
    starts, stops = file.numbers(start_name), file.numbers(stop_name)
    if starts is None or stops is None:
        return
    scales = starts.shape[1]
    for scale in range(scales):
        start, stop = starts[:, scale], stops[:, scale]
        known = ~(np.ma.getmaskarray(start) | np.ma.getmaskarray(stop))
        # Where time scales differ in length, the shorter ones are filled up.
        length = int(known.nonzero()[0][-1]) + 1 if scales > 1 and known.any() else known.size
        missing = places_of(~known[:length])
        if missing.size:
            message = f"{some(missing, length, 'profiles')} no start or no stop, the first is {missing[0]}"
            yield Problem("missing-time", _place(start_name, missing[0], scale), message, severity)
        profiles = known.nonzero()[0]
        yield from _ordered(start_name, scale, profiles, start.data[profiles], stop.data[profiles], severity)


def _ordered(  # noqa: PLR0913, PLR0917 - the intervals of one time scale
    name: str,
    scale: int,
    profiles: NDArray[np.intp],
    start: NDArray[np.float64],
    stop: NDArray[np.float64],
    severity: Severity,
) -> Iterator[Problem]:
    """Look at the intervals of a time scale; ``profiles`` are the numbers of those that are known."""
    count = profiles.size
    backward = places_of(stop < start)
    if backward.size:
        one = backward[0]
        message = (
            f"{some(backward, count, 'profiles')} a stop before the start; profile {profiles[one]} begins at"
            f" {start[one]:g} s and ends at {stop[one]:g} s, counted from {START[1]}: add 86400 after midnight"
        )
        yield Problem("time-interval", _place(name, profiles[one], scale), message, severity)
    empty = places_of(stop == start)
    if empty.size:
        message = (
            f"{some(empty, count, 'profiles')} a stop that is the start; profile {profiles[empty[0]]} is the first"
        )
        yield warn("time-interval", _place(name, profiles[empty[0]], scale), message)
    behind = places_of(start[1:] <= start[:-1])
    if behind.size:
        one = behind[0] + 1
        message = (
            f"profile {profiles[one]} begins at {start[one]:g} s, not after the one before it ({start[one - 1]:g} s);"
            f" in all {len(behind)} of {count}; expected are times that ascend"
        )
        yield warn("time-order", _place(name, profiles[one], scale), message)
    overlapping = places_of((start[1:] < stop[:-1]) & (start[1:] > start[:-1]))
    if overlapping.size:
        one = overlapping[0] + 1
        message = (
            f"profile {profiles[one]} begins at {start[one]:g} s, before the one before it ends ({stop[one - 1]:g} s);"
            f" in all {len(overlapping)} of {count}"
        )
        yield warn("time-overlap", _place(name, profiles[one], scale), message)


def _within(file: File) -> Iterator[Problem]:
    """All profiles lie between the start and the stop of the measurement (8.3: a smaller stop is after midnight).

    Clients disagree on whether the stop is the end of the last profile (atmospheric-lidar) or its begin (pollyxt-pipelines),
    so that it may end one profile later.
    """
    starts, stops = (file.numbers(name) for name in ("Raw_Data_Start_Time", "Raw_Data_Stop_Time"))
    first, last = (moment(file.text(name), CLOCK[0]) for name in (START[1], STOP))
    if starts is not None and starts.count() and starts.min() < 0:
        message = f"the first profile begins {-starts.min():g} s before {START[1]}, from which times are counted"
        yield warn("time-span", "Raw_Data_Start_Time", message)
    if starts is None or stops is None or first is None or last is None:
        return
    span = int((last - first).total_seconds()) % 86_400 or 86_400
    if starts.count() and stops.count() and starts.max() > span + 1:
        message = (
            f"the last profile begins {starts.max():g} s after {START[1]} {first:%H%M%S}, which is {starts.max() - span:g} s"
            f" after {STOP} {last:%H%M%S}; expected is that all profiles lie between them"
        )
        yield warn("time-span", "Raw_Data_Stop_Time", message)
