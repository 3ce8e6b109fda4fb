"""The emulator's life: beginning, end, one at a time, reset, and a real socket."""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from emulator_browser import ID, START, STOP, Browser, ids

from scckit_emulator import Account, Behaviour, Emulator, runtime

LIST = "api/v1/measurements/"


def test_one_after_another() -> None:
    """Each emulator begins anew and leaves nothing behind."""
    folders = []
    for _ in range(2):
        with Emulator(speed=0, seed_measurements=2) as emulator:
            browser = Browser(emulator)
            browser.sign_in()
            assert len(ids(browser.get(LIST))) == 2
            emulator.add_measurement(ID, system=437, start=START, stop=STOP)
            assert len(ids(browser.get(LIST))) == 3
            folders.append(runtime.current().folder)

    assert len(set(folders)) == 2
    assert not any(folder.exists() for folder in folders)


def test_two_at_once_is_refused(emulator: Emulator) -> None:
    """A second one in the same process is refused with the reason; the first one lives on."""
    with pytest.raises(RuntimeError, match="another Emulator is alive"), Emulator():
        pass

    assert Browser(emulator).sign_in().status == 200


@pytest.mark.parametrize(
    "use",
    [
        lambda emulator: emulator.wsgi({}, None),
        lambda emulator: emulator.reset(),
        lambda emulator: emulator.end_sessions(),
        lambda emulator: emulator.add_lidar_constants(ID),
        lambda emulator: emulator.add_measurement(ID, system=437, start=START, stop=STOP),
        lambda emulator: emulator.serve().__enter__(),
    ],
)
def test_not_alive(use: Callable[[Emulator], object]) -> None:
    """Outside its block it cannot be used, and the message tells how."""
    with pytest.raises(RuntimeError, match="with Emulator"):
        use(Emulator())


def test_reset_leaves_the_seed(emulator: Emulator, browser: Browser, raw: Path) -> None:
    """A reset forgets measurements, files and sessions; what was there at the beginning is there again."""
    before = sorted(ids(browser.get(LIST)))
    browser.upload(fields={"system": 437}, data=raw)
    emulator.add_ancillary("sounding", "rs_new.nc")
    emulator.reset()

    assert browser.once("GET", LIST).status == 302
    browser.sign_in()
    assert before == sorted(ids(browser.get(LIST)))
    assert browser.get("api/v1/sounding_files/", filename="rs_new.nc").json()["objects"] == []
    assert list(runtime.current().raw.iterdir()) == []


def test_same_seed_each_time() -> None:
    """Two emulators begin with the same measurements, rows and objects."""
    seen = []
    for _ in range(2):
        with Emulator(speed=0, seed_measurements=40) as emulator:
            browser = Browser(emulator)
            browser.sign_in()
            seen.append(browser.get(LIST, limit=0).json())

    assert seen[0] == seen[1]
    objects = seen[0]["objects"]
    assert len({each["id"] for each in objects}) == 40
    assert len({each["id"][:6] for each in objects}) == 12
    assert {127, -127, 0} == {each[module] for each in objects for module in ("elpp", "elda", "hirelpp")}
    assert any(each["is_calibration"] for each in objects)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"id": "x"}, "12 to 15"),
        ({"system": 1}, "unknown system"),
        ({"start": STOP, "stop": START}, "later stop"),
        ({"start": datetime(2021, 3, 7)}, "time zone"),  # noqa: DTZ001 - the fault under test
        ({"statuses": {"ltool": 127}}, "ltool"),
        ({"failing": ["ltool"]}, "ltool"),
        ({"categories": ["fog"]}, "fog"),
        ({"id": "20220101aky1100"}, "already there"),
    ],
)
def test_added_measurement_must_make_sense(emulator: Emulator, wrong: dict[str, Any], reason: str) -> None:
    """A measurement that cannot be is refused with what was found and what there is."""
    arguments: dict[str, Any] = {"id": ID, "system": 437, "start": START, "stop": STOP} | wrong
    with pytest.raises(ValueError, match=reason):
        emulator.add_measurement(**arguments)


def test_other_state_must_make_sense(emulator: Emulator) -> None:
    """Constants need a measurement, ancillary files one of three kinds, the seed a count."""
    with pytest.raises(ValueError, match="none with ID"):
        emulator.add_lidar_constants(ID)
    with pytest.raises(ValueError, match="lidarratio"):
        emulator.add_ancillary("cloud", "x.nc")
    with pytest.raises(ValueError, match="seed_measurements"):
        Emulator(seed_measurements=-1)


def test_secrets_do_not_show() -> None:
    """No password shows in the emulator's representation."""
    account = Account(http_password="first-secret", password="second-secret")
    with Emulator(account=account) as emulator:
        assert "secret" not in repr(emulator)


