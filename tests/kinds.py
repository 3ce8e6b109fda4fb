"""A product kind of small texts, for tests that need one and no plugin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from scckit.errors import UnreadableProduct
from scckit.plugins import Problem


@frozen
class TextKind:
    """A product kind that knows its files by their beginning; their content is text, and JSON if it is their header."""

    name: str
    aliases: tuple[str, ...] = ()
    route: str = field()
    module: str | None = field()

    @route.default
    def _route(self) -> str:
        return f"download-{self.name}/"

    @module.default
    def _module(self) -> str | None:
        return self.name

    def owns(self, member: str, /) -> bool:
        """Own what begins with the name; "raw" owns everything."""
        return member.startswith(self.name) or self.name == "raw"

    def header(self, path: Path, /) -> Mapping[str, object]:
        """Read JSON."""
        try:
            header: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UnreadableProduct("it is not netCDF") from error
        return header

    def verify(self, _: Path, /) -> list[Problem]:
        """Find nothing."""
        return []

    def open(self, path: Path, /) -> str:
        """Return the text, and the kind."""
        return f"{self.name}: {path.read_text(encoding='utf-8')}"

    def summary(self, path: Path, /) -> str:
        """Return the name."""
        return path.name
