"""A look at a raw SCC file before it is sent: is it one, and what is its measurement ID? Nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scckit.errors import InvalidMeasurementID, InvalidRawFile, UnreadableProduct
from scckit.models.ids import MeasurementID
from scckit.models.kinds import ProductKind

__all__ = ["raw_measurement_id", "require_file"]

_ATTRIBUTE: Final = "Measurement_ID"


def require_file(path: Path, what: str) -> None:
    """Make sure that a file is there and holds something.

    Raises:
        InvalidRawFile: It does not.
    """
    if path.is_dir():
        msg = f"{path} is a folder; give {what} itself"
    elif not path.exists():
        msg = f"{path} does not exist; check the name of {what}"
    elif path.stat().st_size == 0:
        msg = f"{path} is empty; {what} should be a netCDF file"
    else:
        return
    raise InvalidRawFile(msg)


def raw_measurement_id(path: Path, raw: ProductKind) -> MeasurementID:
    """Return the measurement ID that the SCC will take from a raw file (scc-interface.md 2.2, 8.3).

    Args:
        path: The file.
        raw: The product kind that reads headers of raw files.

    Raises:
        InvalidRawFile: It is no netCDF file, or has no usable ``Measurement_ID``.
        MissingLibrary: The library that reads it is not installed.
    """
    require_file(path, "the raw file")
    try:
        header = raw.header(path)
    except UnreadableProduct as error:
        msg = f"nothing was sent: {error}. The SCC takes raw lidar data in its netCDF form"
        raise InvalidRawFile(msg) from error
    if _ATTRIBUTE not in header:
        msg = (
            f"{path} has no global attribute {_ATTRIBUTE} (it has: {', '.join(sorted(header)) or 'none'});"
            " it is not a raw SCC file, or its converter left the ID out"
        )
        raise InvalidRawFile(msg)
    try:
        identity = MeasurementID(str(header[_ATTRIBUTE]))
    except InvalidMeasurementID as error:
        msg = f"{path} cannot be uploaded: its {_ATTRIBUTE} {error}"
        raise InvalidRawFile(msg) from error
    # The name is free (2.2), but one that is an ID says which measurement somebody means to upload.
    if path.stem != identity and _is_id(path.stem):
        msg = f"{path} is named after another measurement than its {_ATTRIBUTE} {identity}; rename it or mend the attribute"
        raise InvalidRawFile(msg)
    return identity


def _is_id(text: str) -> bool:
    try:
        MeasurementID(text)
    except InvalidMeasurementID:
        return False
    return True
