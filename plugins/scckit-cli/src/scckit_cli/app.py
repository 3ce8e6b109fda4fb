"""What all commands share: the process as parameters, a client made for the command, talk to people, and items from anywhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scckit.errors import InvalidInput
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit import Client, Outcomes
    from scckit_cli.sources.config import Config, Profile

__all__ = [
    "AsCSV",
    "AsJSON",
    "AsPlain",
    "From",
    "Since",
    "State",
    "Station",
    "Until",
    "Workers",
    "Yes",
    "failed",
    "items",
    "state_of",
]

AsJSON = Annotated[bool, typer.Option("--json", help="Print a JSON array.")]
AsCSV = Annotated[bool, typer.Option("--csv", help="Print CSV with a line of headings.")]
AsPlain = Annotated[bool, typer.Option("--plain", help="Print values with tabs between, without headings.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]
From = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Take the first word of each line of a file.")
]
Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="Take what a search finds from then on.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="End of that search, exclusive.")]
Station = Annotated[str | None, typer.Option("--station", help="Station code of 3 letters; by default the profile's.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=16, help="How many are under way at a time.")]


@dataclass
class State:
    """One call of the command line.

    Attributes:
        environ: The environment.
        connect: Makes a client; ``scckit.connect`` but in tests.
        ask: Asks for a text; the second argument hides what is typed.
        debug: Show tracebacks.
        profile_name: The profile that was named, None if none was.
    """

    environ: Mapping[str, str]
    connect: Callable[..., Client] | None = None
    ask: Callable[[str, bool], str] | None = None
    debug: bool = False
    profile_name: str | None = None
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
            return None if given.lower() == "all" else given
        if self.profile.station is not None:
            say(f"station {self.profile.station}, of the profile {self.profile.name}; --station all looks at all")
        return self.profile.station

    @contextmanager
    def client(self, base_url: str | None = None, **settings: Any) -> Iterator[Client]:  # noqa: ANN401 - of scckit.connect
        """Make a client that tells people what it does; sign out at the end."""
        import scckit  # noqa: PLC0415 - the client is slow to import, and half of the commands need none
        from scckit_cli.progress import Progress  # noqa: PLC0415

        base_url = base_url or self.environ.get("SCCKIT_BASE_URL") or self.profile.base_url
        with Progress() as progress:
            connect = self.connect or scckit.connect
            with connect(base_url, environ=self.surroundings, observe=progress, **settings) as scc:
                yield scc

    def answer(self, question: str, *, hidden: bool = False) -> str:
        """Ask a person."""
        return (self.ask or _ask)(question, hidden)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is destroyed.

        Raises:
            typer.Exit: The answer was not yes.
        """
        if not yes and self.answer(f"{question} [y/N]").strip().lower() not in {"y", "yes"}:
            say("nothing was done")
            raise typer.Exit(1)


def _ask(question: str, hidden: bool) -> str:  # noqa: FBT001 - a signature for tests
    if not sys.stdin.isatty():
        msg = f"nobody is there to answer {question!r}: use --yes in scripts, or a terminal"
        raise InvalidInput(msg)
    if hidden:
        import getpass  # noqa: PLC0415 - as above

        return getpass.getpass(f"{question}: ", sys.stderr)
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip()


def state_of(context: typer.Context) -> State:
    """Return the state of a call."""
    state: State = context.obj
    return state


def items(  # noqa: PLR0913 - the places that items come from
    state: State,
    scc: Client,
    given: Iterable[str],
    *,
    file: Path | None,
    since: str | None,
    until: str | None,
    station: str | None,
) -> list[Any]:
    """Gather measurements: IDs that were given, of a file, of standard input (``-``), and those of a search, each once.

    Raises:
        InvalidInput: There is none, or the file cannot be read.
    """
    names: list[Any] = []
    for one in given:
        names += _words(sys.stdin) if one == "-" else [one]
    if file is not None:
        try:
            with file.open(encoding="utf-8") as lines:
                names += _words(lines)
        except (OSError, ValueError) as error:
            msg = f"{file} cannot be read: {error}"
            raise InvalidInput(msg) from None
    if since is not None:
        names += scc.measurements.search(since, until, station=state.station(station))
        if not names:
            say("the search found nothing")
    elif until is not None:
        msg = "--until is the end of a search that begins with --since"
        raise InvalidInput(msg)
    elif not names:
        msg = "name measurements: their IDs, - for standard input, --from FILE, or --since DATE"
        raise InvalidInput(msg)
    unique = {str(getattr(one, "id", one)): one for one in names}
    return list(unique.values())


def _words(lines: Iterable[str]) -> list[str]:
    """Return the first word of each line, but of empty ones and of remarks."""
    firsts = (line.replace(",", " ").replace("\t", " ").split() for line in lines)
    return [words[0].strip('"') for words in firsts if words and not words[0].startswith("#")]


def failed(outcomes: Outcomes, again: str) -> None:
    """Say what failed, why, and how to do just that again; exit with its status, or return if nothing did.

    Args:
        outcomes: What became of the items.
        again: The command line without items.

    Raises:
        typer.Exit: Something failed, or was absent.
    """
    import shlex  # noqa: PLC0415 - as above

    from scckit_cli.statuses import Status, status_of_all  # noqa: PLC0415

    troubled = [one for one in outcomes if one.error is not None and one.state.value != "kept"]
    for one in troubled:
        if one.state.value != "not tried":
            say(f"{one.item}: {one.error}")
    left = outcomes.failures
    if left:
        untried = sum(one.state.value == "not tried" for one in left)
        more = f", {untried} of them not tried" if untried else ""
        say(f"{len(left)} of {len(outcomes)} failed{more}; to repeat just these:")
        say(f"  {again} {' '.join(shlex.quote(one.item) for one in left)}")
    status = status_of_all(one.error for one in troubled)
    if status is not Status.DONE:
        raise typer.Exit(int(status))
