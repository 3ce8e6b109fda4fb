"""A run that is killed at any point: nothing that was complete is lost, and the next run heals the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scckit.mirror import Mirror

from .conftest import run
from .server import Fake, identity
from .test_update import products, served

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the run is killed in a copy of this process")

#: System calls of a run of three measurements are fewer than this; a kill behind its end is a run that ends.
_CALLS = 400


def killed(fake: Fake, folder: Path, after: int, *, keep: bool) -> bool:
    """Run in a copy of this process, which kills itself after so many calls that change the disk; tell whether it did."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
    left = after

    def watch(event: str, _: object) -> None:
        nonlocal left
        # What changes the disk announces itself here; the commits of SQLite stand between these.
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
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(watch)
        run(fake, folder, keep_versions=keep)
    finally:
        os._exit(0)


@settings(deadline=None, max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    kills=st.lists(st.tuples(st.integers(1, _CALLS), st.booleans()), min_size=1, max_size=3),
    changed=st.sets(st.integers(0, 2)),
    keep=st.booleans(),
)
def test_a_kill_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    kills: list[tuple[int, bool]],
    changed: set[int],
    keep: bool,
) -> None:
    """Whatever a first run brought is there, old or new and whole, after any kills of a second; the third makes all good."""
    folder = tmp_path_factory.mktemp("mirror")
    fake = Fake()
    for number in range(3):
        fake.make(number)
    run(fake, folder, keep_versions=keep)
    before = products(folder)
    for number in changed:
        fake.make(number)
    wholes = {*before.values(), *served(fake).values()}

    for after, again in kills:
        killed(fake, folder, after, keep=keep)
        here = products(folder)
        assert set(here.values()) <= wholes
        untouched = {name for name in before if name[:15] not in {identity(number) for number in changed}}
        assert {name: here.get(name) for name in untouched} == {name: before[name] for name in untouched}
        if again and changed:
            fake.make(min(changed))
            wholes |= set(served(fake).values())

    report = run(fake, folder, keep_versions=keep)

    assert report.is_complete
    assert served(fake).items() <= products(folder).items()
    assert list(folder.rglob("*.part")) == []
    assert list((folder / ".runs").iterdir()) == []
    with Mirror(folder) as mirror:
        assert [one for one in mirror.verify() if one.problem != "unknown"] == []


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
