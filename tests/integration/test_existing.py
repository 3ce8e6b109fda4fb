"""Downloads onto files that are here already: any sequence against a model, and the emulator in each generation."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import pickle
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import scckit
from scckit._plans import download_plan
from scckit.archive.manifest import NAME, Manifest
from scckit.errors import InvalidInput, LocalFileError, MeasurementNotFound, ProductNotAvailable, TargetExists
from scckit.plugins import Registry, Request, hookimpl
from scckit.session.messages import Exchange, Transport
from scckit.session.threads import ThreadTransport
from scckit.site.content import Cell, Form, FormField, PageContent, Pager, Row, Table
from scckit.testing import Answer, ScriptTransport, WSGITransport
from scckit_emulator import Emulator

from ..kinds import TextKind
from .conftest import ID, START, STOP

Connect = Callable[..., scckit.Client]
ROUTES = {"elda": "optical/", "eldec": "optical/", "elpp": "pre/"}
PARTS = (1, 2)


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


class Reader:
    """Reads the pages of ``Server``: the sign-in, and the list as the moment of the last change."""

    def read(self, text: str, /) -> PageContent:
        """Make content of a word or a moment."""
        if text == "login":
            return PageContent(is_login=True, forms=(Form(fields=(FormField("username"),)),))
        if not text[:1].isdigit():
            return PageContent(headings=(text,))
        cells = {"id": ID, "start": "2026-03-21 20:00", "updated_date": text}
        row = Row({name: Cell(cell) for name, cell in cells.items()})
        return PageContent(tables=(Table("result_list", (row,)),), pager=Pager(1, "1"))


class Plugin:
    """The reader and the kinds."""

    @hookimpl
    def scckit_page_readers(self) -> dict[str, Any]:
        """Offer the reader."""
        return {"parsel": Reader}

    @hookimpl
    def scckit_product_kinds(self) -> list[TextKind]:
        """Offer the kinds."""
        return [TextKind(name, (), route) for name, route in ROUTES.items()]


def registry() -> Registry:
    """Make a registry with the plugin of this file alone."""
    made = Registry(discover=False, strict=True)
    made.register(Plugin(), "fake")
    return made


class Server:
    """A server with one measurement, whose statuses never change: a rerun is over before anyone looks."""

    def __init__(self) -> None:
        """Have a product of each kind but ELDEC."""
        self.products: dict[str, int | None] = {"elda": 1, "eldec": None, "elpp": 1}
        self.minute = 0
        self.shows_list = True
        self.requests: list[str] = []

    def change(self, kind: str, *, there: bool) -> None:
        """Make a product anew, or let it vanish."""
        self.minute += 1
        self.products[kind] = self.minute + 1 if there else None

    def members(self, kind: str) -> dict[str, bytes]:
        """Return the files of a kind."""
        version = self.products[kind]
        return {} if version is None else {f"{kind}_{part}.nc": f"{kind} {part} {version}".encode() for part in PARTS}

    def archive(self, route: str) -> bytes:
        """Return the archive of a route."""
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as file:
            for kind, its_route in ROUTES.items():
                for name, content in self.members(kind).items() if its_route == route else ():
                    file.writestr(zipfile.ZipInfo(f"{ID}/{name}"), content)
        return data.getvalue()

    def answer(self, request: Request) -> Answer:
        """Answer as the SCC does."""
        tail = request.url.removeprefix("https://scc.example/")
        if tail.startswith("accounts/login/"):
            form = Answer.page("login", 200, ("Set-Cookie", "csrftoken=t; Path=/"))
            return form if request.method == "GET" else Answer.redirect("/", 302, ("Set-Cookie", "sessionid=s; Path=/"))
        self.requests.append(tail)
        if tail.startswith("api/"):
            return Answer.json(json.dumps({"id": ID, "elda": 127, "elpp": 127, "start": "2026-03-21T20:00:00"}))
        if tail.startswith("admin/"):
            shown = f"2026-03-22 {self.minute // 60:02}:{self.minute % 60:02}"
            return Answer.page(shown) if self.shows_list else Answer(403)
        route = tail.removeprefix(f"data_processing/measurements/{ID}/")
        if not any(self.members(kind) for kind, its_route in ROUTES.items() if its_route == route):
            return Answer(404)
        return Answer(200, (("Content-Type", "application/zip"),), self.archive(route))

    @property
    def archives(self) -> int:
        """How often an archive was asked for."""
        return sum(one.startswith("data_processing/") for one in self.requests)

    def client(self) -> scckit.Client:
        """Make a client."""
        return scckit.connect(
            "https://scc.example/",
            credentials=scckit.Credentials("http-user", "http-pass", "someone", "pass-word"),
            transport=ScriptTransport(*[self.answer] * 50),
            registry=registry(),
            environ={},
            sleep=lambda _: None,
        )


kinds_lists = st.none() | st.lists(st.sampled_from(list(ROUTES)), min_size=1, unique=True)


class Mirror(RuleBasedStateMachine):
    """Downloads in any order and way, while products change on the server and files change here."""

    @initialize()
    def begin(self) -> None:
        """Begin with an empty folder."""
        self.server = Server()
        self.into = Path(tempfile.mkdtemp())
        self.by_hand = False

    def teardown(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.into, ignore_errors=True)

    @rule(kind=st.sampled_from(list(ROUTES)), there=st.booleans())
    def change(self, kind: str, *, there: bool) -> None:
        """A product is made anew, or goes."""
        self.server.change(kind, there=there)

    @rule(shows=st.booleans())
    def show(self, *, shows: bool) -> None:
        """The admin's list can be seen from now on, or not."""
        self.server.shows_list = shows

    @precondition(lambda self: any(self.into.rglob("*.nc")) or any(self.into.rglob("*.zip")))
    @rule(data=st.data(), remove=st.booleans())
    def meddle(self, data: st.DataObject, *, remove: bool) -> None:
        """Somebody changes or removes a file."""
        paths = sorted([*self.into.rglob("*.nc"), *self.into.rglob("*.zip")])
        path = data.draw(st.sampled_from(paths))
        if remove:
            path.unlink()
        else:
            path.write_bytes(b"changed by hand")

    @rule(content=st.none() | st.binary(max_size=5))
    def spoil(self, content: bytes | None) -> None:
        """Somebody removes or overwrites the manifest."""
        path = self.into / ID / NAME
        if content is None:
            path.unlink(missing_ok=True)
        elif path.parent.exists():
            path.write_bytes(content)
            self.by_hand = True

    @rule(kinds=kinds_lists, unpack=st.booleans(), existing=st.sampled_from(["verify", "skip", "replace", "fail"]))
    def download(self, kinds: list[str] | None, existing: Any, *, unpack: bool) -> None:
        """A download in one of the four ways ends as that way says."""
        wanted = kinds or list(ROUTES)
        before, self.server.requests = tree(self.into), []
        here = self._here(wanted, before, unpack=unpack)
        error: Exception | None = None
        files: list[scckit.ProductFile] = []
        try:
            files = self._get(kinds, existing, unpack=unpack)
        except (ProductNotAvailable, TargetExists) as caught:
            error = caught

        after = tree(self.into)
        for file in files:
            content = after[file.path.relative_to(self.into).as_posix()]
            assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        if existing == "fail":
            assert isinstance(error, TargetExists) == any(here.values())
            if any(here.values()):
                assert (after, self.server.requests) == (before, [])
                return
        if existing == "skip":
            self._skipped(here, before, after, files, error)
            return
        if existing == "replace":
            # For an absent product the API is asked, to say more; the list never.
            assert not any(one.startswith("admin/") for one in self.server.requests)
            assert self.server.archives == len({ROUTES[kind] for kind in wanted})
        expected = self._on_server(wanted, unpack=unpack)
        absent = [route for route in dict.fromkeys(ROUTES[kind] for kind in wanted) if not expected[route]]
        # A kind that was named must have come, also if its archive came for the sake of another.
        lacking = [kind for kind in kinds or () if self.server.products[kind] is None and unpack]
        assert isinstance(error, ProductNotAvailable) == bool(kinds is not None and (absent or lacking))
        contents = {path: content for route in expected.values() for path, content in route.items()}
        assert contents.items() <= after.items(), "something is not as the server has it"
        if error is None:
            assert [file.path.relative_to(self.into).as_posix() for file in files] == list(contents)
            self._again(kinds, existing, files, absent, unpack=unpack)

    def _get(self, kinds: list[str] | None, existing: Any, *, unpack: bool) -> list[scckit.ProductFile]:
        return self.server.client().products.download(ID, kinds, into=self.into, unpack=unpack, existing=existing)

    def _again(
        self,
        kinds: list[str] | None,
        existing: str,
        files: list[scckit.ProductFile],
        absent: list[str],
        *,
        unpack: bool,
    ) -> None:
        """Right after a download that knew the state, nothing is fetched but what was absent."""
        if existing == "replace" or not self.server.shows_list:
            return
        self.server.requests = []
        assert self._get(kinds, "verify", unpack=unpack) == files
        assert self.server.archives == len(absent)

    def _here(self, wanted: Iterable[str], before: Mapping[str, bytes], *, unpack: bool) -> dict[str, dict[str, bytes]]:
        """Return, for each kind or archive, what is here of it."""
        if not unpack:
            firsts = {ROUTES[kind]: kind for kind in reversed(list(wanted))}
            return {
                kind: {path: content for path, content in before.items() if path == f"{ID}/{kind}.zip"}
                for kind in firsts.values()
            }
        return {
            kind: {path: content for path, content in before.items() if path.startswith(f"{ID}/{kind}/")}
            for kind in wanted
        }

    def _skipped(
        self,
        here: Mapping[str, Mapping[str, bytes]],
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
        files: list[scckit.ProductFile],
        error: Exception | None,
    ) -> None:
        """What was complete is as it was and in the result; if all was, nothing was sent."""
        returned = {file.path.relative_to(self.into).as_posix() for file in files}
        complete = {
            kind: found for kind, found in here.items() if len(found) == len(PARTS) or f"{ID}/{kind}.zip" in found
        }
        for found in complete.values():
            assert found.items() <= after.items()
            assert error is not None or found.keys() <= returned
        if len(complete) == len(here):
            assert error is None
            assert (after, self.server.requests) == (before, [])

    def _on_server(self, wanted: Iterable[str], *, unpack: bool) -> dict[str, dict[str, bytes]]:
        """Return, for each route, what should be here after everything was fetched, in the order of the result."""
        expected: dict[str, dict[str, bytes]] = {ROUTES[kind]: {} for kind in wanted}
        firsts = {ROUTES[kind]: kind for kind in reversed(list(wanted))}
        for kind in wanted:
            members = self.server.members(kind)
            if unpack:
                expected[ROUTES[kind]] |= {f"{ID}/{kind}/{name}": content for name, content in members.items()}
            elif members:
                path = f"{ID}/{firsts[ROUTES[kind]]}.zip"
                expected[ROUTES[kind]][path] = self.server.archive(ROUTES[kind])
        return expected

    @invariant()
    def nothing_is_left_over(self) -> None:
        """No temporary file stays, and the manifest is one unless somebody has written it by hand."""
        assert not list(self.into.rglob("*.part"))
        path = self.into / ID / NAME
        if path.exists() and not self.by_hand:
            assert Manifest.read(path.read_bytes(), ID).archives
        self.by_hand = self.by_hand and path.exists()


