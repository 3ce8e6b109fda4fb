"""Every error that leaves scckit, and nothing else.

Each error says what was asked, what was found and what to do next. None carries a secret: messages are built from
routes, statuses and the server's own words, never from credentials, cookies or tokens. The whole tree::

    SCCError
    ├── ConfigurationError           the set-up on this side
    │   ├── MissingPlugin            no plugin offers what was asked by name
    │   ├── BrokenPlugin             a plugin failed to load or broke its contract
    │   ├── MissingLibrary           an optional library is not installed
    │   └── MissingCredentials       no source knew any credentials
    ├── InvalidInput                 refused here, nothing was sent
    │   ├── InvalidMeasurementID
    │   └── InvalidRawFile           what to upload is not what the SCC takes
    ├── TransportError               no complete answer came back
    │   ├── ConnectionFailed         nothing was sent: host not found, refused, unreachable
    │   │   └── CertificateRejected  the server's TLS certificate does not verify
    │   ├── TransportTimeout         the answer took too long
    │   ├── ConnectionBroken         the connection ended in the middle
    │   └── BodyTruncated            fewer bytes arrived than the server announced
    ├── AccessError                  the server knows us not, or not well enough
    │   ├── WrongHTTPCredentials     outer layer: the shared HTTP Basic pair
    │   ├── WrongAccount             inner layer: the personal account
    │   ├── NotSignedIn              the sign-in did not last, even renewed
    │   └── PermissionDenied         signed in, but not allowed
    ├── AnswerError                  an answer that does not fit the question
    │   ├── UnexpectedStatus
    │   │   └── ServerBusy           it asks for a pause longer than a request waits
    │   ├── UnexpectedContent        such as HTML where a zip archive or JSON was due
    │   ├── UnreadablePage           a page or object without what it must have
    │   ├── AnswerTooLarge
    │   ├── RedirectRefused          to another origin, or in circles
    │   └── FilterRefused            the server dropped a filter and showed everything
    ├── RequestRefused               the SCC understood and said no
    │   ├── MeasurementNotFound
    │   ├── MeasurementExists
    │   ├── SystemNotFound
    │   ├── UploadRejected
    │   │   └── UnknownSystem
    │   └── ProductNotAvailable
    ├── OutcomeUnknown               the answer to a change was lost, and looking did not tell
    ├── WaitTimeout                  the limit of a wait was reached
    ├── WorkerLost                   an executor did not bring back what it was given
    └── LocalFileError               files on this side
        ├── UnsafeArchive            an archive that could harm or is not one
        ├── TargetExists
        └── UnreadableProduct        a product file that cannot be opened
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AccessError",
    "AnswerError",
    "AnswerTooLarge",
    "BodyTruncated",
    "BrokenPlugin",
    "CertificateRejected",
    "ConfigurationError",
    "ConnectionBroken",
    "ConnectionFailed",
    "FilterRefused",
    "InvalidInput",
    "InvalidMeasurementID",
    "InvalidRawFile",
    "LocalFileError",
    "MeasurementExists",
    "MeasurementNotFound",
    "MissingCredentials",
    "MissingLibrary",
    "MissingPlugin",
    "NotSignedIn",
    "OutcomeUnknown",
    "PermissionDenied",
    "ProductNotAvailable",
    "RedirectRefused",
    "RequestRefused",
    "SCCError",
    "ServerBusy",
    "SystemNotFound",
    "TargetExists",
    "TransportError",
    "TransportTimeout",
    "UnexpectedContent",
    "UnexpectedStatus",
    "UnknownSystem",
    "UnreadablePage",
    "UnreadableProduct",
    "UnsafeArchive",
    "UploadRejected",
    "WaitTimeout",
    "WorkerLost",
    "WrongAccount",
    "WrongHTTPCredentials",
]


class SCCError(Exception):
    """Root of all errors of scckit: catch this one to catch them all.

    Every subclass can be built from its message alone, so that errors survive pickling; further facts are attributes.
    """


class ConfigurationError(SCCError):
    """The set-up on this side is not complete or not right; the message names the missing piece."""


class MissingPlugin(ConfigurationError):
    """No installed plugin offers the name that was asked for; install one, or pick a listed name."""


class BrokenPlugin(ConfigurationError):
    """A plugin failed to load, or returned something that its hook does not allow; report it to its author."""


class MissingLibrary(ConfigurationError):
    """An optional library is needed for this; the message holds the line that installs it."""


class MissingCredentials(ConfigurationError):
    """No credentials were given and no source knew any; give them or set the environment variables."""


class InvalidInput(SCCError, ValueError):
    """An argument was refused before anything was sent; correct it and call again."""


class InvalidMeasurementID(InvalidInput):
    """A text is not a measurement ID (8 digits, then letters or digits, 12 to 15 characters in all)."""


class InvalidRawFile(InvalidInput):
    """A file to upload is not what the SCC takes; nothing was sent.

    Attributes:
        problems: What was found, each a ``scckit.models.Problem``, warnings among them; empty if the file is not there.
    """

    problems: tuple[Any, ...] = ()


class TransportError(SCCError):
    """No complete answer came back; whether the server acted on the request is not known unless a subclass says so."""


class ConnectionFailed(TransportError):
    """No connection was made, so nothing was sent; check the host name and the network."""


class CertificateRejected(ConnectionFailed):
    """The server's TLS certificate does not verify; nothing was sent. Point ``verify`` to the right CA file."""


