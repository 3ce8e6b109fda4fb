"""Where things are on the site: addresses below the base URL (scc-interface.md 2). Nothing else knows an address."""

from __future__ import annotations

from urllib.parse import quote

from scckit.models.ancillary import AncillaryKind
from scckit.models.ids import MeasurementID

__all__ = [
    "ADMIN_CONSTANTS",
    "ADMIN_MEASUREMENTS",
    "API_MEASUREMENTS",
    "API_ROOT",
    "BASE_URL",
    "SIGN_IN",
    "SIGN_OUT",
    "UPLOAD",
    "api_ancillary",
    "api_measurement",
    "delete",
    "download",
    "measurement",
    "rerun",
    "system_export",
]

#: The one public SCC server.
BASE_URL = "https://scc.imaa.cnr.it/"

SIGN_IN = "accounts/login/"
SIGN_OUT = "accounts/logout/"
UPLOAD = "data_processing/measurements/quick/"
ADMIN_MEASUREMENTS = "admin/database/measurements/"
ADMIN_CONSTANTS = "admin/database/lidarconstant/"
API_ROOT = "api/v1/"
API_MEASUREMENTS = "api/v1/measurements/"

_ANCILLARY = {
    AncillaryKind.SOUNDING: "sounding_files",
    AncillaryKind.OVERLAP: "overlap_files",
    AncillaryKind.LIDAR_RATIO: "lidarratio_files",
}


def measurement(measurement_id: MeasurementID) -> str:
    """Status page of a measurement (2.3)."""
    return f"data_processing/measurements/{quote(measurement_id, safe='')}/"


def download(measurement_id: MeasurementID, tail: str) -> str:
    """Archive of products (2.4); ``tail`` is the ``route`` of a product kind."""
    return measurement(measurement_id) + quote(tail)


def rerun(measurement_id: MeasurementID, what: str) -> str:
    """Restart of the processing (2.3)."""
    return f"{measurement(measurement_id)}rerun-{what}/"


def delete(measurement_id: MeasurementID) -> str:
    """Page that asks whether to delete a measurement, and takes the answer (2.5)."""
    return f"{ADMIN_MEASUREMENTS}{quote(measurement_id, safe='')}/delete/"


def system_export(system: int) -> str:
    """Configuration of a system as CSV (5.1)."""
    return f"admin/database/hoisystems/export/{system}"


def api_measurement(measurement_id: MeasurementID) -> str:
    """One measurement in the API (4.1)."""
    return f"{API_MEASUREMENTS}{quote(measurement_id, safe='')}/"


def api_ancillary(kind: AncillaryKind) -> str:
    """List of ancillary files of a kind in the API (4.1)."""
    return f"api/v1/{_ANCILLARY[kind]}/"
