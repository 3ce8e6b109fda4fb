"""Page reader for scckit, on parsel and lxml. This file holds the hook; the reader is in ``scckit_parsel.reader``."""

from collections.abc import Callable, Mapping

from scckit.plugins import PageReader, hookimpl

__all__ = ["scckit_page_readers"]


@hookimpl
def scckit_page_readers() -> Mapping[str, Callable[[], PageReader]]:
    """Offer the page reader ``parsel``."""
    from scckit_parsel.reader import ParselReader  # noqa: PLC0415 - listing the plugins must not cost its import

    return {"parsel": ParselReader}
