"""What the published API asks that scckit's verbs do not: a page of a list by its number, raw objects of the API, any file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import attrs

from scckit.errors import FilterRefused, UnexpectedContent, UnreadablePage
from scckit.plugins import AtomicFile, Request, Row

__all__ = ["AncillaryObject", "FileDownload", "ListPage", "MeasurementObject", "RowsPage", "require_zip"]

_TABLE: Final = "result_list"
#: What ``zipfile`` raises for what is no archive, or one that it cannot read.
_NO_ARCHIVE: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError)


@attrs.frozen
class RowsPage:
    """Rows of one page, and how many pages there are.

    Attributes:
        rows: The rows.
        pages: Number of pages.
        next: The operation for the page after this one, None on the last.
    """

    rows: tuple[Row, ...]
    pages: int
    next: ListPage | None


@attrs.frozen
class ListPage:
    """One page of a list of the admin (scc-interface.md 2.5, 3.1), reached by the link of the page before it.

    Attributes:
        url: Address of the list.
        filters: Its filters.
        link: Address of a later page, None for the first.
    """

    url: str
    filters: tuple[tuple[str, str], ...]
    link: str | None = None

    def flow(self, session: Any) -> Generator[Any, Any, RowsPage]:  # noqa: ANN401 - the session is the core's own
        """Ask for the page.

        Raises:
            FilterRefused: The server did not accept a filter and would show everything.
            UnreadablePage: It is not the list.
        """
        page = yield from session.page(Request("GET", self.link or f"{self.url}?{urlencode(self.filters)}"))
        content = page.content
        if "e" in parse_qs(urlsplit(page.head.url).query, keep_blank_values=True):
            msg = "the SCC did not accept a filter of the search; it would show everything"
            raise FilterRefused(msg, url=self.url)
        table, pager = content.table(_TABLE), content.pager
        if table is None and pager is None:
            msg = f"a list was asked for, a page titled {content.title!r} came"
            raise UnreadablePage(msg, url=self.url)
        links = () if pager is None else pager.pages
        here = int(pager.current) if pager is not None and (pager.current or "").isdecimal() else 1
        numbers = [here, *(int(link.text) for link in links if link.text.isdecimal())]
        following = next((link.href for link in links if link.text == str(here + 1)), None)
        after = None if following is None else attrs.evolve(self, link=urljoin(page.head.url, following))
        return RowsPage(() if table is None else tuple(table.rows), max(numbers), after)


@attrs.frozen
class MeasurementObject:
    """A measurement as the API gives it, None where the SCC knows none (scc-interface.md 4.3)."""

    url: str

    def flow(self, session: Any) -> Generator[Any, Any, Mapping[str, Any] | None]:  # noqa: ANN401 - as above
        """Ask the API."""
        head, value = yield from session.json(Request("GET", self.url), allow=frozenset({int(HTTPStatus.NOT_FOUND)}))
        if head.status == HTTPStatus.NOT_FOUND:
            return None
        if not isinstance(value, dict) or not value:
            msg = "the API was asked for a measurement, something else came"
            raise UnreadablePage(msg, url=self.url)
        return value


@attrs.frozen
class AncillaryObject:
    """An ancillary file as the API gives it, None where the SCC knows none of that name (scc-interface.md 4.6)."""

    url: str
    filename: str

    def flow(self, session: Any) -> Generator[Any, Any, Mapping[str, Any] | None]:  # noqa: ANN401 - as above
        """Ask the API."""
        _, value = yield from session.json(Request("GET", self.url))
        objects = value.get("objects") if isinstance(value, dict) else None
        if not isinstance(objects, list):
            msg = "the API was asked for ancillary files, something else came"
            raise UnreadablePage(msg, url=self.url)
        # The API ignores a filter that it does not know and then shows all (4.2); of several of that name the one that is
        # there wins over a missing one.
        same = [one for one in objects if isinstance(one, dict) and one.get("filename", self.filename) == self.filename]
        return min(same, key=lambda one: one.get("status") == "missing", default=None)


def require_zip(path: Path) -> None:
    """Make sure that a file is a zip archive with something in it, whole from its first byte to its last.

    Raises:
        UnexpectedContent: It is not.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names, damaged = archive.namelist(), archive.testzip()
    except _NO_ARCHIVE as error:
        msg = f"an archive was asked for, something else came ({error}); nothing was written"
        raise UnexpectedContent(msg) from error
    if damaged is not None or not names:
        msg = f"the archive is {'empty' if damaged is None else f'damaged, at {damaged!r}'}; nothing was written"
        raise UnexpectedContent(msg)


@attrs.frozen
class FileDownload:
    """Any file below the base URL, into a sink; a page in its place is refused."""

    url: str
    sink: AtomicFile

    def flow(self, session: Any) -> Generator[Any, Any, Path | None]:  # noqa: ANN401 - as above
        """Ask for it; None if the server says 404."""
        path: Path | None = yield from session.archive(Request("GET", quote(self.url, safe=":/?=&%,")), self.sink)
        return path
