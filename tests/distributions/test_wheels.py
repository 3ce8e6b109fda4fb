"""Each distribution, built and installed alone, works and brings what it says."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build", reason="wheels are built in an environment of their own: tox run -e wheels")
pytest.importorskip("uv", reason="wheels are built in an environment of their own: tox run -e wheels")

#: Distribution, what is imported, and an expression that must hold with it alone installed.
DISTRIBUTIONS = [
    ("scckit", "scckit.plugins", "not scckit.plugins.Registry().transports()"),
    (
        "scckit-urllib3",
        "scckit_urllib3, scckit.plugins",
        "'urllib3' in scckit.plugins.Registry(strict=True).transports()",
    ),
    (
        "scckit-parsel",
        "scckit_parsel, scckit.plugins",
        "'parsel' in scckit.plugins.Registry(strict=True).page_readers()",
    ),
    (
        "scckit-products",
        "scckit_products, scckit.plugins",
        "len(scckit.plugins.Registry(strict=True).product_kinds()) == 9",
    ),
    ("scckit-emulator", "scckit_emulator", "scckit_emulator.Emulator"),
    (
        "scckit-replay",
        "scckit_replay.recording, scckit.plugins",
        "'replay' in scckit.plugins.Registry(strict=True).transports()",
    ),
    ("scckit-cli", "scckit_cli.main", "scckit_cli.main.main(['version']) == 0"),
    ("scckit-compat", "scckit_compat.scc_access", "scckit_compat.scc_access.SCC.get_lidar_consants"),
]


@pytest.mark.parametrize(("name", "imports", "holds"), DISTRIBUTIONS, ids=[row[0] for row in DISTRIBUTIONS])
def test_a_distribution_works_alone(wheels: Path, tmp_path: Path, name: str, imports: str, holds: str) -> None:
    """In an empty environment, the wheel installs, imports without a warning, and offers its plugins."""
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "env")], check=True)
    install = [*uv, "pip", "install", "--quiet", "--python", str(python), "--find-links", str(wheels), name]
    subprocess.run(install, check=True)

    script = f"import {imports}\nassert {holds}"
    subprocess.run([str(python), "-W", "error", "-c", script], check=True, cwd=tmp_path)


def test_every_wheel_has_types_and_the_same_version(wheels: Path) -> None:
    """All distributions are in step and marked as typed."""
    built = sorted(wheels.glob("*.whl"))
    versions = {path.name.split("-")[1] for path in built}

    assert len(built) == len(DISTRIBUTIONS)
    assert len(versions) == 1
    for path in built:
        with zipfile.ZipFile(path) as wheel:
            names = wheel.namelist()
        assert [name for name in names if name.endswith("py.typed")], path.name
        assert not [name for name in names if name.startswith(("tests", "docs"))], path.name
