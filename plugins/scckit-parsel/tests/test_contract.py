"""The reader keeps the contract of page readers."""

from scckit.plugins import PageReader
from scckit.testing.contracts import PageReaderContract
from scckit_parsel.reader import ParselReader


class TestParselReader(PageReaderContract):
    """``PageReaderContract`` holds for ``ParselReader``."""

    def make_reader(self) -> PageReader:
        """Make the reader under test."""
        return ParselReader()
