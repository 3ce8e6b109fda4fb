"""From the arguments of a verb to the operations that do it: what ``Client`` and ``AsyncClient`` share. Sends nothing."""

from __future__ import annotations

import math
import os
import secrets
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Generic, Literal, TypeAlias, TypeVar, cast, get_args

from attrs import frozen

from scckit.archive.folder import MeasurementFolder
from scckit.archive.raw import require_file
from scckit.archive.unpack import ArchiveSink
from scckit.errors import InvalidInput, MissingCredentials, MissingPlugin
from scckit.events import Event, Observe
from scckit.local import PathLike, ancillary_files, require_raw
from scckit.models.ids import MeasurementID
from scckit.models.kinds import ProductKind
from scckit.models.measurement import Measurement
from scckit.models.products import ProductFile
from scckit.operations import DownloadProducts, Upload
from scckit.operations.products import RouteDownload
from scckit.plugins.environment import VARIABLES
from scckit.plugins.registry import PluginWarning, Registry
from scckit.plugins.settings import TransportSettings
from scckit.session.credentials import Credentials
from scckit.session.retry import RetryPolicy
from scckit.session.session import Doors, Session
from scckit.site import Site, routes

__all__ = ["Existing", "Setup", "download_plan", "set_up", "upload_plan"]

#: Name of the environment variable for the base URL.
_BASE_URL_VARIABLE: Final = "SCCKIT_BASE_URL"

#: What a download does with files that are here already.
Existing: TypeAlias = Literal["verify", "skip", "replace", "fail"]


T = TypeVar("T")


@frozen
class Setup(Generic[T]):
    """What both clients are made of; transport, settings and page reader also as what to make them of elsewhere."""

    session: Session
    registry: Registry
    transport: T
    transport_name: str
    settings: TransportSettings
    page_reader: str

    @property
    def owns_transport(self) -> bool:
        """True if it was made by its name; one that was given as an object has that name empty, and is not ours to close."""
        return bool(self.transport_name)


def set_up(  # noqa: PLR0913 - the settings of a client, all by keyword
    base_url: str | None,
    *,
    transport: str | T,
    pick: Callable[[Registry, str], Callable[[TransportSettings], T]],
    make: Callable[[Registry, str, TransportSettings], T],
    credentials: Credentials | None,
    page_reader: str,
    registry: Registry | None,
    timeout: float,
    connect_timeout: float,
    verify: bool | PathLike,
    connections: int,
    pace: float,
    retries: RetryPolicy | None,
    observe: Observe | None,
    environ: Mapping[str, str] | None,
    doors: Doors | None,
) -> Setup[T]:
    """Gather what a client needs; see ``scckit.connect`` for the arguments and errors.

    ``pick`` finds the factory of a transport that is given by its name, ``make`` makes the transport.
    """
    environ = os.environ if environ is None else environ
    registry = registry or Registry(environ=environ)
    factory, name, argument = None, "", ""
    if isinstance(transport, str):
        name, _, argument = transport.partition(":")
        factory = pick(registry, name)
    credentials = _checked(credentials)
    if credentials is None:
        credentials = registry.credentials(dict(environ))
    if credentials is None and getattr(factory, "offline", False):
        credentials = Credentials("offline", "offline", "offline", "offline", source="offline")
    if credentials is None:
        msg = (
            "no credentials: give credentials=scckit.Credentials(http_user, http_password, username, password),"
            f" or set the environment variables {', '.join(VARIABLES)}{registry.left_out()}"
        )
        raise MissingCredentials(msg)
    base_url = base_url or environ.get(_BASE_URL_VARIABLE) or routes.BASE_URL
    doors = doors or Doors()

    def tell(event: Event) -> None:
        nonlocal observe
        registry.observe(event)
        if observe is not None:
            try:
                observe(event)
            except Exception as error:  # noqa: BLE001 - an observer must not disturb what it observes
                observe = None
                msg = f"the observer failed ({type(error).__name__}: {error}) and is told nothing more"
                warnings.warn(msg, PluginWarning, stacklevel=2)

    session = Session(
        base_url,
        credentials,
        Site(registry.make_page_reader(page_reader)),
        retries=retries,
        doors=Doors(doors.clock, doors.now, doors.random, tell),
        pace=_interval(pace),
    )
    settings = TransportSettings(
        session.base_url,
        connect_timeout=_positive("connect_timeout", connect_timeout),
        read_timeout=_positive("timeout", timeout),
        verify=verify if isinstance(verify, bool) else Path(verify),
        connections=int(_positive("connections", connections)),
        argument=argument,
    )
    if factory is not None:
        return Setup(session, registry, make(registry, name, settings), name, settings, page_reader)
    return Setup(session, registry, cast("T", transport), "", settings, page_reader)


def _checked(credentials: object) -> Credentials | None:
    if credentials is None or isinstance(credentials, Credentials):
        return credentials
    found = type(credentials).__name__
    msg = f"credentials must be scckit.Credentials(http_user, http_password, username, password); found {found}"
    raise InvalidInput(msg)


def _positive(name: str, value: float) -> float:
    if not value > 0:
        msg = f"{name} must be more than 0; found {value!r}"
        raise InvalidInput(msg)
    return value


