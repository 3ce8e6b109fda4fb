"""A page of 100 measurements, from bytes to models: beside another client of the SCC, and beside lxml's bare parse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import scckit
from scckit.plugins import PageContent, PageReader, hookimpl
from scckit.plugins.registry import Registry
from scckit.testing import WSGITransport
from scckit_emulator import Emulator
from scckit_parsel.reader import ParselReader

from .figures import Limit, Line, Section, Spread
from .pages_client import ROWS
from .processes import figures_of

__all__ = ["measure"]

_FASTER_THAN_PEER: Final = Limit("at least", 8, "×")
_OF_BARE_PARSE: Final = Limit("at most", 5, "×")


def measure() -> Section:
    """Measure it, in processes that have loaded nothing but what they need, as a user's would."""
    body = _page().encode()
    with TemporaryDirectory(prefix="scckit-bench-") as folder:
        path = Path(folder) / "page.html"
        path.write_bytes(body)
        peer, parse = (
            {name: Spread.of(seconds) for name, seconds in figures_of("pages_client", beside, str(path)).items()}
            for beside in ("peer", "parse")
        )
    what = f"page of {ROWS} rows to models ({len(body) / 1000:.0f} kB)"
    return Section(
        (
            Line(
                what,
                peer["ours"].show("ms", 1000),
                "pollyxt-pipelines: its `Measurement.from_table_row` on BeautifulSoup with html.parser",
                peer["theirs"].show("ms", 1000),
                peer["theirs"].median / peer["ours"].median,
                "× as fast",
                _FASTER_THAN_PEER,
            ),
            Line(
                what,
                parse["ours"].show("ms", 1000),
                "lxml's bare parse (`lxml.html.fromstring`), which makes no models",
                parse["theirs"].show("ms", 1000),
                parse["ours"].median / parse["theirs"].median,
                "× the time",
                _OF_BARE_PARSE,
            ),
        )
    )


class _Keeping:
    """A page reader that keeps the texts of the pages that it reads."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._reader: Final = ParselReader()

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Callable[[], PageReader]]:
        """Offer itself."""
        return {"keeping": lambda: self}

    def read(self, text: str, /) -> PageContent:
        """Keep a page and read it."""
        self.texts.append(text)
        return self._reader.read(text)


def _page() -> str:
    """Return a page of the admin's list, as the emulator's Django and Grappelli write it."""
    keeping, registry = _Keeping(), Registry()
    registry.register(keeping, "keeping")
    with Emulator(speed=0, seed_measurements=0) as emulator:
        for number in range(ROWS):
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
            stop = start + timedelta(hours=1)
            emulator.add_measurement(f"{start:%Y%m%d}aky{start:%H%M}", system=437, start=start, stop=stop)
        account = emulator.account
        pairs = scckit.Credentials(account.http_user, account.http_password, account.username, account.password)
        with scckit.connect(
            emulator.base_url,
            credentials=pairs,
            transport=WSGITransport(emulator.wsgi),
            registry=registry,
            page_reader="keeping",
        ) as scc:
            _ = scc.measurements.search("2026").matched
    # The sign-in pages are small.
    return max(keeping.texts, key=len)
