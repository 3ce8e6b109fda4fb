"""Files of the kinds whose products are pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from scckit.errors import UnreadableProduct
from scckit_products.elquick import ELQUICK
from scckit_products.plots import PLOTS

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff" + bytes(100) + b"\xff\xd9"
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + bytes(20)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
PICTURES = {"x.png": PNG, "x.jpg": JPEG, "x.gif": b"GIF89a" + bytes(9) + b";", "x.webp": WEBP, "x.svg": SVG}


@pytest.mark.parametrize("kind", [PLOTS, ELQUICK], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", PICTURES)
def test_whole_pictures_are_taken(tmp_path: Path, kind: type[PLOTS], name: str) -> None:
    """A picture has no attributes, no problem, and opens as its bytes."""
    path = tmp_path / name
    path.write_bytes(PICTURES[name])

    assert kind.header(path) == {}
    assert kind.verify(path) == []
    assert PICTURES[name] == kind.open(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89HDF\r\n\x1a\n", b"text", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_picture_is_called_by_its_name(tmp_path: Path, content: bytes) -> None:
    """Anything else is our error that says what was found, and a finding."""
    path = tmp_path / "x.png"
    path.write_bytes(content)

    for call in (PLOTS.header, PLOTS.open, PLOTS.summary):
        with pytest.raises(UnreadableProduct, match="is no picture: it is "):
            call(path)
    assert [problem.code for problem in PLOTS.verify(path)] == ["unreadable"]


def test_cut_and_misnamed_pictures_are_found(tmp_path: Path) -> None:
    """A picture that ends early, and one whose name tells another format, are findings."""
    for content, code in ((PNG[:-20], "truncated"), (JPEG, "wrong-format")):
        path = tmp_path / "x.png"
        path.write_bytes(content)
        assert [code] == [problem.code for problem in PLOTS.verify(path)]


def test_summary_tells_the_format(tmp_path: Path) -> None:
    """A summary tells kind, name, format and length."""
    path = tmp_path / "x.png"
    path.write_bytes(PNG)

    assert f"plots x.png, a PNG picture, {len(PNG)} bytes" == PLOTS.summary(path)
