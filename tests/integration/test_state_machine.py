"""Uploads, reruns, deletes, waits and searches in any order, with random faults in between, compared with a model.

The model is a set of IDs. Whatever the network does, the client must never believe something that is not so, never do a
change twice, and never end in anything but a value or an ``SCCError``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import scckit
from scckit.errors import (
    MeasurementExists,
    MeasurementNotFound,
    OutcomeUnknown,
    SCCError,
)
from scckit.session.messages import Request
from scckit.testing import Fault, FaultyTransport, WSGITransport
from scckit_emulator import Behaviour, Emulator
from scckit_emulator.synthetic import DEFAULT_CHANNELS, write_raw

IDS = ["20260321aky2000", "20260322aky2000"]
START = datetime(2026, 3, 21, 20, tzinfo=UTC)
VERBS = ["upload", "upload", "upload", "delete", "delete", "rerun", "wait", "search", "expire", "later"]
#: What goes wrong with which of the next requests.
faults = st.dictionaries(st.integers(0, 7), st.sampled_from(list(Fault)), max_size=2)


class Station(RuleBasedStateMachine):
    """What a station does, on a network that fails."""

    emulator: Emulator
    raws: dict[str, Path]

    @initialize(generation=st.sampled_from(["current", "legacy"]), lag=st.sampled_from([0.0, 4.0]))
    def begin(self, generation: str, lag: float) -> None:
        """Begin with an empty server of either generation."""
        self.emulator.behaviour = Behaviour(generation=generation, api_lag=lag, page_size=1)
        self.emulator.reset()
        self.present: set[str] = set()
        self.unsure: set[str] = set()
        self.plan: dict[int, Fault] = {}
        self.asked = 0
        self.posts = 0
        account = self.emulator.account
        self.scc = scckit.connect(
            self.emulator.base_url,
            credentials=scckit.Credentials(
                account.http_user, account.http_password, account.username, account.password
            ),
            transport=FaultyTransport(WSGITransport(self.emulator.wsgi), self.fault),
            sleep=self.emulator.clock.advance,
            environ={},
        )
        self.scc.sign_in()

    def fault(self, request: Request) -> Fault | None:
        """Take the next fault of the plan, and count what was sent."""
        fault = self.plan.get(self.asked)
        self.asked += 1
        acts = fault not in {Fault.REFUSED, Fault.BUSY, Fault.LATER}
        self.posts += acts and request.method == "POST" and request.url.endswith("/quick/")
        return fault

    @contextmanager
    def failing(self, plan: dict[int, Fault]) -> Iterator[None]:
        """Let a plan of faults happen, and then none."""
        self.plan, self.asked = plan, 0
        try:
            yield
        finally:
            self.plan = {}

    @rule(
        verb=st.sampled_from(VERBS),
        plan=faults,
        number=st.integers(0, 1),
    )
    def do(self, verb: str, plan: dict[int, Fault], number: int) -> None:
        """Do something. One rule for all verbs: as rules of their own, each would be left out of half of the runs."""
        getattr(self, verb)(plan, number)

    def upload(self, plan: dict[int, Fault], number: int) -> None:
        """An upload that returns is there; one that says it exists was there; else it is unsure, and was sent once."""
        identity = IDS[number]
        before = self.posts
        try:
            with self.failing(plan):
                receipt = self.scc.measurements.upload(self.raws[identity], system=437)
        except MeasurementExists:
            assert identity in self.present | self.unsure
            self.present.add(identity)
        except SCCError:
            self.unsure.add(identity)
        else:
            assert receipt.id == identity
            assert identity not in self.present - self.unsure
            self.present.add(identity)
            self.unsure.discard(identity)
        # Before the API knows of it, neither a second upload nor a rerun could: that is the server's lag, not a fault.
        self.emulator.clock.advance(5.0)
        assert self.posts - before <= 1, "a raw file was sent twice"

    def delete(self, plan: dict[int, Fault], number: int) -> None:
        """A delete that returns has deleted; one that says it is unknown was unknown; else it is unsure."""
        identity = IDS[number]
        try:
            with self.failing(plan):
                self.scc.measurements.delete(identity)
        except MeasurementNotFound:
            assert identity not in self.present - self.unsure
            self.present.discard(identity)
        except SCCError:
            self.unsure.add(identity)
        else:
            assert identity in self.present | self.unsure
            self.present.discard(identity)
            self.unsure.discard(identity)

    def rerun(self, plan: dict[int, Fault], number: int) -> None:
        """A rerun that returns has restarted something that was there."""
        identity = IDS[number]
        try:
            with self.failing(plan):
                self.scc.measurements.rerun(identity)
        except MeasurementNotFound:
            assert identity not in self.present - self.unsure
        except SCCError as error:
            assert plan or isinstance(error, OutcomeUnknown)
        else:
            assert identity in self.present | self.unsure

    def wait(self, plan: dict[int, Fault], number: int) -> None:
        """A wait that returns gives a finished measurement."""
        identity = IDS[number]
        try:
            with self.failing(plan):
                measurement = self.scc.measurements.wait(identity, timeout=600, interval=10)
        except MeasurementNotFound:
            assert identity not in self.present - self.unsure
        except SCCError:
            assert plan
        else:
            assert measurement.phase is scckit.Phase.FINISHED

    def search(self, plan: dict[int, Fault], _: int) -> None:
        """A search that ends gives what is there, each once."""
        try:
            with self.failing(plan):
                found = [one.id for one in self.scc.measurements.search("2026-03", station="aky")]
        except SCCError:
            assert plan
        else:
            assert len(found) == len(set(found))
            assert set(found) - self.unsure == self.present - self.unsure

    def expire(self, _: dict[int, Fault], __: int) -> None:
        """The server forgets everyone."""
        self.emulator.end_sessions()

    def later(self, _: dict[int, Fault], __: int) -> None:
        """Time goes by: enough for the processing to be in its middle."""
        self.emulator.clock.advance(12.0)

    @invariant()
    def clear_up(self) -> None:
        """What was unsure is looked up on a network that works; then the model knows again."""
        if not getattr(self, "unsure", None):
            return
        self.emulator.clock.advance(5.0)  # beyond the API's lag
        for identity in self.unsure:
            if self.scc.measurements.find(identity) is None:
                self.present.discard(identity)
            else:
                self.present.add(identity)
        self.unsure.clear()


def test_a_station_on_a_network_that_fails(started_emulator: Emulator) -> None:
    """Whatever happens in whatever order, the client and the model agree."""
    with tempfile.TemporaryDirectory() as folder:
        Station.emulator = started_emulator
        Station.raws = {
            identity: write_raw(
                Path(folder) / f"{identity}.nc",
                measurement_id=identity,
                start=START.replace(day=int(identity[6:8])),
                stop=START.replace(day=int(identity[6:8]), hour=21),
                points=20,
                profiles=1,
                channels=DEFAULT_CHANNELS[:1],
            )
            for identity in IDS
        }
        longer = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
        Station.TestCase.settings = settings(max_examples=500 if longer else 40, stateful_step_count=20, deadline=None)
        run = Station.TestCase("runTest")
        run.runTest()
