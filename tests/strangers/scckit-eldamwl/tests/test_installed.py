"""Installed beside scckit, ELDAmwl is a kind like any other: nothing is registered, and no server has heard of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip(
    "scckit_eldamwl", reason="strangers are tested in an environment of their own: tox run -e strangers"
)

from scckit_eldamwl import synthetic

import scckit
from scckit.plugins import Registry
from scckit.testing import WSGITransport

ID = "20181017oh00"
LOGIN = b"""<!DOCTYPE html><html><head><title>Sign in</title></head><body><form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="t"><input name="username">
<input type="password" name="password"></form></body></html>"""

Start = Callable[..., object]


class Site:
    """A web site that has one measurement and one archive of it, for those who have signed in."""

    def __init__(self, archive: bytes) -> None:
        """Keep the archive."""
        self.archive = archive
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a request."""
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return {
            "GET /accounts/login/": self.show_form,
            "POST /accounts/login/": self.sign_in,
            f"GET /api/v1/measurements/{ID}/": self.tell_state,
            f"GET /data_processing/measurements/{ID}/download-eldamwl/": self.send_archive,
        }.get(self.asked[-1], self.know_nothing)(environ, start)

    def show_form(self, _environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Show the sign-in form."""
        start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "csrftoken=t; Path=/")])
        return [LOGIN]

    def sign_in(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Let everybody in."""
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start("302 Found", [("Location", "/"), ("Set-Cookie", "sessionid=s; Path=/; HttpOnly")])
        return []

    def tell_state(self, _environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Tell where the measurement stands; there is no word of ELDAmwl."""
        start("200 OK", [("Content-Type", "application/json")])
        return [b'{"id": "%s", "elda": 127}' % ID.encode()]

    def send_archive(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Send the archive."""
        assert "sessionid=s" in environ["HTTP_COOKIE"]
        start("200 OK", [("Content-Type", "application/zip"), ("Content-Length", str(len(self.archive)))])
        return [self.archive]

    def know_nothing(self, _environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer 404."""
        start("404 Not Found", [("Content-Type", "text/html")])
        return [b"<html>Not found</html>"]


def test_it_is_found_by_its_entry_point() -> None:
    """A registry lists the kind under its distribution, and no plugin is broken."""
    registry = Registry(strict=True)
    reports = {report.name: report for report in registry.reports()}

    assert "eldamwl" in {kind.name for kind in registry.product_kinds()}
    assert (reports["eldamwl"].hooks, reports["eldamwl"].error) == (("scckit_product_kinds",), "")
    assert reports["eldamwl"].distribution.split()[0] == "scckit-eldamwl"


def test_a_client_downloads_and_opens_it(tmp_path: Path) -> None:
    """Asked for by its name, it comes from its own address into its own folder, and opens as a tree."""
    source = synthetic.write(tmp_path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(source, f"{ID}/{source.name}")
        archive.writestr(f"{ID}/log.txt", "of no kind")
    site = Site(packed.getvalue())
    credentials = scckit.Credentials("http-user", "http-pass", "someone", "pass-word")

    with scckit.connect("https://scc.example/", credentials=credentials, transport=WSGITransport(site)) as scc:
        (file,) = scc.products.download(ID, ["eldamwl"], into=tmp_path / "into")
        assert f"GET /data_processing/measurements/{ID}/download-eldamwl/" in site.asked
        assert (file.kind, file.path) == ("eldamwl", tmp_path / "into" / ID / "eldamwl" / source.name)
        assert file.path.read_bytes() == source.read_bytes()
        assert scc.products.verify(file) == []
        with scc.products.open(file) as tree:
            assert "lowres_products" in tree.children
    assert [path.name for path in file.path.parent.iterdir()] == [source.name], "the log is of no kind"
