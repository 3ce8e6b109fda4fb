"""Addresses of the SCC under their published names. Set ``constants.BASE_URL`` before a session begins: the others follow."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Final

#: What stands behind the base URL, by the published name; ``{0}`` is an ID or a name.
_PATHS: Final = {
    "login_url": "accounts/login/",
    "logout_url": "accounts/logout/",
    "list_measurements_url": "admin/database/measurements/",
    "upload_url": "data_processing/measurements/quick/",
    "delete_measurement_pattern": "admin/database/measurements/{0}/delete/",
    "rerun_measurement_url": "admin/database/measurements/",
    "lidar_constants_url": "admin/database/lidarconstant/",
    "download_hirelpp_pattern": "data_processing/measurements/{0}/download-hirelpp/",
    "download_cloudmask_pattern": "data_processing/measurements/{0}/download-cloudmask/",
    "download_preprocessed_pattern": "data_processing/measurements/{0}/download-preprocessed/",
    "download_optical_pattern": "data_processing/measurements/{0}/download-optical/",
    "download_graph_pattern": "data_processing/measurements/{0}/download-plots/",
    "download_elic_pattern": "data_processing/measurements/{0}/download-elic/",
    "api_base_url": "api/v1/",
    "api_measurement_pattern": "api/v1/measurements/{0}/",
    "api_measurements_url": "api/v1/measurements",
    "api_sounding_search_pattern": "api/v1/sounding_files/?filename={0}",
    "api_lidarratio_search_pattern": "api/v1/lidarratio_files/?filename={0}",
    "api_overlap_search_pattern": "api/v1/overlap_files/?filename={0}",
}

BASE_URL: str
login_url: str
logout_url: str
list_measurements_url: str
upload_url: str
delete_measurement_pattern: str
rerun_measurement_url: str
lidar_constants_url: str
download_hirelpp_pattern: str
download_cloudmask_pattern: str
download_preprocessed_pattern: str
download_optical_pattern: str
download_graph_pattern: str
download_elic_pattern: str
api_base_url: str
api_measurement_pattern: str
api_measurements_url: str
api_sounding_search_pattern: str
api_lidarratio_search_pattern: str
api_overlap_search_pattern: str


class _Addresses(ModuleType):
    """A module whose addresses follow its base URL, as those of the published one do not once it is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "BASE_URL":
            value = f"{value}".rstrip("/") + "/"
            for other, path in _PATHS.items():
                super().__setattr__(other, value + path)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Addresses
sys.modules[__name__].BASE_URL = "https://scc.imaa.cnr.it/"  # type: ignore[attr-defined]
