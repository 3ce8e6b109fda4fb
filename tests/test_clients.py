"""The two clients: the same verbs, what they own, what they refuse before anything is sent."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import re
import zipfile
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import scckit
from scckit import aio, client
from scckit.errors import (
    ConnectionFailed,
    InvalidInput,
    InvalidRawFile,
    MissingCredentials,
    MissingPlugin,
    ProductNotAvailable,
)
from scckit.plugins import Registry, Request, ThreadTransport, hookimpl
from scckit.plugins.registry import PluginWarning
from scckit.testing import Answer, ScriptTransport

from .conftest import SIGN_IN, TinyReader
from .kinds import TextKind

ID = "20210307aky0930"
CREDENTIALS = scckit.Credentials("http-user", "http-pass", "someone", "pass-word")
ZIP = (("Content-Type", "application/zip"),)
PAIRS = [
    (client.Client, aio.AsyncClient),
    (client.Measurements, aio.AsyncMeasurements),
    (client.Products, aio.AsyncProducts),
    (client.Ancillary, aio.AsyncAncillary),
    (client.Constants, aio.AsyncConstants),
    (client.Systems, aio.AsyncSystems),
    (client.Search, aio.AsyncSearch),
]


class Plugin:
    """A reader and three kinds."""

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Any]:
        """Offer the reader for tiny pages."""
        return {"parsel": TinyReader}

    @hookimpl
    def scckit_product_kinds(self) -> list[TextKind]:
        """Offer kinds, two of which share a route."""
        return [
            TextKind("elda", ("optical",), "optical/"),
            TextKind("eldec", ("optical",), "optical/"),
            TextKind("elpp", (), "pre/"),
            TextKind("raw", (), "raw/", None),
        ]


def registry() -> Registry:
    """Make a registry with the plugin of this file alone."""
    made = Registry(discover=False, strict=True)
    made.register(Plugin(), "fake")
    return made


def connect(*script: object, **settings: Any) -> tuple[client.Client, ScriptTransport]:
    """Make a client on a script that starts with a sign-in."""
    transport = ScriptTransport(*SIGN_IN, *script)
    made = scckit.connect(
        "https://scc.example/",
        credentials=CREDENTIALS,
        transport=transport,
        registry=registry(),
        environ={},
        sleep=lambda _: None,
        **settings,
    )
    return made, transport


def archive(*names: str) -> Answer:
    """Make an answer that is a zip archive of small files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(f"{ID}/{name}", f"content of {name}")
    return Answer(200, ZIP, data.getvalue())


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_both_clients_have_the_same_verbs(pair: tuple[type, type]) -> None:
    """Each public verb of one is there in the other, with the same parameters, defaults and words."""
    one, other = ({name: member for name, member in vars(kind).items() if not name.startswith("_")} for kind in pair)

    assert one.keys() == other.keys()
    for name, member in one.items():
        if not inspect.isfunction(member):
            continue
        mine, yours = inspect.signature(member), inspect.signature(other[name])
        # An event loop has tasks of its own, and no use for an executor.
        assert [(p.name, p.default, p.kind) for p in mine.parameters.values() if p.name != "executor"] == [
            (p.name, p.default, p.kind) for p in yours.parameters.values()
        ]
        plain = inspect.getdoc(other[name]) or ""
        for word in (">>> ", "= "):
            plain = plain.replace(f"{word}await ", word).replace(f"{word}async ", word)
        assert re.sub(r"\n    executor: .*(\n        .*)*", "", inspect.getdoc(member) or "") == plain


def test_making_a_client_sends_nothing() -> None:
    """The first request comes with the first verb."""
    scc, transport = connect()

    assert transport.requests == []
    assert repr(scc) == "Client(Session('https://scc.example/', signed out))"


