"""Records from a live server what only reads, into ``cassettes/live/``, which git ignores: ``tox run -e record``.

It does so only where the environment has ``SCCKIT_RECORD_LIVE=1``, both pairs of credentials (``SCCKIT_HTTP_USER``,
``SCCKIT_HTTP_PASSWORD``, ``SCCKIT_USERNAME``, ``SCCKIT_PASSWORD``) and ``SCCKIT_RECORD_STATION``, a station's code. Further
variables: ``SCCKIT_BASE_URL``, the server; ``SCCKIT_RECORD_MONTH``, the month to search, 2021-03 by default;
``SCCKIT_RECORD_SECRETS``, texts that must not be seen, such as the account's full name, with a semicolon between them.

Whatever the code above it does, ``ReadOnlyTransport`` sends nothing but the questions listed here, the sign-in and the sign-out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from attrs import frozen

import scckit
from scckit.errors import ConfigurationError, SCCError
from scckit.plugins import Credentials, Exchange, Registry, Request, Transport, TransportSettings
from scckit.site import routes
from scckit_replay.recording import RecordingTransport
from scckit_replay.scrub import Scrub

FOLDER: Final = Path(__file__).resolve().parents[2] / "cassettes" / "live"
#: No more of a list is asked for than this shows.
_ENOUGH: Final = 40
_FORMS: Final = frozenset({routes.SIGN_IN, routes.SIGN_OUT})
_PAGES: Final = frozenset({"", *_FORMS, routes.ADMIN_MEASUREMENTS, routes.ADMIN_CONSTANTS})


class NotReadOnlyError(Exception):
    """Something other than a question was to be sent; it was not."""


class ReadOnlyTransport:
    """Carries questions to one server, the sign-in form and the sign-out, and refuses everything else."""

    def __init__(self, transport: Transport, base_url: str) -> None:
        """Wrap a transport; closing this closes it."""
        self._transport = transport
        self._base_url = base_url

    def open(self, request: Request, /) -> Exchange:
        """Send a request that only reads.

        Raises:
            NotReadOnlyError: It may do more.
        """
        if not self._only_reads(request):
            msg = f"{request.method} {urlsplit(request.url).path} was not sent: a live server is asked questions only"
            raise NotReadOnlyError(msg)
        return self._transport.open(request)

    def close(self) -> None:
        """Close the wrapped transport."""
        self._transport.close()

    def _only_reads(self, request: Request) -> bool:
        if not request.url.startswith(self._base_url):
            return False
        route = unquote(urlsplit(request.url.removeprefix(self._base_url)).path)
        if request.method == "POST":
            return route in _FORMS
        # The SCC changes state by GET too (scc-interface.md 2.3), so that a method alone is no promise.
        is_known = route in _PAGES or (route.startswith(routes.API_ROOT) and ".." not in route)
        return request.method in {"GET", "HEAD"} and request.safe and is_known


@frozen
class Plan:
    """What is asked of the server."""

    station: str
    month: str = "2021-03"

    def verbs(self) -> Mapping[str, Callable[[scckit.Client], object]]:
        """Return what is recorded, by the name of its file."""
        return {
            "check": lambda scc: scc.check(),
            "list": self._listed,
            "find": lambda scc: [scc.measurements.find(one) for one in self._listed(scc)[:1]],
            "search": lambda scc: list(islice(scc.measurements.search(self.month, station=self.station), _ENOUGH)),
            "constants": lambda scc: list(islice(scc.constants.search(self.month, station=self.station), _ENOUGH)),
            "ancillary": lambda scc: scc.ancillary.find("nothing.nc", "sounding"),
        }

    def _listed(self, scc: scckit.Client) -> list[str]:
        listed = scc.measurements.list(startswith=self.month.replace("-", ""))
        return [one.id for one in islice(listed, _ENOUGH)]


def record(environ: Mapping[str, str], folder: Path, *, sleep: Callable[[float], None] = time.sleep) -> list[Path]:
    """Record each verb into a cassette of its own.

    Returns:
        The cassettes.

    Raises:
        ConfigurationError: The environment does not say with which credentials, or which station.
        SCCError: A verb failed; its cassette is not written.
    """
    plan = plan_from(environ)
    registry = Registry()
    credentials = registry.credentials(environ)
    if credentials is None:
        msg = "no credentials in the environment: set SCCKIT_HTTP_USER, SCCKIT_HTTP_PASSWORD, SCCKIT_USERNAME, SCCKIT_PASSWORD"
        raise ConfigurationError(msg)
    base_url = environ.get("SCCKIT_BASE_URL") or routes.BASE_URL
    scrub = _scrub(credentials, environ)
    written = []
    for name, verb in plan.verbs().items():
        network = registry.transport("urllib3")(TransportSettings(base_url))
        path = folder / f"{name}.yaml"
        with (
            RecordingTransport(ReadOnlyTransport(network, base_url), path, scrub=scrub) as recording,
            scckit.connect(base_url, credentials=credentials, transport=recording, sleep=sleep, environ={}) as scc,
        ):
            verb(scc)
        written.append(path)
    return written


def plan_from(environ: Mapping[str, str]) -> Plan:
    """Read what to ask from the environment.

    Raises:
        ConfigurationError: No station is named.
    """
    station = environ.get("SCCKIT_RECORD_STATION", "")
    if not station:
        msg = "SCCKIT_RECORD_STATION is not set; name the station to search, such as 'aky'"
        raise ConfigurationError(msg)
    return Plan(station, environ.get("SCCKIT_RECORD_MONTH") or "2021-03")


def _scrub(credentials: Credentials, environ: Mapping[str, str]) -> Scrub:
    named = [one.strip() for one in environ.get("SCCKIT_RECORD_SECRETS", "").split(";")]
    return Scrub(
        [
            credentials.http_user,
            credentials.http_password,
            credentials.username,
            credentials.password,
            *filter(None, named),
        ]
    )


def main(environ: Mapping[str, str], folder: Path = FOLDER, *, sleep: Callable[[float], None] = time.sleep) -> int:
    """Record if the environment asks for it, and say what was done; return the exit code."""
    if environ.get("SCCKIT_RECORD_LIVE") != "1":
        sys.stdout.write("No live server was asked; SCCKIT_RECORD_LIVE=1 and credentials in the environment do that.\n")
        return 0
    try:
        written = record(environ, folder, sleep=sleep)
    except SCCError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in written) + "Look at them before you show them to anyone.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
