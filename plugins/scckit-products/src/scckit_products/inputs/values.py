"""Rules about the values of the small variables of a raw file (8.4); those about times have a module of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scckit.models import Problem
from scckit_products.inputs.look import File, places_of, shown, some, warn
from scckit_products.inputs.tables import (
    DARK_ATTRIBUTES,
    DARK_VARIABLES,
    INDEXES,
    LR_FROM_FILE,
    LR_INPUT,
    MOLECULAR,
    PROFILES,
    RADIOSOUNDING,
    USUAL,
    form_of,
)

__all__ = [
    "check_background",
    "check_dark",
    "check_gaps",
    "check_indexes",
    "check_laser_shots",
    "check_lidar_ratio_input",
    "check_molecular",
    "check_station",
]


def check_indexes(file: File) -> Iterator[Problem]:
    """``index-range``: indexes count in their dimensions, from 0."""
    times = file.numbers("Raw_Data_Start_Time")
    for name, dimension in INDEXES.items():
        values, size = file.numbers(name), file.contents.dimensions.get(dimension, 0)
        if values is None or not size:
            continue
        filled = values.filled(-1)
        wrong = (filled < 0) | (filled >= size)
        if form_of(name).dimensions == PROFILES and times is not None:
            # Where a time scale is filled up, so is the index.
            wrong &= ~(np.ma.getmaskarray(times) & np.ma.getmaskarray(values))
        places = places_of(wrong)
        if places.size:
            message = (
                f"{some(places, values.size, 'values', 'is', 'are')} no index of the dimension"
                f" {dimension}, the first: {shown(values, places)}; expected are numbers from 0 to {size - 1}"
            )
            yield Problem("index-range", name, message)


def check_laser_shots(file: File) -> Iterator[Problem]:
    """``laser-shots``: every profile has some."""
    shots = file.numbers("Laser_Shots")
    if shots is None:
        return
    wrong = shots.filled(0) <= 0
    scales, times = file.numbers("id_timescale"), file.numbers("Raw_Data_Start_Time")
    if scales is not None and times is not None and times.shape[1]:
        # Where the time scale of a channel is filled up, so are its shots.
        used = np.clip(scales.filled(0), 0, times.shape[1] - 1).astype(int)
        wrong &= ~(np.ma.getmaskarray(times)[:, used] & np.ma.getmaskarray(shots))
    places = places_of(wrong)
    if places.size:
        profile, channel = divmod(places[0], shots.shape[1])
        message = (
            f"{some(places, shots.size, 'values', 'is', 'are')} not above 0; the first is"
            f" {shown(shots, places)}, of profile {profile}, channel {channel}"
        )
        yield warn("laser-shots", "Laser_Shots", message)


def check_gaps(file: File) -> Iterator[Problem]:
    """``missing-value``: nothing is missing where every channel or angle needs a value."""
    for name in ("Laser_Pointing_Angle", "Background_Low", "Background_High"):
        values = file.numbers(name)
        if values is None:
            continue
        places = places_of(np.ma.getmaskarray(values))
        if places.size:
            message = f"{some(places, values.size, 'values', 'is', 'are')} missing, the first is {places[0]}"
            yield warn("missing-value", name, message)


def check_background(file: File) -> Iterator[Problem]:
    """``background-range``: it ends above its begin, be they in metres or bins."""
    low, high = (file.numbers(name) for name in ("Background_Low", "Background_High"))
    if low is None or high is None:
        return
    wrong = places_of(np.ma.filled(low >= high, fill_value=False))
    if wrong.size:
        one = wrong[0]
        message = (
            f"{some(wrong, low.size, 'channels')} a background that does not end above its begin; channel {one}:"
            f" Background_Low {low.data[one]:g}, Background_High {high.data[one]:g}"
        )
        yield warn("background-range", "Background_Low", message)


def check_molecular(file: File) -> Iterator[Problem]:
    """``molecular-calc``, ``sounding-not-named``: the value is a known one, and a radiosounding has a file."""
    values = file.numbers("Molecular_Calc")
    if values is None:
        return
    where = "Molecular_Calc"
    value = values.filled(-1).item()
    if value not in MOLECULAR:
        found = "missing" if values.mask else f"{value:g}"
        message = f"{where} is {found}; expected is a number from {MOLECULAR.start} to {MOLECULAR.stop - 1}"
        yield warn("molecular-calc", where, message)
    if value == RADIOSOUNDING and not file.text("Sounding_File_Name"):
        message = (
            f"{where} is {RADIOSOUNDING}, a radiosounding, but the global attribute Sounding_File_Name names no file"
        )
        yield warn("sounding-not-named", where, message)


def check_lidar_ratio_input(file: File) -> Iterator[Problem]:
    """``lr-input``, ``lidar-ratio-not-named``: the values are known ones, and a profile has a file."""
    where = "LR_Input"
    values = file.numbers(where)
    if values is None:
        return
    known = values.compressed()
    odd = sorted({f"{value:g}" for value in known if value not in LR_INPUT})
    if odd:
        yield warn(
            "lr-input", where, f"{where} holds {', '.join(odd)}; expected are 0 (a file) and 1 (the SCC's value)"
        )
    if (known == LR_FROM_FILE).any() and not file.text("LR_File_Name"):
        message = (
            f"{where} is 0 for a channel, a profile from a file, but the global attribute LR_File_Name names no file"
        )
        yield warn("lidar-ratio-not-named", where, message)


def check_station(file: File) -> Iterator[Problem]:
    """``implausible``: pressure and temperature are in the units that the SCC takes."""
    for name, (low, high, unit) in USUAL.items():
        values = file.numbers(name)
        if values is not None and values.count() and not low <= values.item() <= high:
            message = f"{name} is {values.item():g}; expected is a value from {low:g} to {high:g}, in {unit}"
            yield warn("implausible", name, message)


def check_dark(file: File) -> Iterator[Problem]:
    """``dark-incomplete``: dark profiles need all their parts; attributes of such without profiles mean nothing (8.3)."""
    has = [name for name in DARK_VARIABLES if file.variable(name) is not None]
    has += ["time_bck"] * ("time_bck" in file.contents.dimensions)
    if not has:
        return
    lacking = [name for name in DARK_VARIABLES if file.variable(name) is None]
    lacking += [name for name in DARK_ATTRIBUTES if not file.text(name)]
    if lacking:
        message = f"there is {', '.join(has)}, but for dark profiles {', '.join(lacking)} should be there too"
        yield warn("dark-incomplete", has[0], message)
