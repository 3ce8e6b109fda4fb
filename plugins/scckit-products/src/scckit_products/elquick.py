"""ELQuick, the quicklooks: pictures (scc-interface.md 2.4, 6.13). Whether the SCC offers them for download is doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scckit.plugins import ProductKind, hookimpl
from scckit_products.pictures import PictureKind

__all__ = ["ELQUICK", "scckit_product_kinds"]

ELQUICK: Final = PictureKind(name="elquick", route="download-elquick/", module="elquick")


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer this kind."""
    return (ELQUICK,)
