"""A system (lidar configuration) with its channels, as the SCC exports it (scc-interface.md 5.1, 5.3)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

__all__ = ["Channel", "Crosstalk", "Laser", "System", "Telescope"]


@frozen
class Channel:
    """One channel of a system; None is "not told". Lengths and times are in the units that the SCC keeps them in.

    Attributes:
        id: Number of the channel.
        telescope_id: Number of its telescope.
        laser_id: Number of its laser.
        scattering_mechanism: Code such as ``elT``, ``vrRN2``.
        detection_mode: ``an`` (analog) or ``pc`` (photon counting).
        emission_wavelength: In nm.
        if_center: Centre of the interference filter, in nm.
        if_fwhm: Width of the interference filter, in nm.
        raw_range_resolution: In m.
        dead_time: In ns.
        trigger_delay: In ns.
        first_signal_rangebin: First bin with signal.
        signal_types: Signal type IDs of the channel in the products that use it.
    """

    id: int
    telescope_id: int | None = None
    laser_id: int | None = None
    scattering_mechanism: str | None = None
    detection_mode: str | None = None
    emission_wavelength: float | None = None
    if_center: float | None = None
    if_fwhm: float | None = None
    raw_range_resolution: float | None = None
    dead_time: float | None = None
    trigger_delay: float | None = None
    first_signal_rangebin: int | None = None
    signal_types: tuple[int, ...] = ()


@frozen
class Telescope:
    """A telescope: its number, and the height of full overlap in m."""

    id: int
    full_overlap_height_m: float | None = None


@frozen
class Laser:
    """A laser: its number, and its repetition rate in Hz."""

    id: int
    repetition_rate: float | None = None


@frozen
class Crosstalk:
    """Polarization crosstalk parameters of a channel; the last entry of a channel is the valid one."""

    channel_id: int
    g: float | None = None
    h: float | None = None


@frozen
class System:
    """A lidar configuration.

    Attributes:
        id: Its number, the one given at upload.
        station: Code of the station that owns it.
        name: Name of the lidar.
        configuration: Name of the configuration.
        height_asl: Height of the station above sea level, in m.
        latitude: In degrees north.
        longitude: In degrees east.
        lidar_pointing_angle: From zenith, in degrees.
        channels: Its channels.
        telescopes: Its telescopes.
        lasers: Its lasers.
        crosstalk: Polarization crosstalk parameters, oldest first.
        sections: Everything that the export holds, as text: section -> rows of column -> value.
    """

    id: int
    station: str | None = None
    name: str | None = None
    configuration: str | None = None
    height_asl: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    lidar_pointing_angle: float | None = None
    channels: tuple[Channel, ...] = ()
    telescopes: tuple[Telescope, ...] = ()
    lasers: tuple[Laser, ...] = ()
    crosstalk: tuple[Crosstalk, ...] = ()
    sections: Mapping[str, tuple[Mapping[str, str], ...]] = field(factory=dict, repr=False)
