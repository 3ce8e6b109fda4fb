"""A run that is killed at any point: nothing that was complete is lost, and the next run heals the rest."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scckit.mirror import Mirror

from .conftest import run
from .server import Fake, identity
from .test_update import kept, products, served

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the run is killed in a copy of this process")

#: A run of three measurements that have changed has about this many steps; a kill behind its end is a run that ends.
_STEPS = 300


def killed(fake: Fake, folder: Path, after: int, *, keep: bool) -> bool:
    """Run in a copy of this process, which kills itself after so many steps that change the disk; tell whether it did."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
    left = after

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, _: object) -> None:
        # What changes the disk announces itself here, before it does, but for what SQLite does.
        if event in {
            "open",
            "os.rename",
            "os.link",
            "os.remove",
            "os.mkdir",
            "os.rmdir",
            "sqlite3.connect",
            "shutil.rmtree",
        }:
            step()

    try:
        sys.addaudithook(watch)
        # Each statement of the catalogue tells of itself before it is carried out, a commit too.
        sqlite3.connect = watching(step)  # type: ignore[assignment] - in this copy of the process alone
        run(fake, folder, keep_versions=keep)
    finally:
        os._exit(0)


def watching(step: Callable[[], None]) -> Callable[..., sqlite3.Connection]:
    """Return what connects as SQLite does, and tells of each statement."""
    real = sqlite3.connect

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:
        db = real(*args, **more)
        db.set_trace_callback(lambda _: step())
        return db

    return connect


@settings(deadline=None, max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    kills=st.lists(st.tuples(st.integers(1, _STEPS), st.booleans()), min_size=1, max_size=3),
    changed=st.sets(st.integers(0, 2)),
    keep=st.booleans(),
    names=st.sampled_from([1, 3]),
)
def test_a_kill_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    kills: list[tuple[int, bool]],
    changed: set[int],
    keep: bool,
    names: int,
) -> None:
    """Whatever a first run brought is there, old or new and whole, after any kills of a second; the third makes all good.

    What somebody has changed is there at any time, and so is each earlier file where that was asked.
    """
    folder = tmp_path_factory.mktemp("mirror")
    fake = Fake(names=names)
    for number in range(3):
        fake.make(number)
    run(fake, folder, keep_versions=keep)
    edited = next(folder.glob(f"2*/*/{identity(2)}/elda/*"))
    edited.unlink()
    edited.write_bytes(b"by hand")
    before = products(folder)
    for number in changed:
        fake.make(number)
    renewed = {identity(number) for number in changed}
    wholes = {*before.values(), *served(fake).values()}
    lasting = set(before.values()) if keep else {b"by hand"}

    for after, again in kills:
        killed(fake, folder, after, keep=keep)
        here = products(folder)
        assert set(here.values()) <= wholes
        untouched = {name for name in before if name[:15] not in {*renewed, identity(2)}}
        assert {name: here.get(name) for name in untouched} == {name: before[name] for name in untouched}
        assert lasting <= {path.read_bytes() for path in folder.rglob("*.txt")}
        if again and changed:
            fake.make(min(changed))
            wholes |= set(served(fake).values())

    report = run(fake, folder, keep_versions=keep)

    assert report.is_complete
    assert served(fake).items() <= products(folder).items()
    assert [path for path in folder.rglob("*") if path.name.endswith(".part")] == []
    assert list((folder / ".runs").iterdir()) == []
    assert kept(folder) >= {content for name, content in before.items() if name[:15] in renewed} & lasting | {
        b"by hand"
    }
    with Mirror(folder) as mirror:
        assert list(mirror.verify()) == []


def test_a_killed_process_leaves_no_lock(fake: Fake, tmp_path: Path) -> None:
    """Its run counts as ended at once, and its claim is free."""
    fake.make(0)
    assert killed(fake, tmp_path, 12, keep=False)

    assert run(fake, tmp_path).is_complete


def test_two_processes_at_a_time(tmp_path: Path) -> None:
    """Runs of several processes into one new folder: all of them end well, and everything is there once."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from tests.mirror.conftest import run
from tests.mirror.server import Fake
fake = Fake()
for number in range(20):
    fake.make(number)
run(fake, Path(sys.argv[1]))
"""
    runs = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(3)]
    assert [one.wait(60) for one in runs] == [0, 0, 0]

    fake = Fake()
    for number in range(20):
        fake.make(number)
    assert products(tmp_path) == served(fake)
    report = run(fake, tmp_path)
    assert (report.unchanged, report.counts, fake.asked) == (20, {}, [])
