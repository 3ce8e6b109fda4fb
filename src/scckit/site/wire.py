"""How text and JSON become values: the strict converter. Every rule about a single value is here, none about a layout.

cattrs turns nearly anything into a ``str`` or ``bool``; a server that drifts must be noticed instead, so each basic type
has its own strict rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError

from scckit.errors import InvalidMeasurementID, UnreadablePage
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Status

__all__ = ["STATUS_CODES", "STATUS_ICONS", "structure", "system_number", "utc"]

T = TypeVar("T")

#: Numbers of the API (scc-interface.md 4.4).
STATUS_CODES: Mapping[int, Status] = {0: Status.NOT_RUN, 1: Status.RUNNING, 127: Status.OK, -127: Status.FAILED}

#: Icons of the admin list, of the three-state and of the older two-state kind (scc-interface.md 3.2).
STATUS_ICONS: Mapping[str, Status] = {
    "ok": Status.OK,
    "not executed": Status.NOT_RUN,
    "error": Status.FAILED,
    "true": Status.OK,
    "false": Status.FAILED,
    # Django's own icon for "unknown"
    "none": Status.NOT_RUN,
}


def utc(value: object) -> datetime:
    """Read a date and time of the SCC: ISO 8601 or ``YYYY-MM-DD HH:MM``, UTC unless it says otherwise.

    Raises:
        ValueError: It is not such a text.
    """
    if not isinstance(value, str):
        msg = f"expected a date and time as text, found {value!r}"
        raise TypeError(msg)
    moment = datetime.fromisoformat(value.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def system_number(value: object) -> int | None:
    """Read the system of a measurement: a number, its text, or a resource URI ending in it (type not certain, 4.3)."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (match := re.fullmatch(r"(?:.*/)?([0-9]+)/?", value.strip())):
        return int(match[1])
    if isinstance(value, Mapping) and "id" in value:
        return system_number(value["id"])
    msg = f"expected a system number or its address, found {value!r}"
    raise ValueError(msg)


def _exactly(kind: type[T]) -> Callable[[Any, Any], T]:
    def read(value: Any, _: Any) -> T:  # noqa: ANN401 - any JSON value
        if type(value) is not kind:
            msg = f"expected {kind.__name__}, found {value!r}"
            raise TypeError(msg)
        return value

    return read


def _float(value: Any, _: Any) -> float:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"expected a number, found {value!r}"
        raise TypeError(msg)
    return float(value)


def _converter() -> Converter:
    converter = Converter()
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook(datetime, lambda value, _: utc(value))
    converter.register_structure_hook(MeasurementID, lambda value, _: MeasurementID(value))
    return converter


_CONVERTER = _converter()


def structure(value: object, kind: type[T], what: str) -> T:
    """Make a model of a JSON-like value.

    Args:
        value: Dictionaries, lists and basic values.
        kind: The attrs class to make.
        what: What is being read, for the error.

    Raises:
        UnreadablePage: It does not fit; the message names each field that does not.
    """
    try:
        return _CONVERTER.structure(value, kind)
    except BaseValidationError as group:
        found = "; ".join(transform_error(group, path="", format_exception=lambda error, _: str(error)))
        msg = f"{what} cannot be understood: {found}. The site may have changed; please report it"
        raise UnreadablePage(msg) from group
    except (InvalidMeasurementID, ValueError, TypeError, KeyError) as error:
        msg = f"{what} cannot be understood: {error}. The site may have changed; please report it"
        raise UnreadablePage(msg) from error