def test_leaving_the_block_signs_out_and_leaves_what_is_not_ours() -> None:
    """A client signs out at the end; a transport that it was given stays open."""
    scc, transport = connect(Answer(404), Answer.redirect("/"))

    with scc:
        scc.measurements.find(ID)

    assert transport.requests[-1].url == "https://scc.example/accounts/logout/"
    assert not transport.closed


def test_a_client_closes_the_transport_it_made() -> None:
    """A transport that was made by name is closed with the client, also if the sign-out fails."""
    transport = ScriptTransport(
        *SIGN_IN,
        Answer(404),
        ConnectionFailed("gone"),
        ConnectionFailed("gone"),
        ConnectionFailed("x"),
        ConnectionFailed("x"),
    )

    class Transports:
        @hookimpl
        def scckit_transports(self) -> dict[str, Any]:
            return {"fake": lambda settings: transport}

    plugins = registry()
    plugins.register(Transports(), "transports")
    with scckit.connect(
        "https://scc.example/", credentials=CREDENTIALS, transport="fake", registry=plugins, sleep=lambda _: None
    ) as scc:
        scc.measurements.find(ID)

    assert transport.closed


def test_what_is_missing_is_said_before_anything_is_sent() -> None:
    """No credentials and no transport each have their own error with the next step in it."""
    with pytest.raises(MissingCredentials, match="SCCKIT_HTTP_USER"):
        scckit.connect(transport=ScriptTransport(), registry=registry(), environ={})
    with pytest.raises(MissingPlugin, match="pip install scckit-urllib3"):
        scckit.connect(credentials=CREDENTIALS, registry=registry(), environ={})
    with pytest.raises(InvalidInput, match="timeout"):
        connect(timeout=0)


def test_the_environment_names_the_server() -> None:
    """SCCKIT_BASE_URL is used where no base URL is given."""
    scc = scckit.connect(
        credentials=CREDENTIALS,
        transport=ScriptTransport(),
        registry=registry(),
        environ={"SCCKIT_BASE_URL": "http://127.0.0.1:8000"},
    )

    assert scc.base_url == "http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"<html>", "it is not netCDF"),
        (b'{"a": 1}', "no global attribute Measurement_ID"),
        (b'{"Measurement_ID": "x"}', "is not a measurement ID"),
    ],
)
def test_a_file_that_is_no_raw_file_is_not_sent(tmp_path: Path, content: bytes | None, said: str) -> None:
    """What cannot be uploaded is refused here, with what was found."""
    path = tmp_path / "raw.nc"
    if content is not None:
        path.write_bytes(content)
    scc, transport = connect()

    with pytest.raises(InvalidRawFile, match=said):
        scc.measurements.upload(path, system=437)
    with pytest.raises(InvalidRawFile, match="folder"):
        scc.measurements.upload(tmp_path, system=437)

    assert transport.requests == []


def test_a_name_that_is_another_id_is_noticed(tmp_path: Path) -> None:
    """A file named after another measurement is refused; a name that is no ID is free."""
    wrong, free = tmp_path / "20210307aky0931.nc", tmp_path / "night.nc"
    for path in (wrong, free):
        path.write_text(json.dumps({"Measurement_ID": ID}), encoding="utf-8")
    scc, transport = connect(
        Answer(404), Answer.page("form"), Answer.redirect(f"/m/{ID}/"), Answer.page(f"Measurement {ID}")
    )

    with pytest.raises(InvalidRawFile, match="named after another measurement"):
        scc.measurements.upload(wrong, system=437)
    assert transport.requests == []
    assert scc.measurements.upload(free, system=437).id == ID


@pytest.mark.parametrize("station", ["", "antikythera", "a y", "a/y", "Αθή"])
def test_a_station_that_is_none_is_refused_at_once(station: str) -> None:
    """A search with a station that cannot be one sends nothing."""
    scc, transport = connect()

    with pytest.raises(InvalidInput, match="station"):
        scc.measurements.search("2021", station=station)
    with pytest.raises(InvalidInput, match="station"):
        scc.constants.search("2021", station=station)

    assert transport.requests == []