MirrorTest = Mirror.TestCase
MirrorTest.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)


@pytest.fixture
def server() -> Server:
    """Give a server of which nothing was fetched."""
    return Server()


@pytest.mark.parametrize("unpack", [True, False])
def test_the_four_ways(server: Server, tmp_path: Path, *, unpack: bool) -> None:
    """What each way sends, onto files that are current, and onto one that was changed by hand."""

    def sent(existing: Any) -> list[str]:
        server.requests = []
        server.client().products.download(ID, ["elda", "elpp"], into=tmp_path, unpack=unpack, existing=existing)
        return [one.partition("?")[0].split("/")[-2] for one in server.requests]

    look = [ID, "measurements"]
    assert sent("fail") == [*look, "optical", "pre"]
    assert sent("verify") == look
    assert sent("skip") == []
    changed = tmp_path / ID / ("elda/elda_1.nc" if unpack else "elda.zip")
    changed.write_bytes(b"changed")
    assert sent("skip") == []
    assert changed.read_bytes() == b"changed"
    assert sent("verify") == [*look, "optical"]
    assert changed.read_bytes() != b"changed"
    changed.unlink()
    assert sent("skip") == [*look, "optical"]
    assert sent("replace") == ["optical", "pre"]
    assert sent("verify") == [*look, "optical", "pre"]
    assert sent("verify") == look
    with pytest.raises(TargetExists, match="existing='verify'"):
        sent("fail")
    assert server.requests == []


