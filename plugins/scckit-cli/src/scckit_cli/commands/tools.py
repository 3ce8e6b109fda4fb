"""The tool itself: ``plugins`` and ``version``."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Final

import typer

from scckit_cli.app import AsJSON, state_of
from scckit_cli.talk import write

__all__ = ["COMMANDS"]


def plugins(context: typer.Context, as_json: AsJSON = False) -> None:
    """List all plugins with what they offer; exits with 1 if one failed."""
    from scckit.plugins import PluginWarning, Registry
    from scckit.plugins.listing import Listing

    with warnings.catch_warnings(), redirect_stdout(sys.stderr):  # whatever plugins print while they are imported
        warnings.simplefilter("ignore", PluginWarning)  # the listing has it all
        listing = Listing.of(Registry(environ=state_of(context).environ))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    write((listing.json() if as_json else listing.table(width)) + "\n")
    if listing.failed:
        raise typer.Exit(1)


def version() -> None:
    """Print the versions of scckit and of its plugin API."""
    import scckit
    from scckit.plugins import API_VERSION

    write(f"scckit {scckit.__version__}, plugin API {API_VERSION}\n")


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"plugins": plugins, "version": version}
