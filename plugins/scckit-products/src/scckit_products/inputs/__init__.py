"""The look at a file before it is uploaded, and at one that was: what is asked of it, in this order (scc-interface.md 8).

An error is what section 8 or the server's known behaviour says that the SCC cannot take; all else that somebody should look
at is a warning. A rule takes an opened file and yields what it finds; every rule is asked, whatever the others found. What a
file must be stands in ``tables``. Needs numpy, so that this may only be imported when a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from scckit.models import AncillaryKind, Problem
from scckit_products.inputs.ancillary import ANCILLARY_RULES, check_links
from scckit_products.inputs.data import check_data
from scckit_products.inputs.forms import (
    check_attributes,
    check_channels,
    check_dimensions,
    check_identity,
    check_name,
    check_variables,
)
from scckit_products.inputs.look import Rule, errors_first, look
from scckit_products.inputs.tables import ATTRIBUTES, DARK_ATTRIBUTES, DIMENSIONS, VARIABLES
from scckit_products.inputs.times import check_dark_times, check_profile_times
from scckit_products.inputs.values import (
    check_background,
    check_dark,
    check_gaps,
    check_indexes,
    check_laser_shots,
    check_lidar_ratio_input,
    check_molecular,
    check_station,
)

__all__ = ["RULES", "check_input", "check_raw"]

#: What is asked of a raw file, in this order.
RULES: Final[Sequence[Rule]] = (
    partial(check_dimensions, wanted=DIMENSIONS),
    partial(check_variables, forms=VARIABLES),
    check_channels,
    check_identity,
    partial(check_attributes, forms=ATTRIBUTES, severity="error", mandatory=True),
    partial(check_attributes, forms=DARK_ATTRIBUTES, severity="warning", mandatory=False),
    check_profile_times,
    check_dark_times,
    check_indexes,
    check_laser_shots,
    check_gaps,
    check_background,
    check_molecular,
    check_lidar_ratio_input,
    check_station,
    check_dark,
    check_data,
)


def check_raw(path: Path) -> list[Problem]:
    """Return what is wrong with a raw file, whatever lies beside it; its name should be that of its measurement, if of one.

    Raises:
        MissingLibrary: A library to read it is not installed.
    """
    return look(path, (*RULES, check_name))


def check_input(path: Path, ancillary: Mapping[AncillaryKind, Path]) -> list[Problem]:
    """Return what is wrong with a raw file and with the ancillary files that go with it, errors first.

    Of an ancillary file that the raw file names and that lies beside it, but is not sent, all is a warning: the SCC may have
    another one of that name.

    Raises:
        MissingLibrary: A library to read them is not installed.
    """
    problems = look(path, (*RULES, partial(check_links, ancillary=ancillary)))
    for kind, file in ancillary.items():
        problems += look(file, ANCILLARY_RULES[kind])
    return errors_first(problems)
