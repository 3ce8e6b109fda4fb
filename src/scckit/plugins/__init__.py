"""All that a plugin's author imports: the marker, the protocols, the values that go through them, and the registry.

Errors are in ``scckit.errors``, events in ``scckit.events``, models in ``scckit.models``, the list of all plugins for people
and programs in ``scckit.plugins.listing``.

``API_VERSION`` is the version of what plugins are written against. It covers the names, arguments, results and documented
behaviour of the hooks, the protocols and values of this package, ``scckit.errors``, ``scckit.events`` and ``scckit.models``,
and the entry-point group. It does not change when something is added that a plugin may leave alone: a hook, an argument
of a hook (an implementation names only those that it needs), a field with a default, an optional protocol, an error, an
event. It grows by one when a plugin that kept to it must be changed; the changelog then says how, and scckit refuses
plugins of another version by name in place of letting them fail somewhere. A plugin says what it is written for with an
attribute ``scckit_api_version``, such as ``scckit_api_version = 1`` in its module; without one it is taken for version 1.
"""

from scckit.archive.files import AtomicFile
from scckit.models.kinds import ChecksInput, Draws, JoinsFiles, Problem, ProductKind, Severity
from scckit.plugins.hookspecs import API_VERSION, hookimpl
from scckit.plugins.registry import Registry
from scckit.plugins.reports import PluginReport, PluginWarning
from scckit.plugins.settings import TransportSettings
from scckit.session.credentials import Credentials, Secret
from scckit.session.drivers import AsyncExchange, AsyncTransport
from scckit.session.messages import Body, Exchange, Head, Headers, Request, Transport
from scckit.session.threads import ThreadTransport
from scckit.site.content import (
    Cell,
    Choice,
    Form,
    FormField,
    Link,
    Message,
    PageContent,
    Pager,
    PageReader,
    Row,
    Table,
)

__all__ = [
    "API_VERSION",
    "AsyncExchange",
    "AsyncTransport",
    "AtomicFile",
    "Body",
    "Cell",
    "ChecksInput",
    "Choice",
    "Credentials",
    "Draws",
    "Exchange",
    "Form",
    "FormField",
    "Head",
    "Headers",
    "JoinsFiles",
    "Link",
    "Message",
    "PageContent",
    "PageReader",
    "Pager",
    "PluginReport",
    "PluginWarning",
    "Problem",
    "ProductKind",
    "Registry",
    "Request",
    "Row",
    "Secret",
    "Severity",
    "Table",
    "ThreadTransport",
    "Transport",
    "TransportSettings",
    "hookimpl",
]
