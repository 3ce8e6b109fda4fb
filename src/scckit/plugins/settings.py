"""What the core tells a transport when it makes one; a plain value."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

__all__ = ["TransportSettings"]


@frozen
class TransportSettings:
    """Settings that every transport understands.

    Attributes:
        base_url: The only origin that will be asked for, such as ``https://scc.imaa.cnr.it/``.
        connect_timeout: Seconds that making a connection may take.
        read_timeout: Seconds that may pass between two pieces of an answer.
        verify: True to verify TLS certificates with the system's authorities, a path to a CA file or folder to verify
            with those, False not to verify (for a test server only).
        connections: Connections that may be open at a time; further threads wait for one.
        argument: What stands behind the name where a client asks for ``transport="name:argument"``; empty if nothing does.
            A transport that has no use for one refuses it with ``InvalidInput``.
    """

    base_url: str
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    verify: bool | Path = True
    connections: int = 4
    argument: str = ""
