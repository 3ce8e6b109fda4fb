"""Product files of a measurement and their archives: written when first asked for, kept until it is processed again.

What a file holds is the matter of `scckit_emulator.synthetic`.
"""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from scckit_emulator import runtime
from scckit_emulator.site.models import CATEGORIES, HoiChannels, Measurements, Products
from scckit_emulator.synthetic import (
    HIGH_RESOLUTION,
    RawChannel,
    Scene,
    SignalChannel,
    write_cloudscreen,
    write_elda,
    write_eldec,
    write_elic,
    write_elpp,
    write_hirelpp,
    write_plot,
    write_quicklook,
    write_raw,
)

__all__ = ["archive_of", "raw_file", "write_archive"]

_ELASTIC = 3
#: A product of one of these types is made for each hour, the others for the whole time (scc-interface.md 6.2).
_HOURLY = (_ELASTIC,)
#: One time stamp for all members, so that the same products make the same archive.
_STAMP = (2000, 1, 1, 0, 0, 0)

_lock = threading.Lock()


def raw_file(measurement: Measurements) -> Path:
    """The uploaded file, or one made for a measurement that came without."""
    folder = runtime.current().raw / measurement.id
    path = folder / f"{measurement.id}.nc"
    with _lock:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            scene = _scene(measurement)
            channels = HoiChannels.objects.filter(system=measurement.system)
            write_raw(
                path,
                measurement_id=measurement.id,
                start=scene.start,
                stop=scene.stop,
                channels=[
                    RawChannel(each.id, each.emission_wavelength, each.detection_wavelength) for each in channels
                ],
                latitude=scene.latitude,
                longitude=scene.longitude,
                altitude=scene.altitude,
            )
    return path


def archive_of(measurement: Measurements, what: str, kinds: Sequence[str]) -> Path:
    """The archive of all product files of some modules, or of ``plots``."""
    folder = runtime.current().products / measurement.id / str(measurement.run)
    archive = folder / f"{what}.{'.'.join(kinds)}.zip"
    with _lock:
        if not archive.exists():
            files = [file for kind in kinds for file in _files_of(folder / kind, measurement, kind)]
            # Beside it first: what is there is complete.
            part = archive.with_suffix(".part")
            with part.open("wb") as target:
                write_archive(target, measurement.id, files)
            part.rename(archive)
    return archive


def write_archive(target: IO[bytes], folder: str, files: Iterable[Path]) -> None:
    """Write an archive with one folder and these files in it (6.1)."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            # No entry for the folder itself: the clients would take it for a file (6.1).
            member = zipfile.ZipInfo(f"{folder}/{file.name}", _STAMP)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, file.read_bytes())


def _files_of(folder: Path, measurement: Measurements, kind: str) -> list[Path]:
    if not folder.exists():
        part = folder.with_name(f"{kind}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(part, measurement, kind)
        part.rename(folder)
    return sorted(folder.iterdir())


def _write(folder: Path, measurement: Measurements, kind: str) -> None:  # noqa: C901 - one branch for each kind
    scene = _scene(measurement)
    for product in Products.objects.filter(system=measurement.system):
        product_type, wavelength = product.product_type, product.emission_wavelength
        is_high_resolution = product_type == HIGH_RESOLUTION
        channels = _channels(product)
        if kind == "hirelpp" and is_high_resolution:
            write_hirelpp(folder, scene, product_id=product.id, channels=channels)
        elif kind == "elpp" and not is_high_resolution:
            write_elpp(folder, scene, product_id=product.id, product_type=product_type, channels=channels)
        elif kind == "elic":
            write_elic(folder, scene, product_id=product.id, product_type=product_type, channels=channels)
        elif kind == "eldec":
            write_eldec(folder, scene, product_id=product.id, wavelength=wavelength)
        elif kind == "plots" and not is_high_resolution:
            write_plot(folder, scene, product_id=product.id, product_type=product_type, wavelength=wavelength)
        elif kind == "elda" and not is_high_resolution:
            length = timedelta(hours=1) if product_type in _HOURLY else scene.stop - scene.start
            for start, stop in scene.slices(length):
                write_elda(
                    folder,
                    scene,
                    product_id=product.id,
                    product_type=product_type,
                    wavelength=wavelength,
                    start=start,
                    stop=stop,
                )
    if kind == "cloudmask":
        write_cloudscreen(folder, scene)
    elif kind == "elquick":
        channels_seen = HoiChannels.objects.filter(system=measurement.system)
        for emission in sorted({int(each.emission_wavelength) for each in channels_seen}):
            write_quicklook(folder, scene, wavelength=emission)


def _channels(product: Products) -> list[SignalChannel]:
    return [
        SignalChannel(
            id=each.id,
            name=each.string_id,
            emission=each.emission_wavelength,
            detection=each.detection_wavelength,
            photon_counting=each.detection_mode == "pc",
            cross=each.scattering_mechanism in {"elCP", "elPR"},
        )
        for each in HoiChannels.objects.filter(id__in=product.channels)
    ]


def _scene(measurement: Measurements) -> Scene:
    """What the products show; where the raw file gives a place, that place."""
    station, system = measurement.station, measurement.system
    sounding, overlap = measurement.sounding_file, measurement.overlap_file
    return Scene(
        measurement_id=measurement.id,
        start=_aware(measurement.start),
        stop=_aware(measurement.stop),
        station=station.id,
        location=f"{station.name}, {station.country}",
        latitude=station.latitude if measurement.latitude is None else measurement.latitude,
        longitude=station.longitude if measurement.longitude is None else measurement.longitude,
        altitude=station.height_asl if measurement.height_asl is None else measurement.height_asl,
        system=system.name,
        configuration=system.id,
        instrument=system.lidar_version.lidar_id,
        zenith_angle=system.pointing_angle,
        sounding_file="" if sounding is None else sounding.filename,
        overlap_file="" if overlap is None else overlap.filename,
        categories=sum(2**bit for bit, name in enumerate(CATEGORIES) if name in measurement.categories),
        processed=_aware(measurement.updated_date),
    )


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
