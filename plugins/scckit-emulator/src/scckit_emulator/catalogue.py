"""Stations, systems, channels and products that the emulated SCC knows: facts as plain values, nothing else.

Codes and coordinates: scc-interface.md 9; systems: 5.3; channel codes: 5.1. Numbers of channels, products and
instruments are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["STATIONS", "SYSTEMS", "Channel", "Kind", "Product", "Station", "System"]

Kind = Literal["day", "night", "calibration"]


@dataclass(frozen=True)
class Station:
    """A station: three-letter code, name shown, place (degrees, metres above sea level) and country."""

    code: str
    name: str
    latitude: float
    longitude: float
    altitude: float
    country: str


@dataclass(frozen=True)
class Channel:
    """A channel of a system: wavelengths in nm, scattering mechanism and detection mode by their codes."""

    id: int
    string_id: str
    emission: int
    detection: int
    mechanism: str
    mode: Literal["an", "pc"]


@dataclass(frozen=True)
class Product:
    """A product that a system is set up for: type of scc-interface.md 6.3, emission wavelength in nm."""

    id: int
    type: int
    wavelength: int
    channels: tuple[int, ...]


@dataclass(frozen=True)
class System:
    """A system: one configuration of a lidar.

    Attributes:
        id: Number given at upload (``hoi_configuration_ID`` of product files).
        instrument: Number of the lidar itself (``hoi_system_ID`` of product files).
    """

    id: int
    station: str
    lidar: str
    instrument: int
    kind: Kind
    wavelengths: tuple[int, ...] = (355, 532, 1064)

    @property
    def is_calibration(self) -> bool:
        """Whether it is set up for depolarization calibration."""
        return self.kind == "calibration"

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Channels: totals at each wavelength, by night N2 Raman, cross-polarized at 532 nm; four for a calibration."""
        first = self.id * 20
        names = [
            (emission, detection, mechanism, mode)
            for emission, detection, mechanism, mode in _CHANNELS[self.kind]
            if emission in self.wavelengths
        ]
        return tuple(
            Channel(first + number, f"{self.station}{first + number:06d}", emission, detection, mechanism, mode)
            for number, (emission, detection, mechanism, mode) in enumerate(names)
        )

    @property
    def products(self) -> tuple[Product, ...]:
        """Optical products, or the one calibration product; then the high-resolution product (type 9)."""
        channels = self.channels
        made = [
            (kind, wavelength, tuple(each.id for each in channels if each.emission == wavelength))
            for kind, wavelength in _PRODUCTS[self.kind]
            if wavelength in self.wavelengths
        ]
        if self.kind == "calibration":
            made = [(6, self.wavelengths[0], tuple(each.id for each in channels))]
        else:
            made.append((9, self.wavelengths[0], tuple(each.id for each in channels if each.mechanism == "elT")))
        first = self.id * 10
        return tuple(Product(first + number, *each) for number, each in enumerate(made))


_CHANNELS: dict[Kind, tuple[tuple[int, int, str, Literal["an", "pc"]], ...]] = {
    "day": (
        (355, 355, "elT", "an"),
        (532, 532, "elT", "an"),
        (532, 532, "elCP", "an"),
        (1064, 1064, "elT", "an"),
    ),
    "night": (
        (355, 355, "elT", "pc"),
        (355, 387, "vrRN2", "pc"),
        (532, 532, "elT", "pc"),
        (532, 532, "elCP", "pc"),
        (532, 607, "vrRN2", "pc"),
        (1064, 1064, "elT", "an"),
    ),
    "calibration": tuple(
        (wavelength, wavelength, mechanism, "pc")
        for wavelength in (355, 532, 1064)
        for mechanism in ("elPT", "elPT", "elPR", "elPR")
    ),
}

#: Product type and wavelength.
_PRODUCTS: dict[Kind, tuple[tuple[int, int], ...]] = {
    "day": ((3, 355), (3, 532), (3, 1064)),
    "night": ((0, 355), (2, 355), (7, 532), (3, 1064)),
    "calibration": (),
}

STATIONS = (
    Station("aky", "Antikythera (Αντικύθηρα)", 35.86, 23.31, 193.0, "Greece"),
    Station("fik", "Finokalia (Φινοκαλιά)", 35.34, 25.67, 238.0, "Greece"),
    Station("cvo", "Mindelo", 16.87, -24.99, 10.0, "Cape Verde"),
    Station("hpb", "Hohenpeißenberg", 47.8019, 11.0119, 974.0, "Germany"),
    Station("pot", "Potenza", 40.60, 15.72, 760.0, "Italy"),
    Station("sir", "Palaiseau", 48.71, 2.21, 156.0, "France"),
    Station("ino", "Bucharest", 44.348, 26.029, 93.0, "Romania"),
    Station("gra", "Granada", 37.16, -3.60, 680.0, "Spain"),
)

SYSTEMS = (
    System(437, "aky", "PollyXT-NOA", 301, "day"),
    System(438, "aky", "PollyXT-NOA", 301, "night"),
    System(461, "aky", "PollyXT-NOA", 301, "calibration", (355,)),
    System(462, "aky", "PollyXT-NOA", 301, "calibration", (532,)),
    System(186, "fik", "PollyXT-NOA-FIK", 302, "day"),
    System(302, "fik", "PollyXT-NOA-FIK", 302, "night"),
    System(712, "cvo", "PollyXT-CPV", 303, "day"),
    System(713, "cvo", "PollyXT-CPV", 303, "night"),
    System(714, "cvo", "PollyXT-CPV", 303, "calibration", (355,)),
    System(715, "cvo", "PollyXT-CPV", 303, "calibration", (532,)),
    System(716, "cvo", "PollyXT-CPV", 303, "calibration", (1064,)),
    System(140, "hpb", "RALPH", 49, "night"),
    System(182, "hpb", "RALPH", 49, "day"),
    System(193, "hpb", "RALPH", 49, "night"),
    System(124, "pot", "MUSA", 304, "day"),
    System(125, "pot", "MUSA", 304, "night"),
    System(375, "sir", "IPRAL", 305, "night"),
    System(376, "sir", "IPRAL", 305, "day"),
    System(377, "sir", "IPRAL", 305, "day"),
    System(378, "sir", "IPRAL", 305, "calibration", (355,)),
    System(310, "ino", "RALI", 306, "night"),
    System(312, "ino", "RALI", 306, "day"),
    System(729, "gra", "ALHAMBRA", 307, "day"),
    System(773, "gra", "ALHAMBRA", 307, "night"),
    System(781, "gra", "ALHAMBRA", 307, "calibration", (532,)),
    System(783, "gra", "MULHACEN", 308, "day"),
    System(824, "gra", "MULHACEN", 308, "night"),
    System(973, "gra", "ALHAMBRA", 307, "night"),
)
