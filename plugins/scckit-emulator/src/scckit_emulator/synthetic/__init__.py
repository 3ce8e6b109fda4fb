"""Synthetic files of the SCC: what a station uploads and what the modules leave. Needs numpy and h5py, not Django.

Every file says that it is synthetic, is the same each time for the same measurement ID, and names no person.
"""

from __future__ import annotations

from scckit_emulator.synthetic.elda import ELDA_TYPES, write_elda
from scckit_emulator.synthetic.images import encode_png, write_plot, write_quicklook
from scckit_emulator.synthetic.preprocessed import (
    HIGH_RESOLUTION,
    write_cloudscreen,
    write_eldec,
    write_elic,
    write_elpp,
    write_hirelpp,
)
from scckit_emulator.synthetic.raw import DEFAULT_CHANNELS, RawChannel, write_raw, write_sounding
from scckit_emulator.synthetic.scene import SCC_VERSION, Scene, product_file_name
from scckit_emulator.synthetic.signals import SignalChannel

__all__ = [
    "DEFAULT_CHANNELS",
    "ELDA_TYPES",
    "HIGH_RESOLUTION",
    "SCC_VERSION",
    "RawChannel",
    "Scene",
    "SignalChannel",
    "encode_png",
    "product_file_name",
    "write_cloudscreen",
    "write_elda",
    "write_eldec",
    "write_elic",
    "write_elpp",
    "write_hirelpp",
    "write_plot",
    "write_quicklook",
    "write_raw",
    "write_sounding",
]