def test_kinds_of_one_route_are_fetched_once(tmp_path: Path) -> None:
    """ELDA and ELDEC come in one archive; each file lands in the folder of its kind."""
    state = Answer.json(json.dumps({"id": ID}))
    scc, transport = connect(state, archive("elda_1.nc", "eldec_1.nc"), archive("elpp_1.nc", "readme.txt"))

    files = scc.products.download(ID, ["eldec", "elda", "elpp"], into=tmp_path)

    assert sorted(file.path.relative_to(tmp_path).as_posix() for file in files) == [
        f"{ID}/elda/elda_1.nc",
        f"{ID}/eldec/eldec_1.nc",
        f"{ID}/elpp/elpp_1.nc",
    ]
    assert len(transport.requests) == 5
    assert scc.products.open(files[0]) == f"{files[0].kind}: content of {files[0].path.name}"


def test_a_named_kind_that_is_absent_costs_no_other(tmp_path: Path) -> None:
    """The other kinds are there when the error for the absent one comes; without names, absent kinds are passed over."""
    state = Answer.json(json.dumps({"id": ID, "elpp": -127, "elda": 127}))
    named, _ = connect(state, Answer(404), state, archive("elda_1.nc"))
    everything, _ = connect(state, archive("elda_1.nc"), Answer(404), state, Answer(404), state)

    with pytest.raises(ProductNotAvailable, match="elpp is 'failed'"):
        named.products.download(ID, ["elpp", "elda"], into=tmp_path / "named")
    files = everything.products.download(ID, into=tmp_path / "all")

    assert (tmp_path / "named" / ID / "elda" / "elda_1.nc").exists()
    assert [file.kind for file in files] == ["elda"]


def test_a_kind_that_its_archive_does_not_hold_is_missed(tmp_path: Path) -> None:
    """ELDA and ELDEC share an archive: naming both and getting one is an error after the one was kept; the alias is not."""
    both, _ = connect(archive("elda_1.nc"))
    either, _ = connect(archive("elda_1.nc"))

    with pytest.raises(ProductNotAvailable, match=f"no eldec of {ID}"):
        both.products.download(ID, ["elda", "eldec"], into=tmp_path / "both", existing="replace")
    files = either.products.download(ID, "optical", into=tmp_path / "either", existing="replace")

    assert (tmp_path / "both" / ID / "elda" / "elda_1.nc").exists()
    assert [file.kind for file in files] == ["elda"]


def test_what_cannot_be_meant_is_refused_at_once() -> None:
    """No kinds at all, or credentials that are none, are told before anything is sent."""
    scc, transport = connect()

    with pytest.raises(InvalidInput, match="kinds is empty"):
        scc.products.download(ID, [])
    with pytest.raises(InvalidInput, match="found tuple"):
        scckit.connect(credentials=("a", "b", "c", "d"), transport=transport, registry=registry(), environ={})

    assert transport.requests == []


def test_an_observer_that_fails_does_not_disturb() -> None:
    """An exception in the observer becomes a warning; it is told nothing more, and the work goes on."""
    told: list[object] = []

    def observe(event: object) -> None:
        told.append(event)
        raise RuntimeError("no room for the progress bar")

    scc, _ = connect(Answer(404), observe=observe)

    with pytest.warns(PluginWarning, match="no room for the progress bar"):
        assert scc.measurements.find(ID) is None

    assert len(told) == 1


def test_threads_share_a_client() -> None:
    """Eight threads at once each get their own measurement."""

    def answer(request: Request) -> Answer:
        name = request.url.rstrip("/").rpartition("/")[2]
        if request.url.endswith("login/"):
            return SIGN_IN[request.method == "POST"]
        return Answer.json(json.dumps({"id": name}))

    transport = ScriptTransport(*[answer] * 400)
    scc = scckit.connect("https://scc.example/", credentials=CREDENTIALS, transport=transport, registry=registry())
    found: dict[int, list[str]] = {}

    def work(number: int) -> None:
        found[number] = [scc.measurements.get(f"202103{day:02}ab{number:02}").id for day in range(1, 11)]

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: [f"202103{day:02}ab{number:02}" for day in range(1, 11)] for number in range(8)}
    assert transport.open_exchanges == 0


