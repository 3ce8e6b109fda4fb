"""Doing a job for a client in another process: what travels there, what is made of it there, and what comes back.

The worker is a session that was lent: it has the cookies and the HTTP pair, and neither the account's name nor its
password.
"""

from __future__ import annotations

import time
import traceback
from threading import local
from typing import Final

from attrs import frozen

from scckit._batches.course import is_full
from scckit._batches.jobs import Job, failure
from scckit.batches import Outcome
from scckit.errors import SCCError, WorkerLost
from scckit.plugins.registry import Registry
from scckit.plugins.settings import TransportSettings
from scckit.session.drivers import run
from scckit.session.session import Loan, Session
from scckit.site import Site

__all__ = ["Done", "Numbered", "Ticket", "lost", "perform"]


@frozen
class Ticket:
    """All that a worker in another process needs; to be pickled."""

    loan: Loan
    transport: str
    settings: TransportSettings
    page_reader: str


class _Elsewhere:
    """The client of a worker: made of a ticket, and kept by its thread for further jobs, so that connections are used again."""

    _kept: Final = local()

    def __init__(self, ticket: Ticket) -> None:
        self.registry: Final = Registry()
        self.session: Final = Session.borrowed(ticket.loan, Site(self.registry.make_page_reader(ticket.page_reader)))
        self.transport: Final = self.registry.make_transport(ticket.transport, ticket.settings)

    @classmethod
    def of(cls, ticket: Ticket) -> _Elsewhere:
        known: tuple[Ticket, _Elsewhere] | None = getattr(cls._kept, "pair", None)
        if known is not None and known[0] == ticket:
            return known[1]
        made = cls(ticket)
        cls._kept.pair = (ticket, made)
        if known is not None:
            known[1].transport.close()
        return made


@frozen
class Numbered:
    """A job with its number among all.

    Attributes:
        renewed: It met the end of the session, and was sent again with a new one.
        paused: How often it came back since the server had asked for a pause.
    """

    number: int
    job: Job
    renewed: bool = False
    paused: int = 0


@frozen
class Done:
    """What comes back of a job.

    Attributes:
        outcome: What became of it; None if it is to be sent again after the pause.
        pause: Seconds that are left of what the server has asked for.
        is_full: The disk of the worker is full; what an error was caused by does not travel with it.
        bug: What is no error of ours.
    """

    outcome: Outcome | None
    pause: float = 0.0
    is_full: bool = False
    bug: BaseException | None = None


class _HandedBack(BaseException):
    """Ends a job in a worker: the pause that the server has asked for is to be kept by all."""


def perform(ticket: Ticket, numbered: Numbered, _call: str) -> Done:
    """Do a job in this process for a client in another.

    No two calls have the same name: Dask answers a call that is like one before with what came of that.
    """
    job = numbered.job
    try:
        here = _Elsewhere.of(ticket)
    except SCCError as error:
        return Done(failure(job, error))
    pace = here.session.pace
    hands_back = job.repeatable and numbered.paused < ticket.loan.retries.attempts - 1

    def sleep(seconds: float) -> None:
        if hands_back and pace.held > 0:
            raise _HandedBack
        time.sleep(seconds)

    try:
        flow = job.prepare(here.registry).flow(here.session)
        outcome = run(flow, here.transport, sleep=sleep, observe=here.session.doors.observe)
    except _HandedBack:
        return Done(None, pace.hand_over())
    except SCCError as error:
        return Done(failure(job, error), pace.hand_over(), is_full=is_full(error))
    except Exception as error:  # noqa: BLE001 - told apart, where it is raised, from the executor's own
        error.add_note(traceback.format_exc())  # which does not travel by itself
        return Done(None, bug=error)
    return Done(outcome, pace.hand_over())


def lost(job: Job, error: Exception) -> WorkerLost:
    msg = (
        f"the executor has not carried out {job.item} ({type(error).__name__}: {error}); see what became of its workers,"
        " and run again: that does only what is left"
    )
    gone = WorkerLost(msg)
    gone.__cause__ = error
    return gone
