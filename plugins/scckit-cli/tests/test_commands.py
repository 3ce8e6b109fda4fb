"""Each command on the emulator: what it prints in each form, what it does, and what it exits with."""

from __future__ import annotations

import csv
import errno
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import scckit
from scckit.testing import WSGITransport
from scckit_cli.commands.look import MODULES
from scckit_cli.main import _own
from scckit_emulator import Emulator, Fault
from scckit_emulator.synthetic import write_raw, write_sounding

from .conftest import BEGIN, IDS, Cli

FORMS = {
    "search": ("search", "2026-03-21"),
    "show": ("show", *IDS),
    "constants": ("constants", "2026"),
    "systems": ("systems", "437"),
    "ancillary": ("ancillary", "rs_20260321aky00.nc"),
}


@pytest.mark.parametrize("words", FORMS.values(), ids=FORMS)
def test_each_form_reads_back_as_the_same_rows(cli: Cli, emulator: Emulator, words: tuple[str, ...]) -> None:
    """JSON, CSV and plain lines have the same values in the same columns; nothing else is on standard output."""
    emulator.add_lidar_constants(IDS[0])
    as_json = json.loads(cli(*words, "--json").out)
    as_csv = list(csv.DictReader(io.StringIO(cli(*words, "--csv").out)))
    as_plain = [line.split("\t") for line in cli(*words, "--plain").out.splitlines()]
    table = cli(*words)

    assert as_json
    assert [list(row) for row in as_json] == [list(row) for row in as_csv]
    assert [list(row.values()) for row in as_csv] == as_plain
    for row, texts in zip(as_json, as_csv, strict=True):
        assert [value in (None, []) for value in row.values()] == [text == "" for text in texts.values()]
    assert table.out.splitlines()[0].split()[0] == next(iter(as_json[0])).split("_")[0]
    assert len(table.out.rstrip().splitlines()) == len(as_json) + 1


EMPTY = {
    "search": ("search", "1999"),
    "constants": ("constants", "1999"),
    "systems": ("systems", "99999"),
    "show": ("show", "20260321aky2300"),
    "wait": ("wait", "20260321aky2300", "--timeout", "0.01"),
    "mirror": ("mirror", "{mirror}", "--query", "--since", "2030"),
}
FULL = {**FORMS, "wait": ("wait", IDS[0]), "mirror": ("mirror", "{mirror}", "--query")}


@pytest.mark.parametrize("command", EMPTY)
def test_columns_do_not_depend_on_rows(cli: Cli, emulator: Emulator, tmp_path: Path, command: str) -> None:
    """A program that reads CSV finds the same headings where nothing was found."""
    emulator.add_lidar_constants(IDS[0])
    mirror = str(tmp_path / "mirror")
    if command == "mirror":
        assert cli("mirror", mirror, "--since", "2026-03-21", "--kinds", "elda").status == 0
    empty, full = (
        cli(*(word.format(mirror=mirror) for word in words[command]), "--csv").out for words in (EMPTY, FULL)
    )

    assert len(empty.splitlines()) == 1
    assert len(full.splitlines()) > 1
    assert empty.splitlines()[0] == full.splitlines()[0]


def test_ids_alone_in_each_form(cli: Cli) -> None:
    """Lines by default, and what was asked for else."""
    assert sorted(one["id"] for one in json.loads(cli("search", "2026-03-21", "--ids", "--json").out)) == IDS
    assert cli("search", "2026-03-21", "--ids", "--csv").out.splitlines()[0] == "id"
    assert cli("search", "2026-03-21", "--ids", "--plain").out == cli("search", "2026-03-21", "--ids").out


