"""The upload form (scc-interface.md 2.2, 4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from scckit_emulator.site.models import CATEGORIES, HoiSystems

if TYPE_CHECKING:
    _SystemField = forms.ModelChoiceField[HoiSystems]
else:
    _SystemField = forms.ModelChoiceField

__all__ = ["QuickUploadForm"]

_LONGEST_DELAY = 96  # hours


class QuickUploadForm(forms.Form):
    """System, delay, files and categories. That ``data`` is there is checked by the view, which answers in its way."""

    system = _SystemField(
        queryset=HoiSystems.objects.all(),
        error_messages={
            "required": "Please choose a system.",
            "invalid_choice": "There is no such system, or you may not use it.",
        },
    )
    delay = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=_LONGEST_DELAY,
        initial=0,
        error_messages={
            "invalid": "Delay must be a whole number of hours.",
            "min_value": "Delay must be from 0 to 96 hours.",
            "max_value": "Delay must be from 0 to 96 hours.",
        },
    )
    data = forms.FileField(  # type: ignore[assignment] # the server's name of the field; Django moves fields away
        required=False, allow_empty_file=True
    )
    sounding_file = forms.FileField(required=False, allow_empty_file=True)
    overlap_file = forms.FileField(required=False, allow_empty_file=True)
    lidar_ratio_file = forms.FileField(required=False, allow_empty_file=True)
    calipso = forms.BooleanField(required=False)
    cirrus = forms.BooleanField(required=False)
    climatol = forms.BooleanField(required=False)
    dicycles = forms.BooleanField(required=False)
    etna = forms.BooleanField(required=False)
    forfires = forms.BooleanField(required=False)
    photosmog = forms.BooleanField(required=False)
    rurban = forms.BooleanField(required=False)
    sahadust = forms.BooleanField(required=False)
    stratos = forms.BooleanField(required=False)

    def category_fields(self) -> list[forms.BoundField]:
        """The check boxes of the categories."""
        return [self[name] for name in CATEGORIES]

    def chosen_categories(self) -> list[str]:
        """Names of the boxes that are checked."""
        return [name for name in CATEGORIES if self.cleaned_data.get(name)]
