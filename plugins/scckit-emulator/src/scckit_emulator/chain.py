"""The processing chain as pure functions: what was asked and when, and the time now, give every status.

Performs no I/O, reads no clock and keeps no state. Statuses and their combinations: scc-interface.md 4.4, 4.6, 4.7.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = [
    "DONE",
    "FAILED",
    "MODULES",
    "NOT_RUN",
    "RUNNING",
    "Order",
    "Pace",
    "Progress",
    "Scope",
    "exit_code",
    "finished",
    "modules_of",
    "progress",
    "restarted",
]

NOT_RUN = 0
RUNNING = 1
DONE = 127
FAILED = -127

#: In the order in which they run.
MODULES = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")

Scope = Literal["all", "elpp", "elda"]

#: Modules that a restart runs again (scc-interface.md 2.3).
_RESTARTS: dict[Scope, frozenset[str]] = {
    "all": frozenset(MODULES),
    "elpp": frozenset({"elpp", "elda", "eldec", "elic"}),
    "elda": frozenset({"elda", "eldec"}),
}

#: Whose output a module reads. A failed module stops only those that need it: ELIC and ELQuick follow HiRELPP, ELDA
#: follows ELPP (scc-interface.md 4.4).
_NEEDS = {
    "cloudmask": "hirelpp",
    "elda": "elpp",
    "eldec": "elpp",
    "elic": "hirelpp",
    "elquick": "hirelpp",
}

#: How the modules of the emulator fail. Codes and texts of ELDA are those of the SCC (scc-interface.md 7.1, shortened);
#: those of the others are not known, 254 is ELDA's "general error".
_FAILURES = {"elda": (25, "No stable solution of the Klett method found")}
_GENERAL_FAILURE = (254, "General error")
_SUCCESS = (0, "Finished without errors")


@dataclass(frozen=True)
class Pace:
    """How long things take.

    Attributes:
        queue: Seconds in the queue.
        module: Seconds for a module.
    """

    queue: float
    module: float


@dataclass(frozen=True)
class Order:
    """What was asked of the chain for a measurement, and when.

    Attributes:
        since: When the run was asked for, seconds; None while an ancillary file is missing, then nothing starts.
        delay_until: Before this time nothing starts, seconds.
        modules: Modules to run.
        kept: Statuses of modules that are not run.
        failing: Modules that will fail.
        pace: How long things take.
    """

    since: float | None
    delay_until: float
    modules: tuple[str, ...]
    kept: Mapping[str, int]
    failing: frozenset[str]
    pace: Pace

    def to_json(self) -> dict[str, Any]:
        """The order as JSON types."""
        return {**asdict(self), "kept": dict(self.kept), "failing": sorted(self.failing)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Order:
        """The order that `to_json` wrote."""
        return cls(
            since=value["since"],
            delay_until=value["delay_until"],
            modules=tuple(value["modules"]),
            kept=dict(value["kept"]),
            failing=frozenset(value["failing"]),
            pace=Pace(**value["pace"]),
        )


@dataclass(frozen=True)
class Progress:
    """How far a measurement has come.

    Attributes:
        statuses: Status by module; every module is there.
        is_queued: It waits for the daemon.
        is_being_processed: A module runs.
        is_delayed: It waits because of the ``delay`` given at upload.
    """

    statuses: Mapping[str, int]
    is_queued: bool = False
    is_being_processed: bool = False
    is_delayed: bool = False


def modules_of(*, is_calibration: bool) -> tuple[str, ...]:
    """Modules that run for a measurement: ELPP and ELDEC for a calibration, all but ELDEC otherwise."""
    if is_calibration:
        return ("elpp", "eldec")
    return tuple(module for module in MODULES if module != "eldec")


def progress(order: Order, now: float) -> Progress:
    """How far a measurement has come at a time.

    Args:
        order: What was asked.
        now: Seconds on the clock of the order.
    """
    statuses = {module: order.kept.get(module, NOT_RUN) for module in MODULES}
    if not order.modules or order.since is None:
        return Progress(statuses)
    asked = max(order.since, order.delay_until)
    if now < asked:
        return Progress(statuses, is_delayed=True)
    begin = asked + order.pace.queue
    if now < begin:
        return Progress(statuses, is_queued=True)
    for module in order.modules:
        if statuses.get(_NEEDS.get(module, ""), DONE) != DONE:
            continue
        if now < begin + order.pace.module:
            return Progress({**statuses, module: RUNNING}, is_being_processed=True)
        statuses[module] = FAILED if module in order.failing else DONE
        begin += order.pace.module
    return Progress(statuses)


def finished(*, is_calibration: bool, failing: Collection[str]) -> dict[str, int]:
    """Statuses at the end of a run of all modules."""
    at_once = Order(0, 0, modules_of(is_calibration=is_calibration), {}, frozenset(failing), Pace(0, 0))
    return dict(progress(at_once, 0).statuses)


def restarted(  # noqa: PLR0913 - all that a restart depends on
    order: Order, scope: Scope, *, now: float, is_calibration: bool, failing: Collection[str], pace: Pace
) -> Order:
    """The order that a restart leaves.

    A restart does not wait for a delay any more, but it does wait for ancillary files.

    Args:
        order: The order so far.
        scope: What to run again; modules outside keep their present status.
        now: Seconds.
        is_calibration: Whether it is a calibration measurement.
        failing: Modules that will fail.
        pace: How long things take.
    """
    again = _RESTARTS[scope]
    kept = {
        module: NOT_RUN if status == RUNNING else status
        for module, status in progress(order, now).statuses.items()
        if module not in again
    }
    modules = tuple(module for module in modules_of(is_calibration=is_calibration) if module in again)
    waits = order.since is None and bool(order.modules)
    return Order(None if waits else now, now, modules, kept, frozenset(failing), pace)


def exit_code(module: str, status: int) -> tuple[int, str] | None:
    """Exit code and text of a module with a status; None where it has not ended (scc-interface.md 4.3)."""
    if status == DONE:
        return _SUCCESS
    if status == FAILED:
        return _FAILURES.get(module, _GENERAL_FAILURE)
    return None
