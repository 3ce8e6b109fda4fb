"""The air above a station, made up but sensible: molecules by the standard atmosphere, aerosol in two layers.

Pure functions of numbers; the same measurement ID always gives the same aerosol, so that raw files and products of a
measurement agree.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Aerosol",
    "Profile",
    "molecular_backscatter",
    "molecular_extinction",
    "molecular_transmission",
    "overlap",
    "pressure",
    "temperature",
]

Profile = NDArray[np.float64]

_MOLECULAR_LIDAR_RATIO = 8 * np.pi / 3
_SURFACE_TEMPERATURE = 288.15  # K
_LAPSE = 0.0065  # K/m
_TROPOPAUSE = 11_000.0  # m
_SURFACE_PRESSURE = 1013.25  # hPa
#: Backscatter of air at 550 nm, surface pressure and temperature (about), 1/(m sr).
_SURFACE_BACKSCATTER = 1.39e-6
_OVERLAP_FULL = 400.0  # m


def temperature(altitude: Profile) -> Profile:
    """Temperature of the standard atmosphere in K, at altitudes in m above sea level."""
    return np.asarray(_SURFACE_TEMPERATURE - _LAPSE * np.minimum(altitude, _TROPOPAUSE), dtype=np.float64)


def pressure(altitude: Profile) -> Profile:
    """Pressure of the standard atmosphere in hPa, at altitudes in m above sea level."""
    below = np.minimum(altitude, _TROPOPAUSE)
    troposphere = _SURFACE_PRESSURE * (1 - _LAPSE * below / _SURFACE_TEMPERATURE) ** 5.2559
    return np.asarray(troposphere * np.exp(-(np.asarray(altitude) - below) / 6341.6), dtype=np.float64)


def molecular_backscatter(altitude: Profile, wavelength: float) -> Profile:
    """Backscatter coefficient of air in 1/(m sr), at altitudes in m and a wavelength in nm."""
    density = pressure(altitude) / _SURFACE_PRESSURE * _SURFACE_TEMPERATURE / temperature(altitude)
    return np.asarray(_SURFACE_BACKSCATTER * (550.0 / wavelength) ** 4.085 * density, dtype=np.float64)


def molecular_extinction(altitude: Profile, wavelength: float) -> Profile:
    """Extinction coefficient of air in 1/m, at altitudes in m and a wavelength in nm."""
    return molecular_backscatter(altitude, wavelength) * _MOLECULAR_LIDAR_RATIO


def overlap(distance: Profile) -> Profile:
    """Overlap function of the lidar at distances in m: 0 at the ground, 1 from some hundred metres on."""
    return np.asarray(np.clip(np.asarray(distance) / _OVERLAP_FULL, 0.0, 1.0) ** 2, dtype=np.float64)


@dataclass(frozen=True)
class Aerosol:
    """Aerosol of a measurement: a boundary layer and a lofted layer.

    Attributes:
        mixing_height: Top of the boundary layer, m above the station.
        mixed: Backscatter in the boundary layer at 532 nm, 1/(m sr).
        layer_height: Centre of the lofted layer, m above the station.
        layer_width: Its half width, m.
        layer: Its largest backscatter at 532 nm, 1/(m sr).
        angstrom: Ångström exponent of backscatter and extinction.
        lidar_ratio: sr.
        layer_depolarization: Particle linear depolarization ratio of the lofted layer.
    """

    mixing_height: float
    mixed: float
    layer_height: float
    layer_width: float
    layer: float
    angstrom: float
    lidar_ratio: float
    layer_depolarization: float

    @classmethod
    def of(cls, measurement_id: str) -> Aerosol:
        """The aerosol of a measurement, always the same for the same ID."""
        random = np.random.default_rng(zlib.crc32(measurement_id.encode()))
        return cls(
            mixing_height=float(random.uniform(900, 1900)),
            mixed=float(random.uniform(1.0e-6, 2.5e-6)),
            layer_height=float(random.uniform(2800, 4600)),
            layer_width=float(random.uniform(250, 500)),
            layer=float(random.uniform(0.8e-6, 3.0e-6)),
            angstrom=float(random.uniform(0.8, 1.6)),
            lidar_ratio=float(random.uniform(40, 60)),
            layer_depolarization=float(random.uniform(0.15, 0.32)),
        )

    def backscatter(self, height: Profile, wavelength: float) -> Profile:
        """Backscatter coefficient in 1/(m sr), at heights in m above the station and a wavelength in nm."""
        colour = float((532.0 / wavelength) ** self.angstrom)
        return (self._mixed(height) + self._lofted(height)) * colour

    def extinction(self, height: Profile, wavelength: float) -> Profile:
        """Extinction coefficient in 1/m, at heights in m above the station and a wavelength in nm."""
        return self.backscatter(height, wavelength) * self.lidar_ratio

    def depolarization(self, height: Profile) -> Profile:
        """Particle linear depolarization ratio at heights in m above the station."""
        mixed, lofted = self._mixed(height), self._lofted(height)
        return (0.04 * mixed + self.layer_depolarization * lofted) / np.maximum(mixed + lofted, 1e-30)

    def transmission(self, height: Profile, station_altitude: float, wavelength: float) -> Profile:
        """One-way transmission from the station up to heights in m, air and aerosol, at a wavelength in nm."""
        extinction = self.extinction(height, wavelength) + molecular_extinction(height + station_altitude, wavelength)
        return np.asarray(np.exp(-_depth(height, extinction)), dtype=np.float64)

    def signal(self, height: Profile, station_altitude: float, emission: float, detection: float) -> Profile:
        """Range-corrected signal per unit of lidar constant: elastic, or N2 Raman where the wavelengths differ."""
        altitude = height + station_altitude
        if emission == detection:
            scattering = self.backscatter(height, emission) + molecular_backscatter(altitude, emission)
        else:
            scattering = molecular_backscatter(altitude, emission) * 1e-3
        way_up = self.transmission(height, station_altitude, emission)
        way_back = self.transmission(height, station_altitude, detection)
        return np.asarray(scattering * way_up * way_back, dtype=np.float64)

    def _mixed(self, height: Profile) -> Profile:
        edge = np.clip((np.asarray(height) - self.mixing_height) / 80.0, -60, 60)
        return np.asarray(self.mixed / (1 + np.exp(edge)), dtype=np.float64)

    def _lofted(self, height: Profile) -> Profile:
        distance = (np.asarray(height) - self.layer_height) / self.layer_width
        return np.asarray(self.layer * np.exp(-0.5 * distance**2), dtype=np.float64)


def molecular_transmission(height: Profile, station_altitude: float, wavelength: float) -> Profile:
    """One-way transmission of air from the station up to heights in m, at a wavelength in nm."""
    extinction = molecular_extinction(height + station_altitude, wavelength)
    return np.asarray(np.exp(-_depth(height, extinction)), dtype=np.float64)


def _depth(height: Profile, extinction: Profile) -> Profile:
    steps = np.diff(height, prepend=0.0)
    return np.cumsum(extinction * steps)
