"""Cassettes for scckit. This file holds the hook; what plays is in ``scckit_replay.replay``, what records in ``recording``."""

from collections.abc import Callable, Mapping
from typing import Final

from scckit.plugins import Transport, TransportSettings, hookimpl

__all__ = ["scckit_transports"]


class _Replay:
    """Makes a ``ReplayTransport`` of the file that is named behind the transport's name."""

    offline: Final = True

    def __call__(self, settings: TransportSettings) -> Transport:
        from scckit_replay.replay import from_settings  # noqa: PLC0415 - listing the plugins must not cost its import

        return from_settings(settings)


@hookimpl
def scckit_transports() -> Mapping[str, Callable[[TransportSettings], Transport]]:
    """Offer the transport ``replay``; its argument is the file of a cassette."""
    return {"replay": _Replay()}
