"""The "Station admin": real change lists with the cells of the SCC (scc-interface.md 2.5, 3). Markup is Grappelli's."""

# ruff: noqa: ARG002 - the admin hands over what not every answer depends on

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scckit_emulator import chain, runtime
from scckit_emulator.behaviour import Cells
from scckit_emulator.site.generation import GenerationChangeList
from scckit_emulator.site.models import LidarConstant, Measurements

if TYPE_CHECKING:
    _MeasurementsBase = admin.ModelAdmin[Measurements]
    _LidarConstantBase = admin.ModelAdmin[LidarConstant]
else:
    _MeasurementsBase = _LidarConstantBase = admin.ModelAdmin

__all__ = ["LidarConstantAdmin", "MeasurementsAdmin"]

_ICONS = {
    chain.DONE: ("icon-yes.svg", "OK"),
    chain.FAILED: ("icon-no.svg", "Error"),
}
# A module that runs has not been executed yet: the cells know three states (scc-interface.md 3.2).
_NOT_EXECUTED = ("icon-unknown.svg", "Not Executed")

_STEPS = ("upload", *chain.MODULES)


def _status(measurement: Measurements, step: str) -> int:
    return measurement.upload if step == "upload" else measurement.progress().statuses[step]


def _icon_cell(step: str) -> Callable[[Measurements], SafeString]:
    def cell(measurement: Measurements) -> SafeString:
        file, text = _ICONS.get(_status(measurement, step), _NOT_EXECUTED)
        return format_html('<img src="{}" alt="{}">', static(f"admin/img/{file}"), text)

    # The name of the function becomes the class of the cell.
    cell.__name__ = f"{step}_ok_evo"
    return admin.display(description=f"{step} ok")(cell)


def _boolean_cell(step: str) -> Callable[[Measurements], bool]:
    def cell(measurement: Measurements) -> bool:
        return _status(measurement, step) == chain.DONE

    cell.__name__ = f"{step}_ok"
    return admin.display(description=f"{step} ok", boolean=True)(cell)


@admin.display(description="is being processed", boolean=True)
def is_being_processed(measurement: Measurements) -> bool:
    """Cell of the flag."""
    return measurement.progress().is_being_processed


_CELLS: dict[Cells, Sequence[Callable[[Measurements], str | bool]]] = {
    "_ok_evo": [_icon_cell(step) for step in _STEPS],
    "_ok": [_boolean_cell(step) for step in _STEPS],
}


@admin.register(Measurements)
class MeasurementsAdmin(_MeasurementsBase):
    """Measurements."""

    list_display_links = ("station_id",)
    list_select_related = ("system",)
    fields = ("id", "station", "system", "start", "stop", "comment")
    readonly_fields = ("id", "station", "system", "start", "stop")
    actions = ("rerun_all",)
    delete_confirmation_template = "admin/database/measurements/delete_confirmation.html"

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Measurements], str | bool]]:
        """Columns (scc-interface.md 3.2)."""
        return [
            "id",
            "station_id",
            "start",
            "stop",
            "creation_date",
            "updated_date",
            *_CELLS[runtime.current().behaviour.cells],
            is_being_processed,
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[GenerationChangeList]:
        """Pages counted as the generation does."""
        return GenerationChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Measurements come by upload only."""
        return False

    @admin.action(description="Rerun all")
    def rerun_all(self, request: HttpRequest, queryset: QuerySet[Measurements]) -> None:
        """Restart the whole chain (scc-interface.md 2.5)."""
        for measurement in queryset:
            measurement.restart("all")
        self.message_user(request, "The processing chain was restarted", messages.SUCCESS)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """The page that asks, and the deletion itself."""
        unknown = not Measurements.objects.filter(pk=object_id).exists()
        if unknown and runtime.current().behaviour.delete_unknown == "404":
            raise Http404(f"no measurement {object_id}")
        return super().delete_view(request, object_id, extra_context)

    def delete_model(self, request: HttpRequest, obj: Measurements) -> None:
        """Delete a measurement, and on request those that are calibrated with it (scc-interface.md 2.5)."""
        if request.POST.get("select_delete_related_measurements") == "delete_related":
            for each in Measurements.objects.filter(calibrated_with=obj):
                each.delete()
        super().delete_model(request, obj)


@admin.register(LidarConstant)
class LidarConstantAdmin(_LidarConstantBase):
    """Lidar constants (scc-interface.md 3.3)."""

    list_display = (
        "measurement_id_display",
        "channel_id_display",
        "system_id_display",
        "product_id_display",
        "detection_wavelength",
        "lidar_constant",
        "lidar_constant_stat_err",
        "profile_start_time",
        "profile_end_time",
        "calibr_window_bottom",
        "calibr_window_top",
        "creation_date",
        "elda_version",
    )
    # The measurement's cell is a plain one for the clients, so that no column is a link.
    list_display_links = None

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[GenerationChangeList]:
        """Pages counted as the generation does."""
        return GenerationChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Constants come from the calibrator only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: LidarConstant | None = None) -> bool:
        """Nobody changes a constant by hand."""
        return False

    @admin.display(description="measurement ID")
    def measurement_id_display(self, constant: LidarConstant) -> str:
        """Cell of the measurement."""
        return str(constant.measurement_id)

    @admin.display(description="channel ID")
    def channel_id_display(self, constant: LidarConstant) -> str:
        """Cell of the channel."""
        return str(constant.channel_id)

    @admin.display(description="system ID")
    def system_id_display(self, constant: LidarConstant) -> str:
        """Cell of the system."""
        return str(constant.system_id)

    @admin.display(description="product ID")
    def product_id_display(self, constant: LidarConstant) -> str:
        """Cell of the product."""
        return str(constant.product_id)
