"""Getting in: ``login`` keeps credentials, ``check`` tries them, ``doctor`` looks at each kind of page."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scckit.errors import InvalidInput
from scckit_cli.app import AsJSON, state_of
from scckit_cli.rows import Form, Row, show, write
from scckit_cli.talk import say

if TYPE_CHECKING:
    from scckit import Client
    from scckit.models import Measurement

__all__ = ["COMMANDS"]

_MODULES: Final = ("hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
_QUESTIONS: Final = (
    ("http_user", "HTTP user (the pair that many users share)", False),
    ("http_password", "HTTP password", True),
    ("username", "user name of your SCC account", False),
    ("password", "password of your SCC account", True),
)


def login(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Option("--profile", help="Name of the profile, such as the station's code.")
    ] = None,
    station: Annotated[
        str | None, typer.Option("--station", help="What searches look at if they name no station.")
    ] = None,
    system: Annotated[int | None, typer.Option("--system", help="What uploads use if they name no system.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="A server other than the public SCC.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Take all of it from pollyxt_pipelines.ini or .scc_access.yaml."),
    ] = None,
    in_file: Annotated[bool, typer.Option("--file", help="Keep them in a file that you alone can read.")] = False,
    unchecked: Annotated[bool, typer.Option("--no-check", help="Keep them without trying them.")] = False,
) -> None:
    """Ask for credentials, try them, and keep them in the keyring or in a file."""
    from scckit.plugins import Credentials
    from scckit_cli.sources.config import Config, Profile

    state = state_of(context)
    state.profile_name = name or state.profile_name
    config = Config(state.surroundings)
    secrets = (
        _imported(source)
        if source is not None
        else {key: state.answer(text, hidden=hidden) for key, text, hidden in _QUESTIONS}
    )
    if missing := [key for key, value in secrets.items() if not value]:
        msg = f"nothing was given for {', '.join(missing)}; all four are needed, nothing was kept"
        raise InvalidInput(msg)
    credentials = Credentials(**secrets, source="what was just given")
    if not unchecked:
        with state.client(base_url, credentials=credentials) as scc:
            scc.check()
    if in_file:
        place = str(config.save_secrets(config.name, secrets))
    else:
        from scckit_cli.sources.keyring import store

        store(config.name, secrets)
        place = "the keyring"
    profile = Profile(config.name, "file" if in_file else "keyring", station, system, base_url)
    path = config.save(profile, is_default=not config.names)
    tried = "" if unchecked else "they work, and "
    say(f"{tried}they are kept in {place} for the profile {config.name}; its settings are in {path}")


def _imported(path: Path) -> dict[str, str]:
    """Read the file of another client: an INI with [http] and [auth], or YAML with two pairs in lists.

    Raises:
        InvalidInput: It is neither.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}"
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
    """Read the two lists that scc-access's file has; no more of YAML than such files use, so that no library is needed."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in text.splitlines():
        bare = line.split(" #")[0].strip()
        if not bare or bare.startswith("#"):
            continue
        if bare.startswith("- ") and key:
            found[key].append(_scalar(bare[2:]))
        elif ":" in bare:
            key, _, value = (part.strip() for part in bare.partition(":"))
            inner = value.strip("[]")
            found[key] = [_scalar(one) for one in inner.split(",")] if value.startswith("[") else []
    pairs = [*found.get("basic_credentials", []), *found.get("website_credentials", [])]
    return dict(zip((key for key, *_ in _QUESTIONS), pairs, strict=True)) if len(pairs) == len(_QUESTIONS) else None


def _scalar(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def check(context: typer.Context) -> None:
    """Find out whether the server is reached, both layers let us in, and the API answers."""
    with state_of(context).client() as scc:
        scc.check()
        say(f"{scc.base_url} is reached, and lets this account in")


def doctor(context: typer.Context, as_json: AsJSON = False) -> None:
    """Look at each kind of page, read only, and print a report that may be pasted in public: it names nobody and no station."""
    state = state_of(context)
    rows: list[Row] = []
    with state.client() as scc:
        for what, look in _looks(scc):
            rows.append({"what": what, **_looked(look)})
    if as_json:
        show(rows, ("what", "result", "found"), Form.JSON)
    else:
        write(_versions() + "\n")
        show(rows, ("what", "result", "found"), Form.TABLE)
    if any(row["result"] == "trouble" for row in rows):
        raise typer.Exit(1)


def _versions() -> str:
    import platform

    import scckit

    return f"scckit {scckit.__version__}, Python {platform.python_version()}, {sys.platform}"


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
    yield "reach, sign in, API", lambda: _done(scc.check)
    yield "list of measurements", lambda: _listed(scc)
    yield "API list of measurements", lambda: _rows(scc.measurements.list())
    yield "list of lidar constants", lambda: _rows(scc.constants.search("2000", "2100"))
    yield "ancillary look-up", lambda: _done(lambda: scc.ancillary.find("scckit-doctor.nc", "sounding"))
    yield "upload form", lambda: _form(scc)
    yield "sign out", lambda: _done(scc.sign_out)


def _done(act: Callable[[], object]) -> str:
    act()
    return "as expected"


def _rows(search: Any) -> str:
    first = next(iter(search), None)
    return "no row" if first is None else "rows that can be read"


def _listed(scc: Client) -> str:
    first: Measurement | None = next(iter(scc.measurements.search("2000", "2100")), None)
    if first is None:
        return "no row"
    lacks = [name for name in ("start", "stop", "updated", "station") if getattr(first, name) is None]
    lacks += [name for name in _MODULES if name not in first.modules]
    more = sorted(set(first.modules) - set(_MODULES))
    if not lacks and not more:
        return "rows with all columns"
    return f"odd: columns missing: {', '.join(lacks) or 'none'}; new modules: {', '.join(more) or 'none'}"


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
    return f"odd: fields missing: {', '.join(lacks)}" if lacks else "all fields"


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"login": login, "check": check, "doctor": doctor}
