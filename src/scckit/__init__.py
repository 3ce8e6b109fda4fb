"""scckit: an SDK for the Single Calculus Chain (SCC) of EARLINET/ACTRIS. The public names, nothing else.

Not affiliated with EARLINET, ACTRIS or CNR.

Example:
    >>> with scckit.connect() as scc:  # doctest: +SKIP
    ...     measurement = scc.measurements.process("20210307aky0930.nc", system=437)
    ...     files = scc.products.download(measurement.id, ["elda"], into="products")
"""

from typing import TYPE_CHECKING

from scckit._lazy import lazily

if TYPE_CHECKING:
    from scckit._version import __version__
    from scckit.aio import AsyncClient, connect_async
    from scckit.batches import Outcome, Outcomes, UploadItem
    from scckit.client import Client, connect
    from scckit.errors import SCCError
    from scckit.local import (
        check_raw,
        open_measurement,
        open_product,
        open_products,
        plot_product,
        summarize_product,
        verify_product,
    )
    from scckit.mirror import Mirror
    from scckit.models import Measurement, MeasurementID, Phase, ProductFile, Status
    from scckit.session.credentials import Credentials

__all__ = [
    "AsyncClient",
    "Client",
    "Credentials",
    "Measurement",
    "MeasurementID",
    "Mirror",
    "Outcome",
    "Outcomes",
    "Phase",
    "ProductFile",
    "SCCError",
    "Status",
    "UploadItem",
    "__version__",
    "check_raw",
    "connect",
    "connect_async",
    "open_measurement",
    "open_product",
    "open_products",
    "plot_product",
    "summarize_product",
    "verify_product",
]

#: Where each public name is; imported when it is first asked for (PEP 562), so that a tool that only may need a client
#: does not pay for one at its start.
_HOMES = {
    "AsyncClient": "scckit.aio",
    "Client": "scckit.client",
    "Credentials": "scckit.session.credentials",
    "Measurement": "scckit.models",
    "MeasurementID": "scckit.models",
    "Mirror": "scckit.mirror",
    "Outcome": "scckit.batches",
    "Outcomes": "scckit.batches",
    "Phase": "scckit.models",
    "ProductFile": "scckit.models",
    "SCCError": "scckit.errors",
    "Status": "scckit.models",
    "UploadItem": "scckit.batches",
    "__version__": "scckit._version",
    "check_raw": "scckit.local",
    "connect": "scckit.client",
    "connect_async": "scckit.aio",
    "open_measurement": "scckit.local",
    "open_product": "scckit.local",
    "open_products": "scckit.local",
    "plot_product": "scckit.local",
    "summarize_product": "scckit.local",
    "verify_product": "scckit.local",
}

__getattr__, __dir__ = lazily(__name__, globals(), _HOMES)
