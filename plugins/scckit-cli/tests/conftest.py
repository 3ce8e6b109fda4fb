"""The command line in process on the emulator in process: no terminal, no keyring of a person, no socket, no sleep."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

import scckit
from scckit.testing import WSGITransport
from scckit_cli.main import main
from scckit_emulator import Emulator

BEGIN = datetime(2026, 3, 21, 0, tzinfo=UTC)
IDS = [f"20260321aky{hour:02}00" for hour in range(3)]


class MemoryKeyring(KeyringBackend):
    """A keyring that is gone with the test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return what was kept."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep something."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def ring() -> Iterator[MemoryKeyring]:
    """Put a keyring of the test in the place of the person's."""
    before = keyring.get_keyring()
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def started_emulator() -> Iterator[Emulator]:
    """Start the emulator; one can be alive at a time, so it ends with the module."""
    with Emulator(speed=0) as emulator:
        yield emulator


@pytest.fixture
def emulator(started_emulator: Emulator) -> Emulator:
    """Give an emulator with three measurements of one night; the last one has no ELDA."""
    started_emulator.reset()
    for hour, identity in enumerate(IDS):
        start = BEGIN + timedelta(hours=hour)
        failing = ["elda"] if hour == 2 else None
        started_emulator.add_measurement(
            identity, system=437, start=start, stop=start + timedelta(hours=1), failing=failing
        )
    return started_emulator


@dataclass(frozen=True)
class Result:
    """What came of a command line."""

    status: int
    out: str
    err: str


Cli = Callable[..., Result]


class Terminal(io.StringIO):
    """Standard input that says that a person is there."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def environ(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """Give an environment with credentials, and a place for files."""
    account = emulator.account
    return {
        "SCCKIT_CONFIG": str(tmp_path / "home" / "config.toml"),
        "SCCKIT_HTTP_USER": account.http_user,
        "SCCKIT_HTTP_PASSWORD": account.http_password,
        "SCCKIT_USERNAME": account.username,
        "SCCKIT_PASSWORD": account.password,
    }


@pytest.fixture
def cli(
    emulator: Emulator, environ: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Cli:
    """Run a command line; ``answers`` are what a person types, ``stdin`` what a pipe brings, or a ``terminal``."""

    def run(
        *words: str, answers: Sequence[str] = (), stdin: str | None = None, terminal: bool = False, **settings: Any
    ) -> Result:
        typed = iter(answers)

        def connect(base_url: str | None, **given: Any) -> scckit.Client:
            return scckit.connect(
                base_url or emulator.base_url,
                **{"transport": WSGITransport(emulator.wsgi), "sleep": emulator.clock.advance, **given},
            )

        monkeypatch.setattr("sys.stdin", (Terminal if terminal else io.StringIO)(stdin or ""))
        capsys.readouterr()
        given = {
            "environ": environ,
            "connect": connect,
            "ask": (lambda *_: next(typed)) if answers else None,
            **settings,
        }
        status = main(list(words), **given)
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


@pytest.fixture
def raws(tmp_path: Path) -> list[Path]:
    """Write two raw files, the first with its sounding beside it."""
    from scckit_emulator.synthetic import write_raw

    folder = tmp_path / "night"
    folder.mkdir()
    paths = []
    for hour in (5, 6):
        start = BEGIN + timedelta(hours=hour)
        paths.append(folder / f"20260321aky{hour:02}00.nc")
        write_raw(paths[-1], measurement_id=paths[-1].stem, start=start, stop=start + timedelta(hours=1))
    return paths
