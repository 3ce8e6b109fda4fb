"""What a batch takes and gives: items to upload, and an outcome for each item. Plain values; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, overload

from attrs import field, frozen
from attrs.converters import optional

from scckit.errors import SCCError
from scckit.models.products import ProductFile
from scckit.operations.uploads import UploadReceipt

__all__ = ["Outcome", "OutcomeState", "Outcomes", "UploadItem"]


class OutcomeState(StrEnum):
    """What became of an item."""

    #: Products came.
    FETCHED = "fetched"
    #: A raw file was taken by the SCC.
    SENT = "sent"
    #: There was nothing to do: the products are here as they are there, or the SCC has the measurement already.
    KEPT = "kept"
    #: The SCC does not have some of what was asked for; what it has came.
    ABSENT = "absent"
    #: It went wrong.
    FAILED = "failed"
    #: The batch was stopped before its turn.
    NOT_TRIED = "not tried"


@frozen
class Outcome:
    """What became of one item.

    Attributes:
        item: The measurement ID, or the path of a raw file, as text.
        state: What became of it.
        files: The products that are here now, for a download.
        receipt: What the SCC said, for an upload.
        error: Why it failed, was not tried, or what is absent; for an upload that was kept, that the ID is taken.
    """

    item: str
    state: OutcomeState
    files: tuple[ProductFile, ...] = ()
    receipt: UploadReceipt | None = None
    error: SCCError | None = None

    @property
    def is_failure(self) -> bool:
        """True if running again may bring more: it failed or was not tried."""
        return self.state in {OutcomeState.FAILED, OutcomeState.NOT_TRIED}


class Outcomes(Sequence[Outcome]):
    """What became of all items, in their order.

    Example:
        >>> outcomes = scc.products.download_many(ids, ["elda"], into="products")  # doctest: +SKIP
        >>> outcomes.counts  # doctest: +SKIP
        {'fetched': 38, 'failed': 2}
        >>> outcomes.raise_for_failures()  # doctest: +SKIP
        Traceback (most recent call last):
        ExceptionGroup: 2 of 40 items failed (2 sub-exceptions)
    """

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        """Hold the outcomes."""
        self._outcomes: Final = tuple(outcomes)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Outcomes: ...
    def __getitem__(self, index: int | slice) -> Outcome | Outcomes:
        """Return one outcome, or some of them."""
        return Outcomes(self._outcomes[index]) if isinstance(index, slice) else self._outcomes[index]

    def __len__(self) -> int:
        """Count the items."""
        return len(self._outcomes)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"Outcomes({self.counts})"

    @property
    def counts(self) -> Mapping[str, int]:
        """How many items there are in each state that occurs."""
        found = Counter(one.state for one in self._outcomes)
        return {state.value: found[state] for state in OutcomeState if found[state]}

    @property
    def failures(self) -> Outcomes:
        """The items that failed or were not tried."""
        return Outcomes(one for one in self._outcomes if one.is_failure)

    def raise_for_failures(self) -> None:
        """Raise what went wrong, if something did; what is absent on the server did not.

        Raises:
            ExceptionGroup: The errors of the items that failed, each with a note that names the item. What stopped a batch
                is one of them.
        """
        failed = [one for one in self._outcomes if one.state is OutcomeState.FAILED and one.error is not None]
        if not self.failures:
            return
        waiting = sum(one.state is OutcomeState.NOT_TRIED for one in self._outcomes)
        errors = []
        for one in failed:
            if one.error is not None:
                if one.item not in getattr(one.error, "__notes__", []):
                    one.error.add_note(one.item)
                errors.append(one.error)
        more = f", {waiting} were not tried" if waiting else ""
        msg = f"{len(failed)} of {len(self)} items failed{more}"
        raise ExceptionGroup(msg, errors or [SCCError(msg)])


@frozen
class UploadItem:
    """A raw file to upload, with what goes with it.

    Attributes:
        path: The raw SCC netCDF file.
        sounding: Sounding file; like the next two, sent if the SCC has none of that name.
        overlap: Overlap file.
        lidar_ratio: Lidar ratio file.
        system: Number of the system, if it is not that of the batch.
    """

    path: Path = field(converter=Path)
    sounding: Path | None = field(default=None, converter=optional(Path))
    overlap: Path | None = field(default=None, converter=optional(Path))
    lidar_ratio: Path | None = field(default=None, converter=optional(Path))
    system: int | None = None
