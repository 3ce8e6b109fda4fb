"""The documents tell the truth: their examples run, and what they must name they name."""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import scckit
import scckit_cli
import scckit_compat
import scckit_emulator
import scckit_parsel
import scckit_products
import scckit_replay
import scckit_urllib3
from scckit import client, errors
from scckit.session.threads import ThreadTransport
from scckit.testing import WSGITransport
from scckit_cli.main import _split, app
from scckit_emulator import Behaviour, Emulator
from scckit_emulator.synthetic import Scene, write_elda, write_raw, write_sounding

from .integration.conftest import START, STOP

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "plugins").glob("*/README.md"))]
#: Blocks marked ``py`` in place of ``python`` need a server on the network, and are for reading.
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(
        match[1], id=f"{page.relative_to(ROOT)}:{page.read_text(encoding='utf-8')[: match.start()].count(chr(10)) + 1}"
    )
    for page in PAGES
    for match in BLOCK.finditer(page.read_text(encoding="utf-8"))
]
ID = "20210307aky0930"


@pytest.fixture
def world(started_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Emulator]:
    """Make a folder with the files that the documents speak of, and let the clients reach the emulator."""
    emulator = started_emulator
    emulator.behaviour = Behaviour()
    emulator.reset()
    monkeypatch.chdir(tmp_path)
    for name in (ID, "20210401aky0930"):
        write_raw(tmp_path / f"{name}.nc", measurement_id=name, start=START, stop=STOP)
    scene = Scene(measurement_id="20200630hpb2200", start=START, stop=STOP)
    product = write_elda(tmp_path, scene, product_id=378, product_type=0, wavelength=355)
    product.rename(tmp_path / "hpb_000_0355_0000378_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc")
    write_sounding(tmp_path / "rs_20210307aky09.nc", start=START)
    account = emulator.account
    monkeypatch.setenv("SCCKIT_BASE_URL", emulator.base_url)
    monkeypatch.setenv("SCCKIT_HTTP_USER", account.http_user)
    monkeypatch.setenv("SCCKIT_HTTP_PASSWORD", account.http_password)
    monkeypatch.setenv("SCCKIT_USERNAME", account.username)
    monkeypatch.setenv("SCCKIT_PASSWORD", account.password)
    transport = WSGITransport(emulator.wsgi)

    async def sleep(seconds: float) -> None:
        emulator.clock.advance(seconds)

    connect, connect_async = scckit.connect, scckit.connect_async
    monkeypatch.setattr(scckit, "connect", partial(connect, transport=transport, sleep=emulator.clock.advance))
    monkeypatch.setattr(
        scckit, "connect_async", partial(connect_async, transport=ThreadTransport(transport), sleep=sleep)
    )

    @contextmanager
    def alive(**_: object) -> Iterator[Emulator]:
        # One emulator can be alive in a process, and it is.
        yield emulator

    monkeypatch.setattr(scckit_emulator, "Emulator", alive)
    return emulator


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_of_the_documents_runs(block: str, world: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """A block of Python in a document runs by itself against the emulator, where the other blocks' files exist."""
    if "connect" in block and "upload(" not in block and "process(" not in block:
        world.add_measurement(
            id=ID,
            system=437,
            start=START.replace(year=2021, month=3, day=7),
            stop=STOP.replace(year=2021, month=3, day=7),
        )

    exec(compile(block, "<document>", "exec"), {"scckit": scckit, "asyncio": asyncio})  # noqa: S102 - that is the test

    capsys.readouterr()


def _modules() -> list[ModuleType]:
    packages = [
        *(scckit, scckit_urllib3, scckit_parsel, scckit_products, scckit_replay, scckit_emulator),
        *(scckit_cli, scckit_compat),
    ]
    names = [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        # The emulator's site can be imported once Django is set up, and the contracts are read by pytest.
        if not module.name.startswith(("scckit_emulator.site", "scckit_emulator.__main__"))
    ]
    return [importlib.import_module(name) for name in names]


@pytest.mark.parametrize("module", _modules(), ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    """Every ``>>>`` in a docstring does what it shows."""
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE
    failed, _ = doctest.testmod(module, optionflags=options)

    assert failed == 0


def test_the_guide_tells_of_every_verb() -> None:
    """Each verb of a client is in the guide."""
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    nouns = (
        client.Measurements,
        client.Products,
        client.Ancillary,
        client.Constants,
        client.Systems,
    )

    missing = [
        f"{noun.__name__}.{verb}"
        for noun in nouns
        for verb in vars(noun)
        if not verb.startswith("_") and verb not in guide
    ]

    assert missing == []


def test_the_guide_tells_of_every_error_that_users_meet() -> None:
    """Each error without kinds of its own is in the guide's table."""
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    kinds = [getattr(errors, name) for name in errors.__all__]
    leaves = [kind.__name__ for kind in kinds if not any(kind in other.__bases__ for other in kinds)]

    assert [name for name in leaves if f"`{name}`" not in guide] == []


def _ours() -> list[str]:
    """Return what the migration guide offers in place of the other clients' calls: its second column, piece by piece."""
    guide = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8").partition("## What `scckit_compat`")[0]
    rows = [re.split(r"(?<!\\)\|", line) for line in guide.splitlines() if line.startswith("| ")]
    calls = [piece for row in rows for piece in re.findall(r"`([^`]+)`", row[2])]
    # What is better may name a line of the shell too.
    lines = [piece for row in rows for piece in re.findall(r"`([^`]*scckit [^`]+)`", row[3])]
    return [piece.replace("\\|", "|") for piece in dict.fromkeys(calls + lines) if piece != "scckit"]


@pytest.mark.parametrize("piece", _ours())
def test_the_migration_guide_offers_what_there_is(piece: str) -> None:
    """Each call has the names and takes the arguments that it is shown with; each line of the shell is one of the command."""
    if "scckit " in piece:
        words = shlex.split(piece.rpartition("| ")[2].partition(">")[0])
        assert words.pop(0) == "scckit"
        typer.main.get_command(app).make_context("scckit", list(words))
        name, rest = _split(words)
        command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined] - it is a group
        command.make_context(name, rest)
        return
    credentials = scckit.Credentials("u", "p", "me", "s")
    with scckit.connect(credentials=credentials) as client:
        known: dict[str, Any] = {"scc": client, "scckit": scckit, "measurement": scckit.Measurement}
        _resolved(ast.parse(piece, mode="eval").body, known)


def _resolved(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Call):
        inspect.signature(_resolved(node.func, known)).bind(
            *node.args, **{str(one.arg): one.value for one in node.keywords}
        )
        return None
    if isinstance(node, ast.Attribute):
        return getattr(_resolved(node.value, known), node.attr)
    assert isinstance(node, ast.Name)
    return known[node.id]


def test_the_readme_has_the_two_lines_and_ci_runs_the_second() -> None:
    """The test line of the README is, word for word, what CI runs."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert len(lines) == 2
    assert lines[0].endswith("tox run -e demo")
    assert lines[1] in script.splitlines()
