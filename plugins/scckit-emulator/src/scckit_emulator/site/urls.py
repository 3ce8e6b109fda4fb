"""Addresses of the site (scc-interface.md 2)."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import include, path

from scckit_emulator.site.api import api
from scckit_emulator.site.views import accounts, downloads, export, listing, measurement, upload

_MEASUREMENTS = "data_processing/measurements/"

urlpatterns = [
    path("", accounts.home, name="home"),
    path("accounts/login/", accounts.sign_in, name="login"),
    path("accounts/logout/", accounts.sign_out, name="logout"),
    path(_MEASUREMENTS, listing.measurements, name="measurements"),
    path(f"{_MEASUREMENTS}quick/", upload.quick, name="quick"),
    path(f"{_MEASUREMENTS}<str:measurement_id>/", measurement.page, name="measurement"),
    path(f"{_MEASUREMENTS}<str:measurement_id>/rerun-<str:scope>/", measurement.rerun, name="rerun"),
    path(f"{_MEASUREMENTS}<str:measurement_id>/download-<str:what>/", downloads.download, name="download"),
    path("admin/database/hoisystems/export/<int:system_id>", export.system, name="export"),
    path("admin/", admin.site.urls),
    path("grappelli/", include("grappelli.urls")),
    path("api/", include(api.urls)),
    # For people who look at the pages: the files that come with the admin.
    path("static/<path:path>", serve, {"insecure": True}),
]
