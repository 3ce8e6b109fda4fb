"""Tools for tests, public: transports without a network, a misbehaving local server, contract suites for plugins.

No other part of scckit imports this package. ``contracts``, ``server`` and ``pytest_plugin`` need pytest, ``strategies``
needs hypothesis and pytest (the extra ``scckit[testing]`` has both); this module needs neither.
"""

from typing import TYPE_CHECKING

from scckit._lazy import lazily

if TYPE_CHECKING:
    from scckit.testing.faults import Fault, FaultyTransport
    from scckit.testing.memory import Answer, ScriptTransport, WSGITransport

__all__ = ["Answer", "Fault", "FaultyTransport", "ScriptTransport", "WSGITransport"]

#: Where each name is; imported when it is first asked for (PEP 562): pytest imports the plugin in this package at every
#: start, also where no test uses it.
_HOMES = {
    "Answer": "scckit.testing.memory",
    "Fault": "scckit.testing.faults",
    "FaultyTransport": "scckit.testing.faults",
    "ScriptTransport": "scckit.testing.memory",
    "WSGITransport": "scckit.testing.memory",
}

__getattr__, __dir__ = lazily(__name__, globals(), _HOMES)
