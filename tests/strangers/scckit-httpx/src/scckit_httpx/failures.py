"""Which error of scckit each error of httpx is, with what to do next. No secret: the query of an address is not shown."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from scckit.errors import (
    BodyTruncated,
    CertificateRejected,
    ConnectionBroken,
    ConnectionFailed,
    TransportError,
    TransportTimeout,
)
from scckit.plugins import TransportSettings

__all__ = ["translated"]


def translated(
    error: Exception, what: str, settings: TransportSettings, *, expected: int | None = None, came: int = 0
) -> TransportError:
    """Make the transport error that says what happened.

    Args:
        error: What httpx raised.
        what: The request, for the message.
        settings: Those of the transport.
        expected: Announced length of the body that was being read, if any was.
        came: Bytes of it that came.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateRejected(
                f"{what}: the certificate of the server does not verify ({cause.verify_message}); nothing was sent."
                " If it is the right server, point verify to the file of its certificate authority (verify=PATH)"
            )
    words = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        return ConnectionFailed(
            f"{what}: no connection ({words}); nothing was sent. Check the host name and the network"
        )
    if isinstance(error, httpx.TimeoutException):
        return TransportTimeout(
            f"{what}: no sign of the server for {settings.read_timeout:g} s (or {settings.connect_timeout:g} s while it"
            " was to take something); try again later, or raise the time-outs"
        )
    if isinstance(error, httpx.RemoteProtocolError) and expected is not None and came < expected:
        return BodyTruncated(f"{what}: {expected} bytes were announced, {came} came; try again")
    return ConnectionBroken(f"{what}: the connection broke ({words}); try again")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and all that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
