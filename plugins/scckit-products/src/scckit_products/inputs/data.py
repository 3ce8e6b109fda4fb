"""The look at the lidar data themselves: once, in blocks, for they may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from scckit.models import Problem
from scckit_products.contents import TooLarge, Variable
from scckit_products.inputs.look import File, filled, fits, is_number, places_of, some, warn
from scckit_products.inputs.tables import form_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_data"]


@define(eq=False)
class _Tally:
    """What was counted in the data, for each channel."""

    values: NDArray[np.int64]
    broken: NDArray[np.int64]
    negative: NDArray[np.int64]
    fractions: NDArray[np.bool_]

    @classmethod
    def of(cls, channels: int) -> _Tally:
        """Return an empty one."""
        zeros = np.zeros((3, channels), dtype=np.int64)
        return cls(zeros[0], zeros[1], zeros[2], np.zeros(channels, dtype=bool))

    def add(self, channels: slice, block: NDArray[Any], variable: Variable) -> None:
        """Count in a block of profiles, channels and points."""
        with np.errstate(all="ignore"):
            low, high = block.min(axis=2).min(axis=0), block.max(axis=2).max(axis=0)
            # Most channels of most files need no closer look: whatever is not a number makes these not a number either.
            clear = np.isfinite(low) & np.isfinite(high) & (low >= 0)
            for fill in variable.fills:
                clear &= ~((low <= fill) & (fill <= high))
        self.values[channels][clear] += block.shape[0] * block.shape[2]
        for number in (~clear).nonzero()[0]:
            self._add_one(channels.start + int(number), block[:, number, :], variable)

    def _add_one(self, channel: int, block: NDArray[Any], variable: Variable) -> None:
        missing = filled(block, variable)
        finite = np.isfinite(block)
        self.broken[channel] += np.count_nonzero(~finite & ~missing)
        finite &= ~missing
        self.values[channel] += np.count_nonzero(finite)
        negative = block[finite & (block < 0)]
        self.negative[channel] += negative.size
        self.fractions[channel] |= bool((negative != np.rint(negative)).any())


def check_data(file: File) -> Iterator[Problem]:
    """Look at the lidar data, once and in parts."""
    form = form_of("Raw_Lidar_Data")
    variable = file.variable(form.name)
    if variable is None or not fits(variable, form) or not is_number(variable) or 0 in variable.shape:
        return
    tally = None
    try:
        tally = _tallied(file, variable)
    except TooLarge as error:
        yield warn("not-looked-at", form.name, f"the values were not looked at: {error}")
    if tally is not None:
        yield from _judged(file, tally, form.name)


def _tallied(file: File, variable: Variable) -> _Tally:
    channels = variable.shape[1]
    if channels > np.iinfo(np.int16).max:
        raise TooLarge(f"there are {channels} channels")
    tally = _Tally.of(channels)
    for (_, part, _), block in file.contents.blocks(variable):
        tally.add(part, block, variable)
        # Two blocks at a time would be one too many where they are large.
        del block
    return tally


def _judged(file: File, tally: _Tally, where: str) -> Iterator[Problem]:
    count = tally.values.size
    empty = places_of(tally.values == 0)
    if empty.size:
        message = f"{some(empty, count, 'channels')} not one value that is a number, the first is channel {empty[0]}"
        yield warn("data-missing", where, message)
    broken = places_of(tally.broken > 0)
    if broken.size:
        message = (
            f"{tally.broken.sum()} values are not finite (NaN or infinite), in {len(broken)} of {count} channels, the first is"
            f" channel {broken[0]}; what is missing should be the variable's fill value"
        )
        yield warn("data-not-finite", where, message)
    ranges = file.numbers("DAQ_Range")
    counting = ~tally.fractions
    if ranges is not None and ranges.count():
        # Analogue channels have a range; whose range is missing among them counts photons.
        counting = counting | np.ma.getmaskarray(ranges)
    negative = places_of((tally.negative > 0) & counting)
    if negative.size:
        message = (
            f"{tally.negative[negative].sum()} counts are below 0, in {len(negative)} of {count} channels, the first is channel"
            f" {negative[0]}; raw counts are expected, without any background taken off"
        )
        yield warn("data-negative", where, message)
