"""The command line as a process: on a pseudo-terminal, in pipes that are closed or full, and when somebody presses Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from scckit_cli.commands.look import COLUMNS, MODULES
from scckit_emulator import Emulator

from .conftest import Cli


class Gate:
    """What the emulator's slow answers wait at."""

    def __init__(self) -> None:
        """Begin shut, with nobody there."""
        self.reached, self.opened = Event(), Event()

    def __call__(self, _: float) -> None:
        """Wait until it is opened."""
        self.reached.set()
        self.opened.wait(60)


GATE = Gate()


@pytest.fixture(scope="module")
def started_emulator() -> Iterator[Emulator]:
    """Start an emulator whose slow answers come when the gate is opened."""
    with Emulator(speed=0, sleep=GATE) as emulator:
        yield emulator


pty = pytest.importorskip("pty", reason="pseudo-terminals are of POSIX")


@pytest.fixture
def served(emulator: Emulator, environ: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve the emulator; give the environment of a process that asks it."""
    with emulator.serve() as base_url:
        yield {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONUNBUFFERED"}
            },
            **environ,
            "SCCKIT_BASE_URL": base_url,
            "HOME": str(tmp_path),
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
        }


def on_terminal(
    words: list[str], environ: dict[str, str], *, stdout: Path | None = None, width: int = 200
) -> tuple[int, str]:
    """Run a command on a terminal, its output in a file if one is given; return its status and what the terminal got."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    with open(stdout or os.devnull, "wb") as file:  # noqa: PTH123 - a path or the null device
        process = subprocess.Popen(
            [sys.executable, "-m", "scckit_cli", *words],
            stdin=theirs,
            stdout=file if stdout else theirs,
            stderr=theirs,
            env=environ,
        )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # as Linux says that nobody has the other end any more
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(), shown.decode()


def last_shown(text: str) -> list[str]:
    """Return the lines as they stand on the terminal at the end: what a return alone goes back over is gone."""
    return [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]


@pytest.mark.parametrize("form", ["--ids", "--plain", "--csv", "--json", "--station=all"])
def test_data_go_where_standard_output_goes(served: dict[str, str], tmp_path: Path, form: str) -> None:
    """With progress on the terminal the file gets all of the data, and the terminal none of it."""
    status, shown = on_terminal(["search", "2026-03-21", form], served, stdout=tmp_path / "out")
    data = (tmp_path / "out").read_text(encoding="utf-8")

    assert status == 0
    assert all(data.count(f"20260321aky{hour:02}00") == 1 for hour in range(3))
    assert "20260321aky" not in shown
    assert "\x1b" not in data


def test_the_line_that_moves_is_gone_before_anything_is_printed(served: dict[str, str]) -> None:
    """Nothing of it is left on the terminal, and no line of data begins behind it."""
    _, shown = on_terminal(["search", "2026-03-21", "--ids"], served)

    assert "asking the SCC" in shown
    assert sorted(line for line in last_shown(shown) if line) == [f"20260321aky{hour:02}00" for hour in range(3)]


def test_statuses_are_signs_with_colour_or_words(served: dict[str, str]) -> None:
    """A terminal gets signs; one that wants no colour, or knows none, gets words."""
    _, coloured = on_terminal(["search", "2026-03-21"], served)
    _, without = on_terminal(["search", "2026-03-21"], {**served, "NO_COLOR": "1"})
    _, dumb = on_terminal(["search", "2026-03-21"], {**served, "TERM": "dumb"})

    assert "\x1b[32m✔" in coloured
    assert "\x1b[31m✘" in coloured
    assert "failed" in without
    for words in (without, dumb):
        assert " ok " in words
        assert not set("✔✘\x1b") & set(words)
    assert "asking" not in dumb


@pytest.mark.parametrize(("width", "signs"), [(60, 4), (80, 7), (100, 8), (200, 8)])
def test_no_terminal_is_too_narrow_for_an_id(served: dict[str, str], width: int, signs: int) -> None:
    """IDs, moments and headings stand whole in one line; what does not fit so is not there."""
    _, shown = on_terminal(["search", "2026-03-21"], served, width=width)
    bare = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in last_shown(shown)]
    rows = [line for line in bare if line.startswith("20260321aky")]
    (heading,) = [line for line in bare if line.startswith("id ")]

    assert len(rows) == 3
    assert set(heading.split()) <= set(COLUMNS)
    assert len(set(heading.split()) & {"upload", *MODULES}) == signs
    assert all(len(line) <= width for line in bare)
    for row in rows:
        assert re.match(r"20260321aky0[012]00 .*2026-03-21 0[012]:00 ", row)
        assert ("finished" in row) == (width > 80)
        assert len(re.findall(r"[✔✘·]", row)) == signs


def test_a_moment_among_other_values_leaves_them_their_column(served: dict[str, str], cli: Cli, tmp_path: Path) -> None:
    """What a mirror's status names is beside its value, on a terminal of the usual width."""
    folder = str(tmp_path / "mirror")
    assert cli("mirror", folder, "--since", "2026-03-21").status == 0
    _, shown = on_terminal(["mirror", folder, "--status"], served, width=80)

    assert re.search(r"^measurements +3$", "\n".join(last_shown(shown)), re.MULTILINE), shown


