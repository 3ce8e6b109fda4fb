"""Product files on this machine: ``product show``, ``product plot``, ``product check``. No server is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scckit.errors import InvalidInput, LocalFileError
from scckit_cli.app import AsCSV, AsJSON, AsPlain, Troubles
from scckit_cli.rows import Row, form_of, show
from scckit_cli.talk import say

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Look into product files on this machine.")

_Files = Annotated[list[Path], typer.Argument(metavar="FILE...", readable=False, help="Product files.")]


@app.command("show")
def show_products(
    context: typer.Context,
    files: _Files,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Print a line about each product file."""
    import scckit

    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    troubles = Troubles(context, len(files))
    rows = _each(files, troubles, lambda path: [{"file": path, "summary": str(scckit.summarize_product(path))}])
    show(rows, ("file", "summary"), form, line=lambda row: f"{row['file']}: {row['summary']}")
    troubles.leave()


@app.command()
def plot(
    context: typer.Context,
    files: _Files,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            readable=False,
            help="The picture, for one FILE; by default FILE with .png.",
        ),
    ] = None,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Draw each product file into a picture, and print its path."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    if output is not None and len(files) > 1:
        msg = "--output goes with one FILE; without it each picture has the name of its file, with .png"
        raise InvalidInput(msg)

    def drawn(path: Path) -> list[Row]:
        target = path.with_suffix(".png") if output is None else output
        _draw(path, target)
        return [{"picture": target, "file": path}]

    troubles = Troubles(context, len(files))
    show(_each(files, troubles, drawn), ("picture", "file"), form, line=lambda row: str(row["picture"]))
    troubles.leave()


def _draw(path: Path, target: Path) -> None:
    """Draw a product; the picture is there as a whole or not at all.

    Raises:
        InvalidInput: The name of the picture has an ending that is no kind of picture.
        LocalFileError: It cannot be written.
    """
    import io

    import scckit
    from scckit.plugins import AtomicFile

    figure = scckit.plot_product(path)
    picture = io.BytesIO()
    try:
        figure.savefig(picture, format=target.suffix.removeprefix(".").lower() or "png")
    except ValueError as error:
        msg = f"{target} cannot be drawn: {error}"
        raise InvalidInput(msg) from error
    AtomicFile(Path(os.path.realpath(target))).put(picture.getvalue())  # of a link, what it leads to


@app.command()
def check(
    context: typer.Context,
    files: _Files,
    as_json: AsJSON = False,
    as_csv: AsCSV = False,
    as_plain: AsPlain = False,
) -> None:
    """Print what is wrong with product files, or with raw files before they are uploaded; exits with 1 if there is an error."""
    import scckit

    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    severities = set()

    def problems(path: Path) -> Iterator[Row]:
        _require_readable(path)
        for one in scckit.check_raw(path) if _is_raw(path) else scckit.verify_product(path):
            severities.add(one.severity)
            yield {
                "file": path,
                "severity": one.severity,
                "code": one.code,
                "where": one.where,
                "message": one.message,
            }

    troubles = Troubles(context, len(files))
    count = show(_each(files, troubles, problems), ("file", "severity", "code", "where", "message"), form)
    if not count and not troubles.errors:
        say(f"nothing is wrong with {len(files)} file{'s' * (len(files) != 1)}")
    troubles.leave()
    if "error" in severities:
        raise typer.Exit(1)


def _each(files: Sequence[Path], troubles: Troubles, look: Callable[[Path], Iterable[Row]]) -> Iterator[Row]:
    """Give what a look at each file brings; one that cannot be looked at costs no other."""
    import scckit

    for path in files:
        try:
            yield from look(path)
        except scckit.SCCError as error:
            troubles.note(str(path), error, repeat=False)


def _require_readable(path: Path) -> None:
    """Tell a file that cannot be read from one that was read and is no product.

    Raises:
        LocalFileError: It cannot be read.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise LocalFileError(msg) from error


def _is_raw(path: Path) -> bool:
    """Tell whether a file is one to upload: its name is a measurement ID, which no product's is."""
    import scckit

    try:
        scckit.MeasurementID(path.stem)
    except scckit.SCCError:
        return False
    return path.suffix == ".nc"
