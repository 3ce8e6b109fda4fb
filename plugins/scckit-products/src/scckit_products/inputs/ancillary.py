"""Rules about ancillary files: whether the raw file names them, whether they are there, and what is in them (8.5 to 8.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from attrs import evolve

from scckit.models import AncillaryKind, Problem
from scckit_products.inputs.forms import absent_attribute, check_attributes, check_dimensions, check_variables
from scckit_products.inputs.look import File, Rule, look, places_of, some, warn
from scckit_products.inputs.tables import (
    LIDAR_RATIO_VARIABLE,
    LINKS,
    SOUNDING_PLACE,
    SOUNDING_START,
    SOUNDING_VARIABLES,
    Link,
)

__all__ = ["ANCILLARY_RULES", "check_links"]


def check_links(file: File, *, ancillary: Mapping[AncillaryKind, Path]) -> Iterator[Problem]:
    """Only the name in the raw file decides which ancillary file is used, whatever is uploaded with it (10, number 22)."""
    for link in LINKS:
        name, sent = file.text(link.attribute), ancillary.get(link.kind)
        if name:
            yield from _link_name(link, name)
        if sent is not None and sent.name != name:
            names = f"names {name!r}" if name else "names none"
            message = (
                f"the {link.word} {sent.name} would be sent but not used: the raw file {names} in {link.attribute}, and only"
                " that name counts; mend the attribute or rename the file"
            )
            yield warn("ancillary-unused", sent.name, message)
        if name and (sent is None or sent.name != name):
            yield from _beside(file, link, name)


def _link_name(link: Link, name: str) -> Iterator[Problem]:
    if not (name.startswith(link.prefix) and name.endswith(".nc")) or _is_path(name):
        message = f"{link.attribute} is {name[:80]!r}; the name of a {link.word} should be {link.prefix}<any text>.nc, no path"
        yield warn("ancillary-name", link.attribute, message)


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or "\0" in name


def _beside(file: File, link: Link, name: str) -> Iterator[Problem]:
    """Look at an ancillary file that is named and not sent, if it is there."""
    found = file.path.parent / name
    try:
        is_there = not _is_path(name) and found.is_file()
    except OSError:  # such as a name that is too long
        is_there = False
    if is_there:
        yield from (evolve(problem, severity="warning") for problem in look(found, ANCILLARY_RULES[link.kind]))
        return
    message = (
        f"the raw file names the {link.word} {name[:80]!r}, which is neither sent with it nor beside it; if the SCC has none"
        f" of that name yet, send it too ({link.kind.value}=…), or the measurement will wait for it"
    )
    yield warn("ancillary-absent", link.attribute, message)


def _sounding(file: File) -> Iterator[Problem]:
    """Altitudes ascend strictly, or the server refuses the file (2.2, 8.5)."""
    values = file.numbers("Altitude")
    if values is None:
        return
    missing = places_of(np.ma.getmaskarray(values))
    if missing.size:
        message = f"{some(missing, values.size, f'points of {file.path.name}')} no altitude, the first is {missing[0]}"
        yield Problem("sounding-altitude", "Altitude", message)
    known = (~np.ma.getmaskarray(values)).nonzero()[0]
    heights = values.data[known]
    behind = places_of(heights[1:] <= heights[:-1])
    if behind.size:
        one = behind[0] + 1
        message = (
            f"the altitudes in {file.path.name} do not ascend: point {known[one]} is at {heights[one]:g} m, the one before it at"
            f" {heights[one - 1]:g} m; in all {len(behind)} of {values.size} points. The SCC refuses such a file: take one"
            " profile, sorted, without repeated altitudes"
        )
        yield Problem("sounding-altitude", f"Altitude[{known[one]}]", message)


def _sounding_gaps(file: File) -> Iterator[Problem]:
    for name in ("Temperature", "Pressure"):
        values = file.numbers(name)
        if values is None:
            continue
        gaps = places_of(np.ma.getmaskarray(values))
        if gaps.size:
            message = f"{some(gaps, values.size, f'points of {file.path.name}')} no {name}, the first is {gaps[0]}"
            yield warn("missing-value", name, message)


def _sounding_place(file: File) -> Iterator[Problem]:
    for name in SOUNDING_PLACE:
        if name not in file.contents.attributes:
            yield evolve(absent_attribute(file, name), severity="warning")
        elif not _is_number(file.text(name)):
            message = (
                f"the global attribute {name} of {file.path.name} is {file.text(name)[:40]!r}; expected is a number"
            )
            yield warn("attribute-form", name, message)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lidar_ratio(file: File) -> Iterator[Problem]:
    if file.variable(LIDAR_RATIO_VARIABLE) is None:
        message = f"{file.path.name} has no variable {LIDAR_RATIO_VARIABLE}, which a lidar ratio file must hold"
        yield Problem("missing-variable", LIDAR_RATIO_VARIABLE, message)


#: What is asked of an ancillary file.
ANCILLARY_RULES: Final[Mapping[AncillaryKind, Sequence[Rule]]] = {
    AncillaryKind.SOUNDING: (
        partial(check_dimensions, wanted=("points",)),
        partial(check_variables, forms=SOUNDING_VARIABLES),
        partial(check_attributes, forms=SOUNDING_START, severity="warning", mandatory=True),
        _sounding,
        _sounding_gaps,
        _sounding_place,
    ),
    # Of the overlap file no more is known than that it is netCDF (8.7).
    AncillaryKind.OVERLAP: (),
    AncillaryKind.LIDAR_RATIO: (_lidar_ratio,),
}
