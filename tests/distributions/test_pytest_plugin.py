"""The pytest plugin from the built wheels, in an empty environment, in a project that has nothing to do with this one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("build", reason="wheels are built in an environment of their own: tox run -e wheels")
pytest.importorskip("uv", reason="wheels are built in an environment of their own: tox run -e wheels")

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"
#: The tests of somebody who embeds scckit; the last one forgets that it is to work offline.
TOOL = """
import asyncio
import urllib.request

import pytest
import scckit
from hypothesis import given
from scckit.testing import strategies

ID = "20210307aky0930"


@pytest.mark.parametrize("scc_generation", ["current", "legacy"])
@pytest.mark.scc(measurements=[ID])
def test_client(scc_generation, scc_client, scc_emulator):
    before = scc_emulator.clock.now()
    scc_client.measurements.rerun(ID)
    assert scc_client.measurements.wait(ID).phase is scckit.Phase.FINISHED
    assert scc_emulator.clock.now() > before


@pytest.mark.scc(measurements=[ID])
def test_async_client(scc_async_client):
    assert asyncio.run(scc_async_client.measurements.get(ID)).id == ID


@pytest.mark.scc(cassette="list")
def test_cassette(scc_cassette):
    credentials = scckit.Credentials("a", "b", "c", "d")
    with scckit.connect("https://scc.example/", credentials=credentials, transport=scc_cassette) as client:
        assert len(list(client.measurements.list(startswith="202103"))) == 4
        assert client.measurements.free_id("2021-03-04", "aky") == "20210304aky0000"


@given(strategies.measurements())
def test_strategy(measurement):
    assert measurement.phase in scckit.Phase


def test_forgetful(scc_client):
    urllib.request.urlopen("https://elsewhere.example/")
"""
CORE_ONLY = """
def test_nothing(): pass
def test_emulator(scc_emulator): pass
def test_client(scc_client): pass
def test_cassette(scc_cassette): pass
"""


def installed(wheels: Path, folder: Path, *wanted: str) -> Path:
    """Make an environment with what is wanted, and return its Python."""
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env")], check=True)
    install = [*uv, "pip", "install", "--quiet", "--python", str(python), "--find-links", str(wheels), *wanted]
    subprocess.run(install, check=True)
    return python


def said_by(python: Path, project: Path, content: str) -> str:
    """Run pytest in a project of one file, and return what it says."""
    project.mkdir(exist_ok=True)
    (project / "test_tool.py").write_text(content, encoding="utf-8")
    command = [str(python), "-m", "pytest", "-q", "-rA", "-W", "error", "-p", "no:cacheprovider"]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=project).stdout


def test_a_tool_is_tested_offline(wheels: Path, tmp_path: Path) -> None:
    """All fixtures work; who leaves the machine is told which fixture does not let them."""
    python = installed(wheels, tmp_path, "scckit[testing]", "scckit-emulator", "scckit-parsel", "scckit-replay")
    project = tmp_path / "project"
    (project / "cassettes").mkdir(parents=True)
    shutil.copy(CASSETTES / "test_list[current].yaml", project / "cassettes" / "list.yaml")

    said = said_by(python, project, TOOL)

    assert "1 failed, 5 passed" in said, said
    assert "FAILED test_tool.py::test_forgetful" in said
    assert "a test with the fixtures of scckit (scc_client, scc_emulator) stays on this machine" in said


def test_the_core_alone_says_what_to_install(wheels: Path, tmp_path: Path) -> None:
    """With the core and pytest alone, the plugin disturbs nothing, and its fixtures tell what is missing."""
    python = installed(wheels, tmp_path, "scckit", "pytest>=9")

    said = said_by(python, tmp_path / "project", CORE_ONLY)

    assert "1 passed, 3 errors" in said, said
    assert "scc_emulator needs scckit-emulator, which is not installed: pip install scckit-emulator" in said
    assert "scc_cassette needs scckit-replay, which is not installed: pip install scckit-replay" in said
