"""The hooks of scckit: one function each, no behaviour. ``hookimpl`` is all that a plugin marks its functions with.

Every hook is collecting: all plugins are asked, one by one, and a plugin that fails is reported and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pluggy

from scckit.events import Event
from scckit.models.kinds import ProductKind
from scckit.plugins.settings import TransportSettings
from scckit.session.credentials import Credentials
from scckit.session.drivers import AsyncTransport
from scckit.session.messages import Transport
from scckit.site.content import PageReader

__all__ = [
    "PROJECT",
    "hookimpl",
    "hookspec",
    "scckit_async_transports",
    "scckit_credentials",
    "scckit_observe",
    "scckit_page_readers",
    "scckit_product_kinds",
    "scckit_transports",
    "scckit_trees",
]

#: Name of the pluggy project and of the entry-point group.
PROJECT = "scckit"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def scckit_transports() -> Mapping[str, Callable[[TransportSettings], Transport]]:  # type: ignore[empty-body]
    """Offer transports by name.

    Returns:
        A factory for each name. A factory makes a ``Transport`` and sends nothing. One with a true attribute ``offline``
        promises that its transports never leave this machine: a client that uses it needs no credentials.

    All results are collected; two plugins with the same name are an error. Called once per registry, when a transport is
    first looked up.

    Example:
        >>> @hookimpl
        ... def scckit_transports():
        ...     return {"mine": MyTransport}
    """


@hookspec
def scckit_async_transports() -> Mapping[str, Callable[[TransportSettings], AsyncTransport]]:  # type: ignore[empty-body]
    """Offer transports made for asyncio, by name.

    Returns:
        A factory for each name. A factory makes an ``AsyncTransport`` and sends nothing; it is called on the event loop or
        before there is one. ``offline`` is as for ``scckit_transports``.

    All results are collected; two plugins with the same name are an error, a name that ``scckit_transports`` has too is
    not: the one made for asyncio is then used by ``connect_async``, the other one by ``connect``. Called once per
    registry, when a transport is first looked up.

    Example:
        >>> @hookimpl
        ... def scckit_async_transports():
        ...     return {"mine": MyAsyncTransport}
    """


@hookspec
def scckit_page_readers() -> Mapping[str, Callable[[], PageReader]]:  # type: ignore[empty-body]
    """Offer page readers by name.

    Returns:
        A factory for each name. A factory makes a ``PageReader``.

    All results are collected; two plugins with the same name are an error. Called once per registry, when a reader is
    first looked up.

    Example:
        >>> @hookimpl
        ... def scckit_page_readers():
        ...     return {"mine": MyReader}
    """


@hookspec
def scckit_product_kinds() -> Sequence[ProductKind]:  # type: ignore[empty-body]
    """Offer product kinds.

    Returns:
        Objects that fulfil ``ProductKind``.

    All results are collected; two kinds with the same name are an error. Called once per registry, when a kind is first
    looked up.

    Example:
        >>> @hookimpl
        ... def scckit_product_kinds():
        ...     return [MyKind()]
    """


@hookspec
def scckit_trees() -> Mapping[str, Callable[[Mapping[str, object]], object]]:  # type: ignore[empty-body]
    """Offer ways to put the opened products of a measurement together, by name.

    Returns:
        For each name a function that takes opened products by their paths in the tree, such as
        ``elda/hpb_000_0355_…_elda_v5.1.2``, and returns the whole. Who closes the whole closes every product; if the
        function raises, it has closed none.

    All results are collected; two plugins with the same name are an error. Called once per registry, when a tree is first
    looked up.

    Example:
        >>> @hookimpl
        ... def scckit_trees():
        ...     return {"dict": dict}
    """


@hookspec
def scckit_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Find credentials.

    Args:
        environ: The environment to look into; never ``os.environ`` itself, so that tests can give another.

    Returns:
        Credentials, or None if this source knows none.

    The first result that is not None wins, in the order of the names of the plugins' entry points. Called by
    ``scckit.connect`` when no credentials are given.

    Example:
        >>> @hookimpl
        ... def scckit_credentials(environ):
        ...     return None
    """


@hookspec
def scckit_observe(event: Event) -> None:
    """Take note of something that happened: see ``scckit.events`` for the kinds of events.

    Args:
        event: What happened; it holds no secret.

    All plugins are told; an exception in one is kept from everyone else. Called from whatever thread the event
    happened in, so an implementation must be quick and safe for threads.

    Example:
        >>> @hookimpl
        ... def scckit_observe(event):
        ...     seen.append(event)
    """
