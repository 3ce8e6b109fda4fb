"""How the emulated SCC behaves where servers differ or where nobody knows: plain values, no logic of the site."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from scckit_emulator.chain import MODULES, Pace

__all__ = ["Area", "Behaviour", "Cells", "DeleteUnknown", "Generation", "MissingProduct", "NoSession", "SystemAs"]

Generation = Literal["current", "legacy"]
Cells = Literal["_ok_evo", "_ok"]
NoSession = Literal["redirect", "form", "401"]
Area = Literal["page", "download", "api"]
MissingProduct = Literal["404", "page", "empty_zip"]
DeleteUnknown = Literal["404", "redirect"]
SystemAs = Literal["uri", "id"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "generation": get_args(Generation),
    "cells": get_args(Cells),
    "missing_product": get_args(MissingProduct),
    "delete_unknown": get_args(DeleteUnknown),
    "system_as": get_args(SystemAs),
}

_LEAST: dict[str, int] = {"page_size": 1, "api_page_size": 1, "api_lag": 0, "queue_seconds": 0, "module_seconds": 0}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the emulator behaves.

    Attributes:
        generation: ``current`` is Django 5.2 as it is: admin pages from 1, opaque ``messages`` cookie, the three newer
            flags. ``legacy`` is the server that the published clients were written for: pages from 0, readable
            cookie, ``is_running`` (scc-interface.md 1.5, 3.1, 4.3).
        legacy_flags: Whether the legacy API shows the three newer flags too, as some time between must have done.
        cells: Name and meaning of the status cells: since March 2021 or before (3.2).
        page_size: Rows on a page of the admin's lists (3.1).
        api_page_size: Objects on a page of the API where ``limit`` is not given (4.2).
        api_lag: Seconds for which the API does not know a new measurement (2.2, notes).
        system_as: Whether the API gives a measurement's system as resource URI or as number (4.3).
        no_session: What a request without a session gets: a redirect to the sign-in page, the sign-in form in place
            with status 200, or 401 (1.3). One value for all, or by area: ``page``, ``download``, ``api``.
        missing_product: What a download gives when there is no such product (2.4).
        delete_unknown: What the delete page gives for an unknown ID: 404 (2.5), or what Django does by itself.
        queue_seconds: How long a measurement waits in the queue.
        module_seconds: How long a module runs.
        failing_modules: Modules that fail in runs that begin from now on: names, or names by measurement ID or by
            system number.

    Raises:
        ValueError: A value is not one of those above, or a number is out of range.
    """

    generation: Generation = "current"
    legacy_flags: bool = True
    cells: Cells = "_ok_evo"
    page_size: int = 100
    api_page_size: int = 20
    api_lag: float = 0.0
    system_as: SystemAs = "uri"
    no_session: NoSession | Mapping[Area, NoSession] = "redirect"
    missing_product: MissingProduct = "404"
    delete_unknown: DeleteUnknown = "404"
    queue_seconds: float = 5.0
    module_seconds: float = 3.0
    failing_modules: Collection[str] | Mapping[str | int, Collection[str]] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            _one_of(name, getattr(self, name), choices)
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} must be a number from {least} on; found {getattr(self, name)}")
        self._check_no_session()
        self._check_failing_modules()

    @property
    def is_legacy(self) -> bool:
        """Whether this is the server that the published clients were written for."""
        return self.generation == "legacy"

    @property
    def pace(self) -> Pace:
        """How long the parts of a run take."""
        return Pace(queue=self.queue_seconds, module=self.module_seconds)

    def without_session(self, area: Area) -> NoSession:
        """What a request without a session gets in an area of the site."""
        if isinstance(self.no_session, Mapping):
            return self.no_session.get(area, "redirect")
        return self.no_session

    def failing(self, measurement_id: str, system: int) -> frozenset[str]:
        """Modules that fail for a measurement of a system."""
        if isinstance(self.failing_modules, Mapping):
            by_id = self.failing_modules.get(measurement_id, ())
            return frozenset(by_id) | frozenset(self.failing_modules.get(system, ()))
        return frozenset(self.failing_modules)

    def _check_no_session(self) -> None:
        if not isinstance(self.no_session, Mapping):
            _one_of("no_session", self.no_session, get_args(NoSession))
            return
        for area, answer in self.no_session.items():
            _one_of("an area of no_session", area, get_args(Area))
            _one_of(f"no_session of {area}", answer, get_args(NoSession))

    def _check_failing_modules(self) -> None:
        failing = self.failing_modules
        for names in failing.values() if isinstance(failing, Mapping) else [failing]:
            if isinstance(names, str):
                raise TypeError(f"failing_modules needs a collection of names; found the text {names!r}")
            for name in names:
                _one_of("a name in failing_modules", name, MODULES)


def _one_of(name: str, found: object, choices: Collection[str]) -> None:
    if found not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; found {found!r}")
