"""All that is shown: data on standard output, talk on standard error, and there the one line that moves, between the others.

A terminal shows both streams in one place. So whatever prints takes the moving line away first; it comes back with the next
event.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Final, TextIO

from scckit.errors import LocalFileError

__all__ = ["LINE", "ReaderGone", "finish", "let_go", "printable", "say", "telling", "write"]

#: Width of a terminal that does not tell it.
_WIDTH: Final = 80


class Line:
    """The line that moves; any thread may use it. It is drawn with blanks and returns alone, which all terminals know."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock: Final = RLock()
        self._length = 0

    def draw(self, text: str) -> None:
        """Put a text in the place of the one before."""
        with self._lock:
            try:
                width = os.get_terminal_size(sys.stderr.fileno()).columns
            except (OSError, ValueError):
                width = _WIDTH
            shown = printable(text)[: (width or _WIDTH) - 1]
            _put(f"\r{shown.ljust(self._length)}")
            self._length = max(len(shown), self._length)

    def clear(self) -> None:
        """Take it away, if there is one."""
        with self._lock:
            if self._length:
                _put(f"\r{' ' * self._length}\r")
                self._length = 0


def _put(text: str) -> None:
    """Write to standard error. Where that takes nothing, nobody can be told, and the work goes on."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


LINE: Final = Line()


def say(text: str) -> None:
    """Tell people something, on standard error."""
    LINE.clear()
    _put("".join(f"{printable(line)}\n" for line in text.splitlines()))


class ReaderGone(Exception):
    """Nobody reads standard output any more. Not an ``OSError``, of which typer would make a failure."""


def write(text: str, *, at_once: bool = False) -> None:
    """Write data to standard output, also what its encoding has no signs for.

    Args:
        text: The data.
        at_once: Whoever is at the other end of a pipe waits for it, or may have had enough.

    Raises:
        ReaderGone: They had.
        LocalFileError: It takes nothing more, as on a full disk.
    """
    LINE.clear()
    encoding = sys.stdout.encoding or "utf-8"
    with telling():
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        if at_once:
            sys.stdout.flush()


def finish() -> None:
    """Let all that was written leave; raises what ``write`` raises."""
    with telling():
        sys.stdout.flush()


@contextmanager
def telling() -> Iterator[None]:
    """Turn what standard output refuses into what ``write`` raises."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None
    except OSError as error:
        msg = f"standard output: {error.strerror or error}"
        raise LocalFileError(msg) from error


def let_go(stream: TextIO | None = None) -> None:
    """Let nothing complain of a stream, by default standard output, any more: what could be said of it was said."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, (stream or sys.stdout).fileno())
    os.close(devnull)


def printable(text: str) -> str:
    """Replace what a terminal would take for a command; texts of the server may hold anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
