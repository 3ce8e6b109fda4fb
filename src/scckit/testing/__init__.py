"""Tools for tests, public: transports without a network, a misbehaving local server, contract suites for plugins.

No other part of scckit imports this package. ``contracts`` and ``server`` need pytest; this module does not.
"""

from scckit.testing.faults import Fault, FaultyTransport
from scckit.testing.memory import Answer, ScriptTransport, WSGITransport

__all__ = ["Answer", "Fault", "FaultyTransport", "ScriptTransport", "WSGITransport"]
