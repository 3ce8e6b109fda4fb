"""What a synthetic file is about: one measurement, its place, its time and its instrument. Plain values, no I/O."""

# ruff: noqa: PLR0913 - a name has many parts

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["SCC_VERSION", "Scene", "product_file_name"]

SCC_VERSION = "5.3.0"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One measurement as the products see it.

    Attributes:
        measurement_id: The measurement's ID.
        start: First moment, with time zone.
        stop: Last moment, with time zone; later than ``start``.
        station: Three-letter code.
        location: Place in words.
        latitude: Degrees north.
        longitude: Degrees east.
        altitude: Of the station, metres above sea level.
        system: Name of the lidar.
        configuration: Number of the system (``hoi_configuration_ID``).
        instrument: Number of the lidar (``hoi_system_ID``).
        zenith_angle: Degrees.
        input_file: Name of the raw file on the server.
        sounding_file: Name of the sounding that was used, empty for the standard atmosphere.
        overlap_file: Name of the overlap file that was used, empty if none.
        categories: Bits of ``user_defined_category`` (scc-interface.md 6.6).
        processed: When the modules ran, for ``history``.

    Raises:
        ValueError: A time has no zone, or ``stop`` is not later than ``start``.
    """

    measurement_id: str
    start: datetime
    stop: datetime
    station: str = "aky"
    location: str = "Antikythera (Αντικύθηρα), Greece"
    latitude: float = 35.86
    longitude: float = 23.31
    altitude: float = 193.0
    system: str = "PollyXT-NOA"
    configuration: int = 437
    instrument: int = 301
    zenith_angle: float = 5.0
    input_file: str = ""
    sounding_file: str = ""
    overlap_file: str = ""
    categories: int = 0
    processed: datetime = datetime(2024, 6, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        for name in ("start", "stop", "processed"):
            if getattr(self, name).tzinfo is None:
                raise ValueError(f"{name} of {self.measurement_id} needs a time zone; add tzinfo=UTC")
        if self.stop <= self.start:
            raise ValueError(
                f"{self.measurement_id} must stop after it starts; found {self.start.isoformat()} to "
                f"{self.stop.isoformat()}"
            )

    @property
    def raw_name(self) -> str:
        """Name under which the server keeps the raw file (scc-interface.md 6.1)."""
        return self.input_file or f"{self.station}/{self.measurement_id}_{self.start:%H%M%S}_{self.stop:%H%M%S}.nc"

    def slices(self, length: timedelta) -> list[tuple[datetime, datetime]]:
        """The time span cut into parts of a length; the last one may be shorter."""
        count = max(1, math.ceil((self.stop - self.start) / length))
        edges = [self.start + length * number for number in range(count)] + [self.stop]
        return list(itertools.pairwise(edges))


def product_file_name(
    scene: Scene,
    module: str,
    *,
    product_type: int | None = None,
    wavelength: int | None = None,
    product_id: int | None = None,
    start: datetime | None = None,
    stop: datetime | None = None,
    suffix: str = ".nc",
) -> str:
    """Name of a product file by the grammar of scc-interface.md 6.2.

    Args:
        scene: The measurement.
        module: Name part of the module, such as ``elda``.
        product_type: Three digits, if the module's names have them.
        wavelength: Four digits, if the module's names have them.
        product_id: Seven digits, if the module's names have them.
        start: Start of the product where it is not that of the measurement.
        stop: Stop of the product where it is not that of the measurement.
        suffix: Ending.
    """
    parts = [
        scene.station,
        None if product_type is None else f"{product_type:03d}",
        None if wavelength is None else f"{wavelength:04d}",
        None if product_id is None else f"{product_id:07d}",
        f"{start or scene.start:%Y%m%d%H%M}",
        f"{stop or scene.stop:%Y%m%d%H%M}",
        scene.measurement_id,
        module,
        f"v{SCC_VERSION}",
    ]
    return "_".join(part for part in parts if part is not None) + suffix
