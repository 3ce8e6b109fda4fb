"""Runs all benchmarks and writes the table. It asserts nothing: the table says which limits are kept."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Final

from . import bodies, imports, mirrors, pages, peers, products, searches
from .figures import Section, table

__all__: list[str] = []

_SUBJECTS: Final[Mapping[str, Callable[[], Section]]] = {
    "imports": imports.measure,
    "pages": pages.measure,
    "bodies": bodies.measure,
    "products": products.measure,
    "searches": searches.measure,
    "mirrors": mirrors.measure,
    "peers": peers.measure,
}
#: Where the table of all subjects goes.
_OUTPUT: Final = Path("docs/performance.md")
_HEAD: Final = """# What it costs

Written by `tox run -e bench`, in one run on one machine; a figure tells little by itself, the ratios tell more. Where a
result is not what was wanted, the table says so.

"""
_LIBRARIES: Final = (
    "attrs",
    "cattrs",
    "pluggy",
    "urllib3",
    "lxml",
    "parsel",
    "xarray",
    "h5netcdf",
    "beautifulsoup4",
    "scc-access",
    "pollyxt-pipelines",
    "gfatpy",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tox run -e bench --", description="Measure scckit beside what it replaces.")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"write the table to this file too; all together: {_OUTPUT}"
    )
    parser.add_argument("--only", choices=_SUBJECTS, action="append", help="measure this alone; may be repeated")
    return parser.parse_args()


def _conditions() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores;"
        f" {libraries}. Figures are medians, with the lowest and the highest."
    )


def _main() -> None:
    given = _arguments()
    begin = perf_counter()
    sections: list[Section] = []
    for name in given.only or _SUBJECTS:
        sys.stderr.write(f"measuring {name} ...\n")
        sections.append(_SUBJECTS[name]())
    text = f"{_conditions()}\n\n{table(sections)}* all was measured in one run of {perf_counter() - begin:.0f} s\n"
    sys.stdout.write(text)
    output = given.output or (None if given.only else _OUTPUT)
    if output is not None:
        output.write_text(_HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    _main()
