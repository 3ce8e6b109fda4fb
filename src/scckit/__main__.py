"""``python -m scckit``: what the core alone can tell, without a server. The command line for people is ``scckit-cli``."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout

from scckit._version import __version__
from scckit.plugins import API_VERSION, PluginWarning, Registry
from scckit.plugins.discovery import Selection
from scckit.plugins.listing import Listing

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, *, environ: Mapping[str, str] | None = None) -> int:
    """Do what the command line says.

    Args:
        arguments: The arguments, by default those of the process.
        environ: The environment, by default that of the process.

    Returns:
        The exit status: 0, or 1 if a plugin failed.
    """
    parser = argparse.ArgumentParser(prog="python -m scckit", description="What is installed of scckit.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version", help="the versions of scckit and of its plugin API")
    plugins = commands.add_parser(
        "plugins",
        help="all plugins, what they offer, and what is wrong with those that fail",
        description="Lists all plugins that are installed. The exit status is 1 if one failed.",
    )
    plugins.add_argument(
        "--json", action="store_true", help="for programs; the keys are told in scckit.plugins.listing"
    )
    chosen = parser.parse_args(arguments)
    if chosen.command == "version":
        _say(f"scckit {__version__}, plugin API {API_VERSION}")
        return 0
    listing = _listing(os.environ if environ is None else environ)
    _say(listing.json() if chosen.json else listing.table(_width()))
    return int(listing.failed)


def _listing(environ: Mapping[str, str]) -> Listing:
    """Look at all plugins; what they print while they are imported goes where it is in nobody's way."""
    if Selection.of(environ).trace:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s", stream=sys.stderr)
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore", PluginWarning)  # the listing has it all
        return Listing.of(Registry(environ=environ))


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _say(text: str) -> None:
    """Print, also where the terminal cannot show some sign."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


if __name__ == "__main__":
    sys.exit(main())
