"""The client for asyncio: the same verbs as ``scckit.client``, awaited. No rule of the SCC is here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from scckit._batches.course import total_of
from scckit._batches.jobs import downloads, uploads
from scckit._batches.tasks import TaskBatch, each
from scckit._plans import Existing, Setup, download_plan, set_up, upload_plan
from scckit.batches import Outcomes, UploadItem
from scckit.errors import SCCError
from scckit.events import Observe
from scckit.local import PathLike, ProductLike, open_product, plot_product, summarize_product, verify_product
from scckit.models.ancillary import AncillaryFile, AncillaryKind
from scckit.models.constants import LidarConstant
from scckit.models.ids import MeasurementID
from scckit.models.kinds import Problem
from scckit.models.measurement import Measurement
from scckit.models.products import ProductFile
from scckit.models.systems import System
from scckit.operations import (
    CheckAccess,
    DeleteMeasurement,
    ExportSystem,
    FindAncillary,
    FreeMeasurementID,
    GetMeasurement,
    ListMeasurements,
    Operation,
    Page,
    RerunMeasurement,
    SearchConstants,
    SearchMeasurements,
    SignIn,
    SignOut,
    UploadReceipt,
    WaitForMeasurement,
)
from scckit.operations.changes import RerunPart
from scckit.operations.dates import Moment, span
from scckit.operations.measurements import not_found
from scckit.plugins.registry import Registry
from scckit.session.credentials import Credentials
from scckit.session.drivers import AsyncTransport, run_async
from scckit.session.retry import RetryPolicy
from scckit.session.session import Doors

__all__ = [
    "AsyncAncillary",
    "AsyncClient",
    "AsyncConstants",
    "AsyncMeasurements",
    "AsyncProducts",
    "AsyncSearch",
    "AsyncSystems",
    "connect_async",
]

T = TypeVar("T")


def connect_async(  # noqa: PLR0913 - the settings of a client, all by keyword
    base_url: str | None = None,
    *,
    credentials: Credentials | None = None,
    transport: str | AsyncTransport = "urllib3",
    page_reader: str = "parsel",
    registry: Registry | None = None,
    timeout: float = 120.0,
    connect_timeout: float = 10.0,
    verify: bool | PathLike = True,
    connections: int = 4,
    pace: float = 0.0,
    retries: RetryPolicy | None = None,
    observe: Observe | None = None,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    doors: Doors | None = None,
) -> AsyncClient:
    """Make a client for asyncio; nothing is sent before its first verb.

    Args:
        base_url: The server; by default the environment's ``SCCKIT_BASE_URL``, else the public SCC.
        credentials: Both pairs; by default what the first plugin that knows some gives (the environment, for one); a
            transport that never leaves this machine needs none.
        transport: Name of an installed transport, with its argument behind a colon where it takes one
            (``replay:FILE``), or an asyncio transport of your own, which the client then does not close.
        page_reader: Name of an installed page reader.
        registry: Plugins; by default all that are installed.
        timeout: Seconds that may pass between two pieces of an answer.
        connect_timeout: Seconds that making a connection may take.
        verify: True to verify TLS certificates, or the path of a CA file or folder to verify them with.
        connections: Connections that may be open at a time.
        pace: Least seconds between the beginnings of two requests, all threads or tasks taken together. A pause that the
            server asks one of them for (``Retry-After``) holds for all.
        retries: When a request is sent again.
        observe: Is told of each event, from the thread that it happens in.
        environ: The environment; by default that of the process.
        sleep: Lets so many seconds pass; a parameter for tests.
        doors: Clock and randomness; a parameter for tests.

    Raises:
        MissingCredentials: None were given and no plugin knows any.
        MissingPlugin: The transport or the page reader is not installed.
        BrokenPlugin: The plugin that offers one of them failed to make it.
        InvalidInput: The base URL or a setting is not usable.

    Example:
        >>> async with scckit.connect_async() as scc:  # doctest: +SKIP
        ...     print((await scc.measurements.get("20210307aky0930")).phase)
    """
    setup = set_up(
        base_url,
        transport=transport,
        pick=Registry.async_transport,
        make=Registry.make_async_transport,
        credentials=credentials,
        page_reader=page_reader,
        registry=registry,
        timeout=timeout,
        connect_timeout=connect_timeout,
        verify=verify,
        connections=connections,
        pace=pace,
        retries=retries,
        observe=observe,
        environ=environ,
        doors=doors,
    )
    return AsyncClient(setup, sleep=sleep)


class AsyncClient:
    """A client of one SCC server for asyncio; make it with ``scckit.connect_async``. Any number of tasks may share it.

    As a context manager it signs out and closes what it owns.

    Attributes:
        measurements: What can be done with measurements.
        products: What can be done with products.
        ancillary: What can be done with ancillary files.
        constants: What can be done with lidar constants.
        systems: What can be done with systems.
        registry: The plugins it uses.
    """

    def __init__(self, setup: Setup[AsyncTransport], *, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Put the parts together; use ``connect_async``."""
        self._session: Final = setup.session
        self._transport: Final = setup.transport
        self._owns_transport: Final = setup.owns_transport
        self._sleep: Final = sleep
        self.registry: Final = setup.registry
        self.measurements: Final = AsyncMeasurements(self)
        self.products: Final = AsyncProducts(self)
        self.ancillary: Final = AsyncAncillary(self)
        self.constants: Final = AsyncConstants(self)
        self.systems: Final = AsyncSystems(self)

    def __repr__(self) -> str:
        """Show the server and the state, no secret."""
        return f"AsyncClient({self._session!r})"

    async def __aenter__(self) -> Self:
        """Return the client itself; nothing is sent."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Sign out and close."""
        await self.close()

    @property
    def base_url(self) -> str:
        """The server, with a slash at the end."""
        return self._session.base_url

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation and return its result; raises what the operation raises.

        Example:
            >>> await client.run(GetMeasurement("20210307aky0930"))  # doctest: +SKIP
        """
        return await run_async(
            operation.flow(self._session), self._transport, sleep=self._sleep, observe=self._session.doors.observe
        )

    def _batch(self, *, workers: int, total: int | None) -> TaskBatch:
        return TaskBatch(self._session, self.registry, workers=workers, total=total)

    async def check(self) -> None:
        """Find out whether the server is reached, both layers let us in, and the API answers.

        Raises:
            ConnectionFailed: The server is not reached.
            WrongHTTPCredentials: The outer layer refused.
            WrongAccount: The inner layer refused.
            SCCError: Anything else that keeps the client from working.
        """
        await self.run(CheckAccess())

    async def sign_in(self) -> None:
        """Sign in to both layers now; the verbs do this themselves when it is needed.

        Raises:
            WrongHTTPCredentials: The outer layer refused.
            WrongAccount: The inner layer refused.
        """
        await self.run(SignIn())

    async def sign_out(self) -> None:
        """Sign out; does nothing when signed out already."""
        await self.run(SignOut())

    async def close(self) -> None:
        """Sign out if signed in, and close the transport if the client made it; may be called twice."""
        try:
            # The work is done; a server that cannot be reached to sign out must not make it look failed.
            with suppress(SCCError):
                await self.sign_out()
        finally:
            if self._owns_transport:
                await self._transport.aclose()


class AsyncSearch(Generic[T]):
    """A search that reads page after page as it is iterated; iterate again to ask again."""

    def __init__(self, client: AsyncClient, first: Operation[Page[T]]) -> None:
        """Keep the question; nothing is sent."""
        self._client = client
        self._first = first
        self._page: Page[T] | None = None

    async def matched(self) -> int | None:
        """How many there are in all, None where the server does not say; reads at most one page."""
        if self._page is None:
            self._page = await self._client.run(self._first)
        return self._page.total

    async def __aiter__(self) -> AsyncIterator[T]:
        """Give everything of all pages, each page read when the one before it is used up."""
        known, self._page = self._page, None
        page = await self._client.run(self._first) if known is None else known
        for item in page.items:
            yield item
        while page.next is not None:
            page = await self._client.run(page.next)
            for item in page.items:
                yield item


class AsyncMeasurements:
    """What can be done with measurements."""

    def __init__(self, client: AsyncClient) -> None:
        """Belong to a client."""
        self._client = client

    async def find(self, id: str) -> Measurement | None:
        """Return one measurement, or None where the SCC knows none.

        Raises:
            InvalidMeasurementID: It is no ID.
        """
        return await self._client.run(GetMeasurement(id))

    async def get(self, id: str) -> Measurement:
        """Return one measurement.

        Raises:
            InvalidMeasurementID: It is no ID.
            MeasurementNotFound: The SCC knows none of that ID.
        """
        measurement = await self.find(id)
        if measurement is None:
            raise not_found(MeasurementID(id))
        return measurement

    def search(
        self, start: Moment, stop: Moment | None = None, *, station: str | None = None
    ) -> AsyncSearch[Measurement]:
        """Search by the begin of the measurements; the result reads page after page as it is iterated.

        Args:
            start: First moment, as date, datetime or text of any precision ("2021", "2021-03", "2021-03-07").
            stop: End, exclusive; by default the end of the year, month or day that ``start`` names.
            station: Station code of 3 letters; by default all.

        Raises:
            InvalidInput: A date or the station is none.

        Example:
            >>> async for measurement in client.measurements.search("2021-03", station="aky"):  # doctest: +SKIP
            ...     print(measurement.id)
        """
        return AsyncSearch(self._client, SearchMeasurements(*span(start, stop), station=station))

    def list(self, id: str | None = None, *, startswith: str | None = None) -> AsyncSearch[Measurement]:
        """List measurements through the API; the result reads page after page as it is iterated.

        Args:
            id: The one ID to look for.
            startswith: Beginning of the IDs, such as "202103"; by default all measurements.

        Raises:
            InvalidInput: No ID can begin so.
        """
        return AsyncSearch(self._client, ListMeasurements(id, startswith))

    async def free_id(self, day: Moment, station: str) -> MeasurementID:
        """Return the first unused measurement ID of a day.

        Args:
            day: The day (UTC).
            station: Station code of 3 letters, or an old call sign of 2.

        Raises:
            InvalidInput: The day or the station is none.
        """
        return await self._client.run(FreeMeasurementID(span(day)[0].date(), station))

    async def rerun(self, id: str, what: RerunPart = "all") -> None:
        """Restart the processing of a measurement, and make sure that it was restarted.

        Args:
            id: Its ID.
            what: ``all`` for the whole chain, ``elpp`` for the low-resolution part, ``elda`` for the optical part only.

        Raises:
            MeasurementNotFound: The SCC does not know it.
            RequestRefused: The SCC said no, in its own words.
            OutcomeUnknown: Neither its words nor the API show a restart.
        """
        await self._client.run(RerunMeasurement(id, what))

    async def delete(self, id: str, *, related: bool = False) -> None:
        """Delete a measurement with its products, and make sure that it is gone.

        Args:
            id: Its ID.
            related: Delete the measurements too that depend on it.

        Raises:
            MeasurementNotFound: The SCC does not know it.
            PermissionDenied: The account may not delete it.
            RequestRefused: The SCC said no, in its own words.
            OutcomeUnknown: The answer was lost and the API still shows it.
        """
        await self._client.run(DeleteMeasurement(id, related))

    async def upload(  # noqa: PLR0913 - the fields of the upload form
        self,
        path: PathLike,
        *,
        system: int,
        sounding: PathLike | None = None,
        overlap: PathLike | None = None,
        lidar_ratio: PathLike | None = None,
        delay: int = 0,
        replace: bool = False,
        check: bool = True,
    ) -> UploadReceipt:
        """Upload a raw file.

        Args:
            path: The raw SCC netCDF file.
            system: Number of the system (lidar configuration) to process it with.
            sounding: Sounding file; like the next two, sent if the SCC has none of that name.
            overlap: Overlap file.
            lidar_ratio: Lidar ratio file.
            delay: Hours to wait before the processing, 0 to 96.
            replace: Delete a measurement that has the ID already, after the new file was checked and right before it is
                sent. The SCC cannot do both in one step: if it then rejects the file, the older measurement is gone.
            check: Look at the raw file and at the ancillary files before anything is sent, see ``scckit.check_raw``; its
                warnings are no reason not to send.

        Raises:
            InvalidRawFile: The file is not what the SCC takes; all that is wrong is told, and nothing was sent.
            MeasurementExists: The ID is taken and ``replace`` is off.
            UnknownSystem: The upload form does not offer the system; nothing was sent.
            UploadRejected: The SCC refused it, for the reasons it gives.
            OutcomeUnknown: The answer was lost and the API does not show the measurement.
        """
        plan = await asyncio.to_thread(
            upload_plan,
            self._client.registry,
            path,
            system=system,
            sounding=sounding,
            overlap=overlap,
            lidar_ratio=lidar_ratio,
            delay=delay,
            replace=replace,
            check=check,
        )
        return await self._client.run(plan)

    async def upload_many(  # noqa: PLR0913 - the fields of the upload form, and how the work is done
        self,
        items: Iterable[UploadItem | PathLike] | AsyncIterable[UploadItem | PathLike],
        *,
        system: int | None = None,
        delay: int = 0,
        replace: bool = False,
        check: bool = True,
        workers: int = 4,
    ) -> Outcomes:
        """Upload raw files; a failure keeps no other from being sent.

        A file whose measurement ID the SCC has already is kept as it is there, unless ``replace`` is on, so that running
        again sends only what is left.

        Args:
            items: Paths, or ``UploadItem`` where something goes with them; taken as they are needed.
            system: Number of the system of all that have none of their own; an item that has none at all fails.
            delay: As for ``upload``.
            replace: As for ``upload``.
            check: As for ``upload``.
            workers: How many are sent at a time; ``connections`` of the client limits them too.

        Returns:
            An outcome for each item, in their order; each is ``sent``, ``kept``, ``failed`` or ``not tried``.

        Raises:
            InvalidInput: The number of workers is none, or one item was given in place of several.
            Exception: What making the items raises, after those before are done; a note tells what they came to.
        """
        batch = self._client._batch(workers=workers, total=total_of(items))  # noqa: SLF001 - parts of one client
        make = uploads(system, delay=delay, replace=replace, check=check)
        return await batch.outcomes((make(item) async for item in each(items)), self._client.run)

    async def wait(self, id: str, *, timeout: float = 6 * 3600.0, interval: float = 30.0) -> Measurement:
        """Wait until a measurement is finished; look at its ``modules`` to see what succeeded.

        Args:
            id: Its ID.
            timeout: Longest wait in seconds.
            interval: Pause between two looks in seconds.

        Raises:
            WaitTimeout: It was not finished in time; the message says what it was waiting for.
            MeasurementNotFound: The SCC does not know it.
        """
        return await self._client.run(WaitForMeasurement(id, timeout=timeout, interval=interval))

    async def process(  # noqa: PLR0913 - upload and wait in one
        self,
        path: PathLike,
        *,
        system: int,
        sounding: PathLike | None = None,
        overlap: PathLike | None = None,
        lidar_ratio: PathLike | None = None,
        delay: int = 0,
        replace: bool = False,
        check: bool = True,
        timeout: float = 6 * 3600.0,
        interval: float = 30.0,
    ) -> Measurement:
        """Upload a raw file and wait until it is finished; arguments and errors as ``upload`` and ``wait``."""
        receipt = await self.upload(
            path,
            system=system,
            sounding=sounding,
            overlap=overlap,
            lidar_ratio=lidar_ratio,
            delay=delay,
            replace=replace,
            check=check,
        )
        return await self.wait(receipt.id, timeout=timeout, interval=interval)


class AsyncConstants:
    """What can be done with lidar constants."""

    def __init__(self, client: AsyncClient) -> None:
        """Belong to a client."""
        self._client = client

    def search(
        self, start: Moment, stop: Moment | None = None, *, station: str | None = None
    ) -> AsyncSearch[LidarConstant]:
        """Search by the begin of the profiles; the result reads page after page as it is iterated.

        Args:
            start: First moment, as date, datetime or text of any precision ("2021", "2021-03", "2021-03-07").
            stop: End, exclusive; by default the end of the year, month or day that ``start`` names.
            station: Station code of 3 letters; by default all.

        Raises:
            InvalidInput: A date or the station is none.
        """
        return AsyncSearch(self._client, SearchConstants(*span(start, stop), station=station))


class AsyncSystems:
    """What can be done with systems (lidar configurations)."""

    def __init__(self, client: AsyncClient) -> None:
        """Belong to a client."""
        self._client = client

    async def export(self, id: int) -> System:
        """Return the configuration of a system with its channels.

        Args:
            id: Number of the system, as given at upload.

        Raises:
            SystemNotFound: The SCC knows no such system.
        """
        return await self._client.run(ExportSystem(id))


class AsyncProducts:
    """What can be done with products."""

    def __init__(self, client: AsyncClient) -> None:
        """Belong to a client."""
        self._client = client

    async def download(
        self,
        id: str | Measurement,
        kinds: Sequence[str] | str | None = None,
        *,
        into: PathLike = ".",
        unpack: bool = True,
        existing: Existing = "verify",
    ) -> list[ProductFile]:
        """Download products of one measurement.

        Files come as ``into/<measurement ID>/<kind>/<file>``; none is there under its name before its archive was
        complete and checked, and what was there before stays until then. ``scckit-manifest.json`` beside the folders
        of the kinds records what came when and from which archive, with lengths and SHA-256.

        Args:
            id: ID of the measurement; or the measurement as a search gave it, whose state is then not asked for again.
            kinds: Names of product kinds, such as ``elda``; by default all that the SCC has of this measurement.
            into: Folder for the files.
            unpack: False to keep each archive as it came, as ``into/<measurement ID>/<first kind>.zip``.
            existing: What to do where files are here already. ``verify`` keeps them if they are as they came and the
                measurement has not changed on the server since (two small requests), else fetches them again. ``skip``
                keeps whatever is here and fetches the rest; nothing is sent if there is no rest. ``replace`` fetches
                everything and asks for nothing else, so that a later ``verify`` fetches once more. ``fail`` refuses
                before anything is sent.

        Returns:
            The files, in the order of their kinds, those that were kept among them.

        Raises:
            ProductNotAvailable: The SCC has no product of some kind that was named; all others were downloaded.
            MeasurementNotFound: The SCC does not know the measurement.
            MissingPlugin: A kind is not known.
            InvalidInput: ``existing`` is none of the four.
            TargetExists: A file is here already and ``existing`` is ``fail``.
            UnsafeArchive: An archive is damaged or could do harm.
            LocalFileError: Something on this side cannot be read or written, or a newer scckit has written the manifest.
        """
        plan = await asyncio.to_thread(
            download_plan, self._client.registry, id, kinds, into, unpack=unpack, existing=existing
        )
        return await self._client.run(plan)

    async def download_many(  # noqa: PLR0913 - those of download, and how the work is done
        self,
        items: Iterable[str | Measurement] | AsyncIterable[str | Measurement],
        kinds: Sequence[str] | str | None = None,
        *,
        into: PathLike = ".",
        unpack: bool = True,
        existing: Existing = "verify",
        workers: int = 4,
    ) -> Outcomes:
        """Download products of many measurements; a failure costs no success, and running again does what is left.

        What would fail for every further item stops the batch: refused credentials, a full disk, a plugin that is missing,
        a server that is not reached three times in a row. The rest is then ``not tried``. What is complete stays when the
        batch is interrupted, and nothing half is left.

        Args:
            items: Measurement IDs, or measurements, such as a search. Of those that a search gave, the state on the server
                is not asked for again. Taken as they are needed.
            kinds: As for ``download``.
            into: As for ``download``.
            unpack: As for ``download``.
            existing: As for ``download``.
            workers: How many measurements are fetched at a time. ``connections`` of the client limits them too, and is 4
                by default: the SCC is shared by many.

        Returns:
            An outcome for each item, in their order; each is ``fetched``, ``kept``, ``absent``, ``failed`` or ``not tried``.

        Raises:
            InvalidInput: The number of workers is none, or one item was given in place of several.
            Exception: What making the items raises, after those before are done; a note tells what they came to.

        Example:
            >>> outcomes = await scc.products.download_many(ids, ["elda"], into="products")  # doctest: +SKIP
            >>> outcomes.raise_for_failures()  # doctest: +SKIP
        """
        batch = self._client._batch(workers=workers, total=total_of(items))  # noqa: SLF001 - parts of one client
        make = downloads(kinds, into, unpack=unpack, existing=existing)
        return await batch.outcomes((make(item) async for item in each(items)), self._client.run)

    async def open(self, file: ProductLike) -> Any:  # noqa: ANN401 - the kind's own data type
        """Open a product file as data, an ``xarray.Dataset`` for most kinds; close it when done.

        Raises:
            InvalidInput: No installed kind knows a file of that name.
            UnreadableProduct: The file is not what its name says.
            MissingLibrary: A library to open it is not installed.
        """
        return await asyncio.to_thread(open_product, file, registry=self._client.registry)

    async def verify(self, file: ProductLike) -> Sequence[Problem]:
        """Return what is wrong with a product file: its form, its content, and whether name and attributes agree.

        Raises:
            InvalidInput: No installed kind knows a file of that name.
            MissingLibrary: A library to read it is not installed.
        """
        return await asyncio.to_thread(verify_product, file, registry=self._client.registry)

    async def summary(self, file: ProductLike) -> str:
        """Return one line about a product file.

        Raises:
            InvalidInput: No installed kind knows a file of that name.
            UnreadableProduct: The file is not what its name says.
            MissingLibrary: A library to read it is not installed.
        """
        return await asyncio.to_thread(summarize_product, file, registry=self._client.registry)

    async def plot(self, file: ProductLike) -> Any:  # noqa: ANN401 - a matplotlib figure
        """Draw a product file; return a ``matplotlib.figure.Figure``.

        Raises:
            InvalidInput: No installed kind knows a file of that name, or its kind does not draw.
            UnreadableProduct: The file is not what its name says, or holds nothing to draw.
            MissingLibrary: A library to read or to draw it is not installed.
        """
        return await asyncio.to_thread(plot_product, file, registry=self._client.registry)


class AsyncAncillary:
    """What can be done with ancillary files."""

    def __init__(self, client: AsyncClient) -> None:
        """Belong to a client."""
        self._client = client

    async def find(self, name: str, kind: AncillaryKind | str) -> AncillaryFile | None:
        """Return the ancillary file of that name, or None where the SCC knows none.

        Args:
            name: Base name of the file.
            kind: ``sounding``, ``overlap`` or ``lidar_ratio``.

        Raises:
            InvalidInput: There is no such kind.
        """
        return await self._client.run(FindAncillary(name, AncillaryKind.named(kind)))
