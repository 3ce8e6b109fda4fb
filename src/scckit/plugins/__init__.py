"""All that a plugin's author imports: the marker, the protocols, the values that go through them, and the registry.

Errors are in ``scckit.errors``, models in ``scckit.models``.
"""

from scckit.models.kinds import ChecksInput, Draws, JoinsFiles, Problem, ProductKind, Severity
from scckit.plugins.hookspecs import hookimpl
from scckit.plugins.registry import PluginReport, Registry
from scckit.plugins.settings import TransportSettings
from scckit.session.credentials import Credentials, Secret
from scckit.session.drivers import AsyncExchange, AsyncTransport, ThreadTransport
from scckit.session.messages import Body, Exchange, Head, Headers, Request, Transport
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
    "AsyncExchange",
    "AsyncTransport",
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