def test_django_of_another_site_is_respected() -> None:
    """Where Django is configured for something else, the emulator refuses and says what to do instead."""
    program = (
        "from django.conf import settings\nsettings.configure(ROOT_URLCONF='mine')\n"
        "from scckit_emulator import Emulator\n"
        "try:\n    Emulator().__enter__()\nexcept RuntimeError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True, timeout=60
    )

    assert "python -m scckit_emulator" in done.stdout


class Client:
    """Requests over one kept connection."""

    def __init__(self, emulator: Emulator) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(emulator.base_url).netloc, timeout=20)
        account = emulator.account
        pair = base64.b64encode(f"{account.http_user}:{account.http_password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {pair}"}

    def request(self, method: str, path: str, body: str = "", **headers: str) -> http.client.HTTPResponse:
        """One exchange."""
        self.connection.request(method, path, body or None, {**self.headers, **headers})
        return self.connection.getresponse()

    def sign_in(self, account: Account) -> None:
        """Sign in and keep the cookies."""
        first = self.request("GET", "/accounts/login/")
        first.read()
        token = first.headers["Set-Cookie"].split(";")[0].split("=")[1]
        form = urlencode({"username": account.username, "password": account.password})
        done = self.request(
            "POST",
            "/accounts/login/",
            form,
            **{
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": token,
                "Cookie": f"csrftoken={token}",
            },
        )
        done.read()
        cookies = [line.split(";")[0] for line in done.headers.get_all("Set-Cookie", [])]
        self.headers["Cookie"] = "; ".join(cookies)


def test_socket_keeps_its_connection(emulator: Emulator) -> None:
    """Over a real socket several requests go through one HTTP/1.1 connection; afterwards nobody listens."""
    assert emulator.base_url == "http://scc.example/"
    with emulator.serve() as base_url:
        assert base_url == emulator.base_url
        assert base_url.startswith("http://127.0.0.1:")
        client = Client(emulator)
        client.sign_in(emulator.account)
        socket = client.connection.sock
        answer = client.request("GET", "/api/v1/measurements/")
        assert (answer.status, answer.version) == (200, 11)
        assert json.load(answer)["meta"]["total_count"] == 12
        archive = client.request("GET", "/data_processing/measurements/20220101aky1100/download-plots/")
        assert len(archive.read()) == int(archive.headers["Content-Length"])
        assert client.connection.sock is socket is not None
        client.connection.close()
    assert emulator.base_url == "http://scc.example/"
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5).connect()


def test_served_once_at_a_time(emulator: Emulator) -> None:
    """While it is served it cannot be served again; afterwards it can."""
    with emulator.serve(), pytest.raises(RuntimeError, match="already served"), emulator.serve():
        pass
    with emulator.serve():
        pass


def test_many_threads_at_once(emulator: Emulator) -> None:
    """Threads that read and restart at the same time all get their answers."""
    emulator.behaviour = Behaviour(generation="legacy")
    paths = [
        "/api/v1/measurements/",
        "/data_processing/measurements/20220101aky1100/rerun-elda/",
        "/data_processing/measurements/20220101aky1100/download-hirelpp/",
    ]

    def work(number: int) -> int:
        client = Client(emulator)
        client.sign_in(emulator.account)
        statuses = []
        for step in range(6):
            answer = client.request("GET", paths[(number + step) % 3])
            answer.read()
            statuses.append(answer.status)
        client.connection.close()
        return max(statuses)

    with emulator.serve(), concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert max(pool.map(work, range(12))) < 400


def test_same_upload_at_once(emulator: Emulator, raw: Path) -> None:
    """Of several uploads of one ID at the same time exactly one is accepted."""

    def work(_: int) -> bool:
        browser = Browser(emulator)
        browser.sign_in()
        return browser.upload(follow=False, fields={"system": 437}, data=raw).status == 302

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        accepted = list(pool.map(work, range(4)))

    assert accepted.count(True) == 1


def test_reset_while_it_is_served(emulator: Emulator) -> None:
    """A reset amid requests is no fault of the server: each is answered from before or from after."""

    def work(_: int) -> list[int]:
        browser = Browser(emulator)
        return [browser.sign_in().status, *(browser.get(LIST).status for _ in range(10))]

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        running = [pool.submit(work, number) for number in range(3)]
        for _ in range(5):
            emulator.reset()
        statuses = {status for each in running for status in each.result()}

    assert max(statuses) < 500


def test_clock_of_the_pages_is_the_emulators() -> None:
    """Dates on pages are those of the emulator's clock, not of this machine."""
    with Emulator(start=datetime(1999, 12, 31, 23, tzinfo=UTC), speed=0) as emulator:
        browser = Browser(emulator)
        browser.sign_in()
        emulator.add_measurement(ID, system=437, start=START, stop=STOP)

        assert "1999-12-31 23:00" in browser.get("admin/database/measurements/", id=ID).text