class TransportTimeout(TransportError):
    """The server took longer than the time-out; try again later or raise ``timeout``."""


class ConnectionBroken(TransportError):
    """The connection ended while a request or its answer was under way."""


class BodyTruncated(ConnectionBroken):
    """Fewer bytes arrived than the server announced; nothing of them was kept."""


class AccessError(SCCError):
    """The server does not let us in, or not there."""


class WrongHTTPCredentials(AccessError):
    """The outer layer (HTTP Basic, the pair that many users share) refused; check ``http_user`` and ``http_password``."""


class WrongAccount(AccessError):
    """The inner layer (the personal SCC account) refused; check ``username`` and ``password``."""


class NotSignedIn(AccessError):
    """The server asks for a sign-in again right after a successful one, or forbids every sign-in from here.

    Try later, or sign in with a browser to see why.
    """


class PermissionDenied(AccessError):
    """The account is signed in but may not do this; ask the SCC team for the right, or use another account."""


class AnswerError(SCCError):
    """The server answered, but not in a way that fits the question.

    Attributes:
        status: HTTP status of the answer, where there was one.
        url: Address of the answer, without query.
    """

    def __init__(self, message: str, *, status: int | None = None, url: str | None = None) -> None:
        """Keep the message and what is known of the answer."""
        super().__init__(message)
        self.status = status
        self.url = url


class UnexpectedStatus(AnswerError):
    """An HTTP status that the question does not allow for; for 5xx try again later."""


class ServerBusy(UnexpectedStatus):
    """The server asks for a pause (``Retry-After``) longer than a request waits; the message tells how long, try again then."""


class UnexpectedContent(AnswerError):
    """Content of another type than asked for, such as a web page in place of a zip archive; nothing was written."""


class UnreadablePage(AnswerError):
    """A page or object lacks something that it must have; the site may have changed, please report it."""


class AnswerTooLarge(AnswerError):
    """A page or object is larger than any honest one; it was not read."""


class RedirectRefused(AnswerError):
    """A redirect that is not followed: to another origin, in circles, or for a request that may not be repeated."""


class FilterRefused(AnswerError):
    """The server did not accept a filter and answered with everything; nothing of that is returned."""


class RequestRefused(SCCError):
    """The SCC understood what was asked and said no."""


class MeasurementNotFound(RequestRefused):
    """The SCC knows no measurement of that ID, or this account may not see it."""


class MeasurementExists(RequestRefused):
    """The SCC has a measurement of that ID already; delete it first, or give the file another ID."""


class SystemNotFound(RequestRefused):
    """The SCC knows no system (lidar configuration) of that number."""


class UploadRejected(RequestRefused):
    """The SCC did not accept an upload.

    Attributes:
        reasons: The server's own words, as shown on its page.
    """

    def __init__(self, message: str, *, reasons: tuple[str, ...] = ()) -> None:
        """Keep the message and the server's reasons."""
        super().__init__(message)
        self.reasons = reasons


class UnknownSystem(UploadRejected):
    """The system (lidar configuration number) is not one that this account may upload to."""


class ProductNotAvailable(RequestRefused):
    """The SCC has no such product for the measurement: not produced, not yet, or failed."""


class OutcomeUnknown(SCCError):
    """The answer to an upload, delete or rerun was lost or told nothing, and the API does not show what came of it.

    Look before trying again; the message says whether that is safe.
    """


class WaitTimeout(SCCError, TimeoutError):
    """A wait reached its limit; the message says what was being waited for. Waiting again goes on where this ended."""


class WorkerLost(SCCError):
    """The executor that a batch was given did not carry out an item, as when a worker process is killed; run again."""


class LocalFileError(SCCError):
    """Something is wrong with files on this side."""


class UnsafeArchive(LocalFileError):
    """A downloaded archive is damaged, is none, or could do harm when unpacked; nothing of it was kept."""


class TargetExists(LocalFileError):
    """A file of that name exists and may not be replaced."""


class UnreadableProduct(LocalFileError):
    """A product file cannot be read as what its name says it is."""
