"""Getting in: ``login`` keeps credentials, ``check`` tries them, ``doctor`` looks at each kind of page."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import AsCSV, AsJSON, AsPlain, state_of
from scckit_cli.commands.look import MODULES
from scckit_cli.rows import Form, Row, form_of, show
from scckit_cli.talk import say, write

if TYPE_CHECKING:
    from scckit import Client
    from scckit.models import LidarConstant, Measurement
    from scckit_cli.app import State

__all__ = ["COMMANDS"]

_QUESTIONS: Final = (
    ("http_user", "HTTP user (the pair that many users share)", False),
    ("http_password", "HTTP password", True),
    ("username", "user name of your SCC account", False),
    ("password", "password of your SCC account", True),
)

_ALL: Final = "all that is expected"
_NOTHING: Final = "nothing to look at"


def login(
    context: typer.Context,
    station: Annotated[
        str | None, typer.Option("--station", metavar="CODE", help="What searches look at if they name no station.")
    ] = None,
    system: Annotated[
        int | None, typer.Option("--system", metavar="N", min=1, help="What uploads use if they name no system.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="A server other than the public SCC.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE", readable=False, help="Take them from pollyxt_pipelines.ini or .scc_access.yaml."
        ),
    ] = None,
    in_file: Annotated[bool, typer.Option("--file", help="Keep them in a file that you alone can read.")] = False,
    unchecked: Annotated[bool, typer.Option("--no-check", help="Keep them without trying them.")] = False,
) -> None:
    """Ask for credentials, try them, and keep them in the keyring or in a file, for --profile NAME if it is given."""
    from scckit.plugins import Credentials
    from scckit_cli.sources import keyring
    from scckit_cli.sources.config import Config, Profile

    state = state_of(context)
    config = state.config
    station = _station(station)
    if not in_file:
        keyring.require(config.name)
    secrets = _imported(source) if source is not None else _asked(state)
    servers = {
        "--base-url": base_url,
        str(source): secrets.pop("base_url", None),
        "SCCKIT_BASE_URL": state.environ.get("SCCKIT_BASE_URL"),
    }
    told_by, base_url = next(((where, url) for where, url in servers.items() if url), ("", None))
    state.hidden |= {secrets["http_password"], secrets["password"]}
    if missing := [key for key, value in secrets.items() if not value]:
        msg = f"nothing was given for {', '.join(missing)}; all four are needed, nothing was kept"
        raise InvalidInput(msg)
    credentials = Credentials(**secrets, source="what was just given")
    if not unchecked:
        with state.client(base_url, credentials) as scc:
            scc.check()
    if in_file:
        place = str(config.save_secrets(config.name, secrets))
    else:
        keyring.store(config.name, secrets)
        place = "the keyring"
    # They are for that server, so the profile leads there also when nothing else names it any more.
    profile = Profile(config.name, "file" if in_file else "keyring", station, system, base_url)
    path = config.save(profile, is_default=not config.names)
    tried = "" if unchecked else "they work, and "
    say(f"{tried}they are kept in {place} for the profile {config.name}; its settings are in {path}")
    if base_url is not None:
        say(f"its server is the one that {told_by} names")  # not shown: a wrong address may have a password in it
    if in_file:
        keyring.forget(config.name)
    elif (forgotten := config.forget_secrets(config.name)) is not None:
        say(f"what {forgotten} had of the profile {config.name} was taken out of it")
    if config.name != (chosen := Config(state.environ).name):
        say(f"the profile in use is {chosen}; --profile {config.name} uses this one")
    if "SCCKIT_PASSWORD" in state.environ:
        say("the environment has credentials too, and they come first: unset SCCKIT_PASSWORD and the other three")


def _station(given: str | None) -> str | None:
    """Return the code of a station as the SCC has it.

    Raises:
        InvalidInput: It can be none.
    """
    from datetime import UTC, datetime

    from scckit.operations import SearchMeasurements

    if given is None:
        return None
    code = given.lower()
    if code == "all":
        msg = "a profile has one station or none; --station all is for searches"
        raise InvalidInput(msg)
    SearchMeasurements(datetime(2000, 1, 1, tzinfo=UTC), station=code)  # which would refuse it each time
    return code


def _asked(state: State) -> dict[str, str]:
    otherwise = "use a terminal, or --import FILE"
    return {key: state.answer(text, hidden=hidden, otherwise=otherwise) for key, text, hidden in _QUESTIONS}


def _imported(path: Path) -> dict[str, str]:
    """Read the file of another client: an INI with [http] and [auth], or YAML with two pairs in lists and perhaps a server.

    Raises:
        InvalidInput: It is neither.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise InvalidInput(msg) from None
    except UnicodeError:
        msg = f"{path} cannot be read: it is no text"
        raise InvalidInput(msg) from None
    found = _ini(text) or _yaml(text)
    if found is None:
        msg = (
            f"{path} is neither like pollyxt_pipelines.ini ([http] and [auth], each with username and password) nor like"
            " .scc_access.yaml (basic_credentials and website_credentials, each a list of a name and a password)"
        )
        raise InvalidInput(msg)
    return found


def _ini(text: str) -> dict[str, str] | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
        pairs = [parser[section][key] for section in ("http", "auth") for key in ("username", "password")]
    except (configparser.Error, KeyError):
        return None
    return dict(zip((key for key, *_ in _QUESTIONS), pairs, strict=True))