def test_our_own_tables_are_lists_of_measurements(cli: Cli, emulator: Emulator, tmp_path: Path) -> None:
    """Whatever the column of the measurements is called, as a table and as CSV."""
    emulator.add_lidar_constants(IDS[0])
    mirror = str(tmp_path / "mirror")
    assert cli("mirror", mirror, "--since", "2026-03-21", "--kinds", "elda").status == 0
    for words in (("search", "2026-03-21"), ("constants", "2026"), ("mirror", mirror, "--query")):
        for form in ((), ("--csv",)):
            result = cli("rerun", "-", "--yes", stdin=cli(*words, *form).out)
            assert (result.status, IDS[0] in result.out) == (0, True), (words, form, result.err)
    files = cli("download", IDS[0], "--kinds", "elda", "--into", str(tmp_path), "--csv").out
    assert cli("show", "-", stdin=files).status == 0


def test_statuses_are_words_where_no_terminal_shows_them(cli: Cli) -> None:
    """A pipe gets "ok" and "failed"."""
    rows = {row["id"]: row for row in json.loads(cli("search", "2026-03-21", "--json").out)}

    assert (rows[IDS[0]]["elda"], rows[IDS[2]]["elda"]) == ("ok", "failed")
    assert "failed" in cli("search", "2026-03-21").out


def test_a_search_feeds_a_download(cli: Cli, tmp_path: Path) -> None:
    """IDs by ``--ids``, or any rows whose first word is one, through standard input, a file, or a search of its own."""
    ids = cli("search", "2026-03-21", "--ids").out
    plain = cli("search", "2026-03-21", "--plain").out
    listed = tmp_path / "ids.txt"
    listed.write_text(
        f"# a night\n\n{cli('search', '2026-03-21', '--csv').out.partition(chr(10))[2]}", encoding="utf-8"
    )
    assert sorted(ids.split()) == IDS

    ways = {
        "stdin": cli("download", "-", "--kinds", "elpp", "--into", str(tmp_path / "a"), stdin=ids),
        "plain": cli("download", "-", "--kinds", "elpp", "--into", str(tmp_path / "b"), stdin=plain),
        "file": cli("download", "--from", str(listed), "--kinds", "elpp", "--into", str(tmp_path / "c")),
        "search": cli("download", "--since", "2026-03-21", "--kinds", "elpp", "--into", str(tmp_path / "d")),
    }

    for way, result in ways.items():
        assert result.status == 0, (way, result.err)
        paths = [Path(line) for line in result.out.splitlines()]
        assert {path.parts[-3] for path in paths} == set(IDS), way
        assert all(path.is_file() for path in paths)
        assert "3 measurements: 3 fetched" in result.err


def test_what_failed_can_be_repeated_as_told(cli: Cli, emulator: Emulator, tmp_path: Path) -> None:
    """The line that is told does just the rest; what is absent has its own status, and is no failure to repeat."""
    emulator.faults.add(Fault.archive("corrupt"), path=f"{IDS[0]}/download-optical/")
    first = cli("download", *IDS, "--kinds", "elda", "--into", str(tmp_path))

    assert first.status == 1  # one damaged, one absent
    assert "1 of 3 failed; to repeat just these:" in first.err
    (line,) = [line for line in first.err.splitlines() if line.startswith("  scckit ")]
    assert line.split()[1:] == ["download", "--kinds", "elda", "--into", str(tmp_path), IDS[0]]
    again = cli(*line.split()[1:])
    assert (again.status, len(again.out.splitlines())) == (0, len(list(tmp_path.glob(f"{IDS[0]}/elda/*"))))
    assert cli("download", IDS[2], "--kinds", "elda", "--into", str(tmp_path)).status == 4


@pytest.mark.parametrize("kept", [(), ("--archives",)])
def test_a_damaged_archive_is_the_server_s(cli: Cli, emulator: Emulator, tmp_path: Path, kept: tuple[str, ...]) -> None:
    """It is called by what it is for, since the file that held it is gone, and it is no file of this side."""
    emulator.faults.add(Fault.archive("corrupt"), path=f"{IDS[0]}/download-optical/")
    result = cli("download", IDS[0], "--kinds", "elda", "--into", str(tmp_path), *kept)

    assert result.status == 5
    assert f"scckit: the archive for {IDS[0]} (download-optical) is " in result.err
    assert str(tmp_path) not in result.err


