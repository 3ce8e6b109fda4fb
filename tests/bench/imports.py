"""What ``import scckit`` takes, beside the three libraries that the core stands on; and the command, beside rich."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import Final

from .figures import Limit, Line, Section, Spread, alternate
from .processes import compiling

__all__ = ["measure"]

_ROUNDS: Final = 21
_LOOKS: Final = 5
_SHOWN: Final = 5
_LIMIT: Final = Limit("at most", 1.5, "×")
_OURS: Final = "import scckit"
#: With the module that the verbs are in, whatever ``import scckit`` leaves for later.
_CLIENT: Final = "from scckit import connect"
_THREE: Final = "import attrs, cattrs, pluggy"
_COMMAND: Final = ("-m", "scckit_cli", "--help")
_RICH: Final = ("-c", "import rich.console")
_COMMAND_LIMIT: Final = Limit("at most", 2.5, "×")
#: Between what the three libraries import and what we import.
_MARK: Final = "-- ours --\n"
#: A line of ``-X importtime``: microseconds of the module itself, and its name.
_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)")


def measure() -> Section:
    """Measure it, in fresh processes that take turns."""
    environ = compiling()
    seconds: dict[str, list[float]] = {_OURS: [], _CLIENT: [], _THREE: []}
    for number in range(_ROUNDS + 1):
        for statement, taken in seconds.items():
            one = _seconds(statement, environ)
            if number:  # the first one compiles
                taken.append(one)
    commands = alternate(_ROUNDS, {" ".join(one): partial(_run, one, environ) for one in (_COMMAND, _RICH)})
    notes = _notes(environ)
    spreads = {statement: Spread.of(taken) for statement, taken in seconds.items()}
    ours, rich = (Spread.of(commands[" ".join(one)]) for one in (_COMMAND, _RICH))
    return Section(
        (
            _line(_OURS, spreads, _LIMIT),
            _line(_CLIENT, spreads),
            Line(
                "`scckit --help`, a whole process",
                ours.show("ms", 1000),
                "`python -c 'import rich.console'`",
                rich.show("ms", 1000),
                ours.median / rich.median,
                "× the time",
                _COMMAND_LIMIT,
            ),
        ),
        notes,
    )


def _line(statement: str, spreads: Mapping[str, Spread], limit: Limit | None = None) -> Line:
    ours, three = spreads[statement], spreads[_THREE]
    return Line(
        f"`{statement}`",
        ours.show("ms", 1000),
        f"`{_THREE}`",
        three.show("ms", 1000),
        ours.median / three.median,
        "× the time",
        limit,
    )


def _seconds(statement: str, environ: Mapping[str, str]) -> float:
    # Timed inside, so that the start of Python itself, which neither can help, does not hide the difference.
    program = f"from time import perf_counter\nbegin = perf_counter()\n{statement}\nprint(perf_counter() - begin)"
    return float(_run(["-c", program], environ).stdout)


def _notes(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Name what takes the time beyond the three libraries: of our own modules, and of others that ours bring in."""
    program = f"{_THREE}\nimport sys\nsys.stderr.write({_MARK!r})\n{_CLIENT}"
    ours: dict[str, list[int]] = defaultdict(list)
    others: dict[str, list[int]] = defaultdict(list)
    for _ in range(_LOOKS):
        told = _run(["-X", "importtime", "-c", program], environ).stderr
        for taken, name in _LINE.findall(told.rpartition(_MARK)[2]):
            (ours if name.partition(".")[0] == "scckit" else others)[name].append(int(taken))
    return (
        f"`{_CLIENT}`: slowest modules of ours, each without what it imports: {_slowest(ours)}",
        f"`{_CLIENT}`: slowest modules that ours bring beside the three libraries: {_slowest(others)}",
    )


def _slowest(modules: Mapping[str, list[int]]) -> str:
    milliseconds = {name: median(taken) / 1000 for name, taken in modules.items()}
    first = sorted(milliseconds, key=lambda name: -milliseconds[name])[:_SHOWN]
    shown = ", ".join(f"`{name}` {milliseconds[name]:.1f} ms" for name in first)
    return f"{shown}; all {len(milliseconds)} together {sum(milliseconds.values()):.0f} ms"


def _run(arguments: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], env=environ, capture_output=True, text=True, check=True)
