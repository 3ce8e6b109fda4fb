"""A measurement and the modules that work on it (scc-interface.md 4.3, 4.4, 4.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum

from attrs import field, frozen

from scckit.models._html import table
from scckit.models.ids import MeasurementID

__all__ = ["ExitCode", "Measurement", "Module", "Phase", "Status"]


class Status(Enum):
    """Where a module stands with a measurement."""

    NOT_RUN = "not run"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    #: A value that scckit does not know; ``Module.code`` has it.
    UNKNOWN = "unknown"


class Phase(Enum):
    """Where a measurement stands as a whole, by the rule of scc-interface.md 4.7."""

    DELAYED = "delayed"
    QUEUED = "queued"
    PROCESSING = "processing"
    #: No module has begun and nothing says that one will: just uploaded, or waiting for ancillary files.
    NOT_STARTED = "not started"
    FINISHED = "finished"


@frozen
class ExitCode:
    """How a module ended: 0 is without errors; the text is the server's."""

    exit_code: int
    description: str


@frozen
class Module:
    """A processing module of one measurement.

    Attributes:
        status: Where it stands.
        code: The number behind the status (0, 1, 127, -127) where the source gives numbers; else None.
        exit: How it ended last, None if not known.
    """

    status: Status
    code: int | None = None
    exit: ExitCode | None = None


@frozen
class Measurement:
    """One measurement as far as the page or object that it was read from tells; None is "not told".

    Attributes:
        id: Its ID.
        modules: The modules by name (``hirelpp``, ``cloudmask``, ``elpp``, ``elda``, ``eldec``, ``elic``, ``elquick``, and
            any that the server adds).
        upload: Status of the upload itself.
        station: Station code of 3 letters.
        system: Number of the system (lidar configuration).
        start: Begin of the measurement (UTC).
        stop: End of the measurement (UTC).
        created: When it was uploaded (UTC).
        updated: When it last changed on the server (UTC).
        is_calibration: True for a depolarization calibration.
        is_processing: A module works on it now.
        is_queued: It waits for the processing daemon.
        is_delayed: It waits because of the delay given at upload.
    """

    id: MeasurementID
    modules: Mapping[str, Module] = field(factory=dict)
    upload: Module | None = None
    station: str | None = None
    system: int | None = None
    start: datetime | None = None
    stop: datetime | None = None
    created: datetime | None = None
    updated: datetime | None = None
    is_calibration: bool | None = None
    is_processing: bool | None = None
    is_queued: bool | None = None
    is_delayed: bool | None = None

    @property
    def phase(self) -> Phase:
        """Where it stands now; a flag that is not told never counts as "no" without the statuses."""
        if self.is_delayed:
            return Phase.DELAYED
        if self.is_processing or any(module.status is Status.RUNNING for module in self.modules.values()):
            return Phase.PROCESSING
        if self.is_queued:
            return Phase.QUEUED
        if all(module.status is Status.NOT_RUN for module in self.modules.values()):
            return Phase.NOT_STARTED
        return Phase.FINISHED

    def _repr_html_(self) -> str:
        """Show a notebook the measurement and what became of each module."""
        rows = (
            ("station", self.station),
            ("system", self.system),
            *((name, None if one is None else f"{one:%Y-%m-%d %H:%M} UTC") for name, one in self._times()),
            ("phase", self.phase.value),
            *((name, _words(module)) for name, module in self._modules()),
        )
        return table(self.id, rows)

    def _times(self) -> Iterator[tuple[str, datetime | None]]:
        yield from (("start", self.start), ("stop", self.stop), ("uploaded", self.created), ("changed", self.updated))

    def _modules(self) -> Iterator[tuple[str, Module]]:
        if self.upload is not None:
            yield "upload", self.upload
        yield from self.modules.items()


def _words(module: Module) -> str:
    if module.exit is None:
        return module.status.value
    return f"{module.status.value} (exit code {module.exit.exit_code}: {module.exit.description})"
