"""The transport keeps the contract of transports."""

from scckit.plugins import Transport, TransportSettings
from scckit.testing.contracts import TransportContract
from scckit_urllib3.transport import Urllib3Transport


class TestUrllib3Transport(TransportContract):
    """``TransportContract`` holds for ``Urllib3Transport``."""

    def make_transport(self, settings: TransportSettings) -> Transport:
        """Make the transport under test."""
        return Urllib3Transport(settings)