def test_a_way_that_is_none_is_refused(server: Server, tmp_path: Path) -> None:
    """A wrong word is an error with the right ones; nothing was sent or written."""
    with pytest.raises(InvalidInput, match="'verify', 'skip', 'replace', 'fail'; found 'keep'"):
        server.client().products.download(ID, into=tmp_path, existing="keep")  # type: ignore[arg-type]

    assert (server.requests, tree(tmp_path)) == ([], {})


@pytest.mark.parametrize("existing", ["verify", "skip", "replace", "fail"])
def test_a_newer_manifest_stops_every_way(server: Server, tmp_path: Path, existing: Any) -> None:
    """Before anything is sent, and it stays as it is."""
    (tmp_path / ID).mkdir()
    (tmp_path / ID / NAME).write_bytes(b'{"version": 2}')

    with pytest.raises(LocalFileError, match="newer scckit"):
        server.client().products.download(ID, into=tmp_path, existing=existing)
    assert (server.requests, tree(tmp_path)) == ([], {f"{ID}/{NAME}": b'{"version": 2}'})


def test_files_from_before_there_was_a_manifest(server: Server, tmp_path: Path) -> None:
    """They are kept by ``skip``, refused by ``fail``, and fetched again by ``verify``, which cannot know them."""
    folder = tmp_path / ID / "elda"
    folder.mkdir(parents=True)
    (folder / "elda_1.nc").write_bytes(b"old")

    (file,) = server.client().products.download(ID, "elda", into=tmp_path, existing="skip")
    assert (file.path, file.sha256) == (folder / "elda_1.nc", hashlib.sha256(b"old").hexdigest())
    with pytest.raises(TargetExists):
        server.client().products.download(ID, "elda", into=tmp_path, existing="fail")
    assert server.requests == []
    assert len(server.client().products.download(ID, "elda", into=tmp_path)) == 2
    assert (folder / "elda_1.nc").read_bytes() == b"elda 1 1"


