"""Builds all wheels once for the tests of this folder, which run in an environment of their own (tox: wheels)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT, *sorted((ROOT / "plugins").glob("scckit-*"))]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build every distribution into one folder."""
    folder = tmp_path_factory.mktemp("dist")
    for source in SOURCES:
        command = [sys.executable, "-m", "build", "--wheel", "--installer", "uv", "--outdir", str(folder), str(source)]
        subprocess.run(command, check=True, capture_output=True)
    return folder
