"""Lidar constants: results of calibrations against a molecular reference (scc-interface.md 3.3)."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

__all__ = ["LidarConstant"]


@frozen
class LidarConstant:
    """One row of the list of lidar constants; None is "not told".

    The table gives no units. By the documentation of the SCC the wavelength is in nm and the calibration window in m; the lidar
    constant has the unit of the range-corrected signal times m sr, which depends on the detector of the channel.

    Attributes:
        measurement_id: The measurement it was derived from, as the table shows it.
        channel_id: Number of the channel.
        system_id: Number of the system.
        product_id: Number of the product.
        detection_wavelength: In nm.
        lidar_constant: The constant.
        lidar_constant_stat_err: Its statistical error, same unit.
        profile_start: Begin of the profile (UTC).
        profile_end: End of the profile (UTC).
        created: When it was calculated (UTC).
        calibr_window_bottom: Lower end of the calibration window, in m.
        calibr_window_top: Upper end of the calibration window, in m.
        elda_version: Version of ELDA that calculated it.
    """

    measurement_id: str | None = None
    channel_id: int | None = None
    system_id: int | None = None
    product_id: int | None = None
    detection_wavelength: float | None = None
    lidar_constant: float | None = None
    lidar_constant_stat_err: float | None = None
    profile_start: datetime | None = None
    profile_end: datetime | None = None
    created: datetime | None = None
    calibr_window_bottom: float | None = None
    calibr_window_top: float | None = None
    elda_version: str | None = None
