"""A guard that lets no connection leave this machine while it stands. Only what it does to ``socket`` is here.

It goes on top of what is there, such as the guards of pytest-recording and pytest-socket, and takes away its own pieces
only: what another tool has put over them in the meantime stays, and lets everything pass through ours.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

__all__ = ["NetworkRefused", "loopback_only"]

_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
_ABSENT: Final = object()


class NetworkRefused(RuntimeError):
    """A test wanted to leave this machine. No ``OSError``, so that nothing takes it for trouble that may pass by."""


@contextmanager
def loopback_only(reason: Callable[[], str]) -> Iterator[None]:
    """Refuse connections to, and look-ups of, anything but this machine, in all threads.

    Args:
        reason: Tells who refuses, for the message.

    Raises:
        NetworkRefused: In place of a connection, from the code that wanted it.
    """
    standing = True
    # Another tool may have put a class of its own in the place of the socket, above the one that is meant.
    kind = next((one for one in socket.socket.__mro__ if one.__module__ == "socket"), socket.socket)

    def refuse(what: str) -> NetworkRefused:
        return NetworkRefused(f"{what} was refused: {reason()}")

    def guarding(original: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any, /) -> Any:  # noqa: ANN401 - each family has its own addresses
            if standing and not _stays_here(self.family, address):
                # What wanted it cleans up after an OSError only.
                self.close()
                raise refuse(f"a connection to {_shown(address)}")
            return original(self, address)

        return connect

    def looking_up(original: Callable[..., Any]) -> Callable[..., Any]:
        def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the original
            if standing and not _needs_no_look_up(host):
                raise refuse(f"a look-up of {_text(host)}")
            return original(host, *arguments, **options)

        return getaddrinfo

    placed = [
        _place(kind, "connect", guarding),
        _place(kind, "connect_ex", guarding),
        _place(socket, "getaddrinfo", looking_up),
    ]
    try:
        yield
    finally:
        standing = False
        for remove in reversed(placed):
            remove()


def _place(holder: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[[], None]:  # noqa: ANN401 - a class or a module
    """Put a function in the place of another; what is returned takes it away, if it is still there."""
    before = vars(holder).get(name, _ABSENT)
    ours = make(getattr(holder, name))
    setattr(holder, name, ours)

    def remove() -> None:
        if vars(holder).get(name) is not ours:
            return
        if before is _ABSENT:  # it was inherited
            delattr(holder, name)
        else:
            setattr(holder, name, before)

    return remove


def _stays_here(family: int, address: object) -> bool:
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return family == getattr(socket, "AF_UNIX", None)
    host = _text(address[0]) if isinstance(address, tuple) and address else ""
    return host.lower() in _LOCAL_NAMES or _is_loopback(host) is True


def _needs_no_look_up(host: object) -> bool:
    # An address in numbers asks nobody; whether it may be connected to is judged there.
    return host is None or (text := _text(host)) == "" or text.lower() in _LOCAL_NAMES or _is_loopback(text) is not None


def _is_loopback(host: str) -> bool | None:
    """Tell whether an address is this machine's; None if it is a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _text(host: object) -> str:
    return host.decode("ascii", errors="replace") if isinstance(host, bytes | bytearray) else str(host)


def _shown(address: object) -> str:
    return ":".join(map(_text, address[:2])) if isinstance(address, tuple) else repr(address)
