"""The reader keeps the contract of page readers."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "scckit_selectolax", reason="strangers are tested in an environment of their own: tox run -e strangers"
)

from scckit_selectolax.reader import SelectolaxReader

from scckit.errors import UnreadablePage
from scckit.plugins import PageReader
from scckit.testing.contracts import PageReaderContract


class TestSelectolaxReader(PageReaderContract):
    """``PageReaderContract`` holds for ``SelectolaxReader``."""

    def make_reader(self) -> PageReader:
        """Make the reader under test."""
        return SelectolaxReader()


def test_a_page_over_the_limit_is_refused() -> None:
    """A page larger than the limit is refused with both sizes."""
    with pytest.raises(UnreadablePage, match=r"11 characters.*limit is 10"):
        SelectolaxReader(max_length=10).read("<h1>ab</h1>")
