"""The migration guide names all that the other clients offer; and what it says to do is enough for a program that moves over."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scckit_emulator.synthetic import write_sounding

from .served import ID, START, YEAR, serving

pytestmark = pytest.mark.peer

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
#: What is made by their programs for themselves: arguments of the command line, the attributes that an object of the API gets.
OWN = {"main", "ApiObject", "Measurement", "AncillaryFile"}


def section(title: str) -> str:
    """The first column of all tables of a section: their calls."""
    text = re.split(r"^## ", GUIDE.partition(f"## From {title}")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| "))


def source(distribution: str, path: str) -> ast.Module:
    """A module of a client that is installed, as it is written."""
    try:
        file = importlib.metadata.distribution(distribution).locate_file(path)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{distribution} is not installed")
    return ast.parse(Path(str(file)).read_text(encoding="utf-8"))


def public(module: ast.Module) -> Iterator[str]:
    """Names of classes, functions, and of the methods and attributes that classes define."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith(("_", "setup_")):
            yield node.name
        if isinstance(node, ast.ClassDef):
            inner = (one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.ClassDef))
            yield from (name for name in inner if not name.startswith("_"))


def verbs(module: ast.Module) -> Iterator[str]:
    """What a command line of argparse takes: its commands and options."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "add_parser":
                yield ast.literal_eval(node.args[0])
            elif node.func.attr == "add_argument":
                yield from (
                    one for one in map(ast.literal_eval, node.args) if one.startswith("-") and one.count("-") != 1
                )


def lacking(names: Iterator[str], text: str) -> set[str]:
    """The names that a text does not have as words."""
    return {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)}


def test_all_of_pollyxt_pipelines_is_named() -> None:
    """Its published names, and the commands of its command line with their options."""
    text = section("pollyxt-pipelines")
    for module in ("__init__", "types", "exceptions"):
        names = public(source("pollyxt-pipelines", f"pollyxt_pipelines/scc_access/{module}.py"))
        # The guide has no line for what makes an object of a page: from_table_row, from_json, from_code, to_emoji.
        known = {"from_table_row", "from_json", "from_code", "to_emoji"}
        assert lacking(names, text) - known == set()
    commands = source("pollyxt-pipelines", "pollyxt_pipelines/scc_access/commands.py")
    documented = [ast.get_docstring(node) or "" for node in commands.body if isinstance(node, ast.ClassDef)]
    names = [name for doc in documented for name in re.findall(r"^\s*([a-z]+(?:-[a-z]+)*)$", doc, re.MULTILINE)]
    options = {option for doc in documented for option in re.findall(r"\{(--[a-z-]+)", doc)}
    assert len(names) == len(documented) == 9
    assert lacking(iter(names), text) == set()
    # Of the calibration's picture, which is of its own check.
    assert lacking(iter(options), text) - {"--plot"} == set()


def test_all_of_scc_access_is_named() -> None:
    """Its classes, methods and functions, and its command line."""
    module, text = source("scc-access", "scc_access/scc_access.py"), section("scc-access")

    assert lacking(public(module), text) - OWN - {"rerun_elpp_url", "rerun_all_url", "list_measurements"} == set()
    assert lacking(verbs(module), text) == set()


def test_all_of_gfatpy_is_named() -> None:
    """Its classes, methods and functions, those of its module ``transfer``, and the command line of its module."""
    text = section("gfatpy")
    client = source("gfatpy", "gfatpy/lidar/scc/scc_access.py")

    assert lacking(public(client), text) - OWN - {"rerun_processing_url", "rerun_all_url"} == set()
    assert lacking(public(source("gfatpy", "gfatpy/lidar/scc/transfer.py")), text) == set()
    assert lacking(verbs(client), text) == set()


# -- moving over -------------------------------------------------------------------------------------------------------

PROGRAM = """
import configparser, sys
from datetime import date
from pathlib import Path
from PACKAGE import SCC, SCC_Credentials, constants, exceptions, scc_session
from PACKAGE.exceptions import MeasurementNotFound
from PACKAGE.types import ProductStatus

raw, sounding, into, base_url = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
for name, value in list(vars(constants).items()):  # the emulator in place of the SCC, as one has to do it there
    if isinstance(value, str) and value.startswith("https://scc"):
        setattr(constants, name, value.replace("https://scc.imaa.cnr.it/", base_url))
