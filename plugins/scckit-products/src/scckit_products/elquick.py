"""ELQuick, the quicklooks: pictures (scc-interface.md 2.4, 6.13). Whether the SCC offers them for download is doubtful."""

from __future__ import annotations

from typing import Final

from scckit_products.pictures import PictureKind

__all__ = ["ELQUICK"]

ELQUICK: Final = PictureKind(name="elquick", route="download-elquick/", module="elquick")