def test_a_night_is_uploaded_waited_for_and_downloaded(cli: Cli, raws: list[Path], tmp_path: Path) -> None:
    """Good files are sent with the soundings beside them, a bad one keeps none of them, and only it is to be repeated."""
    sounding = raws[0].with_name(f"rs_{raws[0].stem[:-2]}.nc")
    bad = raws[0].with_name("20260321aky0700.nc")
    bad.write_bytes(b"nothing")

    first = cli("upload", *map(str, (*raws, bad)), "--system", "437", "--download", str(tmp_path / "products"))

    assert first.status == 7
    assert f"{raws[0]}: sent\n" in first.err
    assert f"  scckit upload --system 437 --download {tmp_path / 'products'} {bad}" in first.err
    assert {path.name for path in (tmp_path / "products").iterdir()} == {one.stem for one in raws}
    assert not sounding.exists()
    again = cli("upload", str(raws[0]), "--system", "437")
    assert (again.status, again.out.split()) == (0, [raws[0].stem])
    assert "has" in again.err


def test_the_sounding_beside_a_raw_file_goes_with_it(cli: Cli, tmp_path: Path) -> None:
    """The name that the raw file gives is looked for in its folder."""
    raw, name, stop = tmp_path / "20260321aky0500.nc", "rs_20260321aky05.nc", BEGIN + timedelta(hours=6)
    write_raw(raw, measurement_id=raw.stem, start=stop - timedelta(hours=1), stop=stop, sounding=name)
    write_sounding(tmp_path / name, start=stop - timedelta(hours=1))

    result = cli("upload", str(raw), "--system", "437")

    assert (result.status, result.out.split()) == (0, [raw.stem]), result.err
    assert f"with the sounding {name}, which lies beside it" in result.err
    assert cli("ancillary", name).status == 0


def test_waiting(cli: Cli, raws: list[Path]) -> None:
    """Each measurement gets a line as soon as it is finished; one that is not in time is told with status 8."""
    assert cli("upload", str(raws[0]), "--system", "437").status == 0
    late = cli("wait", raws[0].stem, "--timeout", "0.001")
    assert late.status == 8
    done = cli("wait", raws[0].stem, IDS[0])
    assert done.status == 0
    assert [line.split("\t")[:2] for line in done.out.splitlines()] == [
        [IDS[0], "finished"],
        [raws[0].stem, "finished"],
    ]


class Waits:
    """Counts the seconds that a client sleeps, and notes when what was asked for."""

    def __init__(self, emulator: Emulator) -> None:
        """Begin."""
        self._emulator = emulator
        self.slept = 0.0
        self.downloads: dict[str, float] = {}

    def sleep(self, seconds: float) -> None:
        """Let the emulator's time pass."""
        self.slept += seconds
        self._emulator.clock.advance(seconds)

    def clock(self) -> float:
        """Tell the time."""
        return self.slept

    def connect(self, _: object, **given: Any) -> scckit.Client:
        """Connect with all that."""
        return scckit.connect(
            self._emulator.base_url, **{**given, "transport": WSGITransport(self._wsgi), "sleep": self.sleep}
        )

    def _wsgi(self, given: Any, start: Any) -> Any:
        path = given["PATH_INFO"]
        if "/download-" in path:
            self.downloads.setdefault(next(one for one in path.split("/") if "aky" in one), self.slept)
        return self._emulator.wsgi(given, start)


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """Write a raw file whose sounding is nowhere, so that the SCC never begins with it."""
    raw, start = tmp_path / "20260321aky0400.nc", BEGIN + timedelta(hours=4)
    write_raw(raw, measurement_id=raw.stem, start=start, stop=start + timedelta(hours=1), sounding="rs_none.nc")
    return raw


