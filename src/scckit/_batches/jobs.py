"""What is to be done with one item: a plain value, of which an operation is made where it is done, since that looks at files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from attrs import evolve, frozen

from scckit._plans import Existing, download_plan, upload_plan
from scckit.batches import Outcome, OutcomeState, UploadItem
from scckit.errors import InvalidInput, MeasurementExists, ProductNotAvailable, SCCError
from scckit.local import PathLike
from scckit.models.measurement import Measurement
from scckit.operations import DownloadProducts, Operation, Upload
from scckit.plugins.registry import Registry
from scckit.session.effects import Flow
from scckit.session.session import Session

__all__ = ["DownloadJob", "Job", "UploadJob", "downloads", "failure", "uploads"]


class Job(Protocol):
    """One item of a batch, ready to be pickled."""

    @property
    def item(self) -> str:
        """What it is about, as outcomes name it."""

    @property
    def repeatable(self) -> bool:
        """True if it may be begun again after it was left in the middle, and does only what is left then."""

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Look at what is here, and return what does the rest; both raise ``SCCError``."""


@frozen
class DownloadJob:
    """Products of one measurement; the arguments are those of ``Products.download``.

    Attributes:
        complete: A kind that was named and is absent is told; otherwise what there is, is enough.
    """

    measurement: str | Measurement
    kinds: tuple[str, ...] | None
    into: Path
    unpack: bool = True
    existing: Existing = "verify"
    complete: bool = True

    @property
    def item(self) -> str:
        """The measurement ID."""
        return str(self.measurement.id if isinstance(self.measurement, Measurement) else self.measurement)

    @property
    def repeatable(self) -> bool:
        """Depends on what is done with the archives that have come."""
        return self.existing in {"verify", "skip"}

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Make the download."""
        plan = download_plan(
            registry, self.measurement, self.kinds, self.into, unpack=self.unpack, existing=self.existing
        )
        if not self.complete:
            plan = evolve(plan, complete=False, wanted=())
        return _Downloading(self.item, plan)


@frozen
class _Downloading:
    item: str
    plan: DownloadProducts

    def flow(self, session: Session) -> Flow[Outcome]:
        gathered = yield from self.plan.gather(session)
        if gathered.absent is not None or not gathered.files:
            return Outcome(self.item, OutcomeState.ABSENT, gathered.files, error=gathered.absent)
        return Outcome(self.item, OutcomeState.FETCHED if gathered.came else OutcomeState.KEPT, gathered.files)


@frozen
class UploadJob:
    """One raw file; the arguments are those of ``Measurements.upload``, for an item without any of its own."""

    upload: UploadItem
    system: int | None
    delay: int = 0
    replace: bool = False
    check: bool = True

    @property
    def item(self) -> str:
        """The path."""
        return str(self.upload.path)

    @property
    def repeatable(self) -> bool:
        """What was sent is not sent again."""
        return False

    def prepare(self, registry: Registry) -> Operation[Outcome]:
        """Check the files, and make the upload."""
        system = self.system if self.upload.system is None else self.upload.system
        if system is None:
            msg = f"{self.item} has no system to be processed with; give system= for all, or UploadItem(…, system=…)"
            raise InvalidInput(msg)
        plan = upload_plan(
            registry,
            self.upload.path,
            system=system,
            sounding=self.upload.sounding,
            overlap=self.upload.overlap,
            lidar_ratio=self.upload.lidar_ratio,
            delay=self.delay,
            replace=self.replace,
            check=self.check,
        )
        return _Uploading(self.item, plan)


@frozen
class _Uploading:
    item: str
    plan: Upload

    def flow(self, session: Session) -> Flow[Outcome]:
        try:
            receipt = yield from self.plan.flow(session)
        except MeasurementExists as error:
            return Outcome(self.item, OutcomeState.KEPT, error=error)
        return Outcome(self.item, OutcomeState.SENT, receipt=receipt)


@frozen
class _Unusable:
    """An item that no job can be made of."""

    item: str
    error: InvalidInput
    repeatable: bool = False

    def prepare(self, _: Registry) -> Operation[Outcome]:
        raise self.error


def downloads(
    kinds: Sequence[str] | str | None, into: PathLike, *, unpack: bool, existing: Existing
) -> Callable[[str | Measurement], Job]:
    """Return what makes a job of an item."""
    names = (kinds,) if isinstance(kinds, str) else None if kinds is None else tuple(kinds)
    folder = Path(into)
    return lambda item: DownloadJob(item, names, folder, unpack, existing)


def uploads(system: int | None, *, delay: int, replace: bool, check: bool) -> Callable[[UploadItem | PathLike], Job]:
    """Return what makes a job of an item."""

    def make(item: UploadItem | PathLike) -> Job:
        try:
            upload = item if isinstance(item, UploadItem) else UploadItem(Path(item))
        except TypeError as error:
            msg = f"an item to upload is a path or an UploadItem; found {item!r:.100}"
            unusable = InvalidInput(msg)
            unusable.__cause__ = error
            return _Unusable(f"{item!r:.100}", unusable)
        return UploadJob(upload, system, delay, replace, check)

    return make


def failure(job: Job, error: SCCError) -> Outcome:
    """Return the outcome of a job that raised."""
    absent = isinstance(error, ProductNotAvailable)
    return Outcome(job.item, OutcomeState.ABSENT if absent else OutcomeState.FAILED, error=error)
