"""One client of the SCC at one piece of work. Arguments: name of the client, name of the work, a JSON object.

The object has the server's base URL and account, an empty ``folder``, the ``raw`` file to upload and the ``ids`` of
measurements to download; ``measurements`` says how many there are in all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any, Final

from .figures import MB
from .peers_server import LARGE
from .processes import give, peak_memory

__all__ = ["CLIENTS"]

#: Tails of the addresses of the five archives.
_ARCHIVES: Final = ("hirelpp", "cloudmask", "preprocessed", "optical", "elic")
_KINDS: Final = ("hirelpp", "cloudmask", "elpp", "optical", "elic")
_YEAR: Final = (datetime(2022, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC))
_CHUNK: Final = 256 * 1024
#: Rows of a page of the list.
_ROWS: Final = 100

Given = Mapping[str, Any]
Work = Callable[[], object]


class _Scckit:
    """What a client does, by the names of the work; the imports are a part of what is measured."""

    workers = 4

    def __init__(self, given: Given) -> None:
        import scckit

        account = (given[name] for name in ("http_user", "http_password", "username", "password"))
        self._given = given
        self._scc = scckit.connect(
            given["base_url"], credentials=scckit.Credentials(*account), connections=self.workers
        )

    def sign_in(self) -> None:
        self._scc.sign_in()

    def search(self) -> int:
        return sum(1 for _ in self._scc.measurements.search(*_YEAR))

    def large(self) -> None:
        self._scc.products.download(LARGE, "optical", into=self._given["folder"], unpack=False)

    def upload(self) -> None:
        self._scc.measurements.upload(self._given["raw"], system=437, check=False)

    def found(self) -> list[Any]:
        """What the search before the download has found."""
        ids = set(self._given["ids"])
        return [measurement for measurement in self._scc.measurements.search(*_YEAR) if measurement.id in ids]

    def many(self, found: list[Any]) -> None:
        outcomes = self._scc.products.download_many(
            found, _KINDS, into=self._given["folder"], workers=self.workers, unpack=False
        )
        outcomes.raise_for_failures()


class _ScckitOne(_Scckit):
    workers = 1


class _ScckitEight(_Scckit):
    workers = 8


class _SccAccess:
    def __init__(self, given: Given) -> None:
        self._given = given
        self._scc = self._module().SCC(
            (given["http_user"], given["http_password"]), self._folder(Path(given["folder"])), given["base_url"]
        )

    @staticmethod
    def _module() -> ModuleType:
        from scc_access import scc_access

        return scc_access

    @staticmethod
    def _folder(folder: Path) -> Any:
        return str(folder)

    def sign_in(self) -> None:
        self._scc.login((self._given["username"], self._given["password"]))

    def large(self) -> None:
        self._scc.download_elda(LARGE)

    def upload(self) -> None:
        if not self._scc.upload_file(self._given["raw"], 437, False, False):
            raise RuntimeError("the upload was refused")

    def found(self) -> list[Any]:
        ids: list[Any] = self._given["ids"]
        return ids

    def many(self, found: list[Any]) -> None:
        for one in found:
            for kind in ("hirelpp", "cloudmask", "elpp", "elda", "elic"):
                getattr(self._scc, f"download_{kind}")(one)


class _Gfatpy(_SccAccess):
    @staticmethod
    def _module() -> ModuleType:
        # The package around it imports a hundred others, of versions that do not go with the others here.
        from importlib.metadata import distribution
        from importlib.util import module_from_spec, spec_from_file_location

        name = "gfatpy.lidar.scc.scc_access"
        path = distribution("gfatpy").locate_file(f"{name.replace('.', '/')}.py")
        spec = spec_from_file_location(name, str(path))
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{path} cannot be loaded")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @staticmethod
    def _folder(folder: Path) -> Any:
        return folder

    def large(self) -> None:
        self._scc.download_optical(LARGE)

    def upload(self) -> None:
        self._scc.upload_file(self._given["raw"], 437)

    def many(self, found: list[Any]) -> None:
        for one in found:
            for kind in ("hirelpp", "cloudmask", "preprocessed", "optical", "elic"):
                getattr(self._scc, f"download_{kind}")(one)


class _Pollyxt:
    def __init__(self, given: Given) -> None:
        from pollyxt_pipelines import scc_access

        real = scc_access.constants.BASE_URL
        for name, value in list(vars(scc_access.constants).items()):
            if isinstance(value, str) and value.startswith(real):
                setattr(scc_access.constants, name, given["base_url"] + value.removeprefix(real))
        config = {
            "http": {"username": given["http_user"], "password": given["http_password"]},
            "auth": {"username": given["username"], "password": given["password"]},
        }
        self._given = given
        self._scc = scc_access.SCC(scc_access.SCC_Credentials(config))

    def sign_in(self) -> None:
        self._scc.login()

    def search(self) -> int:
        found, page, pages = 0, 1, 1
        while page <= pages:
            pages, rows = self._scc.query_measurements(*_YEAR, None, page)
            found, page = found + len(rows), page + 1
        return found

    def large(self) -> None:
        for _ in self._scc.download_products(LARGE, Path(self._given["folder"]), False, False, False, True, False):
            pass

    def upload(self) -> None:
        self._scc.upload_file(Path(self._given["raw"]), "437")

    def found(self) -> list[Any]:
        ids: list[Any] = self._given["ids"]
        return ids

    def many(self, found: list[Any]) -> None:
        for one in found:
            for _ in self._scc.download_products(one, Path(self._given["folder"])):
                pass


class _Bare:
    """What nothing that uses urllib3 can be faster than: it signs in, and writes down what comes, whatever that is."""

    workers = 1

    def __init__(self, given: Given) -> None:
        import urllib3

        self._given = given
        self._headers = urllib3.make_headers(basic_auth=f"{given['http_user']}:{given['http_password']}")
        self._pool = urllib3.connection_from_url(given["base_url"], maxsize=self.workers)
        self._folder = Path(given["folder"])

    def sign_in(self) -> None:
        from urllib.parse import urlencode

        page = self._pool.request("GET", "/accounts/login/", headers=self._headers)
        token = page.headers["Set-Cookie"].partition("csrftoken=")[2].partition(";")[0]
        form = {"username": self._given["username"], "password": self._given["password"]}
        answer = self._pool.request(
            "POST",
            "/accounts/login/",
            body=urlencode(form),
            headers={
                **self._headers,
                "Cookie": f"csrftoken={token}",
                "X-CSRFToken": token,
                "Referer": f"{self._given['base_url']}accounts/login/",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            redirect=False,
        )
        session = ", ".join(answer.headers.getlist("Set-Cookie")).partition("sessionid=")[2].partition(";")[0]
        self._headers["Cookie"] = f"sessionid={session}; csrftoken={token}"
        self._headers["X-CSRFToken"] = token

    def search(self) -> int:
        """Count the rows of as many pages as there are; what else they say is not looked at."""
        import lxml.html

        found = 0
        for page in range(-(-self._given["measurements"] // _ROWS)):
            query = f"start__gte={_YEAR[0]:%Y-%m-%d}&start__lt={_YEAR[1]:%Y-%m-%d}&p={page}"
            answer = self._pool.request("GET", f"/admin/database/measurements/?{query}", headers=self._headers)
            found += len(lxml.html.fromstring(answer.data).xpath("//tr[contains(@class, 'grp-row')]"))
        return found

    def large(self) -> None:
        self._fetch(LARGE, "optical")

    def upload(self) -> None:
        path = Path(self._given["raw"])
        with path.open("rb") as file:
            headers = {**self._headers, "Content-Length": str(path.stat().st_size)}
            self._pool.request("POST", "/data_processing/measurements/quick/", body=file, headers=headers)

    def found(self) -> list[Any]:
        ids: list[Any] = self._given["ids"]
        return ids

    def many(self, found: list[Any]) -> None:
        with ThreadPoolExecutor(self.workers) as threads:
            for done in [threads.submit(self._fetch, one, kind) for one in found for kind in _ARCHIVES]:
                done.result()

    def _fetch(self, one: str, kind: str) -> None:
        path = f"/data_processing/measurements/{one}/download-{kind}/"
        answer = self._pool.request("GET", path, headers=self._headers, preload_content=False)
        if answer.headers["Content-Type"] != "application/zip":
            raise RuntimeError(f"{path} gave {answer.status} {answer.headers['Content-Type']}")
        with (self._folder / f"{kind}_{one}.zip").open("wb") as file:
            for chunk in answer.stream(_CHUNK):
                file.write(chunk)
        answer.release_conn()


class _BareFour(_Bare):
    workers = 4


class _BareEight(_Bare):
    workers = 8


CLIENTS: Final[Mapping[str, Callable[[Given], Any]]] = {
    "scckit": _Scckit,
    "scckit, one worker": _ScckitOne,
    "scckit, eight workers": _ScckitEight,
    "scc-access": _SccAccess,
    "pollyxt-pipelines": _Pollyxt,
    "gfatpy": _Gfatpy,
    "urllib3": _Bare,
    "urllib3, four threads": _BareFour,
    "urllib3, eight threads": _BareEight,
}


def _require(name: str, work: str, given: Given, result: int) -> None:
    """Some clients only log what goes wrong: see that the work was done."""
    files = [path for path in Path(given["folder"]).rglob("*") if path.is_file()]
    wanted, came = 0, 0
    if work == "search":
        wanted, came = given["measurements"], result
    elif work == "large":
        wanted, came = 200 * MB, sum(path.stat().st_size for path in files)
    elif work == "many":
        wanted, came = len(given["ids"]) * len(_ARCHIVES), len(files)
    if came < wanted:
        raise RuntimeError(f"{name} at {work}: {came} came, {wanted} or more should")


def _main(name: str, work: str, given: Given) -> None:
    # Some clients talk, and standard output is for the figures.
    with redirect_stdout(StringIO()):
        begin = perf_counter()
        client = CLIENTS[name](given)
        if work != "import":
            if work != "sign_in":
                client.sign_in()
            what = getattr(client, work)
            arguments = [client.found()] if work == "many" else []
            begin = perf_counter()
            result = what(*arguments)
        seconds = perf_counter() - begin
    if work != "import":
        _require(name, work, given, result)
    give({"seconds": [seconds], "peak": [peak_memory()]})


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
