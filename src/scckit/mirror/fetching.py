"""What a run of a mirror needs of a server, made of a client."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing

from scckit._batches.jobs import DownloadJob
from scckit.batches import Outcome
from scckit.client import Client, Search
from scckit.mirror.update import Job, Server, Window
from scckit.models.measurement import Measurement
from scckit.operations import SearchMeasurements

__all__ = ["server_of"]


def server_of(client: Client, *, workers: int, executor: Executor | None) -> Server:
    """Return the server of a client.

    Raises:
        InvalidInput: There is no worker, or the client's transport cannot be taken to the executor's workers.
    """
    batch = client._batch(workers=workers, executor=executor)  # noqa: SLF001 - parts of one client

    def search(window: Window) -> Iterable[Measurement]:
        return Search(client, SearchMeasurements(window.start, window.stop, window.station))

    def fetch(jobs: Iterator[Job]) -> Generator[Outcome, None, None]:
        with closing(batch.outcomes(map(_download, jobs))) as outcomes:
            for _, outcome in outcomes:
                yield outcome

    return Server(client.base_url, search, client.measurements.find, fetch)


def _download(job: Job) -> DownloadJob:
    # What there is of the kinds is enough: which of them a measurement has, is for the server to say.
    return DownloadJob(job.measurement, job.kinds, job.into, complete=False)
