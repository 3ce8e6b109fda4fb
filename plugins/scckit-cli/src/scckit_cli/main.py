"""The command ``scckit``: its commands by name, how errors are told, and what it exits with. The commands are in ``commands``."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import State
from scckit_cli.commands import access, change, look, mirror, product, tools
from scckit_cli.talk import ReaderGone, finish, let_go, say

if TYPE_CHECKING:
    from scckit import Client

__all__ = ["app", "main"]

_EPILOG: Final = (
    "Plugins may add commands: scckit plugins lists what they offer; scckit emulator, a server to try things on, comes"
    " with scckit-emulator. Not affiliated with EARLINET, ACTRIS or CNR."
)
_INTERRUPTED: Final = 130

# Plain help: the coloured one costs more than all the rest of the start.
app = typer.Typer(
    name="scckit", rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False, epilog=_EPILOG
)

for _name, _command in {
    **access.COMMANDS,
    **look.COMMANDS,
    **change.COMMANDS,
    **mirror.COMMANDS,
    **tools.COMMANDS,
}.items():
    app.command(_name)(_command)
app.add_typer(product.app, name="product")


@app.callback()
def _scckit(
    context: typer.Context,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="Use the station's profile of this name.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from, without secrets.")] = False,  # noqa: FBT002 - typer's way
) -> None:
    """Work with the Single Calculus Chain (SCC) of EARLINET/ACTRIS.

    Credentials come from the environment, the keyring, or a file, in that order: see scckit login. What is printed goes to
    standard output, what is said to standard error. Exit statuses: 0 done, 1 failed, 2 wrong use, 3 access, 4 not found,
    5 refused by the SCC, 6 network, 7 files, 8 time ran out, 130 interrupted. --profile and --debug may stand anywhere.
    """
    state: State = context.obj
    if profile is not None and not profile.strip():
        msg = "--profile needs the name of a profile, such as aky"
        raise InvalidInput(msg)
    state.profile_name = profile or state.profile_name
    state.debug = debug or state.debug


def main(
    arguments: Sequence[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    connect: Callable[..., Client] | None = None,
    ask: Callable[[str, bool], str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Do what the command line says.

    Args:
        arguments: The arguments; by default those of the process.
        environ: The environment; by default that of the process.
        connect: Makes clients; a parameter for tests, ``scckit.connect`` by default.
        ask: Asks a person; a parameter for tests.
        clock: A clock in seconds; a parameter for tests.

    Returns:
        The exit status.
    """
    given = _sorted(sys.argv[1:] if arguments is None else arguments)
    state = State(os.environ if environ is None else environ, connect, ask, debug="--debug" in given, clock=clock)
    state.hidden |= {
        state.environ[name] for name in ("SCCKIT_HTTP_PASSWORD", "SCCKIT_PASSWORD") if name in state.environ
    }
    try:
        status = _run(given, state)
        finish()
    except ReaderGone:
        let_go()
        status = 0
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except SystemExit as stop:
        status = _ended(stop)
    except typer.TyperException as error:
        _tell_misuse(error)
        status = error.exit_code
    except Exception as error:  # noqa: BLE001 - the last one to catch it: people get a sentence, and not a traceback
        status = _told(error, state)
    try:
        sys.stdout.flush()
    except OSError:  # which was told above; Python would tell it again at its end, with a status of its own
        let_go()
    if status == _INTERRUPTED:
        say("scckit: interrupted" + "; the same line again goes on, what is done is not done twice" * state.resumes)
    try:
        sys.stderr.flush()
    except OSError:  # it takes nothing, and Python would make a status of that too
        let_go(sys.stderr)
    return status


def _ended(stop: SystemExit) -> int:
    """Return the status of what ends the process by itself, as completion and commands of plugins do."""
    if isinstance(stop.__context__, BrokenPipeError):  # what typer makes of it, as in scckit --help | head -1
        let_go()
        return 0
    if isinstance(stop.code, str):
        say(f"scckit: {stop.code}")
    return stop.code if isinstance(stop.code, int) else int(stop.code is not None)