@pytest.mark.parametrize("words", [["search", "2026", "--plain"], ["show", "20260321aky0000"], ["version"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_standard_output_that_takes_nothing(served: dict[str, str], words: list[str], unbuffered: str) -> None:
    """A full disk is told; a pipe that is closed is no matter, nor is an output that never was."""
    command = [sys.executable, "-m", "scckit_cli", *words]
    served["PYTHONUNBUFFERED"] = unbuffered
    if Path("/dev/full").exists():
        with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
            result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=served, check=False)
        assert (result.returncode, result.stderr.decode()) == (7, "scckit: standard output: No space left on device\n")
    ours, theirs = os.pipe()
    os.close(ours)
    for output in (theirs, None):
        before = (lambda: os.close(1)) if output is None else None
        result = subprocess.run(
            command, stdout=output, stderr=subprocess.PIPE, env=served, check=False, preexec_fn=before
        )
        assert (result.returncode, result.stderr) == (0, b"")
    os.close(theirs)


@pytest.mark.parametrize("words", [["--help"], ["search", "--help"]])
def test_nobody_reads_the_help(served: dict[str, str], words: list[str]) -> None:
    """Also what typer prints by itself is no failure when nobody reads it any more."""
    ours, theirs = os.pipe()
    os.close(ours)
    result = subprocess.run(
        [sys.executable, "-m", "scckit_cli", *words], stdout=theirs, stderr=subprocess.PIPE, env=served, check=False
    )
    os.close(theirs)

    assert (result.returncode, result.stderr) == (0, b"")


def test_a_pipe_that_is_closed_ends_no_deletion(served: dict[str, str], emulator: Emulator) -> None:
    """What was asked for is done, whoever reads of it; where nobody is to type, there are no items."""
    command = [sys.executable, "-m", "scckit_cli"]
    ids = [f"20260321aky0{hour}00" for hour in range(3)]
    ours, theirs = os.pipe()
    os.close(ours)
    result = subprocess.run(
        [*command, "delete", "--yes", *ids], stdout=theirs, stderr=subprocess.PIPE, env=served, check=False
    )
    os.close(theirs)
    assert (result.returncode, result.stderr) == (0, b"")

    result = subprocess.run(
        [*command, "show", "-", ids[0]],
        capture_output=True,
        env=served,
        check=False,
        preexec_fn=lambda: os.close(0),
    )
    assert result.returncode == 4  # it is gone
    assert result.stderr.startswith(b"standard input has no measurement\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device is of Linux")
def test_standard_error_that_takes_nothing(served: dict[str, str]) -> None:
    """A deletion goes on; what it came to is on standard output and in the status."""
    ids = [f"20260321aky{hour}00" for hour in ("00", "23", "01")]
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        result = subprocess.run(
            [sys.executable, "-m", "scckit_cli", "delete", "--yes", *ids],
            stdout=subprocess.PIPE,
            stderr=full,
            env=served,
            check=False,
        )

    assert (result.returncode, result.stdout.decode()) == (4, f"{ids[0]}\tdeleted\n{ids[2]}\tdeleted\n")


@pytest.mark.parametrize("command", ["wait", "download", "mirror", "upload"])
def test_ctrl_c(served: dict[str, str], emulator: Emulator, raws: list[Path], tmp_path: Path, command: str) -> None:
    """One message, status 130, nothing half done; the same line again does the rest."""
    from scckit_emulator import Fault

    folder = tmp_path / "here"
    words = {
        "wait": ["wait", raws[0].stem],
        "download": ["download", "--since", "2026-03-21", "--kinds", "elpp", "--into", str(folder)],
        "mirror": ["mirror", str(folder), "--since", "2026-03-21", "--kinds", "elpp"],
        "upload": ["upload", *map(str, raws), "--system", "437"],
    }[command]
    python = [sys.executable, "-m", "scckit_cli"]
    if command == "wait":
        sent = subprocess.run(
            [*python, "upload", str(raws[0]), "--system", "437"], env=served, check=True, capture_output=True
        )
        assert sent.stdout.decode().split() == [raws[0].stem]
    else:
        path = "measurements/quick/" if command == "upload" else "download-"
        emulator.faults.add(Fault.slow(3600), path=path, times=None)
    GATE.reached.clear()
    GATE.opened.clear()
    process = subprocess.Popen(
        [*python, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=served,
        # Tests that run in the background may have been told to ignore it, and hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing else runs here
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() if command == "wait" else GATE.reached.wait(60)
        process.send_signal(signal.SIGINT)
        GATE.opened.set()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()

    said = err.decode().splitlines()
    assert process.returncode == 130, said
    assert said[-1] == "scckit: interrupted; the same line again goes on, what is done is not done twice"
    assert "Traceback" not in err.decode()
    assert out == b""
    assert [one for one in folder.rglob("*") if one.is_file() and ".part" in one.name] == []
    if command != "wait":
        emulator.faults.clear()
        again = subprocess.run([*python, *words], env=served, check=False, capture_output=True)
        assert again.returncode == 0, again.stderr.decode()


def test_ctrl_c_again_and_again() -> None:
    """Whatever swallows the first ones, or waits for something that never comes: the third one ends it."""
    script = """
import sys, threading
import scckit_cli.main
from scckit_cli.__main__ import start

def stuck():
    while True:
        try:
            print("waiting", flush=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            pass

scckit_cli.main.main = stuck
sys.exit(start())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing else runs here
    )
    try:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == b"waiting\n"
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 130
    assert err.decode() == "\nscckit: ended at once; files named .part may be left\n"


def test_ctrl_c_at_once(tmp_path: Path) -> None:
    """Also while Python still imports what the command line is made of, the message is one line."""
    script = """
import sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from scckit_cli.__main__ import start
sys.exit(start())
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)

    assert (result.returncode, result.stderr.decode().splitlines()) == (130, ["scckit: interrupted"])
