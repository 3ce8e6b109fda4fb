"""What new users do wrong at each command: one clear message, no traceback, the right status, and nothing half done."""

from __future__ import annotations

import errno
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import typer

import scckit
from scckit.testing import WSGITransport
from scckit_cli.main import _own, app, main
from scckit_emulator import Emulator

from .conftest import IDS, Cli

NONE = "20260321aky2300"

#: Words of the command line, status, and what the message says. ``{tmp}`` is an empty folder, ``{file}`` a file in it.
MISTAKES: list[tuple[tuple[str, ...], int, str]] = [
    (("search", "yesterday"), 2, "yesterday"),
    (("search", "2021-13"), 2, "2021-13"),
    (("search", "2021", "--station", "nowhere"), 2, "code of 3 letters"),
    (("search", "2021", "--json", "--csv"), 2, "choose one of --json, --csv and --plain"),
    (("search",), 2, "START"),
    (("show", "nonsense"), 2, "measurement ID"),
    (("show", NONE), 4, NONE),
    (("show",), 2, "name measurements: their IDs"),
    (("constants", "2021-02-30"), 2, "2021-02-30"),
    (("constants", "2021", "2020"), 2, "2020"),
    (("constants", "2021", "--station", "a"), 2, "code of 3 letters"),
    (("systems", "many"), 2, "many"),
    (("systems", "99999"), 4, "99999"),
    (("systems",), 2, "NUMBER"),
    (("ancillary", "x.nc", "--kind", "soundings"), 2, "soundings"),
    (("ancillary", "nobody-has-this.nc"), 4, ""),
    (("ancillary",), 2, "NAME"),
    (("ancillary", ""), 2, "an ancillary file has a name"),
    (("ancillary", "x.nc", "folder/"), 2, "'folder/'"),
    (("upload", "{tmp}/none.nc", "--system", "437"), 7, "none.nc"),
    (("upload", "{file}", "--system", "437"), 7, "was not sent"),
    (("upload", "{file}"), 2, "name the system with --system NUMBER"),
    (("upload", "{file}", "--system", "437", "--delay", "200"), 2, "200"),
    (("upload", "{file}", "--system", "437", "--wait", "--timeout", "0"), 2, "more than 0"),
    (("upload", "{file}", "--system", "many"), 2, "--system"),
    (("upload", "{file}", "--system", "437", "--replace"), 2, "use --yes in scripts"),
    (("wait", "nonsense"), 2, "measurement ID"),
    (("wait", NONE), 4, NONE),
    (("wait", IDS[0], "--timeout", "-1"), 2, "more than 0"),
    (("download", "nonsense"), 2, "measurement ID"),
    (("download", NONE, "--into", "{tmp}"), 4, NONE),
    (("download", IDS[0], "--kinds", "eldax", "--into", "{tmp}"), 2, "did you mean"),
    (("download", IDS[0], "--into", "{file}/folder"), 7, "folder"),
    (("download", "--from", "{tmp}/none.txt"), 2, "none.txt"),
    (("download", "--until", "2021"), 2, "--since"),
    (("rerun", NONE, "--yes"), 4, NONE),
    (("rerun", IDS[0]), 2, "use --yes in scripts"),
    (("rerun", IDS[0], "--part", "everything"), 2, "everything"),
    (("delete", NONE, "--yes"), 4, NONE),
    (("delete", IDS[0]), 2, "use --yes in scripts"),
    (("delete", "--yes"), 2, "name measurements"),
    (("product", "show", "{tmp}/none.nc"), 7, "none.nc"),
    (("product", "plot", "{file}"), 7, "no netCDF file"),
    (("product", "check", "{tmp}/letter.doc"), 7, "letter.doc"),
    (("product", "check", "{tmp}"), 7, "directory"),
    (("product", "check", "{tmp}/20260321aky0000.nc"), 7, "20260321aky0000.nc"),
    (("mirror", "{tmp}"), 2, "say what to do"),
    (("mirror", "{tmp}", "--since", "soon"), 2, "soon"),
    (("mirror", "{file}", "--since", "2026"), 7, "folder"),
    (("login", "--import", "{tmp}/none.ini"), 2, "none.ini"),
    (("login", "--import", "{file}"), 2, "neither like pollyxt_pipelines.ini"),
    (("login",), 2, "nobody is there to answer"),
    (("login", "--station", "nowhere"), 2, "code of 3 letters"),
    (("login", "--station", ""), 2, "code of 3 letters"),
    (("login", "--station", "all"), 2, "--station all is for searches"),
    (("login", "--system", "0"), 2, "--system"),
    (("login", "--profile", ""), 2, "name of a profile"),
    (("emulate",), 2, "try scckit --help"),
    (("search", "2021", "--colour"), 2, "try scckit search --help"),
    (("check", "--profile"), 2, "--profile"),
    (("product", "plot", "{tmp}/none.nc", "--output", "{tmp}/x.png"), 7, "none.nc"),
    (("delete", "nonsense", IDS[0], "--yes"), 2, "nonsense"),
]


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder, and no catalogue, which an empty mirror has."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "sqlite" not in path.name}


