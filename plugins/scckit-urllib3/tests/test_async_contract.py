"""In the core's wrapper for asyncio, the transport keeps the contract of transports for asyncio."""

from scckit.plugins import AsyncTransport, ThreadTransport, TransportSettings
from scckit.testing.contracts import AsyncTransportContract
from scckit_urllib3.transport import Urllib3Transport


class TestUrllib3TransportInThreads(AsyncTransportContract):
    """``AsyncTransportContract`` holds for ``Urllib3Transport`` in a ``ThreadTransport``."""

    interrupts = False

    def make_transport(self, settings: TransportSettings) -> AsyncTransport:
        """Make the transport under test."""
        return ThreadTransport(Urllib3Transport(settings), connections=settings.connections)
