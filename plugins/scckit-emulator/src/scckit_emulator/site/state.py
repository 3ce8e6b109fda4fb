"""Putting things straight into the database: the seed, and what tests ask for. The site itself comes by upload only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction

from scckit_emulator import catalogue, chain, runtime
from scckit_emulator.clock import database_time
from scckit_emulator.site.models import (
    CATEGORIES,
    MISSING,
    HoiChannels,
    HoiStations,
    HoiSystems,
    LidarConstant,
    LidarRatioFiles,
    Lidars,
    LidarVersions,
    Measurements,
    OverlapFiles,
    Products,
    SoundingFiles,
    start_complete,
)

__all__ = ["ANCILLARY", "add_ancillary", "add_lidar_constants", "add_measurement", "end_sessions", "seed"]

#: Table by the name of the kind in the API (scc-interface.md 4.1).
ANCILLARY: Mapping[str, type[SoundingFiles | OverlapFiles | LidarRatioFiles]] = {
    "sounding": SoundingFiles,
    "overlap": OverlapFiles,
    "lidarratio": LidarRatioFiles,
}

_ID = re.compile(r"[0-9A-Za-z]{12,15}")
_ELDA_VERSION = "3.4.13"
_CONSTANTS = {355: 2.1e13, 532: 4.6e13, 1064: 1.2e13}


def seed(count: int) -> None:
    """Fill an empty database: the account, stations, systems, ancillary files, measurements and their constants.

    Args:
        count: Number of measurements, spread over the year 2022.
    """
    account = runtime.current().account
    # One transaction, for speed.
    with transaction.atomic():
        User.objects.create_superuser(username=account.username, password=account.password)
        _seed_catalogue()
        add_ancillary("sounding", "rs_20220115aky21.nc", "ok")
        add_ancillary("overlap", "ov_20220101aky.nc", "ok")
        add_ancillary("lidarratio", "lr_20220101aky.nc", "ok")
        _seed_measurements(count)


def _seed_catalogue() -> None:
    HoiStations.objects.bulk_create(
        HoiStations(
            id=each.code,
            name=each.name,
            country=each.country,
            latitude=each.latitude,
            longitude=each.longitude,
            height_asl=each.altitude,
        )
        for each in catalogue.STATIONS
    )
    instruments = {each.instrument: each for each in catalogue.SYSTEMS}
    Lidars.objects.bulk_create(
        Lidars(id=number, name=each.lidar, station_id=each.station) for number, each in instruments.items()
    )
    LidarVersions.objects.bulk_create(
        LidarVersions(id=number, name=f"{each.lidar} 1", lidar_id=number) for number, each in instruments.items()
    )
    HoiSystems.objects.bulk_create(
        HoiSystems(
            id=each.id,
            name=each.lidar,
            configuration=each.kind,
            station_id=each.station,
            lidar_version_id=each.instrument,
            is_calibration=each.is_calibration,
        )
        for each in catalogue.SYSTEMS
    )
    HoiChannels.objects.bulk_create(
        HoiChannels(
            id=channel.id,
            string_id=channel.string_id,
            system_id=each.id,
            emission_wavelength=channel.emission,
            detection_wavelength=channel.detection,
            scattering_mechanism=channel.mechanism,
            detection_mode=channel.mode,
        )
        for each in catalogue.SYSTEMS
        for channel in each.channels
    )
    Products.objects.bulk_create(
        Products(
            id=product.id,
            system_id=each.id,
            product_type=product.type,
            emission_wavelength=product.wavelength,
            channels=list(product.channels),
        )
        for each in catalogue.SYSTEMS
        for product in each.products
    )


#: Ends of the seed's measurements that are not all well, by their number (combinations of scc-interface.md 4.4).
_SEED_FAILURES: dict[int, tuple[str, ...]] = {3: ("elpp",), 5: ("cloudmask", "elda"), 8: ("hirelpp",)}
_SEED_CYCLE = 12


def _seed_measurements(count: int) -> None:
    for number in range(count):
        system = catalogue.SYSTEMS[number * 5 % len(catalogue.SYSTEMS)]
        # From month to month, then on the next days of each month.
        start = datetime(
            2022,
            number % _SEED_CYCLE + 1,
            number // _SEED_CYCLE % 28 + 1,
            21 if system.kind == "night" else 11,
            tzinfo=UTC,
        ) + timedelta(minutes=number // (_SEED_CYCLE * 28))
        place = number % _SEED_CYCLE
        measurement = add_measurement(
            f"{start:%Y%m%d}{system.station}{start:%H%M}",
            system=system.id,
            start=start,
            stop=start + timedelta(minutes=10 if system.is_calibration else 90),
            failing=_SEED_FAILURES.get(place, ()),
            created=start + timedelta(days=1),
        )
        if not system.is_calibration and place not in _SEED_FAILURES:
            add_lidar_constants(measurement.id)


def add_measurement(  # noqa: PLR0913 - each is a property of a measurement
    measurement_id: str,
    *,
    system: int,
    start: datetime,
    stop: datetime,
    finished: bool = True,
    statuses: Mapping[str, int] | None = None,
    exit_codes: Mapping[str, tuple[int, str]] | None = None,
    failing: Collection[str] | None = None,
    delay: float = 0.0,
    sounding: str | None = None,
    overlap: str | None = None,
    lidar_ratio: str | None = None,
    categories: Collection[str] = (),
    calibrated_with: str | None = None,
    created: datetime | None = None,
) -> Measurements:
    """Add a measurement; what each argument means is told at `scckit_emulator.Emulator.add_measurement`.

    Raises:
        ValueError: Something does not fit; the message says what.
    """
    state = runtime.current()
    _check_new(measurement_id, start, stop)
    _check_known(measurement_id, "categories", categories, CATEGORIES)
    _check_known(measurement_id, "modules", {*(statuses or {}), *(exit_codes or {}), *(failing or ())}, chain.MODULES)
    chosen = _system(measurement_id, system)
    files = {
        "sounding_file": _file(SoundingFiles, sounding),
        "overlap_file": _file(OverlapFiles, overlap),
        "lidar_ratio_file": _file(LidarRatioFiles, lidar_ratio),
    }
    fails = state.behaviour.failing(measurement_id, system) if failing is None else frozenset(failing)
    now = state.clock.now()
    ended = finished or statuses is not None
    if ended:
        kept = {**chain.finished(is_calibration=chosen.is_calibration, failing=fails), **(statuses or {})}
        order = chain.Order(now, now, (), kept, fails, state.behaviour.pace)
    else:
        waits = any(file is not None and file.status == MISSING for file in files.values())
        modules = chain.modules_of(is_calibration=chosen.is_calibration)
        order = chain.Order(None if waits else now, now + delay, modules, {}, fails, state.behaviour.pace)
    moment = database_time(created or state.clock.datetime())
    return Measurements.objects.create(
        id=measurement_id,
        station=chosen.station,
        system=chosen,
        start=database_time(start),
        stop=database_time(stop),
        categories=[name for name in CATEGORIES if name in categories],
        creation_date=moment,
        updated_date=moment,
        calibrated_with_id=calibrated_with,
        order=order.to_json(),
        exit_codes={module: list(code) for module, code in (exit_codes or {}).items()},
        # The API's lag is for measurements that have just come.
        arrived=0.0 if ended else now,
        **files,
    )


def _check_new(measurement_id: str, start: datetime, stop: datetime) -> None:
    if not _ID.fullmatch(measurement_id):
        raise ValueError(f"a measurement ID has 12 to 15 letters and digits; found {measurement_id!r}")
    if Measurements.objects.filter(pk=measurement_id).exists():
        raise ValueError(f"measurement {measurement_id} is already there; delete it first or choose another ID")
    if start.tzinfo is None or stop.tzinfo is None or stop <= start:
        raise ValueError(
            f"measurement {measurement_id} needs a start and a later stop, both with time zone; found "
            f"{start.isoformat()} and {stop.isoformat()}"
        )


def _check_known(measurement_id: str, what: str, names: Collection[str], known: Collection[str]) -> None:
    unknown = set(names) - set(known)
    if unknown:
        raise ValueError(
            f"measurement {measurement_id} names unknown {what} {sorted(unknown)}; there are {', '.join(known)}"
        )


def _system(measurement_id: str, number: int) -> HoiSystems:
    chosen = HoiSystems.objects.filter(pk=number).first()
    if chosen is None:
        known = ", ".join(str(each.id) for each in catalogue.SYSTEMS)
        raise ValueError(f"measurement {measurement_id} names the unknown system {number}; there are {known}")
    return chosen


def _file(
    table: type[SoundingFiles | OverlapFiles | LidarRatioFiles], filename: str | None
) -> SoundingFiles | OverlapFiles | LidarRatioFiles | None:
    if filename is None:
        return None
    return table.objects.get_or_create(filename=filename, defaults={"status": MISSING})[0]


def add_lidar_constants(measurement_id: str) -> int:
    """Add a lidar constant for each channel that sees all the elastic light of a measurement.

    Returns:
        How many were added.

    Raises:
        ValueError: There is no such measurement.
    """
    measurement = Measurements.objects.filter(pk=measurement_id).first()
    if measurement is None:
        raise ValueError(f"lidar constants need a measurement; there is none with ID {measurement_id}")
    rows = []
    for product in Products.objects.filter(system=measurement.system):
        for channel in HoiChannels.objects.filter(id__in=product.channels, scattering_mechanism="elT"):
            if channel.emission_wavelength != product.emission_wavelength:
                continue
            value = _CONSTANTS[int(channel.emission_wavelength)] * (1 + measurement.start.toordinal() % 100 / 1000)
            rows.append(
                LidarConstant(
                    measurement=measurement,
                    station=measurement.station,
                    system=measurement.system,
                    product=product,
                    channel=channel,
                    detection_wavelength=channel.detection_wavelength,
                    lidar_constant=value,
                    lidar_constant_stat_err=value * 0.02,
                    profile_start_time=measurement.start,
                    profile_end_time=measurement.stop,
                    calibr_window_bottom=8000.0,
                    calibr_window_top=8500.0,
                    creation_date=measurement.updated_date,
                    elda_version=_ELDA_VERSION,
                )
            )
    LidarConstant.objects.bulk_create(rows)
    return len(rows)


def add_ancillary(kind: str, filename: str, status: str) -> None:
    """Add an ancillary file, or give one that is there a new status; measurements that waited for it start.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in ANCILLARY:
        raise ValueError(f"kinds of ancillary files are {', '.join(ANCILLARY)}; found {kind!r}")
    moment = database_time(runtime.current().clock.datetime())
    stored, _ = ANCILLARY[kind].objects.update_or_create(
        filename=filename, defaults={"status": status, "submission_date": moment}
    )
    start_complete(stored)


def end_sessions() -> None:
    """Let the server forget who has signed in."""
    Session.objects.all().delete()
