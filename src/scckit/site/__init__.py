"""How this web site is laid out: addresses, and what its pages and objects mean.

``Site`` is the one way in; it needs a page reader, which is a plugin.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from attrs import frozen

from scckit.errors import UnexpectedContent, UnreadablePage
from scckit.models.ancillary import AncillaryFile, AncillaryKind
from scckit.models.constants import LidarConstant
from scckit.models.measurement import Measurement
from scckit.models.systems import System
from scckit.site import shapes
from scckit.site.content import PageContent, PageReader, Row
from scckit.site.export import system_from_export

__all__ = ["Listed", "Site"]


@frozen
class Listed:
    """One page of a list of the API: its objects, the address of the next page, how many there are on all pages."""

    objects: tuple[object, ...]
    next: str | None = None
    total: int | None = None


@frozen
class Site:
    """Reads what the SCC answers."""

    reader: PageReader

    def page(self, body: bytes, charset: str = "utf-8") -> PageContent:
        """Read a page.

        Raises:
            UnreadablePage: The reader gives up on it.
        """
        try:
            text = body.decode(charset, errors="replace")
        except LookupError:  # a charset that Python does not know; Django's own is UTF-8
            text = body.decode("utf-8", errors="replace")
        return self.reader.read(text)

    def json(self, body: bytes) -> object:
        """Read JSON.

        Raises:
            UnexpectedContent: It is not JSON.
        """
        try:
            value: object = json.loads(body)
        except (ValueError, RecursionError) as error:
            msg = f"the API answered with something that is not JSON ({len(body)} bytes); try again later"
            raise UnexpectedContent(msg) from error
        return value

    def listed(self, value: object) -> Listed:
        """Read a list of the API (scc-interface.md 4.2).

        Raises:
            UnreadablePage: It is not such a list.
        """
        objects = value.get("objects") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(objects, list):
            msg = "a list of the API has no 'objects'; the site may have changed, please report it"
            raise UnreadablePage(msg)
        meta = value.get("meta")
        following, total = (meta.get("next"), meta.get("total_count")) if isinstance(meta, Mapping) else (None, None)
        return Listed(
            tuple(objects),
            following if isinstance(following, str) and following else None,
            total if isinstance(total, int) else None,
        )

    def measurement(self, value: object) -> Measurement:
        """Make a measurement of an object of the API."""
        return shapes.measurement_from_api(value)

    def measurements(self, rows: Iterable[Row]) -> list[Measurement]:
        """Make measurements of rows of the admin's list."""
        return [shapes.measurement_from_row(row) for row in rows]

    def constants(self, rows: Iterable[Row]) -> list[LidarConstant]:
        """Make lidar constants of rows of the admin's list."""
        return [shapes.constant_from_row(row) for row in rows]

    def system(self, text: str) -> System:
        """Make a system of its export."""
        return system_from_export(text)

    def ancillary(self, value: object, kind: AncillaryKind) -> AncillaryFile:
        """Make an ancillary file of an object of the API."""
        return shapes.ancillary_from_api(value, kind)
