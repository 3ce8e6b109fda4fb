"""Looking at a file: rules are asked one by one, each about values that are read once. No rule is known here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import define, field

from scckit.errors import UnreadableProduct
from scckit.models import Problem
from scckit_products.contents import Contents, TooLarge, Variable, opened
from scckit_products.inputs.tables import CHANNELS, Form, form_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: Values of a variable; what is missing or no number is masked.
    Values: TypeAlias = np.ma.MaskedArray[Any, np.dtype[np.float64]]

__all__ = [
    "File",
    "Rule",
    "errors_first",
    "filled",
    "fits",
    "is_number",
    "look",
    "places_of",
    "shown",
    "some",
    "warn",
]


@define(eq=False)
class File:
    """An opened file, and what was read of it.

    Attributes:
        path: Where it is.
        contents: What is in it.
    """

    path: Path
    contents: Contents
    _variables: dict[str, Variable | None] = field(init=False, factory=dict)
    _numbers: dict[str, Values | None] = field(init=False, factory=dict)

    def variable(self, name: str) -> Variable | None:
        """Return a variable without its values, None if it is not there."""
        if name not in self._variables:
            self._variables[name] = self.contents.variable(name)
        return self._variables[name]

    def numbers(self, name: str) -> Values | None:
        """Return the values of a small variable; None if it is not there, not of its form, or too large."""
        if name not in self._numbers:
            self._numbers[name] = self._read(form_of(name))
        return self._numbers[name]

    def _read(self, form: Form) -> Values | None:
        variable = self.variable(form.name)
        if variable is None or not fits(variable, form) or not is_number(variable):
            return None
        try:
            read = self.contents.read(variable)
        except TooLarge:
            return None
        if not form.dimensions:
            read = read.reshape(())
        values = read.astype(np.float64)
        return np.ma.MaskedArray(values, mask=~np.isfinite(values) | filled(read, variable))

    def texts(self, name: str) -> list[str] | None:
        """Return the texts of a variable, one for each channel; None if it is not there, holds none, or is too large."""
        variable = self.variable(name)
        if variable is None or variable.kind != "text" or variable.dimensions[:1] != CHANNELS:
            return None
        try:
            read = self.contents.read(variable)
        except TooLarge:
            return None
        if read.ndim > 1:
            if read.dtype.kind != "S":
                return None
            # Characters, as netCDF-3 has them.
            read = np.array([b"".join(row.ravel().tolist()) for row in read], dtype=object)
        plain = (one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in read.tolist())
        return [text.strip("\0 ") for text in plain]

    def text(self, attribute: str) -> str:
        """Return a global attribute as text, empty if it is not there."""
        return str(self.contents.attributes.get(attribute, "")).strip()


#: What yields findings about a file.
Rule: TypeAlias = Callable[[File], Iterator[Problem]]


def look(path: Path, rules: Sequence[Rule]) -> list[Problem]:
    """Return what the rules find in a file, errors first; ``unreadable`` where it cannot be read.

    Raises:
        MissingLibrary: A library to read it is not installed.
    """
    problems: list[Problem] = []
    try:
        with opened(path) as contents:
            file = File(path, contents)
            for rule in rules:
                _ask(rule, file, problems)
    except UnreadableProduct as error:
        problems.append(_unreadable(path, error))
    return errors_first(problems)


def errors_first(problems: Sequence[Problem]) -> list[Problem]:
    """Return findings without those that are there twice, errors before warnings."""
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.severity != "error")


def _ask(rule: Rule, file: File, problems: list[Problem]) -> None:
    """Add what a rule finds; what it cannot read takes nothing away from that, and stops no other rule."""
    try:
        problems.extend(rule(file))
    except UnreadableProduct as error:
        problems.append(_unreadable(file.path, error))


def _unreadable(path: Path, error: UnreadableProduct) -> Problem:
    return Problem("unreadable", path.name, str(error))


def filled(read: NDArray[Any], variable: Variable) -> NDArray[np.bool_]:
    """Tell where values stand for a missing one."""
    found = np.zeros(read.shape, dtype=bool)
    for fill in variable.fills:
        # Rounded to the variable's own type, as whoever wrote it did.
        with np.errstate(all="ignore"):
            found |= read == np.array(fill).astype(read.dtype)
    return found


def fits(variable: Variable, form: Form) -> bool:
    """Tell whether a variable has its dimensions; a single value is one in any."""
    return variable.dimensions == form.dimensions or (not form.dimensions and all(size == 1 for size in variable.shape))


def is_number(variable: Variable) -> bool:
    """Tell whether a variable holds numbers."""
    return variable.kind in {"int", "real"}


def warn(code: str, where: str, message: str) -> Problem:
    """Return a finding that keeps no file from the SCC."""
    return Problem(code, where, message, "warning")


def places_of(wrong: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return where it is wrong, as numbers in the flattened array."""
    return np.flatnonzero(wrong)


def some(places: Sized, count: int, things: str, one: str = "has", more: str = "have") -> str:
    """Return how many of how many, with a verb: ``3 of 58 profiles have``."""
    return f"{len(places)} of {count} {things} {one if len(places) == 1 else more}"


def shown(values: Values, places: NDArray[np.intp]) -> str:
    """Return the first of some values, for people."""
    flat = values.ravel()
    return "missing" if np.ma.getmaskarray(flat)[places[0]] else f"{flat.data[places[0]]:g}"
