"""A server in memory, and runs of a mirror against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from scckit.mirror.catalogue import Catalogue
from scckit.mirror.layout import Layout
from scckit.mirror.models import Report
from scckit.mirror.update import Server, Update, Window

from .server import BEGIN, KINDS, Fake

Run = Callable[..., Report]


def run(
    fake: Fake | Server, folder: Path, *, now: float = 1e9, keep_versions: bool = False, **window: object
) -> Report:
    """Let a mirror run once, in a process of its own as far as the catalogue knows."""
    asked = Window(**{"start": BEGIN, "stop": None, "station": None, "kinds": KINDS, **window})  # type: ignore[arg-type]
    layout = Layout(folder)
    folder.mkdir(exist_ok=True)
    server = fake if isinstance(fake, Server) else fake.server()
    catalogue = Catalogue(layout.catalogue)
    try:
        report = Update(server, catalogue, layout, asked, keep_versions=keep_versions, now=lambda: now).run()
        return evolve(report, changes=list(report.changes))
    finally:
        catalogue.close()


@pytest.fixture
def fake() -> Fake:
    """Give a server without measurements."""
    return Fake()
