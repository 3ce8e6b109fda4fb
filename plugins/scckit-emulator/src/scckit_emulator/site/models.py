"""The tables of the emulated SCC. Class names give the admin its addresses; times are UTC without a zone.

Columns: scc-interface.md 3.3, 4.3, 4.5, 4.6.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.signals import post_delete
from django.dispatch import receiver

from scckit_emulator import chain, runtime
from scckit_emulator.clock import database_time

__all__ = [
    "CATEGORIES",
    "MISSING",
    "AncillaryFile",
    "HoiChannels",
    "HoiStations",
    "HoiSystems",
    "LidarConstant",
    "LidarRatioFiles",
    "LidarVersions",
    "Lidars",
    "Measurements",
    "OverlapFiles",
    "Products",
    "SoundingFiles",
    "start_complete",
]

#: Status of an ancillary file that a measurement refers to and nobody has uploaded (scc-interface.md 4.6).
MISSING = "missing"

#: Category flags in the order of the bits of ``user_defined_category`` (scc-interface.md 4.6, 6.6).
CATEGORIES = (
    "cirrus",
    "climatol",
    "dicycles",
    "etna",
    "forfires",
    "photosmog",
    "rurban",
    "sahadust",
    "stratos",
    "calipso",
)


class HoiStations(models.Model):
    """A station."""

    id: models.CharField[str, str] = models.CharField(primary_key=True, max_length=3)
    name: models.CharField[str, str] = models.CharField(max_length=100)
    country: models.CharField[str, str] = models.CharField(max_length=50)
    latitude: models.FloatField[float, float] = models.FloatField()
    longitude: models.FloatField[float, float] = models.FloatField()
    height_asl: models.FloatField[float, float] = models.FloatField()

    objects: ClassVar[models.Manager[HoiStations]] = models.Manager()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "stations"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.id


class Lidars(models.Model):
    """An instrument."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    name: models.CharField[str, str] = models.CharField(max_length=100)
    station: models.ForeignKey[HoiStations, HoiStations] = models.ForeignKey(HoiStations, on_delete=models.CASCADE)
    station_id: str

    objects: ClassVar[models.Manager[Lidars]] = models.Manager()

    class Meta:
        """Names."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name


class LidarVersions(models.Model):
    """A state of an instrument."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    name: models.CharField[str, str] = models.CharField(max_length=100)
    lidar: models.ForeignKey[Lidars, Lidars] = models.ForeignKey(Lidars, on_delete=models.CASCADE)
    lidar_id: int

    objects: ClassVar[models.Manager[LidarVersions]] = models.Manager()

    class Meta:
        """Names."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name


class HoiSystems(models.Model):
    """A system: one configuration of a lidar (scc-interface.md 5.3)."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    name: models.CharField[str, str] = models.CharField(max_length=100)
    configuration: models.CharField[str, str] = models.CharField(max_length=100)
    station: models.ForeignKey[HoiStations, HoiStations] = models.ForeignKey(HoiStations, on_delete=models.CASCADE)
    station_id: str
    lidar_version: models.ForeignKey[LidarVersions, LidarVersions] = models.ForeignKey(
        LidarVersions, on_delete=models.CASCADE
    )
    lidar_version_id: int
    is_calibration: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    pointing_angle: models.FloatField[float, float] = models.FloatField(default=5.0)

    objects: ClassVar[models.Manager[HoiSystems]] = models.Manager()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "HOI systems"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.id} {self.station_id} {self.name} {self.configuration}"


