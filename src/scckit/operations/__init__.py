"""What one can ask of the SCC: each operation is a value, run by ``Client.run`` or stepped through by hand."""

from scckit.operations._pages import Page
from scckit.operations.ancillary import FindAncillary
from scckit.operations.changes import DeleteMeasurement, RerunMeasurement
from scckit.operations.constants import SearchConstants
from scckit.operations.measurements import (
    FreeMeasurementID,
    GetMeasurement,
    ListMeasurements,
    SearchMeasurements,
    WaitForMeasurement,
)
from scckit.operations.operation import Operation
from scckit.operations.products import DownloadArchive, DownloadProducts
from scckit.operations.session import CheckAccess, SignIn, SignOut
from scckit.operations.systems import ExportSystem
from scckit.operations.uploads import Upload, UploadReceipt

__all__ = [
    "CheckAccess",
    "DeleteMeasurement",
    "DownloadArchive",
    "DownloadProducts",
    "ExportSystem",
    "FindAncillary",
    "FreeMeasurementID",
    "GetMeasurement",
    "ListMeasurements",
    "Operation",
    "Page",
    "RerunMeasurement",
    "SearchConstants",
    "SearchMeasurements",
    "SignIn",
    "SignOut",
    "Upload",
    "UploadReceipt",
    "WaitForMeasurement",
]