@pytest.mark.parametrize(("words", "status", "said"), MISTAKES, ids=[" ".join(words) for words, *_ in MISTAKES])
def test_mistakes(cli: Cli, tmp_path: Path, words: tuple[str, ...], status: int, said: str) -> None:
    """The message names what was asked, the status is that of the table, and no file has come or changed."""
    folder = tmp_path / "work"
    folder.mkdir()
    file = folder / "aky_elda_v5.2.7.nc"
    file.write_text("no netCDF", encoding="utf-8")
    before = tree(folder)

    result = cli(*(word.format(tmp=folder, file=file) for word in words))

    assert result.status == status, result
    assert said in (result.err if said else result.out), result
    assert "Traceback" not in result.err
    assert tree(folder) == before


COMMANDS = {
    "search": ("search", "2026-03-21"),
    "show": ("show", IDS[0]),
    "constants": ("constants", "2026"),
    "systems": ("systems", "437"),
    "ancillary": ("ancillary", "x.nc"),
    "upload": ("upload", "{raw}", "--system", "437"),
    "wait": ("wait", IDS[0]),
    "download": ("download", IDS[0], "--into", "{tmp}"),
    "rerun": ("rerun", IDS[0], "--yes"),
    "delete": ("delete", IDS[0], "--yes"),
    "check": ("check",),
    "doctor": ("doctor",),
    "mirror": ("mirror", "{tmp}", "--since", "2026-03-21"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("trouble", ["http", "account", "none", "network", "interrupted"])
def test_troubles_of_every_command(  # noqa: PLR0913, PLR0917 - fixtures
    cli: Cli,
    emulator: Emulator,
    environ: dict[str, str],
    raws: list[Path],
    tmp_path: Path,
    words: tuple[str, ...],
    trouble: str,
) -> None:
    """Wrong passwords, no credentials, no network, Ctrl-C: each command says so in one way, and leaves nothing."""
    folder = tmp_path / "work"
    folder.mkdir()
    expected, said, settings = 3, "", {}
    if trouble == "http":
        environ["SCCKIT_HTTP_PASSWORD"], said = "wrong-secret", "HTTP user and password"
    elif trouble == "account":
        environ["SCCKIT_PASSWORD"], said = "wrong-secret", "refused the account"
    elif trouble == "none":
        for name in list(environ):
            if name != "SCCKIT_CONFIG":
                del environ[name]
        said = "no credentials"
    elif trouble == "network":
        expected, said = 6, "127.0.0.1"
        settings = {"connect": lambda _, **given: scckit.connect("http://127.0.0.1:1/", sleep=lambda _: None, **given)}
    else:
        expected, said = 130, "interrupted"
        settings = {"connect": lambda _, **given: scckit.connect(emulator.base_url, transport=Interrupted(), **given)}

    result = cli(*(word.format(tmp=folder, raw=raws[0]) for word in words), **settings)

    if (words[0], trouble) == ("systems", "account"):
        assert result.status == 0  # the export of a system is for everybody behind the outer layer
    elif words == ("doctor",) and trouble in {"http", "account", "network"}:
        assert result.status == 1  # it is there to find out
        assert "trouble" in result.out
    else:
        assert result.status == expected, result
        assert said in result.err, result
    assert "Traceback" not in result.err
    assert "wrong-secret" not in result.err + result.out
    assert tree(folder) == {}


@pytest.mark.parametrize(
    "words",
    [("show",), ("wait",), ("download", "--into", "{tmp}"), ("rerun", "--yes"), ("delete", "--yes"), ("upload",)],
)
def test_a_wrong_password_is_tried_once(  # noqa: PLR0913, PLR0917 - fixtures
    cli: Cli, emulator: Emulator, environ: dict[str, str], raws: list[Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    """However many items there are: a server may lock an account that is refused again and again."""
    environ["SCCKIT_PASSWORD"] = "wrong-secret"
    tries: list[str] = []

    def counted(given: Any, start: Any) -> Any:
        if given["REQUEST_METHOD"] == "POST":
            tries.append(given["PATH_INFO"])
        return emulator.wsgi(given, start)

    items = (*map(str, raws), "--system", "437") if words == ("upload",) else tuple(IDS)
    result = cli(
        *(word.format(tmp=tmp_path / "new") for word in words),
        *items,
        connect=lambda _, **given: scckit.connect(emulator.base_url, transport=WSGITransport(counted), **given),
    )

    assert (result.status, len(tries)) == (3, 1)
    assert result.err.count("refused the account") == 1


class Interrupted:
    """A transport at which somebody presses Ctrl-C."""

    def open(self, _: object) -> Any:
        raise KeyboardInterrupt

    def close(self) -> None:
        """Have nothing open."""


@pytest.mark.parametrize(
    ("command", "path", "done"), [("delete", "/delete", "deleted"), ("rerun", "rerun", "restarted")]
)
def test_ctrl_c_while_the_server_is_changed(cli: Cli, emulator: Emulator, command: str, path: str, done: str) -> None:
    """What was under way may be done, so its name is said, and what was done before is printed; nothing more is begun."""

    def interrupted(given: Any, start: Any) -> Any:
        answer = emulator.wsgi(given, start)
        if IDS[1] in given["PATH_INFO"] and path in given["PATH_INFO"]:
            raise KeyboardInterrupt
        return answer

    result = cli(
        *(command, *IDS, "--yes"),
        connect=lambda _, **given: scckit.connect(emulator.base_url, transport=WSGITransport(interrupted), **given),
    )

    assert (result.status, result.out) == (130, f"{IDS[0]}\t{done}\n")
    assert f"{IDS[1]}: interrupted, it may be {done} already; scckit show {IDS[1]} tells\n" in result.err
    assert IDS[2] not in result.err
    assert cli("show", IDS[2]).status == 0


@pytest.mark.parametrize("command", ["download", "mirror"])
@pytest.mark.parametrize(("kinds", "said"), [("eldax", "no product kind 'eldax'"), (" ,", "no name of a kind")])
def test_a_wrong_kind_is_told_once(cli: Cli, tmp_path: Path, command: str, kinds: str, said: str) -> None:
    """However many measurements there are, and before the server is asked for anything."""
    asked: list[str] = []

    def counted(given: Any, _: Any) -> Any:
        asked.append(given["PATH_INFO"])
        return []

    words = {"download": (*IDS, "--into", str(tmp_path)), "mirror": (str(tmp_path), "--since", "2026")}[command]
    result = cli(
        *(command, *words, "--kinds", kinds),
        connect=lambda _, **given: scckit.connect("https://scc.example/", transport=WSGITransport(counted), **given),
    )

    assert (result.status, asked) == (2, [])
    assert said in result.err
    assert len(result.err.splitlines()) == 1


def test_two_files_of_one_measurement_are_refused(cli: Cli, raws: list[Path]) -> None:
    """Both are named, and nothing is sent; the same file twice is one."""
    copy = raws[0].with_name("copy.nc")
    copy.write_bytes(raws[0].read_bytes())
    result = cli("upload", *map(str, (*raws, copy)), "--system", "437")

    assert (result.status, result.out) == (2, "")
    assert f"{raws[0]} and {copy} are both the measurement {raws[0].stem}" in result.err
    assert cli("show", raws[1].stem).status == 4
    assert cli("upload", str(raws[0]), str(raws[0]), "--system", "437").out.split() == [raws[0].stem]


def commands(app: typer.Typer) -> Iterator[Callable[..., Any]]:
    """Give the functions of all commands."""
    yield from (one.callback for one in app.registered_commands if one.callback is not None)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance)


def test_a_file_that_cannot_be_read_costs_no_other(cli: Cli, raws: list[Path]) -> None:
    """That is told by what reads it, for that file alone; typer, which would end all with its own words, asks of none."""
    paths = {
        f"{command.__name__} {name}": [getattr(one, "readable", None) for one in parameter.annotation.__metadata__]
        for command in commands(app)
        for name, parameter in inspect.signature(command, eval_str=True).parameters.items()
        if "pathlib" in str(parameter.annotation)
    }

    assert len(paths) > 10
    assert {name: asked for name, asked in paths.items() if asked != [False]} == {}
    result = cli("upload", str(raws[0].parent), str(raws[0]), "--system", "437")
    assert (result.status, result.out.split()) == (7, [raws[0].stem]), result.err


def test_a_full_disk(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops the batch, is said once with what to do, and leaves no part of a file."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = cli("download", *IDS[:2], "--kinds", "elda", "--into", str(tmp_path / "products"))

    assert result.status == 7
    assert "make room and try again" in result.err
    assert "to repeat just these" in result.err
    assert [path for path in (tmp_path / "products").rglob("*") if path.is_file()] == []


def test_debug_shows_where_and_no_secret(cli: Cli, environ: dict[str, str]) -> None:
    """With ``--debug`` there is a traceback; no password is in it."""
    environ["SCCKIT_PASSWORD"] = "wrong-secret"
    result = cli("--debug", "check")

    assert result.status == 3
    assert "Traceback" in result.err
    assert not any(environ[name] in result.err for name in environ if "PASSWORD" in name)


def test_debug_hides_secrets_wherever_they_stand(cli: Cli, environ: dict[str, str]) -> None:
    """In the words of any error, as they are, as in an address, and as in Python's own form; with and without --debug."""
    password = environ["SCCKIT_PASSWORD"] = "p@ss 'word/é"

    def connect(*_: object, **__: object) -> scckit.Client:
        local = password
        msg = f"http://me:{quote(password, safe='')}@host said {local} and {password!r}"
        raise RuntimeError(msg)

    for words in (("check",), ("--debug", "check"), ("check", "--debug")):
        result = cli(*words, connect=connect)
        assert result.status == 1
        assert result.err.count("<hidden>") == 3 * (1 + ("--debug" in words))
        assert ("Traceback" in result.err) == ("--debug" in words)
        assert not any(form in result.err for form in (password, quote(password, safe=""), "word"))


BOM = "\ufeff"


@pytest.mark.parametrize(
    ("text", "status", "rows", "said"),
    [
        (f"{BOM}{IDS[0]}\r\n\r\n# a remark\r\n  {IDS[1]} ; good\r\n{IDS[0]}\r\n", 0, 2, ""),
        (f"id,station\n{IDS[0]},aky\n", 0, 1, ""),
        (f"{BOM}id  station\n{IDS[0]}  aky", 0, 1, ""),
        ("", 0, 0, "{place} has no measurement"),
        ("# nothing\n\n", 0, 0, "{place} has no measurement"),
        (f"{IDS[0]}\nnonsense\n", 2, 0, "'nonsense' is not a measurement ID"),
        ("\udcff\udcfe\n", 2, 0, "{place} is no text"),
    ],
)
@pytest.mark.parametrize("place", ["stdin", "file"])
def test_lists_of_ids(  # noqa: PLR0913, PLR0917 - a case and fixtures
    cli: Cli, tmp_path: Path, place: str, text: str, status: int, rows: int, said: str
) -> None:
    """As editors and other tools write them; what is wrong is told before anything is done."""
    listed = tmp_path / "ids.txt"
    listed.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = (
        cli("rerun", "-", "--yes", stdin=text) if place == "stdin" else cli("rerun", "--from", str(listed), "--yes")
    )

    assert result.status == status, result
    assert len(result.out.splitlines()) == rows
    assert said.format(place="standard input" if place == "stdin" else listed) in result.err


def test_no_command_takes_a_password(cli: Cli) -> None:
    """Arguments are seen by everybody on the machine, and stay in the shell's history."""
    for name in sorted(_own()):
        words = (name, "--help") if name != "product" else (name, "show", "--help")
        help_text = cli(*words).out.lower()
        assert help_text.startswith("usage"), name
        assert "--password" not in help_text
        assert "--username" not in help_text


def test_signs_of_a_terminal_are_not_printed(cli: Cli, emulator: Emulator) -> None:
    """What a server sends cannot move the cursor or set a title."""
    emulator.add_ancillary("sounding", "rs_\x1b]0;x\x07.nc")
    result = cli("ancillary", "rs_\x1b]0;x\x07.nc")

    assert "\x1b" not in result.out + result.err
    assert "\x07" not in result.out + result.err


def test_a_reader_that_has_enough(emulator: Emulator, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """``scckit search 2021 | head -1`` is quiet."""

    class Closed:
        encoding = "utf-8"

        def write(self, _: str) -> int:
            raise BrokenPipeError

        flush = isatty = fileno = lambda _: 0

    monkeypatch.setattr("scckit_cli.main.let_go", lambda: None)
    monkeypatch.setattr(sys, "stdout", Closed())

    def connect(_: object, **given: Any) -> scckit.Client:
        return scckit.connect(emulator.base_url, transport=WSGITransport(emulator.wsgi), **given)

    assert main(["search", "2026", "--plain"], environ=environ, connect=connect) == 0


def test_the_start_is_light() -> None:
    """``scckit --help`` imports no client, no plugin and no tables."""
    script = """
import sys
from scckit_cli.main import main
assert main(["--help"]) == 0
heavy = {"attrs", "cattrs", "pluggy", "urllib3", "parsel", "xarray", "numpy", "rich.table", "keyring", "tomlkit", "scckit.client"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_completion_is_offered(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell gets a script, which asks the command itself for what may come next."""
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "bash", raising=False)
    result = cli("--show-completion")

    assert result.status == 0, result
    assert "_SCCKIT_COMPLETE" in result.out
