"""The emulator as a plugin of scckit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scckit.plugins import Registry


def test_scckit_finds_the_command() -> None:
    """The installed plugin offers ``emulator``, which takes the arguments of ``scckit-emulator``."""
    command = Registry(strict=True).command("emulator")

    with pytest.raises(SystemExit) as stop:
        command(["--port", "many"])

    assert stop.value.code == 2
    assert (command.__doc__ or "").startswith("Serve a stand-in for the SCC")


def test_the_plugin_is_light() -> None:
    """Every client of scckit imports it: it brings nothing of Django, and no part of the emulator that does."""
    script = """
import sys, scckit.plugins
before = set(sys.modules)
import scckit_emulator.commands
new = {name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}
assert new == {"scckit_emulator", "scckit_emulator.commands"}, new
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_public_names_come_when_they_are_used() -> None:
    """Each public name is found, is listed, and one that is none is an AttributeError."""
    import scckit_emulator

    assert [name for name in scckit_emulator.__all__ if not hasattr(scckit_emulator, name)] == []
    assert set(scckit_emulator.__all__) <= set(dir(scckit_emulator))
    assert sorted(scckit_emulator._HOMES) == sorted(scckit_emulator.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = scckit_emulator.nothing
