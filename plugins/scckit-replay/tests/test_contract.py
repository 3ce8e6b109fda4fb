"""A recording transport around another one keeps the contract that the other one keeps."""

from pathlib import Path

import pytest

from scckit.plugins import Transport, TransportSettings
from scckit.testing.contracts import TransportContract
from scckit_replay.recording import RecordingTransport
from scckit_urllib3.transport import Urllib3Transport


class TestRecordingTransport(TransportContract):
    """``TransportContract`` holds for ``RecordingTransport``, which keeps bodies of a limited size only."""

    large = 20_000_000

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        """Give each case a folder to record to."""
        self.path = tmp_path / "cassette.yaml"

    def make_transport(self, settings: TransportSettings) -> Transport:
        """Make the transport under test."""
        return RecordingTransport(Urllib3Transport(settings), self.path, limit=2**25)
