"""What the manifest of a measurement's folder says: what came when, from which archive. Bytes in, values out; no I/O.

The file is JSON, of a version that is written in it:

    {"version": 1,
     "measurement": "20210307aky0930",
     "archives": [{"server": "https://scc.example/", "route": "download-optical/", "kinds": ["elda", "eldec"],
                   "unpacked": true, "fetched": "2021-03-08T10:00:00+00:00", "size": 4711, "sha256": null,
                   "state": {"updated": "2021-03-08T09:00:00+00:00", "phase": "finished",
                             "modules": {"elda": {"status": "ok", "code": 127, "exit_code": 0}}},
                   "files": [{"kind": "elda", "path": "elda/….nc", "size": 815, "sha256": "…"}]}]}

``state`` is null where it was not asked for, ``sha256`` of an archive where only its files were kept. Nothing in it is
believed without a check: a path that is not the one that its kind has, or a key more or less, makes the manifest a
damaged one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

from attrs import evolve, field, frozen

from scckit.archive.members import check_name
from scckit.errors import LocalFileError
from scckit.models.ids import MeasurementID
from scckit.models.measurement import Measurement, Module, Phase

__all__ = ["NAME", "DamagedManifest", "FileRecord", "Manifest", "ModuleState", "Record", "State", "zip_name"]

#: Name of the file in a measurement's folder; product kinds have folders of their own below it.
NAME: Final = "scckit-manifest.json"

_VERSION: Final = 1
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BUSY: Final = frozenset({Phase.DELAYED.value, Phase.QUEUED.value, Phase.PROCESSING.value})

T = TypeVar("T")


class DamagedManifest(LocalFileError):
    """The bytes are no manifest; never leaves ``scckit.archive``, where such files count as unknown."""


@frozen
class ModuleState:
    """Where a module stood.

    Attributes:
        status: Its status in words.
        code: The number behind it, None if not told.
        exit_code: How it ended, None if not told.
    """

    status: str
    code: int | None = None
    exit_code: int | None = None

    def agrees(self, other: ModuleState) -> bool:
        """Tell whether two states are the same as far as both tell."""
        pairs = ((self.code, other.code), (self.exit_code, other.exit_code))
        return self.status == other.status and all(one == two for one, two in pairs if None not in {one, two})


@frozen
class State:
    """Where a measurement stood on the server when its products came; two that are equal have the same products.

    Statuses alone do not tell: after a rerun they are what they were before. So a state without the moment of the last
    change is equal to none, nor is one of a measurement that is being worked on.

    Attributes:
        updated: When it last changed (UTC, to the minute), None if not told.
        phase: Its phase in words.
        modules: State of each module by its name, the upload among them.
    """

    updated: datetime | None
    phase: str
    modules: Mapping[str, ModuleState] = field(factory=dict)

    @classmethod
    def of(cls, measurement: Measurement) -> State:
        """Take what matters from a measurement."""
        modules = dict(measurement.modules)
        if measurement.upload is not None:
            modules["upload"] = measurement.upload
        return cls(
            measurement.updated,
            measurement.phase.value,
            {name: _module_state(module) for name, module in sorted(modules.items())},
        )

    @property
    def tells(self) -> bool:
        """True if an equal state means that no product has changed."""
        return self.updated is not None and self.phase not in _BUSY

    def agrees(self, other: State) -> bool:
        """Tell whether two states are of the same products, as far as both tell.

        The API and the admin's list name the same statuses; the list has no numbers, and not every module (3.2, 4.3).
        """
        both = self.modules.keys() & other.modules.keys()
        return (
            self.tells
            and (self.updated, self.phase) == (other.updated, other.phase)
            and all(self.modules[name].agrees(other.modules[name]) for name in both)
        )


def _module_state(module: Module) -> ModuleState:
    return ModuleState(module.status.value, module.code, None if module.exit is None else module.exit.exit_code)


@frozen
class FileRecord:
    """A file that came.

    Attributes:
        kind: Name of its product kind.
        path: Its path in the folder of the measurement, with ``/``.
        size: Length in bytes.
        sha256: SHA-256 of its content.
    """

    kind: str
    path: str
    size: int
    sha256: str


@frozen
class Record:
    """An archive that came, and the files that it left.

    Attributes:
        server: Base URL of the server.
        route: Last part of the archive's address.
        kinds: The product kinds that were wanted from it, also those that it had no file of.
        unpacked: False if the archive itself was kept.
        fetched: When it was asked for (UTC).
        size: Length of the archive in bytes.
        sha256: SHA-256 of the archive; None if it was not kept, since there is nothing then to compare it with.
        state: Where the measurement stood right before, None if that was not asked or not told.
        files: The files.
    """

    server: str
    route: str
    kinds: tuple[str, ...]
    unpacked: bool
    fetched: datetime
    size: int
    sha256: str | None
    state: State | None
    files: tuple[FileRecord, ...]


@frozen
class Manifest:
    """All that is known of a measurement's folder.

    Attributes:
        measurement: The measurement.
        archives: The archives whose files are the current ones, oldest first.
    """

    measurement: MeasurementID = field(converter=MeasurementID)
    archives: tuple[Record, ...] = ()

    @classmethod
    def read(cls, data: bytes, measurement: str) -> Manifest:
        """Read a manifest.

        Args:
            data: Content of the file.
            measurement: The measurement that it must be of.

        Raises:
            DamagedManifest: It is none, or that of another measurement.
            LocalFileError: It is of a version that this scckit does not know.
        """
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            msg = f"it is not JSON ({error})"
            raise DamagedManifest(msg) from error
        version = value.get("version") if isinstance(value, dict) else None
        if type(version) is int and version > _VERSION:
            msg = f"it is of version {version}, and this scckit knows version {_VERSION}; use a newer scckit"
            raise LocalFileError(msg)
        whole = _Object(value, "the manifest", "version", "measurement", "archives")
        if whole.whole_number("version") != _VERSION:
            raise whole.wrong("version")
        if whole.text("measurement") != measurement:
            raise whole.wrong("measurement")
        return cls(MeasurementID(measurement), tuple(whole.each("archives", _record)))

    def to_bytes(self) -> bytes:
        """Write it."""
        # A line for each archive, to be read by people too; with an indentation, json takes ten times as long.
        head = f'{{"version": {_VERSION}, "measurement": {json.dumps(str(self.measurement))}, "archives": ['
        records = ",\n".join(json.dumps(_record_value(one)) for one in self.archives)
        return f"{head}\n{records}\n]}}\n".encode()

    def having(self, record: Record) -> Manifest:
        """Return the manifest after an archive came: of what it replaces, nothing stays."""
        left = (_without(one, record) for one in self.archives)
        return evolve(self, archives=(*(one for one in left if one is not None), record))

    def covering(self, kind: str) -> Record | None:
        """Return the archive that the files of a kind were unpacked from, also if it had none of the kind."""
        return next((one for one in self.archives if one.unpacked and kind in one.kinds), None)

    def kept(self, kind: str) -> Record | None:
        """Return the archive that was kept under the name of a kind."""
        return next((one for one in self.archives if not one.unpacked and one.kinds[0] == kind), None)


def zip_name(kind: str) -> str:
    """Return the name of an archive that is kept as it came, after the first of the kinds wanted from it."""
    return f"{kind}.zip"


def _without(old: Record, new: Record) -> Record | None:
    if old.unpacked != new.unpacked:
        return old
    if not old.unpacked:
        return None if old.kinds[0] == new.kinds[0] else old
    kinds = tuple(kind for kind in old.kinds if kind not in new.kinds)
    if not kinds:
        return None
    return evolve(old, kinds=kinds, files=tuple(file for file in old.files if file.kind in kinds))


def _record_value(record: Record) -> dict[str, object]:
    return {
        "server": record.server,
        "route": record.route,
        "kinds": list(record.kinds),
        "unpacked": record.unpacked,
        "fetched": record.fetched.isoformat(),
        "size": record.size,
        "sha256": record.sha256,
        "state": None if record.state is None else _state_value(record.state),
        "files": [
            {"kind": file.kind, "path": file.path, "size": file.size, "sha256": file.sha256} for file in record.files
        ],
    }


def _state_value(state: State) -> dict[str, object]:
    return {
        "updated": None if state.updated is None else state.updated.isoformat(),
        "phase": state.phase,
        "modules": {
            name: {"status": module.status, "code": module.code, "exit_code": module.exit_code}
            for name, module in state.modules.items()
        },
    }


class _Object:
    """An object of JSON with just the keys that it must have; each look into it is checked."""

    def __init__(self, value: object, what: str, *keys: str) -> None:
        if not isinstance(value, dict) or value.keys() != set(keys):
            msg = f"{what} should be an object with the keys {', '.join(keys)}"
            raise DamagedManifest(msg)
        self._value: dict[str, object] = value
        self._what = what

    def wrong(self, key: str) -> DamagedManifest:
        return DamagedManifest(f"{key!r} of {self._what} cannot be {_shown(self._value[key])}")

    def text(self, key: str, allowed: re.Pattern[str] | None = None) -> str:
        value = self._value[key]
        if not isinstance(value, str) or (allowed is not None and not allowed.fullmatch(value)):
            raise self.wrong(key)
        return value

    def whole_number(self, key: str) -> int:
        value = self._value[key]
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key)
        return value

    def length(self, key: str) -> int:
        value = self.whole_number(key)
        if value < 0:
            raise self.wrong(key)
        return value

    def truth(self, key: str) -> bool:
        value = self._value[key]
        if not isinstance(value, bool):
            raise self.wrong(key)
        return value

    def moment(self, key: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(key))
            return moment.astimezone(UTC) if moment.tzinfo is not None else _nowhere()
        except (ValueError, OverflowError) as error:
            raise self.wrong(key) from error

    def maybe(self, key: str, read: Callable[[str], T]) -> T | None:
        return None if self._value[key] is None else read(key)

    def each(self, key: str, read: Callable[[object], T]) -> list[T]:
        value = self._value[key]
        if not isinstance(value, list):
            raise self.wrong(key)
        return [read(one) for one in value]

    def under(self, key: str, read: Callable[[object], T]) -> dict[str, T]:
        value = self._value[key]
        if not isinstance(value, dict):
            raise self.wrong(key)
        return {name: read(one) for name, one in value.items()}

    def inner(self, key: str, read: Callable[[object], T]) -> T:
        return read(self._value[key])


def _shown(value: object) -> str:
    # What is nested too deeply to be shown can be read.
    return f"{value!r:.100}" if isinstance(value, str | int | float) else f"of the type {type(value).__name__}"


def _nowhere() -> datetime:
    msg = "a moment without a zone"
    raise ValueError(msg)


def _record(value: object) -> Record:
    keys = ("server", "route", "kinds", "unpacked", "fetched", "size", "sha256", "state", "files")
    one = _Object(value, "an archive", *keys)
    kinds, unpacked = tuple(one.each("kinds", _kind)), one.truth("unpacked")
    if not kinds or len(set(kinds)) != len(kinds):
        raise one.wrong("kinds")
    files = tuple(one.each("files", _file))
    for file in files:
        name = file.path.rpartition("/")[2]
        place = f"{file.kind}/{name}" if unpacked else zip_name(kinds[0])
        if file.kind not in kinds or file.path != place or check_name(name) is not None:
            raise one.wrong("files")
    if not unpacked and [file.kind for file in files] != [kinds[0]]:
        raise one.wrong("files")
    return Record(
        one.text("server"),
        one.text("route"),
        kinds,
        unpacked,
        one.moment("fetched"),
        one.length("size"),
        one.maybe("sha256", lambda key: one.text(key, _SHA256)),
        one.maybe("state", lambda key: one.inner(key, _state)),
        files,
    )


def _kind(value: object) -> str:
    if not isinstance(value, str) or "/" in value or check_name(value) is not None:
        msg = f"a product kind cannot be {_shown(value)}"
        raise DamagedManifest(msg)
    return value


def _file(value: object) -> FileRecord:
    one = _Object(value, "a file", "kind", "path", "size", "sha256")
    return FileRecord(one.text("kind"), one.text("path"), one.length("size"), one.text("sha256", _SHA256))


def _state(value: object) -> State:
    one = _Object(value, "a state", "updated", "phase", "modules")
    return State(one.maybe("updated", one.moment), one.text("phase"), one.under("modules", _module))


def _module(value: object) -> ModuleState:
    one = _Object(value, "a module", "status", "code", "exit_code")
    return ModuleState(
        one.text("status"), one.maybe("code", one.whole_number), one.maybe("exit_code", one.whole_number)
    )
