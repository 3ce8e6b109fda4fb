"""``python -m scckit_emulator`` as a process."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest


@contextmanager
def running(*arguments: str, ready: Path, temporary: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The process, once it is ready."""
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "scckit_emulator", "--ready-file", str(ready), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # What other libraries leave to the default encoding is not our matter.
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONWARNDEFAULTENCODING": ""},
    )
    try:
        assert process.stdout is not None
        # It says where it is once it is ready; until then this waits.
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        yield process, json.loads(ready.read_text(encoding="utf-8"))
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """It announces itself, answers with that account, and ends with status 0, leaving no file behind."""
    ready, temporary = tmp_path / "ready.json", tmp_path / "tmp"
    with running("--generation", "legacy", "--speed", "5", ready=ready, temporary=temporary) as (process, told):
        assert set(told) == {"base_url", "http_user", "http_password", "username", "password"}
        pair = base64.b64encode(f"{told['http_user']}:{told['http_password']}".encode()).decode()
        connection = http.client.HTTPConnection(urlsplit(told["base_url"]).netloc, timeout=20)
        connection.request("GET", "/accounts/login/", headers={"Authorization": f"Basic {pair}"})
        assert connection.getresponse().status == 200
        connection.close()
        assert ready.stat().st_mode & 0o077 == 0
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")
    assert not ready.exists()
    assert list(temporary.iterdir()) == []


def test_takes_an_account_and_shows_no_password(tmp_path: Path) -> None:
    """The account may come from a file; passwords are in the ready file only."""
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"username": "someone", "password": "top-secret"}), encoding="utf-8")
    with running("--account-from", str(account), ready=tmp_path / "ready", temporary=tmp_path / "tmp") as (
        process,
        told,
    ):
        assert (told["username"], told["password"]) == ("someone", "top-secret")
        process.terminate()
        output, errors = process.communicate(timeout=30)

    assert "secret" not in output + errors


@pytest.mark.parametrize("content", ["[]", "{", '{"user": "x"}', '{"password": 5}'])
def test_refuses_another_account_file(tmp_path: Path, content: str) -> None:
    """A file of another form ends it with status 2 and the reason."""
    account = tmp_path / "account.json"
    account.write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "scckit_emulator", "--account-from", str(account)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "JSON object" in done.stderr
    assert "Traceback" not in done.stderr


def test_lets_requests_fail(tmp_path: Path) -> None:
    """Faults of the command line happen to the addresses and as often as told."""
    wanted = ("--fault", "503:accounts/:1", "--fault", "reset:api/", "--fault", "bomb")
    with running(*wanted, ready=tmp_path / "ready", temporary=tmp_path / "tmp") as (_, told):

        def ask(path: str) -> int:
            with closing(http.client.HTTPConnection(urlsplit(told["base_url"]).netloc, timeout=20)) as connection:
                connection.request("GET", path)
                return connection.getresponse().status

        assert [ask("/accounts/login/"), ask("/accounts/login/")] == [503, 401]
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                ask("/api/v1/")


@pytest.mark.parametrize("fault", ["evil", "503:api/:often", "503:api/:1:2", "99", "503::0"])
def test_refuses_another_fault(fault: str) -> None:
    """What is no fault ends it with status 2 and the reason."""
    done = subprocess.run(
        [sys.executable, "-m", "scckit_emulator", "--fault", fault],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("scckit-emulator: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_refuses_what_is_no_port(port: str) -> None:
    """One line says what a port is."""
    run = subprocess.run(
        [sys.executable, "-m", "scckit_emulator", f"--port={port}"], capture_output=True, text=True, check=False
    )

    assert run.returncode == 2
    assert f"a port is a number from 0 to 65535; found '{port}'" in run.stderr


def test_starts_quickly(tmp_path: Path) -> None:
    """From nothing to the first answer it takes a few seconds at most."""
    begin = time.monotonic()
    with running(ready=tmp_path / "ready", temporary=tmp_path / "tmp"):
        taken = time.monotonic() - begin

    assert taken < 15
