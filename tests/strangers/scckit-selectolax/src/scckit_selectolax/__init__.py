"""A page reader for scckit on selectolax; this module is the plugin, and does not import selectolax before a reader is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scckit.plugins import PageReader, hookimpl

__all__ = ["make_reader", "scckit_page_readers"]


def make_reader() -> PageReader:
    """Make the reader."""
    # Many who list their plugins will not use it.
    from scckit_selectolax.reader import SelectolaxReader

    return SelectolaxReader()


@hookimpl
def scckit_page_readers() -> Mapping[str, Callable[[], PageReader]]:
    """Offer the reader by its name."""
    return {"selectolax": make_reader}