def test_what_is_never_finished_keeps_nothing_back(
    cli: Cli, emulator: Emulator, endless: Path, raws: list[Path], tmp_path: Path
) -> None:
    """The limit is for all together; what is finished is downloaded long before it, whatever stands first."""
    waits = Waits(emulator)
    words = (str(endless), *map(str, raws), "--system", "437", "--download", str(tmp_path / "products"))
    result = cli("upload", *words, "--timeout", "1", connect=waits.connect, clock=waits.clock)

    assert result.status == 8
    assert {path.name for path in (tmp_path / "products").iterdir()} == {one.stem for one in raws}
    assert set(waits.downloads) == {one.stem for one in raws}
    assert max(waits.downloads.values()) < 1800
    assert 3590 < waits.slept < 3700
    assert f"{endless.stem} is not started after 3600 s of waiting" in result.err
    assert result.err.rstrip().endswith(f"--timeout 1.0 {endless}")


@pytest.mark.parametrize("stands_still", [False, True])
def test_one_limit_for_all(cli: Cli, emulator: Emulator, endless: Path, stands_still: bool) -> None:
    """Each that is late is told with the whole limit, also by a clock that stands still; what is done stands first."""
    second = endless.with_name("20260321aky0430.nc")
    endless_too = BEGIN + timedelta(hours=4.5)
    write_raw(
        second, measurement_id=second.stem, start=endless_too, stop=endless_too + timedelta(hours=1), sounding="rs_n.nc"
    )
    assert cli("upload", str(endless), str(second), "--system", "437").status == 0
    waits = Waits(emulator)
    clock = (lambda: 0.0) if stands_still else waits.clock
    result = cli(*("wait", endless.stem, second.stem, IDS[0], "--timeout", "0.5"), connect=waits.connect, clock=clock)

    assert (result.status, result.out.split()[0]) == (8, IDS[0])
    assert 1790 < waits.slept < 1900
    for one in (endless, second):
        assert f"{one.stem} is not started after 1800 s of waiting" in result.err


def test_an_unknown_id_among_several_has_its_grace(cli: Cli, emulator: Emulator) -> None:
    """A new measurement may not be known at once; after two minutes one is not, and is told."""
    waits = Waits(emulator)
    result = cli("wait", "20260321aky2300", IDS[0], connect=waits.connect, clock=waits.clock)

    assert (result.status, result.out.split()[0]) == (4, IDS[0])
    assert 115 < waits.slept < 200


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "inf"])
@pytest.mark.parametrize("words", [("wait", IDS[0]), ("upload", "x.nc", "--system", "437", "--wait")])
def test_a_limit_that_is_none(cli: Cli, words: tuple[str, ...], hours: str) -> None:
    """It is told in hours, as it was given, by whatever waits."""
    result = cli(*words, "--timeout", hours)

    assert (result.status, result.err) == (
        2,
        f"scckit: --timeout is in hours, more than 0; found {float(hours):g}\n",
    )


def test_what_destroys_asks_first(cli: Cli) -> None:
    """No is no; without anybody to ask it is refused; ``--yes`` does it; what fails keeps no other from being done."""
    assert cli("delete", IDS[0], answers=["n"]).status == 1
    assert cli("delete", IDS[0]).status == 2
    assert cli("show", IDS[0]).status == 0

    result = cli("delete", IDS[0], "20260321aky2300", IDS[1], "--yes")

    assert (result.status, result.out) == (4, f"{IDS[0]}\tdeleted\n{IDS[1]}\tdeleted\n")
    assert "1 of 3 failed; to repeat just these:\n  scckit delete --yes 20260321aky2300\n" in result.err
    assert cli("show", IDS[0]).status == 4
    assert cli("rerun", IDS[2], answers=["yes"]).out == f"{IDS[2]}\trestarted\n"


