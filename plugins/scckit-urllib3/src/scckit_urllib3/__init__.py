"""HTTP transport for scckit, on urllib3. This file holds the hook; the transport is in ``scckit_urllib3.transport``."""

from collections.abc import Callable, Mapping

from scckit.plugins import Transport, TransportSettings, hookimpl

__all__ = ["scckit_transports"]


@hookimpl
def scckit_transports() -> Mapping[str, Callable[[TransportSettings], Transport]]:
    """Offer the transport ``urllib3``."""
    from scckit_urllib3.transport import Urllib3Transport  # noqa: PLC0415 - listing the plugins must not cost its import

    return {"urllib3": Urllib3Transport}
