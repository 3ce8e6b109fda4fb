"""The published API of ``pollyxt_pipelines.scc_access`` (1.16.2) on top of scckit: same names, arguments, results, exceptions.

What behaves differently, and why, is told in the migration guide. For new programs ``scckit.connect`` does more.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import quote

import scckit
from scckit import errors
from scckit.operations import DownloadArchive
from scckit.plugins import AtomicFile, Row
from scckit_compat.scc_access import constants, exceptions
from scckit_compat.scc_access._operations import (
    AncillaryObject,
    FileDownload,
    ListPage,
    MeasurementObject,
    RowsPage,
    require_zip,
)
from scckit_compat.scc_access.types import APIObject, LidarConstant, Location, Measurement

__all__ = [
    "SCC",
    "APIObject",
    "LidarConstant",
    "Measurement",
    "SCC_Credentials",
    "constants",
    "exceptions",
    "scc_session",
]

T = TypeVar("T")
#: By the flag of ``download_products``: beginning of the file's name, end of the address, modules that make it.
_ARCHIVES: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "hirelpp": ("hirelpp", "download-hirelpp/", ("hirelpp",)),
    "cloudmask": ("cloudmask", "download-cloudmask/", ("cloudmask",)),
    "elpp": ("preprocessed", "download-preprocessed/", ("elpp",)),
    "optical": ("optical", "download-optical/", ("elda", "eldec")),
    "elic": ("elic", "download-elic/", ("elic",)),
}
_ANCILLARY: Final[Mapping[str, str]] = {
    "sounding": "api_sounding_search_pattern",
    "overlap": "api_overlap_search_pattern",
    "lidarratio": "api_lidarratio_search_pattern",
}
_WORDS: Final[Mapping[str, str]] = {"sounding": "Radiosonde", "overlap": "Overlap", "lidarratio": "Lidar ratio"}


class SCC_Credentials:  # noqa: N801 - the published name
    """Both pairs of credentials; its ``repr`` shows neither.

    Attributes:
        http_auth_user: User of the outer layer.
        http_auth_password: Password of the outer layer.
        username: Name of the account.
        password: Password of the account.
    """

    def __init__(self, config: Mapping[str, Mapping[str, str]] | Any) -> None:  # noqa: ANN401 - whatever has the two sections
        """Take them from a configuration: sections ``http`` and ``auth``, each with ``username`` and ``password``.

        Raises:
            KeyError: One of them is missing.
        """
        self.http_auth_user: str = config["http"]["username"]
        self.http_auth_password: str = config["http"]["password"]
        self.username: str = config["auth"]["username"]
        self.password: str = config["auth"]["password"]

    def __repr__(self) -> str:
        """Show that there are some."""
        return "SCC_Credentials(<hidden>)"


class SCC:
    """A session with the SCC; ``scc_session`` signs in and out by itself.

    Attributes:
        credentials: Both pairs.
        client: The ``scckit.Client`` behind it, which does more.
    """

    def __init__(self, credentials: SCC_Credentials) -> None:
        """Begin signed out; nothing is sent. The server is that of ``constants.BASE_URL``."""
        self.credentials = credentials
        self.client: Final = _connect(credentials)
        self._links: dict[tuple[ListPage, int], ListPage] = {}

    def __repr__(self) -> str:
        """Show the server and the state."""
        return f"SCC({self.client!r})"

    @property
    def session(self) -> NoReturn:
        """Say why there is none."""
        msg = "there is no `session` of requests here; use `download_file` for a file, or `client` for all that scckit does"
        raise AttributeError(msg)

    def login(self) -> None:
        """Sign in.

        Raises:
            WrongCredentialsException: The account was refused.
            PageNotAccessible: The HTTP pair was refused, or the page is not there.
            UnexpectedResponse: Anything else is in the way.
        """
        with _told():
            try:
                self.client.sign_in()
            except errors.UnexpectedStatus as error:
                raise exceptions.PageNotAccessible(constants.login_url, error.status or 0) from error

    def logout(self) -> None:
        """Sign out and let go of the connections; signing in again is fine."""
        with _told():
            self.client.sign_out()

    def close(self) -> None:
        """Sign out and close for good; what ``scc_session`` does at its end."""
        self.client.close()

    def download_file(self, url: str, path: Path) -> None:
        """Download a file; it has its name only when it is complete.

        Args:
            url: An address of the server.
            path: Where to put it.

        Raises:
            UnexpectedResponse: There is no such file, or a web page came in its place.
        """
        with _told():
            if self.client.run(FileDownload(url, AtomicFile(Path(path)))) is None:
                raise exceptions.UnexpectedResponse(f"there is no file at {url}")

    def query_measurements(
        self, date_start: date, date_end: date, location: Location | None, page: int = 1
    ) -> tuple[int, list[Measurement]]:
        """Search for measurements by their begin.

        Args:
            date_start: First day.
            date_end: End, exclusive.
            location: Station, None for all.
            page: Page, from 1 on. Pages that are asked for in order cost one request each.

        Returns:
            Number of pages, and the measurements of the page.

        Raises:
            ValueError: Pages begin at 1.
            UnexpectedResponse: The server did not answer the question.
        """
        filters = [("start__gte", _moment(date_start)), ("start__lt", _moment(date_end))]
        if location is not None:
            filters.append(("station_id", location.scc_code))
        return self._page(constants.list_measurements_url, filters, page, Measurement.from_table_row)

    def get_lidar_constants(
        self, date_start: date, date_end: date, location: Location | None, page: int = 1
    ) -> tuple[int, list[LidarConstant]]:
        """Search for lidar constants by the begin of their profiles; arguments, result and errors as ``query_measurements``."""
        filters = [("profile_start_time__gte", _moment(date_start)), ("profile_start_time__lt", _moment(date_end))]
        if location is not None:
            filters.append(("station", location.scc_code))
        return self._page(constants.lidar_constants_url, filters, page, LidarConstant.from_table_row)

    #: The published name.
    get_lidar_consants = get_lidar_constants

    def _page(
        self, url: str, filters: Sequence[tuple[str, str]], number: int, read: Callable[[Row], T]
    ) -> tuple[int, list[T]]:
        """Return the number of pages, and what is on one of them."""
        if number < 1:
            msg = "Page numbers start at 1!"
            raise ValueError(msg)
        with _told():
            page = self._reached(ListPage(url, tuple(filters)), number)
            try:
                return page.pages, [read(row) for row in page.rows]
            except ValueError as error:
                raise exceptions.UnexpectedResponse(f"a row of {url} cannot be read: {error}") from error

    def _reached(self, first: ListPage, number: int) -> RowsPage:
        """Follow the links to a page, from the nearest one before it that was seen; behind the last there is nothing."""
        near = max((one for one in range(1, number + 1) if (first, one) in self._links), default=1)
        wanted = self._links.get((first, near), first)
        while True:
            page: RowsPage = self.client.run(wanted)
            if page.next is not None:
                self._links[first, near + 1] = page.next
            if near == number:
                return page
            if page.next is None:
                return RowsPage((), page.pages, None)
            wanted, near = page.next, near + 1

    def download_products(  # noqa: PLR0913, PLR0917 - as published
        self,
        measurement_id: str,
        download_path: Path,
        hirelpp: bool = True,  # noqa: FBT001, FBT002 - as published
        cloudmask: bool = True,  # noqa: FBT001, FBT002 - as published
        elpp: bool = True,  # noqa: FBT001, FBT002 - as published
        optical: bool = True,  # noqa: FBT001, FBT002 - as published
        elic: bool = True,  # noqa: FBT001, FBT002 - as published
    ) -> Iterator[Path]:
        """Download archives of products; what there is not, is said and passed over.

        Args:
            measurement_id: The measurement.
            download_path: An existing folder.
            hirelpp: The HiRELPP archive, ``hirelpp_<ID>.zip``.
            cloudmask: The cloud mask, ``cloudmask_<ID>.zip``.
            elpp: The ELPP archive, ``preprocessed_<ID>.zip``.
            optical: The ELDA or ELDEC archive, ``optical_<ID>.zip``.
            elic: The ELIC archive, ``elic_<ID>.zip``.

        Yields:
            The path of each archive.

        Raises:
            ValueError: Nothing was asked for.
            WrongCredentialsException: The account was refused.
            PageNotAccessible: The HTTP pair was refused.
        """
        wanted = {"hirelpp": hirelpp, "cloudmask": cloudmask, "elpp": elpp, "optical": optical, "elic": elic}
        chosen = [name for name, is_wanted in wanted.items() if is_wanted]
        if not chosen:
            msg = "At least one product must be downloaded!"
            raise ValueError(msg)
        for name in chosen:
            beginning, route, modules = _ARCHIVES[name]
            path = Path(download_path) / f"{beginning}_{measurement_id}.zip"
            with _told():
                try:
                    self.client.run(
                        DownloadArchive(measurement_id, route, AtomicFile(path, check=require_zip), modules)
                    )
                except (errors.WrongAccount, errors.WrongHTTPCredentials):
                    raise  # it would be the same for each, and some servers lock an account that is refused too often
                except errors.SCCError as error:
                    _say(f"Error while downloading {path.name} from SCC: {error}")
                    continue
            yield path

    def get_ancillary(self, file_id: str, file_type: str) -> APIObject | None:
        """Look up an ancillary file.

        Args:
            file_id: Its name.
            file_type: ``sounding``, ``overlap`` or ``lidarratio``.

        Returns:
            What the API says of it, None if it knows none.

        Raises:
            ValueError: There is no such type.
            UnexpectedResponse: The server did not answer the question.
        """
        pattern = _ANCILLARY.get(file_type)
        if pattern is None:
            msg = f"File type should be one of: {', '.join(_ANCILLARY)}"
            raise ValueError(msg)
        with _told():
            found = self.client.run(AncillaryObject(getattr(constants, pattern).format(_quoted(file_id)), file_id))
        return None if found is None else APIObject(found)

    #: The published name.
    get_anchillary = get_ancillary

    def upload_file(
        self,
        filename: Path,
        system_id: str,
        rs_filename: Path | None = None,
        ov_filename: Path | None = None,
        lr_filename: Path | None = None,
    ) -> None:
        """Upload a raw file with its ancillary files, of which those that the SCC has are left out.

        Args:
            filename: The raw SCC netCDF file.
            system_id: Number of the system.
            rs_filename: Sounding file.
            ov_filename: Overlap file.
            lr_filename: Lidar ratio file.

        Raises:
            SCCError: The SCC refused it, in its own words, or would: no such system, no file.
            UnexpectedResponse: It is not known what the SCC did, or nothing was sent.
            FileNotFoundError: A file is not there.
        """
        ancillary = {"sounding": rs_filename, "overlap": ov_filename, "lidarratio": lr_filename}
        for path in (filename, *ancillary.values()):
            if path is not None and not Path(path).exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        # Asked for here, although the upload asks too, so that it is told before something of the upload is.
        for kind, path in ancillary.items():
            known = None if path is None else self.get_ancillary(Path(path).name, kind)
            if path is not None and known is not None and known.exists:
                _say(f"{_WORDS[kind]} file {Path(path).name} already exists on SCC.")
                ancillary[kind] = None
        with _told():
            self.client.measurements.upload(
                filename,
                system=_number(system_id),
                sounding=ancillary["sounding"],
                overlap=ancillary["overlap"],
                lidar_ratio=ancillary["lidarratio"],
                # The server checks, and its words are what callers know.
                check=False,
            )

    def get_measurement(self, measurement_id: str) -> Measurement | None:
        """Return a measurement, None if the SCC knows none.

        Raises:
            UnexpectedResponse: The server did not answer the question.
        """
        with _told():
            found = self.client.run(
                MeasurementObject(constants.api_measurement_pattern.format(_quoted(measurement_id)))
            )
            try:
                return None if found is None else Measurement.from_json(found)
            except (KeyError, ValueError) as error:
                raise exceptions.UnexpectedResponse(f"the API's measurement lacks something: {error!r}") from error

    def delete_measurement(self, measurement_id: str) -> None:
        """Delete a measurement.

        Raises:
            MeasurementNotFound: The SCC knows none of that ID.
            UnexpectedResponse: It was not deleted, or that is not known.
        """
        with _told(measurement_id):
            self.client.measurements.delete(measurement_id)

    def rerun_processing(self, measurement_id: str) -> None:
        """Restart the whole processing of a measurement.

        Raises:
            MeasurementNotFound: The SCC knows none of that ID.
            UnexpectedResponse: It was not restarted, or that is not known.
        """
        with _told(measurement_id):
            self.client.measurements.rerun(measurement_id)


@contextmanager
def scc_session(credentials: SCC_Credentials) -> Iterator[SCC]:
    """Sign in for a block, and sign out at its end, whatever happens in it."""
    scc = SCC(credentials)
    try:
        scc.login()
        yield scc
    finally:
        scc.close()


def _connect(credentials: SCC_Credentials) -> Any:  # noqa: ANN401 - a client that runs operations of this package
    pairs = scckit.Credentials(
        credentials.http_auth_user,
        credentials.http_auth_password,
        credentials.username,
        credentials.password,
        source="SCC_Credentials",
    )
    # By an address, not by BASE_URL: in the published package that decides nothing, and a program that has set the
    # addresses one by one must not reach another server than it has before.
    return scckit.connect(constants.login_url.removesuffix("accounts/login/"), credentials=pairs)


@contextmanager
def _told(measurement_id: str = "") -> Iterator[None]:
    """Turn errors of scckit into the published ones."""
    try:
        yield
    except errors.WrongAccount as error:
        raise exceptions.WrongCredentialsException(str(error)) from error
    except errors.WrongHTTPCredentials as error:
        raise exceptions.PageNotAccessible(constants.login_url, 401) from error
    except (errors.MeasurementNotFound, errors.InvalidMeasurementID) as error:
        raise exceptions.MeasurementNotFound(measurement_id) from error
    except (errors.UploadRejected, errors.InvalidInput) as error:
        words = ", ".join(getattr(error, "reasons", ())) or str(error)
        raise exceptions.SCCError(words) from error
    except errors.SCCError as error:
        raise exceptions.UnexpectedResponse(str(error)) from error


def _say(text: str) -> None:
    """Tell people, as the published package does: on its console where it is installed, else on standard output."""
    console = _console()
    if console is None:
        print(text)  # noqa: T201 - what is told is part of the published behaviour
    else:
        console(text, markup=False, highlight=False, soft_wrap=True)


def _console() -> Callable[..., None] | None:
    try:
        from pollyxt_pipelines.console import console  # noqa: PLC0415 - used where it is installed
    except ImportError:
        return None
    told: Callable[..., None] = console.print
    return told


def _moment(day: date) -> str:
    return day.strftime("%Y-%m-%d %H:%M:%S")


def _number(system_id: object) -> int:
    try:
        return int(str(system_id))
    except ValueError:
        raise exceptions.SCCError(f"a system is a number, such as 437; found {system_id!r}. Nothing was sent") from None


def _quoted(text: str) -> str:
    return quote(str(text), safe="")