def test_failing_also_refuses_what_comes_meanwhile(server: Server, tmp_path: Path) -> None:
    """A file that another puts there while the archive is on its way stays, and nothing is put beside it."""
    real, path = server.archive, tmp_path / ID / "elda" / "elda_2.nc"

    def archive(route: str) -> bytes:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"another's")
        return real(route)

    server.archive = archive  # type: ignore[method-assign]
    with pytest.raises(TargetExists, match=r"elda_2\.nc"):
        server.client().products.download(ID, "elda", into=tmp_path, existing="fail")
    assert tree(tmp_path) == {f"{ID}/elda/elda_2.nc": b"another's"}


def test_skipping_fetches_only_the_kinds_that_are_missing(server: Server, tmp_path: Path) -> None:
    """Of a shared archive the missing kind is taken; the kind that is here stays, though the server has a newer one."""
    server.client().products.download(ID, ["elda"], into=tmp_path)
    server.change("elda", there=True)
    server.change("eldec", there=True)

    files = server.client().products.download(ID, ["eldec", "elda"], into=tmp_path, existing="skip")
    assert [(file.kind, file.path.read_bytes()) for file in files] == [
        ("eldec", b"eldec 1 3"),
        ("eldec", b"eldec 2 3"),
        ("elda", b"elda 1 1"),
        ("elda", b"elda 2 1"),
    ]


