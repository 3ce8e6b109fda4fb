"""Strategies for what the JSON API answers, with what must be read from it (scc-interface.md 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen
from hypothesis import strategies as st

from scckit.models import ExitCode, Measurement, MeasurementID, Module, Status
from scckit.site.wire import STATUS_CODES
from scckit.testing.strategies._models import MODULES, codes, exit_codes, measurement_ids, spans
from scckit.testing.strategies._pages import GENERATIONS, Generation
from scckit.testing.strategies._shown import Shown

__all__ = ["APIObject", "api_objects", "json_values"]

#: The three flags of today; before, one had to do for all (4.3).
_FLAGS: Final = ("is_being_processed", "is_queued", "is_delayed")
#: What SCC 4 had in place of today's modules.
_OLD_MODULES: Final = ("pre_processing", "processing")


@frozen
class APIObject(Shown):
    """A measurement as the API gives it.

    Attributes:
        value: The object, of dictionaries, lists and basic values.
        measurement: What must come of it.
    """

    value: Mapping[str, Any] = field(converter=dict)
    measurement: Measurement

    @property
    def text(self) -> str:
        """The object as JSON text."""
        return json.dumps(dict(self.value))


def json_values(max_leaves: int = 8) -> st.SearchStrategy[Any]:
    """Draw any JSON value, among them texts and numbers that mean something to the SCC; NaN and infinities too.

    Example:
        >>> from hypothesis import given
        >>> @given(json_values())
        ... def test_no_value_is_too_much(value):
        ...     with contextlib.suppress(SCCError):
        ...         measurement_from_api(value)
    """
    telling = st.sampled_from(("20210307aky0930", 127, -127, "2021-03-07T09:30:00", "False"))
    basic = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | telling
    return st.recursive(
        basic,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=max_leaves,
    )


def api_objects(generation: Generation | None = None) -> st.SearchStrategy[APIObject]:
    """Draw measurements as the API gives them, with modules to come and keys that nobody knows.

    Args:
        generation: ``current`` has three flags; ``legacy`` has ``is_running`` and may have the modules of SCC 4; either if
            None.

    Example:
        >>> from hypothesis import given
        >>> @given(api_objects())
        ... def test_what_the_api_says_comes_through(one):
        ...     assert site.measurement(json.loads(one.text)) == one.measurement
    """
    of_each = {"current": _objects(_FLAGS, MODULES), "legacy": _objects(("is_running",), (*MODULES, *_OLD_MODULES))}
    return st.one_of([of_each[one] for one in GENERATIONS if generation in {None, one}])


def _objects(flags: Sequence[str], modules: Sequence[str]) -> st.SearchStrategy[APIObject]:
    states = st.tuples(codes(), st.none() | exit_codes())
    return st.builds(
        _object,
        measurement_ids(),
        st.just((None, None)) | spans(),
        st.none() | st.tuples(st.integers(1, 9999), st.sampled_from(("uri", "number", "text", "object"))),
        st.none() | codes(),
        st.fixed_dictionaries({}, optional=dict.fromkeys((*flags, "is_calibration"), st.booleans())),
        # A module that nobody knows is one by the exit code beside it.
        st.fixed_dictionaries({}, optional=dict.fromkeys((*modules, "newmodule"), states)),
        st.dictionaries(st.text(max_size=4).map("unknown {}".format), json_values(2), max_size=1),
    )


def _object(  # noqa: PLR0913, PLR0917 - the parts of one, drawn in this order
    id: MeasurementID,
    times: tuple[datetime | None, datetime | None],
    system: tuple[int, str] | None,
    upload: int | None,
    flags: Mapping[str, bool],
    states: Mapping[str, tuple[int, ExitCode | None]],
    unknown: Mapping[str, object],
) -> APIObject:
    value: dict[str, Any] = {
        "id": id,
        "resource_uri": f"/api/v1/measurements/{id}/",
        "start": _zoneless(times[0]),
        "stop": _zoneless(times[1]),
        "upload": upload,
        **flags,
        **unknown,
    }
    if system is not None:
        value["system"] = _system(*system)
    for name, (code, ended) in states.items():
        value[name] = code
        if name not in _OLD_MODULES:
            told = ended and {"exit_code": ended.exit_code, "description": ended.description}
            value[f"{name}_exit_code"] = told
    measurement = Measurement(
        id,
        {name: _module(code, None if name in _OLD_MODULES else ended) for name, (code, ended) in states.items()},
        None if upload is None else _module(upload, None),
        system=system and system[0],
        start=times[0],
        stop=times[1],
        is_calibration=flags.get("is_calibration"),
        is_processing=flags.get("is_being_processed", flags.get("is_running")),
        is_queued=flags.get("is_queued"),
        is_delayed=flags.get("is_delayed"),
    )
    return APIObject(value, measurement)


def _module(code: int, ended: ExitCode | None) -> Module:
    return Module(STATUS_CODES.get(code, Status.UNKNOWN), code, ended)


def _zoneless(moment: datetime | None) -> str | None:
    return None if moment is None else moment.replace(tzinfo=None).isoformat()


def _system(number: int, form: str) -> object:
    """Write a system as number, text, address or object: which of them it is, is not known for certain (4.3)."""
    return {
        "uri": f"/api/v1/lidar_configurations/{number}/",
        "number": number,
        "text": str(number),
        "object": {"id": number},
    }[form]
