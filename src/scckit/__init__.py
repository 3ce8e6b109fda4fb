"""scckit: an SDK for the Single Calculus Chain (SCC) of EARLINET/ACTRIS. The public names, nothing else.

Not affiliated with EARLINET, ACTRIS or CNR.

Example:
    >>> with scckit.connect() as scc:  # doctest: +SKIP
    ...     measurement = scc.measurements.process("20210307aky0930.nc", system=437)
    ...     files = scc.products.download(measurement.id, ["elda"], into="products")
"""

from scckit._version import __version__
from scckit.aio import AsyncClient, connect_async
from scckit.client import Client, connect
from scckit.errors import SCCError
from scckit.models import Measurement, MeasurementID, Phase, ProductFile, Status
from scckit.session.credentials import Credentials

__all__ = [
    "AsyncClient",
    "Client",
    "Credentials",
    "Measurement",
    "MeasurementID",
    "Phase",
    "ProductFile",
    "SCCError",
    "Status",
    "__version__",
    "connect",
    "connect_async",
]
