"""The JSON API on Tastypie: envelopes, pages and filters are the library's (scc-interface.md 4). Read-only.

Who has not signed in does not come so far: that is the middleware's matter, so that one rule holds for all.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from tastypie import fields
from tastypie.api import Api
from tastypie.bundle import Bundle
from tastypie.constants import ALL
from tastypie.paginator import Paginator
from tastypie.resources import ModelResource

from scckit_emulator import chain, runtime
from scckit_emulator.site.models import (
    HoiChannels,
    HoiStations,
    HoiSystems,
    LidarRatioFiles,
    Lidars,
    LidarVersions,
    Measurements,
    OverlapFiles,
    Products,
    SoundingFiles,
)

__all__ = ["api"]

_READ_ONLY = ["get"]
#: The newer three flags, as in `chain.Progress` (scc-interface.md 4.3).
_FLAGS = ("is_being_processed", "is_queued", "is_delayed")


class _Paginator(Paginator):  # type: ignore[misc] # the library ships no types
    """Pages as long as the behaviour says where a request does not say it."""

    def get_limit(self) -> int:
        if "limit" not in self.request_data:
            return runtime.current().behaviour.api_page_size
        limit: int = super().get_limit()
        return limit


class StationResource(ModelResource):  # type: ignore[misc] # as above
    """Stations."""

    class Meta:
        """What Tastypie serves."""

        queryset = HoiStations.objects.all()
        resource_name = "stations"
        allowed_methods = _READ_ONLY
        paginator_class = _Paginator
        filtering: ClassVar = {"id": ALL}
        excludes: ClassVar = ["country"]


class LidarResource(ModelResource):  # type: ignore[misc] # as above
    """Instruments."""

    station = fields.ForeignKey(StationResource, "station")

    class Meta:
        """What Tastypie serves."""

        queryset = Lidars.objects.all()
        resource_name = "lidars"
        allowed_methods = _READ_ONLY
        paginator_class = _Paginator


class LidarVersionResource(ModelResource):  # type: ignore[misc] # as above
    """States of instruments."""

    lidar = fields.ForeignKey(LidarResource, "lidar")

    class Meta:
        """What Tastypie serves."""

        queryset = LidarVersions.objects.all()
        resource_name = "lidar_versions"
        allowed_methods = _READ_ONLY
        paginator_class = _Paginator


class ConfigurationResource(ModelResource):  # type: ignore[misc] # as above
    """Systems with all their channels and products, nested (4.5)."""

    station = fields.ForeignKey(StationResource, "station")
    lidar_version = fields.ForeignKey(LidarVersionResource, "lidar_version")

    class Meta:
        """What Tastypie serves."""

        queryset = HoiSystems.objects.all()
        resource_name = "lidar_configurations"
        allowed_methods = _READ_ONLY
        paginator_class = _Paginator
        filtering: ClassVar = {"id": ALL}
        excludes: ClassVar = ["is_calibration", "pointing_angle"]

    def dehydrate(self, bundle: Bundle) -> Bundle:
        """Add channels and products."""
        bundle.data["channels"] = [_channel(each) for each in HoiChannels.objects.filter(system=bundle.obj)]
        bundle.data["products"] = [_product(each) for each in Products.objects.filter(system=bundle.obj)]
        return bundle


def _channel(channel: HoiChannels) -> dict[str, Any]:
    return {
        "id": channel.id,
        "emission_wavelength": channel.emission_wavelength,
        "interference_filter_center": channel.detection_wavelength,
        "interference_filter_fwhm": 1.0,
        "raw_range_resolution": channel.raw_range_resolution,
        "dead_time": channel.dead_time,
        "trigger_delay": channel.trigger_delay,
        "first_signal_rangebin": channel.first_signal_rangebin,
        "detection_mode": {"id": channel.detection_mode},
        "laser": {"repetition_rate": 20.0},
        "telescope": {"id": channel.system_id, "full_overlap_height_m": 400.0, "field_of_view": 1.0},
        "background_mode": {"id": "far"},
        "scattering_mechanism": {"id": channel.scattering_mechanism},
        "polarization_crosstalk_parameter": [{"g": 1.0, "h": _crosstalk_h(channel)}],
    }


def _crosstalk_h(channel: HoiChannels) -> float:
    """H of a channel: cross-polarized light only is -1, all of it 0."""
    return -1.0 if channel.scattering_mechanism == "elCP" else 0.0


def _product(product: Products) -> dict[str, Any]:
    return {
        "id": product.id,
        "product_type": product.product_type,
        "emission_wavelength": product.emission_wavelength,
        "polarization_calibration_correction_factor": [{"correction": 1.0}],
    }


class MeasurementResource(ModelResource):  # type: ignore[misc] # as above
    """Measurements (4.3)."""

    system = fields.ForeignKey(ConfigurationResource, "system")

    class Meta:
        """What Tastypie serves."""

        queryset = Measurements.objects.select_related("system")
        resource_name = "measurements"
        allowed_methods = _READ_ONLY
        paginator_class = _Paginator
        fields: ClassVar = ["id", "start", "stop", "upload"]
        filtering: ClassVar = {"id": ALL, "start": ALL, "stop": ALL, "system": ALL}
        ordering: ClassVar = ["id", "start", "stop"]

    def get_object_list(self, request: HttpRequest) -> QuerySet[Measurements]:
        """Leave out measurements that are too new for the API to know (2.2)."""
        state = runtime.current()
        known: QuerySet[Measurements] = super().get_object_list(request)
        if not state.behaviour.api_lag:
            return known
        return known.filter(arrived__lte=state.clock.now() - state.behaviour.api_lag)

    def dehydrate(self, bundle: Bundle) -> Bundle:
        """Add what follows from the clock."""
        measurement: Measurements = bundle.obj
        behaviour = runtime.current().behaviour
        progress = measurement.progress()
        data = bundle.data
        for module in chain.MODULES:
            status = progress.statuses[module]
            code = measurement.exit_code(module, status)
            data[module] = status
            data[f"{module}_exit_code"] = None if code is None else {"exit_code": code[0], "description": code[1]}
        data["is_calibration"] = measurement.is_calibration
        if behaviour.is_legacy:
            # The older flag had to cover the queue as well.
            data["is_running"] = progress.is_being_processed or progress.is_queued
        if behaviour.legacy_flags or not behaviour.is_legacy:
            data |= {name: getattr(progress, name) for name in _FLAGS}
        if behaviour.system_as == "id":
            data["system"] = measurement.system_id
        return bundle


class _AncillaryResource(ModelResource):  # type: ignore[misc] # as above
    """What the three kinds have in common (4.6)."""

    class Meta:
        """What Tastypie serves."""

        abstract = True
        allowed_methods = _READ_ONLY
        paginator_class = _Paginator
        filtering: ClassVar = {"filename": ALL, "status": ALL}


class SoundingResource(_AncillaryResource):
    """Soundings."""

    class Meta(_AncillaryResource.Meta):
        """What Tastypie serves."""

        abstract = False
        queryset = SoundingFiles.objects.all()
        resource_name = "sounding_files"


class OverlapResource(_AncillaryResource):
    """Overlap functions."""

    class Meta(_AncillaryResource.Meta):
        """What Tastypie serves."""

        abstract = False
        queryset = OverlapFiles.objects.all()
        resource_name = "overlap_files"


class LidarRatioResource(_AncillaryResource):
    """Lidar ratio profiles."""

    class Meta(_AncillaryResource.Meta):
        """What Tastypie serves."""

        abstract = False
        queryset = LidarRatioFiles.objects.all()
        resource_name = "lidarratio_files"


api = Api(api_name="v1")
for _resource in (
    ConfigurationResource,
    LidarRatioResource,
    LidarResource,
    LidarVersionResource,
    MeasurementResource,
    OverlapResource,
    SoundingResource,
    StationResource,
):
    api.register(_resource())