class HoiChannels(models.Model):
    """A channel of a system (scc-interface.md 4.5, 5.1)."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    string_id: models.CharField[str, str] = models.CharField(max_length=20, unique=True)
    system: models.ForeignKey[HoiSystems, HoiSystems] = models.ForeignKey(HoiSystems, on_delete=models.CASCADE)
    system_id: int
    emission_wavelength: models.FloatField[float, float] = models.FloatField()
    detection_wavelength: models.FloatField[float, float] = models.FloatField()
    scattering_mechanism: models.CharField[str, str] = models.CharField(max_length=10)
    detection_mode: models.CharField[str, str] = models.CharField(max_length=2)
    raw_range_resolution: models.FloatField[float, float] = models.FloatField(default=7.5)
    dead_time: models.FloatField[float, float] = models.FloatField(default=0.0)
    trigger_delay: models.FloatField[float, float] = models.FloatField(default=0.0)
    first_signal_rangebin: models.IntegerField[int, int] = models.IntegerField(default=0)

    objects: ClassVar[models.Manager[HoiChannels]] = models.Manager()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "HOI channels"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.string_id


class Products(models.Model):
    """A product that a system is set up for (scc-interface.md 6.3)."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    system: models.ForeignKey[HoiSystems, HoiSystems] = models.ForeignKey(HoiSystems, on_delete=models.CASCADE)
    system_id: int
    product_type: models.IntegerField[int, int] = models.IntegerField()
    emission_wavelength: models.IntegerField[int, int] = models.IntegerField()
    channels = models.JSONField(default=list)

    objects: ClassVar[models.Manager[Products]] = models.Manager()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "products"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.id:07d}"


