"""What the SCC has, as values: measurements, modules, products, ancillary files, IDs. No I/O."""

from scckit.models.ancillary import AncillaryFile, AncillaryKind
from scckit.models.constants import LidarConstant
from scckit.models.ids import MeasurementID
from scckit.models.kinds import ChecksInput, Draws, JoinsFiles, Problem, ProductKind, Severity
from scckit.models.measurement import ExitCode, Measurement, Module, Phase, Status
from scckit.models.products import PRODUCT_TYPES, ProductFile, ProductName
from scckit.models.systems import Channel, Crosstalk, Laser, System, Telescope

__all__ = [
    "PRODUCT_TYPES",
    "AncillaryFile",
    "AncillaryKind",
    "Channel",
    "ChecksInput",
    "Crosstalk",
    "Draws",
    "ExitCode",
    "JoinsFiles",
    "Laser",
    "LidarConstant",
    "Measurement",
    "MeasurementID",
    "Module",
    "Phase",
    "Problem",
    "ProductFile",
    "ProductKind",
    "ProductName",
    "Severity",
    "Status",
    "System",
    "Telescope",
]
