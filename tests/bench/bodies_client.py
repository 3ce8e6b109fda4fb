"""The process that moves large bodies. Arguments: what to do, the base URL, an empty folder, the file to upload.

What to do: ``idle`` (sign in only), ``download``, ``unpack`` or ``upload`` once, to see the memory that it needs; or
``rates``, to time each of them in turn with the same done by hand; or ``line``, to time downloads alone from a server
that gives no more than a line does.
"""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3

import scckit
from scckit.plugins import TransportSettings
from scckit.session.messages import get
from scckit.site import routes
from scckit_urllib3.transport import Urllib3Transport

from . import stand_in
from .figures import alternate
from .processes import give, peak_memory

__all__: list[str] = []

#: What is timed, and how often.
_TIMED: Final[Mapping[str, int]] = {"rates": 13, "line": 5}
#: As the transport takes them, so that only what is around the loop differs.
_CHUNK: Final = 256 * 1024
_TARGET: Final = f"data_processing/measurements/{stand_in.ID}/download-optical/"


class _ByHand:
    """The same with urllib3 alone, as one would write it for oneself."""

    def __init__(self, base_url: str, folder: Path) -> None:
        parts = urlsplit(base_url)
        self._pool = urllib3.HTTPConnectionPool(parts.hostname or "", parts.port)
        self._archive = folder / "by-hand.zip"

    def loop(self) -> None:
        """Read the body and write it to a file, nothing else."""
        self._download(lambda _: None)

    def forced(self) -> None:
        """The same, and the bytes are on the disk in the end."""
        self._download(lambda _: None)
        self._force()

    def extracted(self) -> None:
        """The same, and the files are taken out of the archive."""
        self._download(lambda _: None)
        with zipfile.ZipFile(self._archive) as archive:
            archive.extractall(self._archive.parent)

    def checked(self) -> None:
        """Give what scckit gives: the bytes on the disk, their checksum, and an archive that was read to its end."""
        digest = hashlib.sha256()
        self._download(digest.update)
        self._force()
        with zipfile.ZipFile(self._archive) as archive:
            archive.testzip()

    def upload(self, path: Path) -> None:
        """Send a file as the body of a request."""
        with path.open("rb") as file:
            length = {"Content-Length": str(path.stat().st_size)}
            self._pool.request("POST", f"/{routes.UPLOAD}", body=file, headers=length, redirect=False)

    def _force(self) -> None:
        with self._archive.open("rb") as file:
            os.fsync(file.fileno())

    def _download(self, also: Callable[[bytes], object]) -> None:
        response = self._pool.request("GET", f"/{_TARGET}", preload_content=False)
        with self._archive.open("wb") as file:
            for chunk in response.stream(_CHUNK):
                file.write(chunk)
                also(chunk)
        response.release_conn()


def _transport_loop(base_url: str, folder: Path) -> Callable[[], None]:
    """Return the bare loop over scckit's transport, to tell what the transport costs from what is done with the bytes."""
    transport = Urllib3Transport(TransportSettings(base_url))

    def loop() -> None:
        exchange = transport.open(get(f"{base_url}{_TARGET}"))
        with (folder / "transport.zip").open("wb") as file:
            for chunk in exchange.chunks():
                file.write(chunk)
        exchange.close()

    return loop


def _contestants(
    what: str, scc: scckit.Client, verbs: Mapping[str, Callable[[], object]], folder: Path, raw: Path
) -> dict[str, Callable[[], object]]:
    by_hand = _ByHand(scc.base_url, folder)
    if what == "line":
        return {
            "download": verbs["download"],
            "unpack": verbs["unpack"],
            "loop": by_hand.loop,
            "extracted": by_hand.extracted,
        }
    return {
        **verbs,
        "transport": _transport_loop(scc.base_url, folder),
        "loop": by_hand.loop,
        "forced": by_hand.forced,
        "checked": by_hand.checked,
        "extracted": by_hand.extracted,
        "sent": lambda: by_hand.upload(raw),
    }


def _prepare(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    gc.collect()


def _main(what: str, base_url: str, folder: Path, raw: Path) -> None:
    with scckit.connect(base_url, credentials=stand_in.CREDENTIALS) as scc:
        verbs: Mapping[str, Callable[[], object]] = {
            "download": lambda: scc.products.download(
                stand_in.ID, "elda", into=folder, unpack=False, existing="replace"
            ),
            "unpack": lambda: scc.products.download(stand_in.ID, "elda", into=folder, existing="replace"),
            "upload": lambda: scc.measurements.upload(raw, system=437, check=False),
        }
        scc.sign_in()
        if what in _TIMED:
            give(alternate(_TIMED[what], _contestants(what, scc, verbs, folder, raw), lambda: _prepare(folder)))
        else:
            if what != "idle":
                verbs[what]()
            give({"peak": [peak_memory()]})


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