def test_the_asyncio_client_does_the_same(tmp_path: Path) -> None:
    """Get, wait, upload, download and open, awaited."""
    raw = tmp_path / "raw.nc"
    raw.write_text(json.dumps({"Measurement_ID": ID}), encoding="utf-8")
    done = Answer.json(json.dumps({"id": ID, "elda": 127}))
    script = [
        Answer(404),
        Answer.page("form"),
        Answer.redirect(f"/m/{ID}/"),
        Answer.page(f"Measurement {ID}"),
        done,
        done,
        done,
        archive("elda_1.nc"),
    ]
    transport = ScriptTransport(*SIGN_IN, *script, Answer(404), Answer.redirect("/"))

    async def nap(_: float) -> None:
        """Take no time."""

    async def main() -> str:
        async with scckit.connect_async(
            "https://scc.example/",
            credentials=CREDENTIALS,
            transport=ThreadTransport(transport),
            registry=registry(),
            sleep=nap,
        ) as scc:
            measurement = await scc.measurements.process(raw, system=437)
            (file,) = await scc.products.download(measurement.id, ["elda"], into=tmp_path)
            assert await scc.measurements.find(ID) is None
            text: str = await scc.products.open(file)
            return text

    assert asyncio.run(main()) == "elda: content of elda_1.nc"
    assert transport.left == 0
    assert transport.open_exchanges == 0


class Offline:
    """Offers a transport that never leaves this machine, one for asyncio of the same name, and one for asyncio alone."""

    def __init__(self) -> None:
        """Remember what was made, by whom it was made."""
        self.made: list[tuple[str, str]] = []

    def factory(self, what: str) -> Any:
        """Make a factory that notes its argument."""

        def make(settings: Any) -> Any:
            self.made.append((what, settings.argument))
            return ThreadTransport(ScriptTransport()) if what == "async" else ScriptTransport()

        make.offline = True  # type: ignore[attr-defined]
        return make

    @hookimpl
    def scckit_transports(self) -> dict[str, Any]:
        """Offer two for threads."""
        return {"both": self.factory("thread"), "thread": self.factory("thread")}

    @hookimpl
    def scckit_async_transports(self) -> dict[str, Any]:
        """Offer two for asyncio."""
        return {"both": self.factory("async"), "async": self.factory("async")}


def test_an_offline_transport_needs_no_credentials_and_gets_its_argument() -> None:
    """What stands behind the first colon reaches the factory as it is; no credentials are asked for."""
    plugin, plugins = Offline(), registry()
    plugins.register(plugin, "offline")
    scckit.connect("https://scc.example/", transport="thread:C:/a b.yaml", registry=plugins, environ={})

    assert plugin.made == [("thread", "C:/a b.yaml")]


def test_asyncio_takes_the_transport_that_is_made_for_it() -> None:
    """Of two with one name each client takes its own; one for threads is wrapped, one for asyncio is told to the other."""
    plugin, plugins = Offline(), registry()
    plugins.register(plugin, "offline")

    scckit.connect("https://scc.example/", transport="both", registry=plugins, environ={})
    for name in ("both", "async", "thread"):
        scckit.connect_async("https://scc.example/", transport=name, registry=plugins, environ={})

    assert plugin.made == [("thread", ""), ("async", ""), ("async", ""), ("thread", "")]
    with pytest.raises(MissingPlugin, match="'async' is for asyncio alone"):
        scckit.connect("https://scc.example/", transport="async", registry=plugins, environ={})
    with pytest.raises(MissingPlugin, match="there are: async, both, thread"):
        scckit.connect_async("https://scc.example/", transport="none", registry=plugins, environ={})