def test_check_and_doctor(cli: Cli, emulator: Emulator) -> None:
    """The report is fine on a good server, says what is odd on another, and names neither person nor station."""
    assert cli("check").status == 0
    report = cli("doctor")
    assert report.status == 0
    rows = json.loads(cli("doctor", "--json").out)
    assert {row["result"] for row in rows} == {"fine"}
    for word in (emulator.account.username, emulator.account.http_user, emulator.base_url, "aky", *IDS):
        assert word not in report.out + report.err
    emulator.faults.add(Fault.status(500), path="admin/database/lidarconstant/", times=None)
    bad = cli("doctor")
    emulator.faults.clear()
    assert bad.status == 1
    assert "UnexpectedStatus (HTTP 500)" in bad.out


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (("elpp", "elda", "newest"), "new: cloudmask, eldec, elic, elquick, hirelpp"),
        ((*MODULES, "newest"), "missing: newest"),
    ],
)
def test_doctor_compares_with_what_is_expected(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, expected: tuple[str, ...], said: str
) -> None:
    """A module that came, or went, is odd wherever measurements are read, and told with a status."""
    monkeypatch.setattr("scckit_cli.commands.access.MODULES", expected)
    result = cli("doctor", "--json")
    odd = {row["what"]: row["found"] for row in json.loads(result.out) if row["result"] == "odd"}

    assert result.status == 1
    assert odd == dict.fromkeys(("list of measurements", "API list of measurements", "one measurement"), said)


def test_doctor_tries_a_wrong_password_once(cli: Cli, environ: dict[str, str]) -> None:
    """A server may lock an account for which wrong passwords come again and again."""
    environ["SCCKIT_PASSWORD"] = "wrong"
    result = cli("doctor", "--plain")

    assert (result.status, result.out) == (1, "reach, sign in, API\ttrouble\tWrongAccount\n")


def test_product_files(cli: Cli, tmp_path: Path) -> None:
    """A line, a picture and the problems of each, and a file that is none costs no other."""
    files = cli("download", IDS[0], "--kinds", "elda", "--into", str(tmp_path)).out.split()
    none = tmp_path / "none.nc"
    none.write_bytes(b"nothing")

    shown = cli("product", "show", *files, str(none))
    assert len(shown.out.splitlines()) == len(files)
    assert shown.status == 7
    drawn = cli("product", "plot", files[0])
    assert Path(drawn.out.strip()).read_bytes().startswith(b"\x89PNG")
    assert cli("product", "check", *files).status == 0
    damaged = Path(files[0])
    damaged.write_bytes(damaged.read_bytes()[:1000])
    found = cli("product", "check", files[0], "--json")
    assert found.status == 1
    assert json.loads(found.out)[0]["severity"] == "error"


def test_raw_files_are_checked_before_an_upload(cli: Cli, raws: list[Path]) -> None:
    """``product check`` takes a file that is named by a measurement ID for one to upload."""
    assert cli("product", "check", str(raws[0])).status == 0
    raws[1].write_bytes(b"nothing")
    assert cli("product", "check", str(raws[1])).status in {1, 7}


def test_a_mirror(cli: Cli, tmp_path: Path) -> None:
    """It fetches, then fetches nothing; status, verify and query ask no server; a missing file is told and comes again."""
    folder = str(tmp_path / "mirror")
    words = ("mirror", folder, "--since", "2026-03", "--station", "aky", "--kinds", "elda,elpp")
    first = cli(*words)
    assert first.status == 0, first.err
    assert "3 measurements on the server: 0 unchanged, 3 new" in first.err
    assert "3 unchanged; 0 files came" in cli(*words).err
    rows = list(csv.DictReader(io.StringIO(cli("mirror", folder, "--query", "--csv", "--kinds", "elda").out)))
    assert {row["measurement"] for row in rows} == set(IDS[:2])
    assert cli("mirror", folder, "--verify").status == 0
    Path(rows[0]["path"]).unlink()
    assert cli("mirror", folder, "--verify").status == 1
    assert "1 healed" in cli(*words).err
    assert json.loads(cli("mirror", folder, "--status", "--json").out)[0]["measurements"] == 3
    assert cli("mirror", folder, "--repair").status == 0
    for verb in ("--status", "--repair"):
        assert cli("mirror", str(tmp_path / "none"), verb).status == 2
        assert not (tmp_path / "none").exists()
    everywhere = cli("mirror", folder, "--query", "--plain", "--station", "all").out
    assert everywhere
    assert everywhere == cli("mirror", folder, "--query", "--plain").out
    assert cli("mirror", folder).status == 2


