"""The hooks of scckit: one function each, no behaviour. ``hookimpl`` is all that a plugin marks its functions with.

Every hook is collecting: each plugin is asked by itself, in the order of the plugins' names, and one that fails is
reported and left out. An implementation is a plain function or method (no ``async``, no ``yield``, no wrapper) whose
arguments are some of the hook's own, without defaults; it may leave out those that it has no use for.

Each docstring has the same parts in the same order: purpose, Args (where there are any), Returns, Selection (what is
taken of several results), When (when and in which thread it is called), Errors (what may leave it, and what happens
then), Example, Since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pluggy

from scckit.events import Event
from scckit.models.kinds import ProductKind
from scckit.plugins.settings import TransportSettings
from scckit.session.credentials import Credentials
from scckit.session.drivers import AsyncTransport
from scckit.session.messages import Transport
from scckit.site.content import PageReader

__all__ = [
    "API_VERSION",
    "HOOKS",
    "PROJECT",
    "hookimpl",
    "hookspec",
    "scckit_async_transports",
    "scckit_commands",
    "scckit_credentials",
    "scckit_observe",
    "scckit_page_readers",
    "scckit_product_kinds",
    "scckit_transports",
    "scckit_trees",
]

#: Version of what plugins are written against; what it covers and when it changes is told in ``scckit.plugins``.
API_VERSION: Final = 1

#: Name of the pluggy project and of the entry-point group.
PROJECT: Final = "scckit"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def scckit_transports() -> Mapping[str, Callable[[TransportSettings], Transport]]:  # type: ignore[empty-body]
    """Offer transports by name.

    Returns:
        A factory for each name. A factory makes a ``Transport`` and sends nothing. One with a true attribute ``offline``
        promises that its transports never leave this machine: a client that uses it needs no credentials.

    Selection:
        All results are collected. Of two plugins with the same name of a transport, the one whose own name sorts first
        has it, and the other is reported.

    When:
        Called once per registry, when a transport is first looked up, in the thread that looks. The factory is called
        once for each client that asks for its transport by name, in the thread that makes the client.

    Errors:
        Whatever leaves the hook is reported, and the plugin's transports are left out. A factory may raise any
        ``SCCError`` about what the user gave it, such as ``InvalidInput`` for an argument, which reaches the user as it
        is; anything else that leaves it, and anything returned that has no ``open`` and ``close``, is a ``BrokenPlugin``.

    Example:
        >>> @hookimpl
        ... def scckit_transports():
        ...     return {"mine": MyTransport}

    Since:
        0.1
    """


@hookspec
def scckit_async_transports() -> Mapping[str, Callable[[TransportSettings], AsyncTransport]]:  # type: ignore[empty-body]
    """Offer transports made for asyncio, by name.

    Returns:
        A factory for each name, a plain function that makes an ``AsyncTransport`` and sends nothing. ``offline`` is as for
        ``scckit_transports``.

    Selection:
        All results are collected. Of two plugins with the same name of such a transport, the one whose own name sorts
        first has it, and the other is reported. A name that ``scckit_transports`` has too is no conflict: the transport
        made for asyncio is then used by ``connect_async``, the other one by ``connect``.

    When:
        Called once per registry, when a transport is first looked up, in the thread that looks. The factory is called once
        for each client that asks for its transport by name, on the event loop or before there is one.

    Errors:
        Whatever leaves the hook is reported, and the plugin's transports are left out. A factory may raise any
        ``SCCError`` about what the user gave it, which reaches the user as it is; anything else that leaves it, and
        anything returned that has no ``open`` and ``aclose``, is a ``BrokenPlugin``.

    Example:
        >>> @hookimpl
        ... def scckit_async_transports():
        ...     return {"mine": MyAsyncTransport}

    Since:
        0.1
    """


@hookspec
def scckit_page_readers() -> Mapping[str, Callable[[], PageReader]]:  # type: ignore[empty-body]
    """Offer page readers by name.

    Returns:
        A factory for each name, which takes nothing and makes a ``PageReader``.

    Selection:
        All results are collected. Of two plugins with the same name of a reader, the one whose own name sorts first has
        it, and the other is reported.

    When:
        Called once per registry, when a reader is first looked up, in the thread that looks. The factory is called once
        for each client, in the thread that makes it.

    Errors:
        Whatever leaves the hook is reported, and the plugin's readers are left out. A factory may raise any ``SCCError``
        about the set-up, such as ``MissingLibrary``, which reaches the user as it is; anything else that leaves it, and
        anything returned that has no ``read``, is a ``BrokenPlugin``.

    Example:
        >>> @hookimpl
        ... def scckit_page_readers():
        ...     return {"mine": MyReader}

    Since:
        0.1
    """


@hookspec
def scckit_product_kinds() -> Sequence[ProductKind]:  # type: ignore[empty-body]
    """Offer product kinds.

    Returns:
        A list or tuple of objects (not classes) that fulfil ``ProductKind``.

    Selection:
        All results are collected. Of two kinds with the same name, the one of the plugin whose own name sorts first is
        taken, and the other's plugin is reported. Kinds may share an alias, which then selects all of them.

    When:
        Called once per registry, when a kind is first looked up, in the thread that looks. The methods of a kind are
        called from any thread, several at a time.

    Errors:
        Whatever leaves the hook is reported, and the plugin's kinds are left out. So is, by itself, a kind that lacks
        something of ``ProductKind``; the message names what.

    Example:
        >>> @hookimpl
        ... def scckit_product_kinds():
        ...     return [MyKind()]

    Since:
        0.1
    """


@hookspec
def scckit_trees() -> Mapping[str, Callable[[Mapping[str, object]], object]]:  # type: ignore[empty-body]
    """Offer ways to put the opened products of a measurement together, by name.

    Returns:
        For each name a function that takes opened products by their paths in the tree, such as
        ``elda/hpb_000_0355_…_elda_v5.1.2``, and returns the whole. Who closes the whole closes every product; if the
        function raises, it has closed none.

    Selection:
        All results are collected. Of two plugins with the same name of a tree, the one whose own name sorts first has it,
        and the other is reported.

    When:
        Called once per registry, when a tree is first looked up, in the thread that looks. The function is called by
        ``scckit.open_measurement``, in the caller's thread.

    Errors:
        Whatever leaves the hook is reported, and the plugin's trees are left out. What leaves the function reaches the
        caller of ``scckit.open_measurement`` after the products are closed.

    Example:
        >>> @hookimpl
        ... def scckit_trees():
        ...     return {"dict": dict}

    Since:
        0.1
    """


@hookspec
def scckit_commands() -> Mapping[str, Callable[[Sequence[str]], int]]:  # type: ignore[empty-body]
    """Offer commands for the command line, by name.

    Returns:
        For each name a function that takes the arguments behind the name, does its work and returns the exit status. It
        reads and writes what belongs to the process (``sys.stdin``, ``sys.stdout``, ``sys.stderr``). The first line of its
        docstring is what the list of commands says about it; ``--help`` among the arguments is its own to answer.

    Selection:
        All results are collected. Of two plugins with the same name of a command, the one whose own name sorts first has
        it, and the other is reported. A command that the command line has itself is never replaced.

    When:
        Called once per registry, when a command is looked up that the command line does not have itself, or when all
        commands are listed. The function is called in the main thread, once, and nothing else runs beside it.

    Errors:
        Whatever leaves the hook is reported, and the plugin's commands are left out. An ``SCCError`` that leaves the
        function is told to the user as one of any other command is; anything else is a fault of the plugin, and told so.

    Example:
        >>> @hookimpl
        ... def scckit_commands():
        ...     return {"quicklook": quicklook}

    Since:
        0.1
    """


@hookspec
def scckit_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Find credentials.

    Args:
        environ: The environment to look into: a copy, and never ``os.environ`` itself, so that tests can give another.

    Returns:
        Credentials, or None if this source knows none.

    Selection:
        The first result that is not None wins, in the order of the names of the plugins; the others are then not asked.

    When:
        Called when a client is made without credentials, once for each such client, in the thread that makes it.

    Errors:
        A ``ConfigurationError``, such as ``MissingCredentials`` where a source has half of what is needed, reaches the
        user as it is and ends the search. Anything else is reported by its type alone, since its text may hold what was
        read, and the next source is asked.

    Example:
        >>> @hookimpl
        ... def scckit_credentials(environ):
        ...     return None

    Since:
        0.1
    """


@hookspec
def scckit_observe(event: Event) -> None:
    """Take note of something that happened: see ``scckit.events`` for the kinds of events.

    Args:
        event: What happened; it holds no secret.

    Returns:
        Nothing; what is returned all the same is not looked at.

    Selection:
        All plugins are told, in the order of their names.

    When:
        Called at each event of each client of the registry, from whatever thread the event happened in, so an
        implementation must be quick and safe for threads.

    Errors:
        Whatever leaves it is reported, the plugin is told of nothing more, and what it observed goes on undisturbed.

    Example:
        >>> @hookimpl
        ... def scckit_observe(event):
        ...     seen.append(event)

    Since:
        0.1
    """


#: The names of all hooks, sorted.
HOOKS: Final = tuple(name for name in __all__ if name.startswith("scckit_"))
