"""Strategies for the admin's lists, of both generations, with what must be read from them (scc-interface.md 3)."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Generic, Literal, TypeAlias, TypeVar

from attrs import field, frozen
from hypothesis import strategies as st

from scckit.models import LidarConstant, Measurement, MeasurementID, Module, Status
from scckit.site.content import Cell, Choice, Form, FormField, Message, PageContent, Pager, Row, Table
from scckit.testing.strategies._content import pagers, with_forms
from scckit.testing.strategies._models import (
    MODULES,
    lidar_constants,
    measurement_ids,
    module_names,
    spans,
    stations,
    text,
)
from scckit.testing.strategies._render import document, form_page, pager_of, said, table_of
from scckit.testing.strategies._shown import Shown

__all__ = ["GENERATIONS", "Generation", "ListPage", "constant_pages", "pages"]

T = TypeVar("T")

Generation: TypeAlias = Literal["current", "legacy"]
GENERATIONS: Final[tuple[Generation, ...]] = ("current", "legacy")

#: Endings of the cells with icons that each generation may have (3.2).
_ENDINGS: Final[Mapping[Generation, tuple[str, ...]]] = {"current": ("_ok_evo",), "legacy": ("_ok_evo", "_ok")}
#: Icons by the ending of the cells: since March 2021, and before (3.2).
_ICONS: Final[Mapping[str, Mapping[str, Status]]] = {
    "_ok_evo": {"Not Executed": Status.NOT_RUN, "OK": Status.OK, "Error": Status.FAILED, "???": Status.UNKNOWN},
    "_ok": {"None": Status.NOT_RUN, "True": Status.OK, "False": Status.FAILED, "???": Status.UNKNOWN},
}
_FLAGS: Final[Mapping[bool | None, str]] = {None: "None", False: "False", True: "True"}
_EMPTY: Final = Cell("-")
#: Columns besides the ID and the modules (3.2).
_COLUMNS: Final = ("station_id", "start", "stop", "creation_date", "updated_date", "is_being_processed")

_TOKEN: Final = FormField("csrfmiddlewaretoken", "hidden", "a-token")
_ACTIONS: Final = tuple(Choice(value, value or "---------") for value in ("", "delete_selected", "rerun_all"))


@frozen
class ListPage(Shown, Generic[T]):
    """A page of one of the admin's lists.

    Attributes:
        html: The page.
        content: What a reader must find in it; the rows are those of its table ``result_list``.
        items: What must come of the rows, in their order.
    """

    html: str
    content: PageContent = field(repr=False)  # it says what the HTML says
    items: tuple[T, ...]


def pages(generation: Generation | None = None) -> st.SearchStrategy[ListPage[Measurement]]:
    """Draw pages of the list of measurements: columns in any order, some missing, some that nobody knows.

    Args:
        generation: ``current`` has pages from 1 and icons of three states; ``legacy`` has pages from 0 and icons of either
            kind; either if None.

    Example:
        >>> from hypothesis import given
        >>> @given(pages())
        ... def test_my_reader_finds_all_measurements(page):
        ...     rows = MyReader().read(page.html).table("result_list").rows
        ...     assert Site(MyReader()).measurements(rows) == list(page.items)
    """
    wanted = GENERATIONS if generation is None else (generation,)
    return st.one_of(
        [_list_pages(_measurement_rows(ending), "measurements", one) for one in wanted for ending in _ENDINGS[one]]
    )


def constant_pages(generation: Generation | None = None) -> st.SearchStrategy[ListPage[LidarConstant]]:
    """Draw pages of the list of lidar constants (3.3).

    Args:
        generation: As in ``pages``.

    Example:
        >>> from hypothesis import given
        >>> @given(constant_pages())
        ... def test_my_reader_finds_all_constants(page):
        ...     rows = MyReader().read(page.html).table("result_list").rows
        ...     assert Site(MyReader()).constants(rows) == list(page.items)
    """
    wanted = GENERATIONS if generation is None else (generation,)
    constants = st.lists(lidar_constants().map(_constant_row), max_size=3)
    return st.one_of([_list_pages(constants, "lidarconstant", one) for one in wanted])


def _list_pages(
    drawn: st.SearchStrategy[list[tuple[Row, T]]], name: str, generation: Generation
) -> st.SearchStrategy[ListPage[T]]:
    messages = st.builds(Message, st.sampled_from(("success", "error", "warning")), text(1))
    return st.builds(
        lambda rows, pager, messages: _list_page(name, rows, pager, messages),
        drawn,
        pagers(0 if generation == "legacy" else 1),
        st.lists(messages, max_size=1).map(tuple),
    )


def _list_page(name: str, drawn: Sequence[tuple[Row, T]], pager: Pager, messages: tuple[Message, ...]) -> ListPage[T]:
    rows = tuple(row for row, _ in drawn)
    # Without results there is no table, and nothing to do with it (3.1).
    tables = (Table("result_list", rows),) if rows else ()
    selects = (FormField("action", "select", "", _ACTIONS),) if rows else ()
    boxes = tuple(FormField("_selected_action", "checkbox", row.key) for row in rows if row.key is not None)
    sign_out = Form("/admin/logout/", "post", (_TOKEN,))
    listing = Form(method="post", fields=(_TOKEN, *boxes, *selects))
    content = PageContent(
        title=f"{name} | Station admin",
        headings=("Station admin", name),
        tables=tables,
        pager=pager,
        messages=messages,
    )
    token = f'<input type="hidden" name="{_TOKEN.name}" value="{_TOKEN.value}">'
    results = "".join(f'<div class="grp-module grp-changelist-results">{table_of(one)}</div>' for one in tables)
    options = "".join(f'<option value="{one.value}">{one.text}</option>' for one in _ACTIONS)
    actions = f'<div class="grp-changelist-actions"><select name="action">{options}</select></div>' if rows else ""
    body = (
        form_page(sign_out, token),
        said(content),
        pager_of(pager),
        form_page(listing, token + results + actions),
        pager_of(pager),
    )
    return ListPage(
        document(content.title, "".join(body)),
        with_forms(content, (sign_out, listing)),
        tuple(item for _, item in drawn),
    )


@frozen
class _Told:
    """What the server knows of one measurement, for whatever columns there are."""

    id: MeasurementID
    times: tuple[datetime | None, datetime | None]
    changes: tuple[datetime | None, datetime | None]
    station: str | None
    flag: bool | None
    comment: str
    has_box: bool
    #: By the place of the column; no page has more of them.
    icons: tuple[str, ...]


def _measurement_rows(ending: str) -> st.SearchStrategy[list[tuple[Row, Measurement]]]:
    usual = (*_COLUMNS, *(f"{name}{ending}" for name in ("upload", *MODULES)))
    columns = st.builds(
        lambda dropped, novel: dict.fromkeys(("id", *(one for one in usual if one not in dropped), *novel)),
        st.sets(st.sampled_from(usual), max_size=4),
        st.lists(module_names().map(lambda name: f"{name}{ending}") | st.just("comment"), max_size=2),
    )
    places = range(len(usual) + 3)
    untold = st.just((None, None))
    told = st.builds(
        _Told,
        measurement_ids(),
        untold | spans(60),
        untold | spans(60),
        st.none() | stations(),
        st.sampled_from(list(_FLAGS)),
        text(),
        st.booleans().map(operator.not_),
        st.tuples(*(st.sampled_from(list(_ICONS[ending])) for _ in places)),
    )
    return st.builds(
        lambda names, order, rows: [_measurement_row(_ordered(names, order), ending, one) for one in rows],
        columns,
        st.just(places) | st.permutations(places),
        st.lists(told, max_size=3),
    )


def _ordered(names: Iterable[str], order: Iterable[int]) -> list[str]:
    return [name for _, name in sorted(zip(order, names, strict=False))]


def _measurement_row(names: Sequence[str], ending: str, told: _Told) -> tuple[Row, Measurement]:
    link = f"/admin/database/measurements/{told.id}/change/"
    shown = {
        "id": Cell(told.id),
        "station_id": _EMPTY if told.station is None else Cell(told.station, href=link),
        "start": _minute(told.times[0]),
        "stop": _minute(told.times[1]),
        "creation_date": _minute(told.changes[0]),
        "updated_date": _minute(told.changes[1]),
        "is_being_processed": Cell(icon=_FLAGS[told.flag]),
        "comment": Cell(told.comment),
    }
    icons = {name: icon for name, icon in zip(names, told.icons, strict=False) if name.endswith(ending)}
    modules = {name.removesuffix(ending): Module(_ICONS[ending][icon]) for name, icon in icons.items()}
    upload = modules.pop("upload", None)
    measurement = Measurement(
        told.id,
        modules,
        upload,
        station=told.station if "station_id" in names else None,
        start=told.times[0] if "start" in names else None,
        stop=told.times[1] if "stop" in names else None,
        created=told.changes[0] if "creation_date" in names else None,
        updated=told.changes[1] if "updated_date" in names else None,
        is_processing=told.flag if "is_being_processed" in names else None,
    )
    cells = {name: Cell(icon=icons[name]) if name in icons else shown[name] for name in names}
    return Row(cells, told.id if told.has_box else None), measurement


def _minute(moment: datetime | None) -> Cell:
    return _EMPTY if moment is None else Cell(f"{moment:%Y-%m-%d %H:%M}")


def _constant_row(constant: LidarConstant) -> tuple[Row, LidarConstant]:
    cells = {
        "measurement_id_display": _shown(constant.measurement_id),
        "channel_id_display": _shown(constant.channel_id),
        "system_id_display": _shown(constant.system_id),
        "product_id_display": _shown(constant.product_id),
        "detection_wavelength": _shown(constant.detection_wavelength),
        "lidar_constant": _shown(constant.lidar_constant),
        "lidar_constant_stat_err": _shown(constant.lidar_constant_stat_err),
        "profile_start_time": _minute(constant.profile_start),
        "profile_end_time": _minute(constant.profile_end),
        "creation_date": _minute(constant.created),
        "calibr_window_bottom": _shown(constant.calibr_window_bottom),
        "calibr_window_top": _shown(constant.calibr_window_top),
        "elda_version": _shown(constant.elda_version),
    }
    return Row(cells), constant


def _shown(value: object) -> Cell:
    return _EMPTY if value is None else Cell(str(value))
