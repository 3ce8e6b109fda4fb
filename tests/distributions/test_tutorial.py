"""The tutorial for authors, done as it is written: its files, its commands, in an empty folder and an empty environment."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("build", reason="wheels are built in an environment of their own: tox run -e wheels")
pytest.importorskip("uv", reason="wheels are built in an environment of their own: tox run -e wheels")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"
FILE = re.compile(r"^\*\*`([\w./-]+)`\*\*\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
USE = """
import scckit
client = scckit.connect("http://127.0.0.1:9/", credentials=scckit.Credentials("a", "b", "c", "d"), transport="stdlib")
try:
    client.check()
except scckit.SCCError as error:
    print(type(error).__name__)
"""


def test_the_tutorial_does_what_it_says(wheels: Path, tmp_path: Path) -> None:
    """Three files: the plugin installs, its contract is green, the list names it, a client uses it."""
    folder, python = tmp_path / "empty", tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "env")], check=True)
    install = [*uv, "pip", "install", "--quiet", "--python", str(python), "--find-links", str(wheels)]
    subprocess.run([*install, "-e", ".", "scckit[standard,testing]"], check=True, cwd=folder)

    def run(*arguments: str) -> str:
        done = subprocess.run([str(python), *arguments], check=False, capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    passed = re.search(r"(\d+) passed", run("-m", "pytest", "-q", "-W", "error"))
    listed = json.loads(run("-m", "scckit", "plugins", "--json"))

    assert passed is not None
    assert int(passed[1]) > 50
    assert "stdlib" in json.dumps(listed)
    assert run("-W", "error", "-c", USE).strip() == "ConnectionFailed"
