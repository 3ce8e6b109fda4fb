"""Talk to people, on standard error."""

from __future__ import annotations

import sys

__all__ = ["printable", "say"]


def say(text: str) -> None:
    """Tell people something, on standard error."""
    sys.stderr.write("".join(f"{printable(line)}\n" for line in text.splitlines()))
    sys.stderr.flush()


def printable(text: str) -> str:
    """Replace what a terminal would take for a command; texts of the server may hold anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