config = configparser.ConfigParser()
config.read("station.ini")
with scc_session(SCC_Credentials(config)) as scc:
    scc.upload_file(raw, "438", rs_filename=sounding)
    found = scc.get_measurement(raw.stem)
    print(found.id, found.date_start, found.is_uploaded.status.name, found.hirelpp.code, found.is_processing)
    print(scc.get_anchillary(sounding.name, "sounding").exists, scc.get_anchillary("none", "overlap"))
    pages, rows = scc.query_measurements(date(2022, 1, 1), date(2023, 1, 1), None)
    done = next(row for row in rows if row.elda.status == row.elic.status == ProductStatus.OK and row.station_code == "aky")
    print(pages, len(rows), done.to_csv(), done.elpp.status.to_emoji())
    print([path.name for path in scc.download_products(done.id, into, elic=False)])
    scc.download_file(constants.download_elic_pattern.format(done.id), into / "elic.zip")
    print(sorted(path.name for path in into.iterdir()))
    pages, lidar_constants = scc.get_lidar_consants(date(2022, 1, 1), date(2023, 1, 1), None, page=1)
    print(pages, lidar_constants[0].to_csv())
    scc.rerun_processing(done.id)
    scc.delete_measurement(raw.stem)
    try:
        scc.delete_measurement(raw.stem)
    except MeasurementNotFound as error:
        print(error, error.measurement_id, scc.get_measurement(raw.stem))
    try:
        scc.upload_file(sounding, "438")
    except exceptions.SCCError as error:
        print(error.errors)
config["auth"]["password"] = "wrong"
try:
    SCC(SCC_Credentials(config)).login()
except exceptions.WrongCredentialsException:
    print("wrong account")
"""


def run(program: str, folder: Path, make_raw: Callable[..., Path], *words: str) -> str:
    """Run a program on a fresh emulator, in a folder with what it needs, and return what it prints."""
    (folder / "products").mkdir(parents=True)
    (folder / ".config" / "pollyxt_pipelines").mkdir(parents=True)
    with serving(folder, "--generation", "legacy", "--speed", "0", "--seed-measurements", "110") as server:
        ini = (
            f"[http]\nusername = {server.http_user}\npassword = {server.http_password}\n"
            f"[auth]\nusername = {server.username}\npassword = {server.password}\n"
        )
        for path in (folder / "station.ini", folder / ".config" / "pollyxt_pipelines" / "pollyxt_pipelines.ini"):
            path.write_text(ini, encoding="utf-8")
        sounding = write_sounding(folder / "rs_20210307aky09.nc", start=START)
        given = words or (str(make_raw()), str(sounding), str(folder / "products"), server.base_url)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program.replace("BASE_URL_OF_THE_TEST", server.base_url), *given],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "NO_PROXY": "127.0.0.1", "COLUMNS": "200", "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_program_that_changes_the_package_alone(tmp_path: Path, make_raw: Callable[..., Path]) -> None:
    """It prints what it has printed, line by line."""
    for package in ("pollyxt_pipelines", "scckit_compat"):
        pytest.importorskip(package, reason=f"{package} is not installed", exc_type=ImportError)
    theirs = run(PROGRAM.replace("PACKAGE", "pollyxt_pipelines.scc_access"), tmp_path / "theirs", make_raw)
    ours = run(PROGRAM.replace("PACKAGE", "scckit_compat.scc_access"), tmp_path / "ours", make_raw)

    assert ours.splitlines() == theirs.splitlines()
    assert ID in ours
    assert "wrong account" in ours


def test_their_commands_on_ours_as_the_guide_says(tmp_path: Path, make_raw: Callable[..., Path]) -> None:
    """The few lines of the guide run their command line on our package, at the server that ``BASE_URL`` says."""
    pytest.importorskip("pollyxt_pipelines", exc_type=ImportError)
    (program,) = (
        block for block in re.findall(r"```py\n(.*?)```", GUIDE, re.DOTALL) if "pollyxt_pipelines.main()" in block
    )
    # All stations: their own package fails at one that its list does not have.
    words = ("scc-search", f"{YEAR[0]:%Y-%m-%d}", f"{YEAR[1]:%Y-%m-%d}")
    setting = 'scc_access.constants.BASE_URL = "BASE_URL_OF_THE_TEST"\n'
    said = run(
        program.replace("pollyxt_pipelines.main()", f"{setting}pollyxt_pipelines.main()"),
        tmp_path / "x",
        make_raw,
        *words,
    )

    assert "pot" in said
    assert said.count("2022-") > 100
