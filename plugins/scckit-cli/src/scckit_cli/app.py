"""What all commands share: the process as parameters, a client made for the command, talk to people, and items from anywhere."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scckit.errors import InvalidInput, MissingCredentials
from scckit_cli.talk import LINE, say

if TYPE_CHECKING:
    from scckit import Client, SCCError
    from scckit.plugins import Credentials, Registry
    from scckit_cli.sources.config import Config, Profile

__all__ = [
    "AsCSV",
    "AsJSON",
    "AsPlain",
    "From",
    "Kinds",
    "Since",
    "State",
    "Station",
    "Troubles",
    "Until",
    "Workers",
    "Yes",
    "again",
    "items",
    "kinds_of",
    "state_of",
]

# Of paths typer would ask by itself whether they are readable, and end the whole command with words of its own where one is
# not: ``readable=False`` leaves that to what reads the file.
AsJSON = Annotated[bool, typer.Option("--json", help="Print a JSON array.")]
AsCSV = Annotated[bool, typer.Option("--csv", help="Print CSV with a line of headings.")]
AsPlain = Annotated[bool, typer.Option("--plain", help="Print values with tabs between, without headings.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", readable=False, help="Take the first word of each line of a file."),
]
Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="Take what a search finds from then on.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="End of that search, exclusive.")]
Station = Annotated[
    str | None,
    typer.Option(
        "--station", metavar="CODE", help="Station code of 3 letters; by default the profile's; all for all stations."
    ),
]
Kinds = Annotated[
    str | None,
    typer.Option("--kinds", metavar="KIND,...", help="Kinds of products, such as elda,hirelpp; by default all."),
]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, max=16, help="How many are under way at a time.")
]

#: Problems of a raw file that are told with it.
_SHOWN: Final = 3


@dataclass
class State:
    """One call of the command line.

    Attributes:
        environ: The environment.
        connect: Makes a client; ``scckit.connect`` but in tests.
        ask: Asks for a text; the second argument hides what is typed.
        debug: Show tracebacks.
        profile_name: The profile that was named, None if none was.
        hidden: Texts that may be in no message.
        clock: A clock in seconds, for the limit of a wait.
        resumes: The same line again goes on where it was interrupted.
    """

    environ: Mapping[str, str]
    connect: Callable[..., Client] | None = None
    ask: Callable[[str, bool], str] | None = None
    debug: bool = False
    profile_name: str | None = None
    hidden: set[str] = field(default_factory=set, repr=False)
    clock: Callable[[], float] = time.monotonic
    resumes: bool = False
    _config: Any = field(default=None)

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment, with the profile that was named."""
        from scckit_cli.sources.config import PROFILE  # noqa: PLC0415 - a command that starts fast imports what it needs

        return {**self.environ, **({PROFILE: self.profile_name} if self.profile_name else {})}

    @property
    def config(self) -> Config:
        """The user's files."""
        if self._config is None:
            from scckit_cli.sources.config import Config  # noqa: PLC0415 - as above

            self._config = Config(self.surroundings)
        config: Config = self._config
        return config

    @property
    def profile(self) -> Profile:
        """The profile in use, an empty one if there is none."""
        from scckit_cli.sources.config import Profile  # noqa: PLC0415 - as above

        return self.config.profile or Profile(self.config.name)

    def station(self, given: str | None) -> str | None:
        """Return the station that was given, else the profile's; ``all`` stands for all stations."""
        if given is not None:
            code = given.lower()  # as the SCC has them
            return None if code == "all" else code
        if self.profile.station is not None:
            say(f"station {self.profile.station}, of the profile {self.profile.name}; --station all looks at all")
        return self.profile.station

    @contextmanager
    def client(self, base_url: str | None = None, credentials: Credentials | None = None) -> Iterator[Client]:
        """Make a client that tells people what it does; sign out at the end.

        Raises:
            MissingCredentials: None were given and no source knows any.
        """
        import scckit  # noqa: PLC0415 - the client is slow to import, and half of the commands need none
        from scckit.plugins import Registry  # noqa: PLC0415
        from scckit_cli.progress import Progress  # noqa: PLC0415

        registry = Registry(environ=self.surroundings)
        credentials = credentials or self._credentials(registry)
        self.hidden |= {one.reveal() for one in (credentials.http_password, credentials.password)}
        base_url = base_url or self.environ.get("SCCKIT_BASE_URL") or self.profile.base_url
        progress = Progress(moves=sys.stderr.isatty() and self.environ.get("TERM") != "dumb")
        connect = self.connect or scckit.connect
        try:
            with connect(
                base_url, credentials=credentials, registry=registry, environ=self.surroundings, observe=progress
            ) as scc:
                yield scc
        finally:
            LINE.clear()

    def _credentials(self, registry: Registry) -> Credentials:
        from scckit_cli.sources.profiles import unknown  # noqa: PLC0415 - as above

        found = registry.credentials(self.surroundings)
        if found is None:
            msg = (
                "no credentials: scckit login asks for them and keeps them, or set SCCKIT_HTTP_USER,"
                f" SCCKIT_HTTP_PASSWORD, SCCKIT_USERNAME and SCCKIT_PASSWORD{registry.left_out()}"
            )
            raise MissingCredentials(msg)
        if self.profile_name is not None and found.source == "environment":
            if self.config.profile is None:
                raise unknown(self.config)
            say(f"the credentials are those of the environment, which come before those of {self.profile_name}")
        return found

    def answer(self, question: str, *, hidden: bool = False, otherwise: str) -> str:
        """Ask a person; ``otherwise`` is what to do where none is there.

        Raises:
            InvalidInput: Nobody is there.
        """
        LINE.clear()
        if self.ask is not None:
            return self.ask(question, hidden)
        if sys.stdin is None or not sys.stdin.isatty():
            msg = f"nobody is there to answer {question!r}: {otherwise}"
            raise InvalidInput(msg)
        return _asked(question, hidden=hidden)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is destroyed.

        Raises:
            typer.Exit: The answer was not yes.
        """
        if yes:
            return
        answer = self.answer(f"{question} [y/N]", otherwise="use --yes in scripts, or a terminal")
        if answer.strip().lower() not in {"y", "yes"}:
            say("nothing was done")
            raise typer.Exit(1)


def _asked(question: str, *, hidden: bool) -> str:
    import getpass  # noqa: PLC0415 - as above

    try:
        if hidden:
            return getpass.getpass(f"{question}: ", sys.stderr)
        sys.stderr.write(f"{question}: ")
        sys.stderr.flush()
        return input().strip()
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")  # what comes next is no answer
        raise typer.Abort from None


def state_of(context: typer.Context) -> State:
    """Return the state of a call."""
    state: State = context.obj
    return state


def kinds_of(kinds: str | None) -> list[str] | None:
    """Return the names in what ``--kinds`` was given, None where it was not.

    Raises:
        InvalidInput: There is none in it.
    """
    if kinds is None:
        return None
    names = [one.strip() for one in kinds.split(",") if one.strip()]
    if not names:
        msg = "--kinds has no name of a kind; without it all kinds are meant"
        raise InvalidInput(msg)
    return names


def items(  # noqa: PLR0913 - the places that items come from
    state: State,
    scc: Client,
    given: Sequence[str],
    *,
    file: Path | None,
    since: str | None,
    until: str | None,
    station: str | None,
) -> list[Any]:
    """Gather measurements: IDs that were given, of a file, of standard input (``-``), and those of a search, each once.

    The client is signed in afterwards, if there are any.

    Raises:
        InvalidInput: No place was named, the file cannot be read, or a word is not an ID; nothing was done then.
        SCCError: The client cannot sign in, or the search failed.
    """
    from scckit import MeasurementID  # noqa: PLC0415 - as above

    if until is not None and since is None:
        msg = "--until is the end of a search that begins with --since"
        raise InvalidInput(msg)
    if not given and file is None and since is None:
        msg = "name measurements: their IDs, - for standard input, --from FILE, or --since DATE"
        raise InvalidInput(msg)
    names: list[str] = []
    for one in given:
        names += _read(Path("-"), sys.stdin) if one == "-" else [one]
    if file is not None:
        try:
            with file.open(encoding="utf-8") as lines:
                names += _read(file, lines)
        except OSError as error:
            msg = f"{file} cannot be read: {error.strerror or error}"
            raise InvalidInput(msg) from None
    unique: dict[str, Any] = {str(MeasurementID(name)): name for name in names}
    if since is not None:
        found = {str(one.id): one for one in scc.measurements.search(since, until, station=state.station(station))}
        if not found:
            say("the search found nothing")
        unique |= found
    elif unique:
        # Once for all: refused credentials would else be tried again for each, and some servers lock such an account.
        scc.sign_in()
    return list(unique.values())


#: What our own rows call a column of measurements; ``measurement_id`` in a table is two words.
_HEADINGS: Final = frozenset({"id", "measurement_id", "measurement"})


def _read(place: Path, lines: Iterable[str]) -> list[str]:
    """Return the first word of each line, but of empty ones, of remarks, and of a heading, as tables and CSV have it."""
    what = "standard input" if place == Path("-") else str(place)
    try:
        firsts = (re.split(r"[\s,;]+", line.lstrip("\ufeff").strip(), maxsplit=1)[0].strip('"') for line in lines)
        words = [word for word in firsts if word and not word.startswith("#")]
        "".join(words).encode()  # standard input lets through what is no text
    except UnicodeError:
        msg = f"{what} is no text; give a line for each measurement, its ID first"
        raise InvalidInput(msg) from None
    if words and words[0] in _HEADINGS:
        del words[0]
    if not words:
        say(f"{what} has no measurement")
    return words


#: Parameters that say which items are meant, and not what is done with them.
_ITEMS: Final = frozenset({"ids", "files", "names", "numbers", "file", "since", "until", "station"})


def again(context: typer.Context, items: Iterable[str], *, without: Collection[str] = ()) -> str:
    """Return the command line that does the same with some items, without some of its options."""
    import shlex  # noqa: PLC0415 - as above

    profile = state_of(context).profile_name
    words = ["scckit", *(["--profile", profile] if profile else []), *context.command_path.split()[1:]]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in {*_ITEMS, *without} and source is not None and source.name == "COMMANDLINE":
            value = context.params[name]
            words += parameter.opts[:1] if value is True else [parameter.opts[0], str(value)]
    return shlex.join([*words, *items])


class Troubles:
    """What goes wrong with some items of a command, while the others go on.

    Args:
        context: The command.
        total: How many items there are.
        names: What items are called on the command line, if not as they are here.
        without: Options that are not needed again.
    """

    def __init__(
        self,
        context: typer.Context,
        total: int,
        *,
        names: Mapping[str, str] | None = None,
        without: Collection[str] = (),
    ) -> None:
        """Begin without any."""
        self._context: Final = context
        self._total: Final = total
        self._names: Final = names or {}
        self._without: Final = without
        self._told: Final[set[str]] = set()
        self._left: Final[dict[str, None]] = {}
        self._untried = 0
        self.errors: Final[list[SCCError]] = []

    def note(self, item: str, error: SCCError, *, repeat: bool = True) -> None:
        """Tell what went wrong with an item; ``repeat`` if doing it again may help."""
        text = _brief(error)
        self.errors.append(error)
        if repeat:
            self._left[self._names.get(item, item)] = None
        if self._total > 1 and text in self._told:
            say(f"scckit: {item}: the same")
        else:
            say(f"scckit: {text}" if item in text else f"scckit: {item}: {text}")
        self._told.add(text)

    def leave_out(self, item: str) -> None:
        """Take note of an item that was not tried."""
        self._left[self._names.get(item, item)] = None
        self._untried += 1

    def tell(self) -> None:
        """Say how to repeat just what failed."""
        if self._left and self._total > 1:
            untried = f", {self._untried} of them not tried" if self._untried else ""
            say(f"{len(self._left)} of {self._total} failed{untried}; to repeat just these:")
            say(f"  {again(self._context, self._left, without=self._without)}")

    def leave(self) -> None:
        """Say how to repeat just what failed, and exit with its status; return if nothing went wrong.

        Raises:
            typer.Exit: Something did.
        """
        from scckit_cli.statuses import status_of_all  # noqa: PLC0415 - as above

        self.tell()
        if self.errors:
            raise typer.Exit(int(status_of_all(self.errors)))


def _brief(error: SCCError) -> str:
    """Return the words of an error; of a file with many problems the first ones."""
    errors = [one.message for one in getattr(error, "problems", ()) if one.severity == "error"]
    if len(errors) <= _SHOWN:
        return str(error)
    return str(error).replace("; ".join(errors), "; ".join([*errors[:_SHOWN], "…"]))
