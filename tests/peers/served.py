"""An emulator as a process of its own, a look at it that needs no client, and checks of what clients have downloaded.

Nothing here may import a peer: what a peer did is judged by the standard library and by readers of zip and netCDF.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

import h5netcdf

#: Of the raw file that tests upload where nothing else is said.
ID = "20210307aky0930"
START = datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
STOP = datetime(2021, 3, 7, 11, tzinfo=UTC)
MODULES = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
DONE, FAILED, RUNNING, NOT_RUN = 127, -127, 1, 0
#: So many that the admin's lists have three pages of 100 (scc-interface.md 3.1), all of them in one year.
SEEDED = 250
YEAR = (datetime(2022, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC))
#: Real seconds after which a measurement that has not come so far never will.
_PATIENCE = 60.0

Found = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """Where the emulator is, who may enter, and what is in it: seen through a session that is no client's."""

    base_url: str
    http_user: str
    http_password: str
    username: str
    password: str

    @property
    def basic(self) -> tuple[str, str]:
        """The HTTP pair."""
        return self.http_user, self.http_password

    @property
    def account(self) -> tuple[str, str]:
        """The personal pair."""
        return self.username, self.password

    def get(self, path: str, **query: object) -> str:
        """A page of the site."""
        address = self.base_url + path + (f"?{urlencode(query)}" if query else "")
        with self._session.open(address) as answer:
            text: str = answer.read().decode()
        return text

    def measurement(self, measurement_id: str) -> Found | None:
        """What the API says of a measurement; None where there is none."""
        try:
            found: Found = json.loads(self.get(f"api/v1/measurements/{measurement_id}/"))
        except HTTPError as error:
            with error:
                if error.code != HTTPStatus.NOT_FOUND:
                    raise
            return None
        return found

    def measurements(self, **filters: object) -> dict[str, Found]:
        """All measurements of the API that fit, by ID, on one page."""
        found = json.loads(self.get("api/v1/measurements/", limit=0, **filters))
        assert len(found["objects"]) == found["meta"]["total_count"]
        return {each["id"]: each for each in found["objects"]}

    def seeded(self, **statuses: int) -> str:
        """The ID of one of the first measurements that has these statuses."""
        return next(
            each["id"]
            for each in self.measurements(start__lt=YEAR[1].replace(tzinfo=None)).values()
            if all(each[module] == status for module, status in statuses.items())
        )

    def poll(self, measurement_id: str, until: Callable[[Found], bool]) -> Found:
        """Look at a measurement until it is as wanted."""
        end = time.monotonic() + _PATIENCE
        while True:
            found = self.measurement(measurement_id)
            assert found is not None
            if until(found):
                return found
            assert time.monotonic() < end, f"in vain waited for {measurement_id}: {found}"

    def finished(self, measurement_id: str) -> Found:
        """A measurement, once nothing runs any more."""
        return self.poll(measurement_id, lambda found: not found["is_running"])

    @cached_property
    def _session(self) -> OpenerDirector:
        jar = CookieJar()
        session = build_opener(ProxyHandler({}), HTTPCookieProcessor(jar))
        pair = base64.b64encode(f"{self.http_user}:{self.http_password}".encode()).decode()
        session.addheaders = [("Authorization", f"Basic {pair}")]
        login = f"{self.base_url}accounts/login/"
        session.open(login).close()
        tokens = [cookie.value or "" for cookie in jar if cookie.name == "csrftoken"]
        form = urlencode({"username": self.username, "password": self.password}).encode()
        request = Request(login, form, {"X-CSRFToken": tokens[0], "Referer": login})  # noqa: S310 - our own loopback
        with session.open(request) as answer:
            assert answer.url == self.base_url
        return session


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """Run an emulator with these options of its command line while the block runs."""
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "scckit_emulator", "--ready-file", str(ready), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("http://127.0.0.1:"), f"the emulator did not start, it said {first!r}"
            yield Server(**json.loads(ready.read_text(encoding="utf-8")))
        finally:
            process.terminate()
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert process.returncode == 0


def members(archive: Path, measurement_id: str) -> list[str]:
    """Names of the files in a downloaded archive, each of them proved to be a whole file of the measurement (6.1)."""
    names = []
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        for entry in opened.namelist():
            folder, _, name = entry.partition("/")
            assert folder == measurement_id
            content = opened.read(entry)
            if name.endswith(".png"):
                assert content.startswith(b"\x89PNG")
            else:
                assert measurement_of(io.BytesIO(content)) == measurement_id
            names.append(name)
    assert names
    return names


def measurement_of(file: Path | io.BytesIO) -> str:
    """The ID of the measurement to which a netCDF file with data belongs."""
    with h5netcdf.File(file, "r", phony_dims="access") as dataset:
        assert any(variable[...].size for variable in dataset.variables.values())
        # Products write it small, raw files with a capital (scc-interface.md 6.4, 8.3).
        found = {name.lower(): value for name, value in dataset.attrs.items()}
    return str(found["measurement_id"])