def _run(given: list[str], state: State) -> int:
    name, rest = _split(given)
    if name is not None and name not in _own():
        command = _of_plugins(name)
        if command is not None:
            return int(command(rest) or 0)
    with warnings.catch_warnings():
        # A warning of a plugin is a sentence for people, and its place in our code tells them nothing.
        warnings.showwarning = lambda message, *_, **__: say(f"warning: {message}")
        result = typer.main.get_command(app).main(args=given, prog_name="scckit", standalone_mode=False, obj=state)
    return result if isinstance(result, int) else 0


def _own() -> set[str]:
    return {
        *(one.name for one in app.registered_commands if one.name),
        *(one.name for one in app.registered_groups if one.name),
    }


def _split(given: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the name of the command and what stands behind it."""
    skip = False
    for number, word in enumerate(given):
        if skip:
            skip = False
        elif word == "--profile":
            skip = True
        elif not word.startswith("-"):
            return word, list(given[number + 1 :])
    return None, []


def _sorted(given: Sequence[str]) -> list[str]:
    """Put --profile and --debug before the command, so that they may stand anywhere; a plugin's command has its own."""
    name, _ = _split(given)
    if name is not None and name not in _own():
        return list(given)
    ahead: list[str] = []
    behind: list[str] = []
    words = iter(given)
    for word in words:
        if word == "--":
            behind += [word, *words]
        elif word == "--debug" or word.startswith("--profile="):
            ahead.append(word)
        elif word == "--profile":
            value = next(words, None)
            if value is None:
                return [word]  # of which typer says that it needs a value
            ahead += [word, value]
        else:
            behind.append(word)
    return [*ahead, *behind]


def _of_plugins(name: str) -> Callable[[Sequence[str]], int] | None:
    """Return a command that a plugin offers; None where it is known that none will, so that the usual error comes."""
    from scckit.plugins import Registry  # noqa: PLC0415 - plugins are looked at only where a command is not ours

    registry = Registry()
    if name == "emulator":
        return registry.command(name)  # its error says what to install
    return registry.commands().get(name)


def _tell_misuse(error: typer.TyperException) -> None:
    context = getattr(error, "ctx", None)
    message = error.format_message().removesuffix(".")
    path = "scckit" if context is None else context.command_path
    if type(error).__name__ == "NoArgsIsHelpError":
        say(message)  # which is the help
    else:
        say(f"scckit: {message}; try {path} --help")


def _told(error: Exception, state: State) -> int:
    """Tell an error in its own words, and return its status; the traceback only on demand, and no secret ever."""
    import scckit  # noqa: PLC0415 - an error may come before any client
    from scckit_cli.statuses import Status, status_of  # noqa: PLC0415

    if state.debug:
        import traceback  # noqa: PLC0415

        say(_without("".join(traceback.format_exception(error)), state.hidden))
    if isinstance(error, scckit.SCCError):
        text, status = str(error), status_of(error)
    elif isinstance(error, OSError):
        where = "" if error.filename is None else f"{error.filename}: "
        text, status = f"{where}{error.strerror or error}", Status.FILES
    else:
        kind = type(error).__name__
        text = f"an error that should not be: {kind}: {error}. Please report it, with the output of --debug"
        status = Status.FAILED
    say(_without(f"scckit: {text}", state.hidden))
    return int(status)


def _without(text: str, hidden: set[str]) -> str:
    """Take secrets out of a text, as they are and as they stand in addresses and in Python's own words."""
    import re  # noqa: PLC0415 - for errors alone
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    forms = {form for one in hidden for form in (one, quote(one, safe=""), quote_plus(one), repr(one)[1:-1]) if form}
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(pattern, "<hidden>", text) if forms else text
