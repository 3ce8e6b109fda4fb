"""Pictures of a measurement as PNG files: ELQuick quicklooks and ELDA plots (scc-interface.md 6.13). No plot library."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scckit_emulator.synthetic.atmosphere import Aerosol
from scckit_emulator.synthetic.scene import Scene, product_file_name

__all__ = ["encode_png", "write_plot", "write_quicklook"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TOP = 10_000.0  # m
_HEIGHT, _WIDTH = 160, 240
_INK = (180, 30, 30)


def encode_png(pixels: NDArray[np.uint8], *, text: str) -> bytes:
    """Encode pixels as a PNG image.

    Args:
        pixels: Rows from the top, columns, three colours.
        text: Remark kept in the image.
    """
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    # Each row begins with its filter, 0 for none.
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"tEXt", b"Comment\x00" + text.encode("latin-1")),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_quicklook(folder: Path, scene: Scene, *, wavelength: int) -> Path:
    """Write a quicklook: attenuated backscatter against time and height, at a wavelength in nm."""
    height = np.linspace(_TOP, 60.0, _HEIGHT)
    rising = height[::-1]
    signal = Aerosol.of(scene.measurement_id).signal(rising, scene.altitude, wavelength, wavelength)[::-1]
    level = np.log10(signal / signal.max())
    shade = np.clip(1 + level / 2.5, 0, 1)[:, None] * np.ones((1, _WIDTH))
    colours = np.stack([255 * shade**2, 255 * np.sin(np.pi * shade), 255 * (1 - shade)], axis=-1)
    path = folder / product_file_name(scene, "elquick", wavelength=wavelength, suffix=".png")
    path.write_bytes(_picture(scene, colours.astype(np.uint8)))
    return path


def write_plot(folder: Path, scene: Scene, *, product_id: int, product_type: int, wavelength: int) -> Path:
    """Write the plot of an optical product: backscatter against height, at a wavelength in nm."""
    height = np.linspace(_TOP, 60.0, _HEIGHT)
    profile = Aerosol.of(scene.measurement_id).backscatter(height, wavelength)
    pixels = np.full((_HEIGHT, _WIDTH, 3), 255, dtype=np.uint8)
    pixels[:, 0] = pixels[-1, :] = 0
    columns = (profile / profile.max() * (_WIDTH - 4)).astype(int) + 1
    for row, column in enumerate(columns):
        pixels[row, column : column + 2] = _INK
    name = product_file_name(
        scene, "elda", product_type=product_type, wavelength=wavelength, product_id=product_id, suffix=".png"
    )
    path = folder / name
    path.write_bytes(_picture(scene, pixels))
    return path


def _picture(scene: Scene, pixels: NDArray[np.uint8]) -> bytes:
    return encode_png(pixels, text=f"{scene.measurement_id}, synthetic, made by scckit-emulator")
