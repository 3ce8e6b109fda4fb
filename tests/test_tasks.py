"""The pages of ``docs/tasks``: each command is run, in order, on the emulator, and prints what the page shows."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import scckit
from scckit.testing import WSGITransport
from scckit_cli.main import main
from scckit_emulator import Emulator
from scckit_emulator.synthetic import write_raw, write_sounding

PAGES = sorted((Path(__file__).parents[1] / "docs" / "tasks").glob("*.md"))
BEGIN = datetime(2026, 3, 21, 0, tzinfo=UTC)


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Give each command of a page with the output that is shown below it."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield command, shown


def pattern(shown: str) -> str:
    """Turn shown output into a pattern: ``...`` alone is any lines, in a line any text; blanks are as good as others."""
    parts = []
    for line in shown.splitlines():
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            words = re.escape(" ".join(line.split())).replace(r"\.\.\.", ".*").replace(r"\ ", " ")
            parts.append(words + r"\n")
    return "".join(parts)


@pytest.fixture
def shell(started_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Run a line: commands with pipes between them, and names with stars; return all that is printed and said."""
    emulator = started_emulator
    emulator.reset()
    for hour in range(3):
        start = BEGIN + timedelta(hours=hour)
        identity = f"{start:%Y%m%d}aky{hour:02}00"
        emulator.add_measurement(
            identity, system=437, start=start, stop=start + timedelta(hours=1), failing=["elda"] if hour == 2 else None
        )
    emulator.add_lidar_constants("20260321aky0000")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "night").mkdir()
    for hour in (5, 6):
        start = BEGIN + timedelta(hours=hour)
        raw, sounding = tmp_path / "night" / f"20260321aky{hour:02}00.nc", f"rs_20260321aky{hour:02}.nc"
        write_raw(raw, measurement_id=raw.stem, start=start, stop=start + timedelta(hours=1), sounding=sounding)
        write_sounding(raw.with_name(sounding), start=start)
    account = emulator.account
    environ = {
        "SCCKIT_CONFIG": str(tmp_path / "config.toml"),
        "SCCKIT_HTTP_USER": account.http_user,
        "SCCKIT_HTTP_PASSWORD": account.http_password,
        "SCCKIT_USERNAME": account.username,
        "SCCKIT_PASSWORD": account.password,
    }

    def connect(_: object, **given: Any) -> scckit.Client:
        return scckit.connect(
            emulator.base_url, transport=WSGITransport(emulator.wsgi), sleep=emulator.clock.advance, **given
        )

    def run(line: str) -> str:
        piped = ""
        for command in line.split(" | "):
            program, *words = shlex.split(command)
            assert program == "scckit", command
            stars = [sorted(map(str, Path().glob(word))) if "*" in word else [word] for word in words]
            monkeypatch.setattr("sys.stdin", io.StringIO(piped))
            both, out = io.StringIO(), io.StringIO()
            with redirect_stdout(Both(out, both)), redirect_stderr(both):  # type: ignore[type-var]
                main([one for some in stars for one in some], environ=environ, connect=connect)
            piped = out.getvalue()
        return both.getvalue()

    return run


class Both(io.StringIO):
    """Writes to two places, as a terminal shows output and talk together."""

    def __init__(self, one: io.StringIO, other: io.StringIO) -> None:
        """Take both."""
        super().__init__()
        self.one, self.other = one, other

    def write(self, text: str) -> int:
        """Write to both."""
        self.other.write(text)
        return self.one.write(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tasks(page: Path, shell: Callable[[str], str]) -> None:
    """Every command of the page does what stands there."""
    done = 0
    for command, shown in steps(page.read_text(encoding="utf-8")):
        printed = "".join(f"{' '.join(line.split())}\n" for line in shell(command).splitlines())
        assert re.fullmatch(pattern(shown), printed), f"$ {command}\n{printed}\nis not as shown:\n{shown}"
        done += 1
    assert done >= 3


def test_there_is_a_page_for_each_task() -> None:
    """The four tasks that users come with."""
    assert [page.stem for page in PAGES] == [
        "fetch-a-month",
        "upload-a-night",
        "watch-the-lidar-constant",
        "why-a-product-failed",
    ]
