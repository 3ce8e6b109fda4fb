"""The emulator itself: one SCC with its state, in this process, behind a WSGI callable or a socket on loopback."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from scckit_emulator import configuration, runtime
from scckit_emulator.account import Account
from scckit_emulator.behaviour import Behaviour
from scckit_emulator.clock import Clock
from scckit_emulator.faults import FaultLayer, Faults
from scckit_emulator.server import serving
from scckit_emulator.wsgi import BasicAuth, Closing

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Emulator"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_NOT_SERVED = "http://scc.example/"
#: Where the clock begins unless told otherwise, so that two runs give the same pages.
_START = datetime(2024, 6, 1, 12, tzinfo=UTC)


def _closing(method: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a method close the connections to the database that it opened in the thread that called it."""

    @wraps(method)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(*args, **kwargs)
        finally:
            configuration.disconnect()

    return called


class Emulator:
    """A stand-in for the SCC: ``with Emulator() as emulator: …``.

    Within the block it can be used in process through `wsgi`, or over a socket with `serve`. Its state is in a temporary
    folder that goes away with the block. One can be alive in a process at a time; one after another is fine.

    Args:
        behaviour: How it behaves; may be replaced later.
        account: Who may enter.
        start: What its clock shows at first, with time zone.
        speed: Seconds of its clock in one real second; 0 stops the clock, then only ``clock.advance`` moves it.
        seed_measurements: How many measurements there are from the beginning.
        sleep: Lets real seconds pass, for faults that take their time; a parameter for tests.

    Raises:
        ValueError: ``start`` has no time zone, or a number is negative.
    """

    def __init__(  # noqa: PLR0913 - all by keyword
        self,
        *,
        behaviour: Behaviour | None = None,
        account: Account | None = None,
        start: datetime = _START,
        speed: float = 1.0,
        seed_measurements: int = 12,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if seed_measurements < 0:
            raise ValueError(f"seed_measurements cannot be negative; found {seed_measurements}")
        self._behaviour = behaviour or Behaviour()
        self._account = account or Account()
        self._clock = Clock(start, speed=speed)
        self._seed_measurements = seed_measurements
        self._faults = Faults()
        self._sleep = sleep
        self._base_url = _NOT_SERVED
        self._runtime: runtime.Runtime | None = None
        self._application: WSGIApplication | None = None
        self._beginning: sqlite3.Connection | None = None

    def __repr__(self) -> str:
        return f"<Emulator at {self._base_url} ({'alive' if self._runtime else 'not alive'})>"

    def __enter__(self) -> Self:
        """Make it alive.

        Raises:
            RuntimeError: Another one is alive in this process, or Django is configured for another site.
        """
        state = runtime.Runtime(self._account, self._behaviour, self._clock, Path())
        runtime.activate(state)
        try:
            state.folder = Path(tempfile.mkdtemp(prefix="scckit-emulator-"))
            for folder in (state.raw, state.products, state.uploads):
                folder.mkdir()
            configuration.configure()
            configuration.connect(state.database, state.uploads)
            # Django's models and its handler can only be had once it is configured.
            from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415

            from scckit_emulator.site import state as database  # noqa: PLC0415

            configuration.create_tables()
            database.seed(self._seed_measurements)
            self._beginning = configuration.copy_database()
            self._runtime = state
            self._application = FaultLayer(
                BasicAuth(Closing(WSGIHandler(), configuration.disconnect), self._account), self._faults, self._sleep
            )
        except BaseException:
            self._end(state)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runtime is not None:
            self._end(self._runtime)

    def _end(self, state: runtime.Runtime) -> None:
        self._application = None
        self._runtime = None
        try:
            if self._beginning is not None:
                self._beginning.close()
                self._beginning = None
            configuration.disconnect()
            if state.folder != Path():
                shutil.rmtree(state.folder, ignore_errors=True)
        finally:
            runtime.deactivate(state)

    @property
    def account(self) -> Account:
        """Who may enter."""
        return self._account

    @property
    def base_url(self) -> str:
        """Where it is served, with a final slash; a made-up address while it is not."""
        return self._base_url

    @property
    def clock(self) -> Clock:
        """Its clock: all processing follows it."""
        return self._clock

    @property
    def faults(self) -> Faults:
        """What goes wrong on the way: put faults here at any time, and see which happened."""
        return self._faults

    @property
    def behaviour(self) -> Behaviour:
        """How it behaves; put another one here at any time."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        if self._runtime is not None:
            self._runtime.behaviour = behaviour

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI callable. Whoever calls it must close what it returns, as WSGI asks.

        Raises:
            RuntimeError: The emulator is not alive.
            ConnectionResetError: A fault breaks the connection; what it returns may raise this too.
        """
        self._alive()
        if self._application is None:
            raise RuntimeError("the emulator is still starting; use it within its 'with' block")
        return self._application(environ, start_response)

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Listen on loopback while the block runs.

        Args:
            port: Port; 0 takes a free one.

        Yields:
            The base URL.

        Raises:
            RuntimeError: The emulator is not alive, or is served already.
            OSError: The port cannot be used.
        """
        self._alive()
        if self._base_url != _NOT_SERVED:
            raise RuntimeError(f"the emulator is already served at {self._base_url}")
        with serving(self.wsgi, port) as base_url:
            self._base_url = base_url
            try:
                yield base_url
            finally:
                self._base_url = _NOT_SERVED

    @_closing
    def reset(self) -> None:
        """Forget all measurements, files, sessions and faults; what is left is the seed. Clock and behaviour stay.

        Raises:
            RuntimeError: The emulator is not alive.
        """
        state = self._alive()
        self._faults.clear()
        if self._beginning is not None:
            configuration.restore_database(self._beginning)
        for folder in (state.raw, state.products):
            shutil.rmtree(folder)
            folder.mkdir()

    @_closing
    def add_measurement(  # noqa: PLR0913 - each is a property of a measurement
        self,
        id: str,
        *,
        system: int,
        start: datetime,
        stop: datetime,
        finished: bool = True,
        statuses: Mapping[str, int] | None = None,
        exit_codes: Mapping[str, tuple[int, str]] | None = None,
        failing: Collection[str] | None = None,
        delay: float = 0.0,
        sounding: str | None = None,
        overlap: str | None = None,
        lidar_ratio: str | None = None,
        categories: Collection[str] = (),
        calibrated_with: str | None = None,
        created: datetime | None = None,
    ) -> None:
        """Put a measurement straight into the state.

        Args:
            id: Its ID.
            system: Number of its system.
            start: Start, with time zone.
            stop: Stop, with time zone.
            finished: Whether its processing has ended; else it begins now, as after an upload.
            statuses: Statuses that it ends with where they are not those of a good run; then it has ended.
            exit_codes: Exit code and text by module, where it has another than usual.
            failing: Modules that fail; those that the behaviour names if None.
            delay: Seconds until an unfinished one is queued.
            sounding: Name of its sounding file; a file that nobody uploaded becomes a missing one.
            overlap: Name of its overlap file.
            lidar_ratio: Name of its lidar ratio file.
            categories: Names of its categories.
            calibrated_with: ID of the measurement that it is calibrated with.
            created: When it was uploaded, with time zone; now if None.

        Raises:
            ValueError: Something does not fit; the message says what.
            RuntimeError: The emulator is not alive.
        """
        self._alive()
        from scckit_emulator.site import state as database  # noqa: PLC0415 - models need Django configured

        database.add_measurement(
            id,
            system=system,
            start=start,
            stop=stop,
            finished=finished,
            statuses=statuses,
            exit_codes=exit_codes,
            failing=failing,
            delay=delay,
            sounding=sounding,
            overlap=overlap,
            lidar_ratio=lidar_ratio,
            categories=categories,
            calibrated_with=calibrated_with,
            created=created,
        )

    @_closing
    def add_lidar_constants(self, id: str) -> int:
        """Put the lidar constants of a measurement straight into the state.

        Args:
            id: The measurement's ID.

        Returns:
            How many they are.

        Raises:
            ValueError: There is no such measurement.
            RuntimeError: The emulator is not alive.
        """
        self._alive()
        from scckit_emulator.site import state as database  # noqa: PLC0415 - models need Django configured

        return database.add_lidar_constants(id)

    @_closing
    def add_ancillary(self, kind: str, filename: str, status: str = "ok") -> None:
        """Put an ancillary file straight into the state; measurements that waited for it start.

        Args:
            kind: ``sounding``, ``overlap`` or ``lidarratio``.
            filename: Its name.
            status: Its status; ``missing`` is special (scc-interface.md 4.6).

        Raises:
            ValueError: There is no such kind.
            RuntimeError: The emulator is not alive.
        """
        self._alive()
        from scckit_emulator.site import state as database  # noqa: PLC0415 - models need Django configured

        database.add_ancillary(kind, filename, status)

    @_closing
    def end_sessions(self) -> None:
        """Let every session expire.

        Raises:
            RuntimeError: The emulator is not alive.
        """
        self._alive()
        from scckit_emulator.site import state as database  # noqa: PLC0415 - models need Django configured

        database.end_sessions()

    def _alive(self) -> runtime.Runtime:
        if self._runtime is None:
            raise RuntimeError("this emulator is not alive; use it within 'with Emulator() as emulator:'")
        return self._runtime