def test_plugins_version_and_commands_of_plugins(cli: Cli) -> None:
    """The list is that of the core; a command of a plugin runs; an unknown one is wrong use."""
    assert "emulator" in cli("plugins").out
    assert {"keyring", "profiles"} <= {one["name"] for one in json.loads(cli("plugins", "--json").out)["plugins"]}
    assert cli("version").out.startswith("scckit 0.")
    assert cli("emulator", "--help").status == 0
    assert cli("nonsense").status == 2


def test_the_commands_are_those_that_the_documents_name() -> None:
    """``docs/commands.md`` has a heading for each command."""
    text = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")

    assert [name for name in sorted(_own()) if f"`scckit {name}" not in text] == []


WORK = {
    "wait": (("wait", IDS[0], IDS[1]), 2),
    "rerun": (("rerun", IDS[0], IDS[1], "--yes"), 2),
    "download": (("download", IDS[0], "--kinds", "elda", "--into", "{tmp}"), 3),
    "upload": (("upload", "{raw}", "--system", "437"), 1),
    "upload --wait": (("upload", "{raw}", "--system", "437", "--wait"), 1),
    "delete": (("delete", IDS[0], IDS[1], "--yes"), 2),
    "doctor": (("doctor",), 9),
    "product show": (("product", "show", "{raw}"), 1),
    "product plot": (("product", "plot", "{raw}"), 1),
    "mirror": (("mirror", "{tmp}", "--since", "2026-03-21", "--kinds", "elda"), 3),
}


@pytest.mark.parametrize("form", ["--json", "--csv", "--plain"])
@pytest.mark.parametrize(("words", "count"), WORK.values(), ids=WORK)
def test_what_was_done_comes_in_each_form(  # noqa: PLR0913, PLR0917 - cases and fixtures
    cli: Cli, raws: list[Path], tmp_path: Path, words: tuple[str, ...], count: int, form: str
) -> None:
    """Programs read what became of each item as they read a search."""
    result = cli(*(word.format(tmp=tmp_path / "here", raw=raws[0]) for word in words), form)

    assert result.status == 0, result.err
    if form == "--json":
        rows = [list(row.values()) for row in json.loads(result.out)]
    elif form == "--csv":
        rows = list(csv.reader(io.StringIO(result.out)))[1:]
    else:
        rows = [line.split("\t") for line in result.out.splitlines()]
    assert len(rows) == count
    assert len({len(row) for row in rows}) == 1


def test_a_whole_folder_is_uploaded(cli: Cli, tmp_path: Path) -> None:
    """Soundings among the files go with the raw files that name them; one that is nowhere is told, as the SCC waits for it."""
    for hour in (5, 6):
        raw, start = tmp_path / f"20260321aky{hour:02}00.nc", BEGIN + timedelta(hours=hour)
        write_raw(raw, measurement_id=raw.stem, start=start, stop=start + timedelta(hours=1), sounding=f"rs_{hour}.nc")
    write_sounding(tmp_path / "rs_5.nc", start=BEGIN)

    result = cli("upload", *sorted(map(str, tmp_path.glob("*.nc"))), "--system", "437")

    assert (result.status, result.out.split()) == (0, ["20260321aky0500", "20260321aky0600"]), result.err
    assert "20260321aky0600.nc: names the sounding rs_6.nc, which does not lie beside it" in result.err
    assert cli("ancillary", "rs_5.nc", "rs_6.nc", "--json").status == 4


