"""The transport keeps the contract of transports for asyncio."""

from __future__ import annotations

import pytest

pytest.importorskip("scckit_httpx", reason="strangers are tested in an environment of their own: tox run -e strangers")

from scckit_httpx.transport import HttpxTransport

from scckit.plugins import AsyncTransport, TransportSettings
from scckit.testing.contracts import AsyncTransportContract


class TestHttpxTransport(AsyncTransportContract):
    """``AsyncTransportContract`` holds for ``HttpxTransport``."""

    def make_transport(self, settings: TransportSettings) -> AsyncTransport:
        """Make the transport under test."""
        return HttpxTransport(settings)