def test_a_plan_can_go_to_another_process(server: Server, tmp_path: Path) -> None:
    """What was found here is part of the operation, which is a value."""
    server.client().products.download(ID, ["elda"], into=tmp_path)
    kinds = Registry(discover=True)
    plan = download_plan(kinds, ID, ["elda"], tmp_path, unpack=True, existing="replace")

    assert repr(pickle.loads(pickle.dumps(plan))) == repr(plan)


# -- the emulator -------------------------------------------------------------------------------------------------------


class Watched:
    """A transport that keeps the addresses of what it was asked."""

    def __init__(self, inner: Transport) -> None:
        """Wrap a transport."""
        self.inner = inner
        self.asked: list[str] = []

    def open(self, request: Request, /) -> Exchange:
        """Remember and pass on."""
        self.asked.append(request.url)
        return self.inner.open(request)

    def close(self) -> None:
        """Pass on."""
        self.inner.close()

    def archives(self) -> list[str]:
        """Return the archives asked for since the last call."""
        asked, self.asked = self.asked, []
        return [one for one in asked if "/download-" in one]


@pytest.fixture
def watched(emulator: Emulator) -> Watched:
    """Give a transport to the emulator."""
    return Watched(WSGITransport(emulator.wsgi))


def test_unchanged_then_rerun(emulator: Emulator, connect: Connect, watched: Watched, tmp_path: Path) -> None:
    """Unchanged products are not fetched again; after a rerun, whose statuses are the same, they are."""
    emulator.behaviour = replace(emulator.behaviour, page_size=1)
    for identity in ("20260321aky1959", ID, "20260321aky2001"):  # neither first nor last, however the list is sorted
        emulator.add_measurement(id=identity, system=437, start=START, stop=STOP)
    with connect(transport=watched) as scc:
        first = scc.products.download(ID, into=tmp_path)
        fetched = watched.archives()
        again = scc.products.download(ID, into=tmp_path)
        kept = watched.archives()
        before = scc.measurements.get(ID)
        emulator.clock.advance(120)
        scc.measurements.rerun(ID)
        after = scc.measurements.wait(ID, interval=5)
        watched.archives()
        scc.products.download(ID, into=tmp_path)
        renewed = watched.archives()
        scc.products.download(ID, into=tmp_path)

    assert len(fetched) == 8
    assert kept == []
    assert again == first
    assert {name: module.status for name, module in before.modules.items()} == {
        name: module.status for name, module in after.modules.items()
    }
    assert renewed == fetched
    assert watched.archives() == []


def test_the_same_awaited(emulator: Emulator, watched: Watched, tmp_path: Path) -> None:
    """The asyncio client keeps, skips and refuses like the other."""
    account = emulator.account
    emulator.add_measurement(id=ID, system=437, start=START, stop=STOP)

    async def main() -> None:
        async with scckit.connect_async(
            emulator.base_url,
            credentials=scckit.Credentials(
                account.http_user, account.http_password, account.username, account.password
            ),
            transport=ThreadTransport(watched),
        ) as scc:
            first = await scc.products.download(ID, ["elda"], into=tmp_path)
            assert len(watched.archives()) == 1
            assert await scc.products.download(ID, ["elda"], into=tmp_path) == first
            assert await scc.products.download(ID, ["elda"], into=tmp_path, existing="skip") == first
            with pytest.raises(TargetExists):
                await scc.products.download(ID, ["elda"], into=tmp_path, existing="fail")
            assert watched.archives() == []
            assert await scc.products.download(ID, ["elda"], into=tmp_path, existing="replace") == first
            assert len(watched.archives()) == 1

    asyncio.run(main())


def test_a_measurement_that_is_gone(scc: scckit.Client, emulator: Emulator, tmp_path: Path) -> None:
    """What was deleted on the server is an error for ``verify``; the files here stay, and ``skip`` gives them."""
    emulator.add_measurement(id=ID, system=437, start=START, stop=STOP)
    files = scc.products.download(ID, ["elda"], into=tmp_path)
    scc.measurements.delete(ID)

    with pytest.raises(MeasurementNotFound, match=ID):
        scc.products.download(ID, ["elda"], into=tmp_path)
    assert scc.products.download(ID, ["elda"], into=tmp_path, existing="skip") == files
