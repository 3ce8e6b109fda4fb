"""Two readers that share no code see the same in every page that was recorded from the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip(
    "scckit_selectolax", reason="strangers are tested in an environment of their own: tox run -e strangers"
)
pytest.importorskip("scckit_parsel", reason="the other reader is that of scckit-parsel; install it")
pytest.importorskip("yaml", reason="the recorded pages are in YAML; install PyYAML")

import yaml

from scckit.plugins import Registry

CASSETTES = Path(__file__).resolve().parents[4] / "cassettes"


def pages(path: Path) -> Iterator[str]:
    """Give the texts of all pages of a cassette."""
    for one in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
        body = one["response"]["body"]["string"]
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
            yield text


def test_there_are_pages() -> None:
    """Cassettes are found, and hold lists, forms and messages: the comparison below looks at something."""
    reader = Registry(strict=True).page_reader("selectolax")()
    contents = [reader.read(page) for path in CASSETTES.glob("*.yaml") for page in pages(path)]

    assert any(content.pager for content in contents)
    assert any(table.rows for content in contents for table in content.tables)
    assert any(content.messages for content in contents)
    assert any(
        content.alerts or any(one.errors for form in content.forms for one in form.fields) for content in contents
    )
    assert any(content.is_login for content in contents)


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_both_readers_see_the_same(path: Path) -> None:
    """Every page has the same content for both."""
    registry = Registry(strict=True)
    ours, theirs = registry.page_reader("selectolax")(), registry.page_reader("parsel")()

    for page in pages(path):
        assert ours.read(page) == theirs.read(page)
