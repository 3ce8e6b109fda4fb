"""What people see while they wait, of which a pipe gets only what matters."""

from __future__ import annotations

import pytest

from scckit.events import ItemDone, PhaseSeen, Retrying, Transferred
from scckit_cli.progress import Progress
from scckit_cli.talk import LINE, say, write


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_a_pipe_hears_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    """Long pauses, each phase once for each measurement, and what was uploaded as soon as it was."""
    progress = Progress(moves=False)
    for event in (
        Retrying("a/", "no connection", 1),
        Retrying("a/", "the server asks for a pause", 60),
        PhaseSeen("20260321aky0000", "queued", ()),
        PhaseSeen("20260321aky0000", "queued", ()),
        PhaseSeen("20260321aky0100", "queued", ()),
        PhaseSeen("20260321aky0000", "finished", ()),
        ItemDone("a.nc", "sent", 1, 2),
        ItemDone("20260321aky0000", "fetched", 2, 2),
        Transferred("a/b/", "down", 1_000_000, 2_000_000),
    ):
        progress(event)

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "the server asks for a pause; trying again in 60 s",
        "20260321aky0000: queued",
        "20260321aky0100: queued",
        "20260321aky0000: finished",
        "a.nc: sent",
    ]


def test_the_line_that_moves(capsys: pytest.CaptureFixture[str]) -> None:
    """It counts items and large bodies, is not drawn for each piece, and is gone before data and talk."""
    clock = Clock()
    progress = Progress(moves=True, clock=clock)
    progress(ItemDone("20260321aky0000", "fetched", 1, 3))
    progress(Transferred("x/20260321aky0100/", "down", 1_000_000, 2_500_000))
    clock.now = 1.0
    progress(Transferred("x/20260321aky0100/", "down", 1_500_000, 2_500_000))
    write("data\n")
    say("talk")
    clock.now = 2.0
    progress(Transferred("x/login/", "up", 100, 100))
    LINE.clear()

    out, err = capsys.readouterr()
    drawn = [" ".join(one.split()) for one in err.split("\r")]
    assert out == "data\n"
    assert [one for one in drawn if one] == [
        "1 of 3 20260321aky0000 fetched",
        "1 of 3 receiving 20260321aky0100 1.5 of 2.5 MB",
        "talk",
        "1 of 3 asking the SCC",
    ]
    blanks = [number for number, one in enumerate(err.split("\r")) if one and not one.strip()]
    assert len(blanks) == 2