def _yaml(text: str) -> dict[str, str] | None:
    import yaml

    try:
        # The base loader takes all values as the texts that they are: a password of digits is no number.
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and mappings only
    except yaml.YAMLError:
        return None  # whose words may show a password
    pairs: list[object] = []
    for key in ("basic_credentials", "website_credentials"):
        pair = found.get(key) if isinstance(found, dict) else None
        if not isinstance(pair, list) or not all(isinstance(one, str) for one in pair):
            return None
        pairs += pair
    if len(pairs) != len(_QUESTIONS):
        return None
    base_url = found.get("base_url")
    server = {"base_url": base_url} if isinstance(base_url, str) and base_url else {}
    return {key: str(one) for (key, *_), one in zip(_QUESTIONS, pairs, strict=True)} | server


def check(context: typer.Context) -> None:
    """Find out whether the server is reached, both layers let us in, and the API answers."""
    with state_of(context).client() as scc:
        scc.check()
        say(f"{scc.base_url} is reached, and lets this account in")


def doctor(context: typer.Context, as_json: AsJSON = False, as_csv: AsCSV = False, as_plain: AsPlain = False) -> None:
    """Look at each kind of page, read only, and print a report that may be pasted in public: it names nobody and no station."""
    form = form_of(as_json=as_json, as_csv=as_csv, as_plain=as_plain)
    state = state_of(context)
    rows: list[Row] = []
    with state.client() as scc:
        for what, look in _looks(scc):
            rows.append({"what": what, **_looked(look)})
            if rows[0]["result"] == "trouble":
                say(
                    "nothing else was looked at: what cannot get in sees no page, and many wrong passwords lock an account"
                )
                break
        versions = _versions(scc)
    if form is Form.TABLE:
        write(versions + "\n")
    show(rows, ("what", "result", "found"), form)
    if any(row["result"] != "fine" for row in rows):
        raise typer.Exit(1)


def _versions(scc: Client) -> str:
    import platform

    import scckit

    plugins = {
        one.distribution: one.version for one in scc.registry.reports() if one.distribution.startswith("scckit-")
    }
    names = ["scckit " + scckit.__version__, *(f"{name} {version}" for name, version in sorted(plugins.items()))]
    return f"{', '.join(names)}, Python {platform.python_version()}, {sys.platform}"


def _looked(look: Callable[[], str]) -> dict[str, str]:
    """Look at one thing; of an error its kind alone is told, since its words may name the server or a station."""
    import scckit

    try:
        found = look()
    except scckit.SCCError as error:
        status = getattr(error, "status", None)
        return {"result": "trouble", "found": type(error).__name__ + (f" (HTTP {status})" if status else "")}
    return {"result": "odd" if found.startswith("odd: ") else "fine", "found": found.removeprefix("odd: ")}


def _looks(scc: Client) -> Iterator[tuple[str, Callable[[], str]]]:
    """Give the name of each kind of page, and what looks at one; a measurement of the list leads to the others."""
    from itertools import islice

    seen: list[Measurement] = []

    def see(found: Iterable[Measurement], *names: str) -> str:
        one = list(islice(found, 1))
        seen[:] = one or seen
        return _measured(one[0], names) if one else _NOTHING

    yield "reach, sign in, API", lambda: _done(scc.check)
    yield "list of measurements", lambda: see(scc.measurements.search("2000", "2100"), "station", "updated")
    yield "API list of measurements", lambda: see(scc.measurements.list(), "system")
    if seen:
        yield "one measurement", lambda: see([scc.measurements.get(seen[0].id)], "system")
    yield "list of lidar constants", lambda: _constant(next(iter(scc.constants.search("2000", "2100")), None))
    if seen and (number := seen[0].system) is not None:
        yield "export of a system", lambda: _lacking(scc.systems.export(number), ("station", "name"))
    yield "ancillary look-up", lambda: _done(lambda: scc.ancillary.find("scckit-doctor.nc", "sounding"))
    yield "upload form", lambda: _form(scc)
    yield "sign out", lambda: _done(scc.sign_out)


def _done(act: Callable[[], object]) -> str:
    act()
    return "as expected"


def _measured(measurement: Measurement, names: Sequence[str]) -> str:
    modules = [name for name in MODULES if name not in measurement.modules]
    new = sorted(set(measurement.modules) - set(MODULES))
    return _lacking(measurement, ("start", "stop", *names), *modules) if not new else f"odd: new: {', '.join(new)}"


def _constant(found: LidarConstant | None) -> str:
    names = ("measurement_id", "system_id", "channel_id", "lidar_constant", "profile_start")
    return _NOTHING if found is None else _lacking(found, names)


def _lacking(found: object, names: Sequence[str], *more: str) -> str:
    """Tell what an object lacks of what we expect there."""
    lacks = [*(name for name in names if getattr(found, name) is None), *more]
    return f"odd: missing: {', '.join(lacks)}" if lacks else _ALL


class _UploadForm:
    """The upload form as an operation of our own: it is looked at, and nothing is sent (scc-interface.md 2.2)."""

    def flow(self, session: Any) -> Any:
        from scckit.plugins import Request

        page = yield from session.page(Request("GET", "data_processing/measurements/quick/"))
        return page.content


def _form(scc: Client) -> str:
    content = scc.run(_UploadForm())
    fields = {one.name for form in content.forms for one in form.fields}
    lacks = sorted({"data", "system", "sounding_file", "overlap_file", "lidar_ratio_file"} - fields)
    return f"odd: missing: {', '.join(lacks)}" if lacks else _ALL


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"login": login, "check": check, "doctor": doctor}
