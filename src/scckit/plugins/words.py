"""Names and words: what may be a name, and how values and errors of plugins are spoken of without a word of what they hold."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Collection, Sequence
from typing import Final

from scckit.errors import BrokenPlugin

__all__ = ["FAULTS", "NAME_RULE", "a", "is_plain", "listed", "near", "shown", "told"]

#: What is kept from other plugins when one lets it out. ``SystemExit`` too: some libraries exit when they are imported.
#: Not ``KeyboardInterrupt``, a cancellation, or what a test's library ends a test with.
FAULTS: Final = (Exception, SystemExit)

#: Names are typed on command lines, stand before a colon, and are names of folders.
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")

#: The same in words.
NAME_RULE: Final = "a name is up to 64 letters of A to Z, digits, '-', '_' and '.', and begins with a letter or digit"


def is_plain(name: object) -> bool:
    """Tell whether something can be the name of a plugin or of what it offers."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def near(name: str, names: Collection[str]) -> str:
    """Return the end of a message about a name that is none: the nearest right one, or all that there are."""
    if not names:
        return "; there is none at all"
    by_lower = {one.lower(): one for one in sorted(names)}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; is {by_lower[close[0]]} meant?" if close else f"; there are {', '.join(sorted(names))}"


def told(error: BaseException) -> str:
    """Return an error in one line; its text may be anything, or fail itself."""
    try:
        text = " ".join(str(error).split())[:1000]
    except FAULTS:
        text = "its text cannot be had"
    if isinstance(error, BrokenPlugin):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def a(value: object) -> str:
    """Name what something is, with its article."""
    if value is None:
        return "None (is a return missing?)"
    if inspect.iscoroutine(value):
        value.close()  # it will never be awaited, and would warn about that
        return "a coroutine (it is async where a plain function is due)"
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        return "a generator (it has a yield where a return is due)"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in set('aeiou') else 'a'} {name}"


def shown(name: object) -> str:
    """Return a text as it would be written in a program, whatever it holds; of anything else, what it is."""
    return ascii(name[:80]) if isinstance(name, str) else a(name)


def listed(names: Sequence[str]) -> str:
    """Return names with commas between."""
    return ", ".join(names) or "none"
