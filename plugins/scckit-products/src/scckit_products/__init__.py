"""Product kinds for scckit. This file holds the hook; each kind has a module of its own name."""

from __future__ import annotations

from collections.abc import Sequence

from scckit.plugins import ProductKind, hookimpl
from scckit_products.cloudmask import CLOUDMASK
from scckit_products.elda import ELDA
from scckit_products.eldec import ELDEC
from scckit_products.elic import ELIC
from scckit_products.elpp import ELPP
from scckit_products.elquick import ELQUICK
from scckit_products.hirelpp import HIRELPP
from scckit_products.plots import PLOTS
from scckit_products.raw import RAW

__all__ = ["scckit_product_kinds"]


@hookimpl
def scckit_product_kinds() -> Sequence[ProductKind]:
    """Offer the kinds of all downloads that the SCC is known to have (scc-interface.md 2.4)."""
    return (RAW, HIRELPP, CLOUDMASK, ELPP, ELDA, ELDEC, ELIC, ELQUICK, PLOTS)