class AncillaryFile(models.Model):
    """What the three kinds of ancillary files have in common; files are matched by name only (4.6)."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    filename: models.CharField[str, str] = models.CharField(max_length=100, unique=True)
    status: models.CharField[str, str] = models.CharField(max_length=20, default="ok")
    submission_date: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        """No table of its own."""

        abstract = True
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.filename


class SoundingFiles(AncillaryFile):
    """A sounding."""

    objects: ClassVar[models.Manager[SoundingFiles]] = models.Manager()


class OverlapFiles(AncillaryFile):
    """An overlap function."""

    objects: ClassVar[models.Manager[OverlapFiles]] = models.Manager()


class LidarRatioFiles(AncillaryFile):
    """A profile of lidar ratios."""

    objects: ClassVar[models.Manager[LidarRatioFiles]] = models.Manager()


class Measurements(models.Model):
    """A measurement. Its statuses are no columns: they follow from `order` and the clock."""

    id: models.CharField[str, str] = models.CharField(primary_key=True, max_length=15)
    station: models.ForeignKey[HoiStations, HoiStations] = models.ForeignKey(HoiStations, on_delete=models.CASCADE)
    station_id: str
    system: models.ForeignKey[HoiSystems, HoiSystems] = models.ForeignKey(HoiSystems, on_delete=models.CASCADE)
    system_id: int
    start: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    stop: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    comment: models.CharField[str, str] = models.CharField(max_length=100, blank=True)
    categories = models.JSONField(default=list)
    creation_date: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    updated_date: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    sounding_file: models.ForeignKey[SoundingFiles | None, SoundingFiles | None] = models.ForeignKey(
        SoundingFiles, null=True, on_delete=models.PROTECT
    )
    overlap_file: models.ForeignKey[OverlapFiles | None, OverlapFiles | None] = models.ForeignKey(
        OverlapFiles, null=True, on_delete=models.PROTECT
    )
    lidar_ratio_file: models.ForeignKey[LidarRatioFiles | None, LidarRatioFiles | None] = models.ForeignKey(
        LidarRatioFiles, null=True, on_delete=models.PROTECT
    )
    calibrated_with: models.ForeignKey[Measurements | None, Measurements | None] = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL
    )
    latitude: models.FloatField[float | None, float | None] = models.FloatField(null=True)
    longitude: models.FloatField[float | None, float | None] = models.FloatField(null=True)
    height_asl: models.FloatField[float | None, float | None] = models.FloatField(null=True)
    upload: models.IntegerField[int, int] = models.IntegerField(default=chain.DONE)
    order = models.JSONField()
    exit_codes = models.JSONField(default=dict)
    run: models.IntegerField[int, int] = models.IntegerField(default=0)
    # When it came, seconds on the emulator's clock: the API may learn of it later.
    arrived: models.FloatField[float, float] = models.FloatField()

    objects: ClassVar[models.Manager[Measurements]] = models.Manager()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "measurements"
        ordering: ClassVar = ["-start", "id"]

    def __str__(self) -> str:
        return self.id

    @property
    def is_calibration(self) -> bool:
        """Whether it is a depolarization calibration."""
        return self.system.is_calibration

    def progress(self) -> chain.Progress:
        """How far it has come now."""
        return chain.progress(chain.Order.from_json(self.order), runtime.current().clock.now())

    def exit_code(self, module: str, status: int) -> tuple[int, str] | None:
        """Exit code and text of a module with a status; None where it has not ended."""
        code = chain.exit_code(module, status)
        given = self.exit_codes.get(module)
        return code if code is None or given is None else (given[0], given[1])

    def missing_files(self) -> list[AncillaryFile]:
        """Ancillary files that it waits for."""
        files: list[AncillaryFile | None] = [self.sounding_file, self.overlap_file, self.lidar_ratio_file]
        return [each for each in files if each is not None and each.status == MISSING]

    def restart(self, scope: chain.Scope) -> None:
        """Run modules again (scc-interface.md 2.3)."""
        state = runtime.current()
        now = state.clock.now()
        order = chain.restarted(
            chain.Order.from_json(self.order),
            scope,
            now=now,
            is_calibration=self.is_calibration,
            failing=state.behaviour.failing(self.id, self.system_id),
            pace=state.behaviour.pace,
        )
        self.order = order.to_json()
        self.exit_codes = {name: code for name, code in self.exit_codes.items() if name not in order.modules}
        self.run += 1
        self.updated_date = _now()
        self.save()

    def start_if_complete(self) -> None:
        """Let the chain begin where it waited for ancillary files and the last one has come (4.6)."""
        order = chain.Order.from_json(self.order)
        if order.since is None and not self.missing_files():
            state = runtime.current()
            self.order = {**self.order, "since": state.clock.now()}
            self.updated_date = _now()
            self.save()


class LidarConstant(models.Model):
    """A lidar constant (scc-interface.md 3.3)."""

    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    measurement: models.ForeignKey[Measurements, Measurements] = models.ForeignKey(
        Measurements, on_delete=models.CASCADE
    )
    measurement_id: str
    station: models.ForeignKey[HoiStations, HoiStations] = models.ForeignKey(HoiStations, on_delete=models.CASCADE)
    system: models.ForeignKey[HoiSystems, HoiSystems] = models.ForeignKey(HoiSystems, on_delete=models.CASCADE)
    system_id: int
    product: models.ForeignKey[Products, Products] = models.ForeignKey(Products, on_delete=models.CASCADE)
    product_id: int
    channel: models.ForeignKey[HoiChannels, HoiChannels] = models.ForeignKey(HoiChannels, on_delete=models.CASCADE)
    channel_id: int
    detection_wavelength: models.FloatField[float, float] = models.FloatField()
    lidar_constant: models.FloatField[float, float] = models.FloatField()
    lidar_constant_stat_err: models.FloatField[float, float] = models.FloatField()
    profile_start_time: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    profile_end_time: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    calibr_window_bottom: models.FloatField[float, float] = models.FloatField()
    calibr_window_top: models.FloatField[float, float] = models.FloatField()
    creation_date: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    elda_version: models.CharField[str, str] = models.CharField(max_length=20)

    objects: ClassVar[models.Manager[LidarConstant]] = models.Manager()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "lidar constants"
        ordering: ClassVar = ["-profile_start_time", "id"]

    def __str__(self) -> str:
        return f"{self.measurement_id} {self.detection_wavelength:g}"


def start_complete(file: AncillaryFile) -> None:
    """Let every measurement begin that waited for this file and for no other."""
    for measurement in Measurements.objects.filter(**{_COLUMNS[type(file)]: file}):
        measurement.start_if_complete()


_COLUMNS: dict[type[AncillaryFile], str] = {
    SoundingFiles: "sounding_file",
    OverlapFiles: "overlap_file",
    LidarRatioFiles: "lidar_ratio_file",
}


def _now() -> datetime:
    return database_time(runtime.current().clock.datetime())


@receiver(post_delete, sender=Measurements)
def forget_files(instance: Measurements, **_: object) -> None:
    """Remove a deleted measurement's files, so that a new one of the same ID does not find them."""
    state = runtime.current()
    shutil.rmtree(state.raw / instance.id, ignore_errors=True)
    shutil.rmtree(state.products / instance.id, ignore_errors=True)
