"""A transport for scckit on httpx; this module is the plugin, and does not import httpx before the transport is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scckit.plugins import AsyncTransport, TransportSettings, hookimpl

__all__ = ["make_transport", "scckit_async_transports"]


def make_transport(settings: TransportSettings) -> AsyncTransport:
    """Make the transport; nothing is sent.

    Raises:
        InvalidInput: A setting cannot be used.
        ConfigurationError: The file or folder of certificate authorities cannot be used.
    """
    # httpx is slow to import, and many will not use it.
    from scckit_httpx.transport import HttpxTransport

    return HttpxTransport(settings)


@hookimpl
def scckit_async_transports() -> Mapping[str, Callable[[TransportSettings], AsyncTransport]]:
    """Offer the transport by its name."""
    return {"httpx": make_transport}