def _interval(value: float) -> float:
    if not 0 <= value < math.inf:
        msg = f"pace is the least seconds between two requests, 0 for none; found {value!r}"
        raise InvalidInput(msg)
    return value


def upload_plan(  # noqa: PLR0913 - the fields of the upload form
    registry: Registry,
    path: PathLike,
    *,
    system: int,
    sounding: PathLike | None,
    overlap: PathLike | None,
    lidar_ratio: PathLike | None,
    delay: int,
    replace: bool,
    check: bool,
) -> Upload:
    """Look at the files and make the operation.

    Raises:
        InvalidRawFile: A file is not what it must be.
        MissingPlugin: No plugin reads raw files, and ``check`` is on.
    """
    raw = Path(path)
    ancillary = ancillary_files(sounding=sounding, overlap=overlap, lidar_ratio=lidar_ratio)
    if check:
        identity = require_raw(raw, ancillary, registry=registry)
    else:
        identity = None
        require_file(raw, "the raw file")
        for kind, one in ancillary.items():
            require_file(one, f"the {kind.value.replace('_', ' ')} file")
    return Upload(
        raw,
        system,
        boundary=f"scckit-{secrets.token_hex(16)}",
        id=identity,
        ancillary=tuple(ancillary.items()),
        delay=delay,
        replace=replace,
    )


def download_plan(  # noqa: PLR0913 - the arguments of the verb
    registry: Registry,
    item: str | Measurement,
    kinds: Sequence[str] | str | None,
    into: PathLike,
    *,
    unpack: bool,
    existing: Existing,
) -> DownloadProducts:
    """Look at what is here already, and make the operation that gets the rest; reads files, so not for an event loop.

    Raises:
        MissingPlugin: A kind is not known.
        InvalidInput: There is no such way with existing files.
        TargetExists: A file is here and ``existing`` is ``fail``.
        LocalFileError: What is here cannot be read, or a newer scckit has written the manifest.
    """
    known = item if isinstance(item, Measurement) and item.updated is not None else None
    identity = item.id if isinstance(item, Measurement) else MeasurementID(item)
    if existing not in get_args(Existing):
        msg = f"existing is one of {', '.join(map(repr, get_args(Existing)))}; found {existing!r}"
        raise InvalidInput(msg)
    names = [kinds] if isinstance(kinds, str) else kinds
    if names is not None and not names:
        msg = "kinds is empty; name at least one kind, or leave it out for all that the SCC has"
        raise InvalidInput(msg)
    chosen = registry.product_kinds() if names is None else registry.kinds(names)
    if not chosen:
        msg = "no product kind is installed: pip install 'scckit-products[netcdf]'"
        raise MissingPlugin(msg)
    by_route: dict[str, list[ProductKind]] = {}
    for kind in chosen:
        by_route.setdefault(kind.route, []).append(kind)
    target = _Target(Path(into), identity, unpack, existing)
    return DownloadProducts(
        identity,
        tuple(target.part(route, group) for route, group in by_route.items()),
        # Who replaces everything wants the archives, whatever the rest of the server says: nothing else is asked.
        look=existing != "replace",
        complete=names is not None,
        # An archive that is kept whole is not looked into.
        wanted=tuple(tuple(kind.name for kind in registry.kinds([name])) for name in names or ()) if unpack else (),
        known=known,
    )


@frozen
class _Target:
    """Where the products of a measurement go, and what happens with those that are there."""

    into: Path
    id: MeasurementID
    unpack: bool
    existing: Existing

    @property
    def folder(self) -> MeasurementFolder:
        return MeasurementFolder(self.into / self.id, self.id)

    def part(self, route: str, kinds: Sequence[ProductKind]) -> RouteDownload:
        """Decide what is to be fetched from one archive."""
        self.folder.manifest()  # one that cannot be written later is told before anything is sent
        missing = kinds
        here: tuple[ProductFile, ...] = ()
        local = None
        if self.existing == "fail":
            self.folder.refuse_present(kinds, unpack=self.unpack)
        elif self.existing == "verify":
            local = self.folder.verified(kinds, route, unpack=self.unpack)
        elif self.existing == "skip":
            missing, here = self._skipping(kinds)
        return RouteDownload(
            route,
            tuple(kind.module for kind in kinds if kind.module is not None),
            tuple(kind.name for kind in kinds),
            self._sink(missing) if missing else None,
            here,
            local,
        )

    def _sink(self, kinds: Sequence[ProductKind]) -> ArchiveSink:
        return ArchiveSink(self.into, self.id, tuple(kinds), unpack=self.unpack, replace=self.existing != "fail")

    def _skipping(self, kinds: Sequence[ProductKind]) -> tuple[Sequence[ProductKind], tuple[ProductFile, ...]]:
        """Return the kinds that are missing here, and the files of the others."""
        if not self.unpack:
            archive = self.folder.present_archive(kinds)
            return (kinds, ()) if archive is None else ((), (archive,))
        found = {kind.name: self.folder.present(kind) for kind in kinds}
        here = tuple(file for files in found.values() for file in files or ())
        # Of an archive without any of the kinds nothing is here, and the server is asked whether that is still so.
        return ([kind for kind in kinds if found[kind.name] is None], here) if here else (kinds, ())
