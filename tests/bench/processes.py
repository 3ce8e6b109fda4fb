"""Fresh processes for what must not be mixed with anything else, and the memory that a process has needed."""

from __future__ import annotations

import atexit
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

__all__ = ["compiling", "figures_of", "give", "peak_memory", "serving"]

_STATUS: Final = Path("/proc/self/status")
_KIB: Final = 1024
_ENDING: Final = 10.0


def figures_of(module: str, *arguments: str) -> Mapping[str, list[float]]:
    """Run a module of this folder in a fresh process and return the figures that it gave.

    Raises:
        subprocess.CalledProcessError: It failed; its own words went to standard error.
    """
    done = subprocess.run([*_command(module), *arguments], stdout=subprocess.PIPE, env=compiling(), check=True)
    figures: dict[str, list[float]] = json.loads(done.stdout)
    return figures


@cache
def compiling() -> Mapping[str, str]:
    """Return an environment in which compiled modules are kept while this process runs, whatever ours says of that.

    Else each process could have to compile anew, or would write beside sources.
    """
    folder = mkdtemp(prefix="scckit-bench-")
    atexit.register(rmtree, folder, ignore_errors=True)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environ, "PYTHONPYCACHEPREFIX": folder}


def give(figures: Mapping[str, list[float]]) -> None:
    """Give figures to the process that started this one with ``figures_of``."""
    json.dump(figures, sys.stdout)


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run a server in a process of its own while the block runs.

    The server writes its base URL as its first line, and ends when its standard input does, so that it never outlives
    this process, whatever happens to that.

    Yields:
        The base URL.
    """
    with subprocess.Popen(
        [*_command(module), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:  # both are pipes, as asked
            raise RuntimeError("a process without pipes was made")
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(_ENDING)


def peak_memory() -> int:
    """Return the most memory, in bytes, that this process has held at a time."""
    if _STATUS.exists():
        # Linux hands the maxrss of getrusage on through exec: a small process would show the size of the one that
        # started it. VmHWM begins anew with each program.
        found = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        if found is not None:
            return int(found[1]) * _KIB
    import resource  # not above, since Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else _KIB)


def _command(module: str) -> list[str]:
    return [sys.executable, "-m", f"{__package__}.{module}"]