def test_a_file_that_is_no_raw_file_is_told_in_short(cli: Cli, tmp_path: Path) -> None:
    """A sounding by itself is no raw file for many reasons; some are enough."""
    write_sounding(tmp_path / "rs_5.nc", start=BEGIN)
    result = cli("upload", str(tmp_path / "rs_5.nc"), "--system", "437")

    assert result.status == 7
    assert result.err.count(";") < 8
    assert result.err.rstrip().endswith("…")


def test_what_the_scc_has_is_known_by_its_id(cli: Cli, raws: list[Path]) -> None:
    """A raw file may have any name; what is printed, waited for and downloaded is the measurement."""
    other = raws[0].rename(raws[0].with_name("night.raw.nc"))
    assert cli("upload", str(other), "--system", "437").out.split() == [raws[0].stem]
    kept = cli("upload", str(other), "--system", "437", "--json")

    assert [(row["id"], row["state"]) for row in json.loads(kept.out)] == [(raws[0].stem, "kept")]
    assert f"the SCC has {raws[0].stem} already, and keeps it; --replace replaces it" in kept.err


def test_the_line_that_repeats_has_all_options(
    cli: Cli, environ: dict[str, str], raws: list[Path], tmp_path: Path
) -> None:
    """Profile, options and names with blanks are in it; what chose the items, and a replacement that was made, are not."""
    config = Path(environ["SCCKIT_CONFIG"])
    config.parent.mkdir()
    config.write_text("[profiles.aky]\nsystem = 437\n", encoding="utf-8")
    bad = tmp_path / "a night" / "bad.nc"
    bad.parent.mkdir()
    bad.write_bytes(b"nothing")
    words = ("upload", str(raws[0]), str(bad), "--replace", "--yes", "--delay", "1", "--wait", "--timeout", "0.5")

    result = cli(*words, "--profile", "aky")

    lines = [line for line in result.err.splitlines() if line.startswith("  scckit ")]
    assert lines == [f"  scckit --profile aky upload --delay 1 --replace --wait --timeout 0.5 --yes '{bad}'"]
    again = cli(*words, str(raws[1]), "--profile", "aky")
    lines = [line for line in again.err.splitlines() if line.startswith("  scckit ")]
    assert lines[0] == f"  scckit --profile aky upload --delay 1 --wait --timeout 0.5 {raws[0]} {raws[1]}"
    assert lines[1].endswith(f" '{bad}'")
    assert again.status == 1  # a file, and the time


def test_systems_show_what_a_channel_detects(cli: Cli) -> None:
    """One that is not there costs no other."""
    result = cli("systems", "437", "99999", "--json")

    assert result.status == 4
    assert {row["emission_wavelength"] for row in json.loads(result.out)} == {355.0, 532.0, 1064.0}
    assert "scckit systems --json 99999" in result.err


def test_a_picture_is_whole_or_not_there(cli: Cli, raws: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full leaves the old one."""
    picture = raws[0].with_suffix(".png")
    picture.write_bytes(b"the old one")
    assert cli("product", "plot", str(raws[0]), "-o", "picture.letter").status == 2

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert cli("product", "plot", str(raws[0])).status == 7
    assert picture.read_bytes() == b"the old one"
    assert [one.name for one in picture.parent.iterdir() if "part" in one.name] == []
    assert cli("product", "plot", str(raws[0])).status == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_station_code_is_known_in_capitals(cli: Cli) -> None:
    """The SCC has them in small letters."""
    assert len(cli("search", "2026-03-21", "--station", "AKY", "--ids").out.split()) == 3
