"""Batches on an event loop: as those of ``executors``, with tasks in place of threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from itertools import count
from typing import Final, TypeVar

from scckit._batches.course import Stopper, in_order, note_done, require_workers
from scckit._batches.jobs import Job, failure
from scckit.batches import Outcome, Outcomes
from scckit.errors import SCCError
from scckit.events import ItemDone
from scckit.operations import Operation
from scckit.plugins.registry import Registry
from scckit.session.session import Session

__all__ = ["TaskBatch", "each"]

T = TypeVar("T")


async def each(items: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    """Give each item as it is asked for, of either sort of row."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class _AsyncSource:
    """As ``_Source``, for tasks of one event loop."""

    def __init__(self, jobs: Iterable[Job] | AsyncIterable[Job]) -> None:
        self._jobs: Final = each(jobs)
        self._taking: Final = asyncio.Lock()
        self._taken = count()
        self.error: Exception | None = None

    async def take(self) -> tuple[int, Job] | None:
        async with self._taking:
            if self.error is None:
                try:
                    async for job in self._jobs:
                        return next(self._taken), job
                except Exception as error:  # noqa: BLE001 - raised by the batch
                    self.error = error
            return None


class TaskBatch:
    """Carries out jobs with tasks of an event loop.

    Args:
        session: The client's session.
        registry: The client's plugins.
        workers: Jobs under way at a time.
        total: How many jobs there are, None if that is not known.

    Raises:
        InvalidInput: There is no worker.
    """

    def __init__(self, session: Session, registry: Registry, *, workers: int, total: int | None = None) -> None:
        """Get ready; nothing is done before ``outcomes``."""
        self._session: Final = session
        self._registry: Final = registry
        self._workers: Final = require_workers(workers)
        self._total: Final = total
        self._stopper: Final = Stopper()

    async def outcomes(
        self,
        jobs: Iterable[Job] | AsyncIterable[Job],
        run_operation: Callable[[Operation[Outcome]], Awaitable[Outcome]],
    ) -> Outcomes:
        """Do the jobs; return their outcomes in their order. Cancelling ends what is under way and keeps what is done."""
        source = _AsyncSource(jobs)
        outcomes: dict[int, Outcome] = {}

        async def work() -> None:
            while (one := await source.take()) is not None:
                number, job = one
                outcome = await self._outcome(job, run_operation)
                self._stopper.look(outcome)
                outcomes[number] = outcome
                event = ItemDone(outcome.item, outcome.state.value, len(outcomes), self._total)
                self._session.doors.observe(event)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(work())
        except BaseExceptionGroup as errors:  # what is no error of ours, of the first task that met it
            note_done(errors.exceptions[0], outcomes)
            raise errors.exceptions[0] from None
        if source.error is not None and not self._stopper.explains(source.error):
            note_done(source.error, outcomes)
            raise source.error
        return in_order(outcomes)

    async def _outcome(self, job: Job, run_operation: Callable[[Operation[Outcome]], Awaitable[Outcome]]) -> Outcome:
        if self._stopper.reason is not None:
            return self._stopper.not_tried(job)
        try:
            return await run_operation(await asyncio.to_thread(job.prepare, self._registry))
        except SCCError as error:
            return failure(job, error)
