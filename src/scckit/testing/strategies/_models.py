"""Strategies for the models: IDs, measurements, modules, lidar constants, names of products."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from scckit.models import ExitCode, LidarConstant, Measurement, MeasurementID, Module, ProductName, Status
from scckit.site.wire import STATUS_CODES

__all__ = [
    "MODULES",
    "codes",
    "exit_codes",
    "lidar_constants",
    "measurement_ids",
    "measurements",
    "module_names",
    "modules",
    "moments",
    "product_names",
    "product_parts",
    "spans",
    "stations",
    "text",
    "wavelengths",
]

#: The modules of today (scc-interface.md 4.3).
MODULES: Final = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
#: Modules in the letters that they have in names of products (6.2).
_IN_NAMES: Final = ("hirelpp", "cloudscreen", "elpp", "eldec", "elda", "elic", "ltool", "ELDAmwl")

_FIRST, _LAST = (datetime(year, 1, 1) for year in (1000, 9999))  # noqa: DTZ001 - the zone is put on what is drawn

#: Text that is taken for markup where somebody forgets to escape it, or does so twice.
_MARKUP: Final = ("a < b", "<b>bold</b>", "&amp;", 'it\'s "so"', "</td>", "<!--")

_LETTERS: Final = string.ascii_lowercase
_FREE: Final = string.digits + string.ascii_lowercase + string.ascii_uppercase


def text(min_size: int = 0) -> st.SearchStrategy[str]:
    """Draw text of one line as a page can carry it: any letters, no control characters, no white space but single spaces."""
    letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs"), include_characters=" ")
    free = st.text(letters, min_size=min_size, max_size=20)
    return free.map(lambda drawn: " ".join(drawn.split()) or ("0" if min_size else "")) | st.sampled_from(_MARKUP)


def moments(step: int = 1) -> st.SearchStrategy[datetime]:
    """Draw moments in UTC of the years 1000 to 9998, on whole seconds (a step of 1) or whole minutes (60)."""
    zeros = {"microsecond": 0} if step == 1 else {"microsecond": 0, "second": 0}
    return st.datetimes(_FIRST, _LAST).map(lambda moment: moment.replace(**zeros, tzinfo=UTC))


def spans(step: int = 1) -> st.SearchStrategy[tuple[datetime, datetime]]:
    """Draw a begin and an end that is not before it, less than a day later."""
    lengths = st.integers(0, 86_399 // step).map(lambda steps: timedelta(seconds=steps * step))
    return st.builds(lambda start, length: (start, start + length), moments(step), lengths)


def stations() -> st.SearchStrategy[str]:
    """Draw station codes: 3 letters, among them real ones.

    Example:
        >>> from hypothesis import given
        >>> @given(stations())
        ... def test_a_station_has_three_letters(station):
        ...     assert len(station) == 3
        >>> test_a_station_has_three_letters()
    """
    return st.sampled_from(("aky", "hpb", "pot")) | st.text(_LETTERS, min_size=3, max_size=3)


def measurement_ids() -> st.SearchStrategy[MeasurementID]:
    """Draw measurement IDs of all forms (scc-interface.md 5.2): station and hour, old ones, and any that the grammar allows.

    Example:
        >>> from hypothesis import given
        >>> @given(measurement_ids())
        ... def test_an_id_begins_with_its_day(id):
        ...     assert id.startswith(f"{id.date:%Y%m%d}")
        >>> test_an_id_begins_with_its_day()
    """
    clock = st.builds("{:02d}{:02d}".format, st.integers(0, 23), st.integers(0, 59))
    new = st.builds("{}{}".format, stations(), clock)
    old = st.builds("{}{:02d}".format, st.text(_LETTERS, min_size=2, max_size=2), st.integers(0, 99))
    free = st.sampled_from((_FREE, string.digits)).flatmap(lambda letters: st.text(letters, min_size=4, max_size=7))
    days = st.dates(date(1000, 1, 1)).map(lambda day: f"{day.year:04d}{day.month:02d}{day.day:02d}")
    return st.builds("{}{}".format, days, new | old | free).map(MeasurementID)


def module_names() -> st.SearchStrategy[str]:
    """Draw names of modules: those of today, and of modules to come."""
    return st.sampled_from(MODULES) | st.text(_LETTERS, min_size=1, max_size=6).map("new{}".format)


def codes() -> st.SearchStrategy[int]:
    """Draw statuses of the API: the four known ones, and numbers that nobody knows."""
    return st.sampled_from(sorted(STATUS_CODES, key=abs)) | st.integers(-200, 200)


def exit_codes() -> st.SearchStrategy[ExitCode]:
    """Draw how a module ended."""
    return st.builds(ExitCode, st.integers(0, 255), text())


def modules() -> st.SearchStrategy[Module]:
    """Draw modules as they come from the API, with the number and often an exit code, and as they come from a page.

    Example:
        >>> from hypothesis import given
        >>> @given(modules())
        ... def test_a_number_goes_with_its_status(module):
        ...     assert (module.code == 127) <= (module.status is Status.OK)
        >>> test_a_number_goes_with_its_status()
    """
    from_api = st.builds(
        lambda code, ended: Module(STATUS_CODES.get(code, Status.UNKNOWN), code, ended),
        codes(),
        st.none() | exit_codes(),
    )
    from_page = st.sampled_from((Status.NOT_RUN, Status.OK, Status.FAILED, Status.UNKNOWN)).map(Module)
    return from_page | from_api


def measurements() -> st.SearchStrategy[Measurement]:
    """Draw measurements in all phases, told by much or by little.

    Example:
        >>> from hypothesis import given
        >>> from scckit import Phase
        >>> @given(measurements())
        ... def test_a_measurement_is_in_a_phase(measurement):
        ...     assert measurement.phase in Phase
        >>> test_a_measurement_is_in_a_phase()
    """
    untold = st.just((None, None))
    flag = st.sampled_from((None, False, True))
    return st.builds(
        lambda id, modules, upload, station, system, times, changes, flags: Measurement(  # noqa: A006 - the field's word
            id, modules, upload, station, system, *times, *changes, *flags
        ),
        measurement_ids(),
        st.dictionaries(module_names(), modules(), max_size=4),
        st.none() | modules(),
        st.none() | stations(),
        st.none() | st.integers(1, 9999),
        untold | spans(),
        untold | spans(),
        st.tuples(flag, flag, flag, flag),
    )


def wavelengths() -> st.SearchStrategy[int]:
    """Draw wavelengths in nm: those of the usual lasers, and others."""
    return st.sampled_from((355, 532, 1064)) | st.integers(0, 9999)


def lidar_constants() -> st.SearchStrategy[LidarConstant]:
    """Draw lidar constants, told by much or by little.

    Example:
        >>> from hypothesis import given
        >>> @given(lidar_constants())
        ... def test_a_constant_is_a_number_where_it_is_told(constant):
        ...     assert constant.lidar_constant is None or constant.lidar_constant >= 0
        >>> test_a_constant_is_a_number_where_it_is_told()
    """
    positive = st.floats(0, 1e15, allow_nan=False)
    window = st.none() | st.integers(0, 20_000).map(float)
    numbers = st.none() | st.integers(1, 99_999)
    return st.builds(
        LidarConstant,
        st.none() | measurement_ids().map(str),
        numbers,
        numbers,
        numbers,
        st.none() | wavelengths().map(float),
        st.none() | positive,
        st.none() | positive,
        st.none() | moments(60),
        st.none() | moments(60),
        st.none() | moments(60),
        window,
        window,
        st.none() | _versions(),
    )


def _versions() -> st.SearchStrategy[str]:
    return st.lists(st.integers(0, 99), min_size=1, max_size=4).map(lambda numbers: ".".join(map(str, numbers)))


def product_parts() -> st.SearchStrategy[dict[str, Any]]:
    """Draw the parts of a product's name, as ``ProductName.build`` takes them; type and product come together or not at all.

    Example:
        >>> from hypothesis import given
        >>> @given(product_parts())
        ... def test_a_name_tells_its_module(parts):
        ...     assert ProductName.build(**parts).module == parts["module"]
        >>> test_a_name_tells_its_module()
    """
    always: dict[str, st.SearchStrategy[Any]] = {
        "station": stations(),
        "measurement_id": measurement_ids(),
        "module": st.sampled_from(_IN_NAMES) | st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True),
        "version": _versions(),
    }
    numbers: dict[str, st.SearchStrategy[Any]] = {
        "product_type": st.integers(0, 999),
        "product_id": st.integers(0, 10**9),
    }
    return st.builds(
        lambda fixed, span, more: {**fixed, "start": span[0], "stop": span[1], **more},
        st.fixed_dictionaries(always),
        spans(60),
        st.just({}) | st.fixed_dictionaries(numbers, optional={"wavelength": wavelengths()}),
    )


def product_names() -> st.SearchStrategy[ProductName]:
    """Draw names of products: of the grammar, of the two older forms, nearly of one of them, and any text (6.2).

    Example:
        >>> from hypothesis import given
        >>> @given(product_names())
        ... def test_a_name_is_kept_letter_for_letter(name):
        ...     assert ProductName.parse(str(name)) == name
        >>> test_a_name_is_kept_letter_for_letter()
    """
    of_the_grammar = st.builds(lambda parts: ProductName.build(**parts), product_parts())
    numbers = st.integers(0, 10**7)
    old_elpp = st.builds("{}_{:0{}d}.nc".format, measurement_ids(), numbers, st.sampled_from((7, 1)))
    scc_4 = st.builds(
        "pid{}_{}{:%y%m%d%H%M}.{}{}.nc".format,
        numbers,
        stations(),
        moments(60),
        st.sampled_from("be"),
        st.sampled_from((355, 532, 1064)),
    )
    damaged = st.builds(
        lambda name, at, other: name.text[: at % len(name.text)] + other + name.text[at % len(name.text) + 1 :],
        of_the_grammar,
        st.integers(0, 200),
        st.text(max_size=2),
    )
    return of_the_grammar | st.one_of(old_elpp, scc_4, damaged, st.text()).map(ProductName.parse)
