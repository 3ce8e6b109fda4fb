"""Product files on this machine: ``product show``, ``product plot``, ``product check``. No server is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import AsCSV, AsJSON, AsPlain
from scckit_cli.rows import Row, form_of, show, write
from scckit_cli.talk import say

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Look into product files on this machine.")

_Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Product files.")]


@app.command("show")
def show_products(files: _Files) -> None:
    """Print a line about each product file."""
    import scckit

    errors = []
    for path in files:
        try:
            write(f"{path}: {scckit.summarize_product(path)}\n")
        except scckit.SCCError as error:
            say(f"scckit: {error}")
            errors.append(error)
    _leave(errors)


@app.command()
def plot(
    files: _Files,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The picture, for one FILE; by default FILE with .png.")
    ] = None,
) -> None:
    """Draw each product file into a picture, and print its path."""
    import scckit

    if output is not None and len(files) > 1:
        msg = "--output goes with one FILE; without it each picture has the name of its file, with .png"
        raise InvalidInput(msg)
    errors: list[scckit.SCCError] = []
    for path in files:
        target = path.with_suffix(".png") if output is None else output
        try:
            figure = scckit.plot_product(path)
            figure.savefig(target)
            write(f"{target}\n")
        except scckit.SCCError as error:
            say(f"scckit: {error}")
            errors.append(error)
        except (OSError, ValueError) as error:
            errors.append(scckit.errors.LocalFileError(f"{target} cannot be written: {error}"))
            say(f"scckit: {errors[-1]}")
    _leave(errors)


@app.command()
def check(
    files: _Files,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Print what is wrong with product files, or with raw files before they are uploaded; exits with 1 if there is an error."""
    import scckit

    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    severities = set()
    errors = []

    def rows() -> Iterator[Row]:
        for path in files:
            try:
                found = scckit.check_raw(path) if _is_raw(path) else scckit.verify_product(path)
            except scckit.SCCError as error:
                say(f"scckit: {error}")
                errors.append(error)
                continue
            for one in found:
                severities.add(one.severity)
                yield {
                    "file": path,
                    "severity": one.severity,
                    "code": one.code,
                    "where": one.where,
                    "message": one.message,
                }

    count = show(rows(), ("file", "severity", "code", "where", "message"), form)
    if not count and not errors:
        say(f"nothing is wrong with {len(files)} file{'s' * (len(files) != 1)}")
    _leave(errors)
    if "error" in severities:
        raise typer.Exit(1)


def _is_raw(path: Path) -> bool:
    """Tell whether a file is one to upload: its name is a measurement ID, which no product's is."""
    import scckit

    try:
        scckit.MeasurementID(path.stem)
    except scckit.SCCError:
        return False
    return path.suffix == ".nc"


def _leave(errors: Sequence[Exception]) -> None:
    from scckit_cli.statuses import status_of_all

    if errors:
        raise typer.Exit(int(status_of_all(errors)))
