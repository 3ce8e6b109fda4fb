"""Tools for tests, public: transports without a network, a misbehaving local server, contract suites for plugins.

No other part of scckit imports this package. ``contracts``, ``server`` and ``pytest_plugin`` need pytest, ``strategies``
needs hypothesis and pytest (the extra ``scckit[testing]`` has both); this module needs neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what is public, imported or not."""
    return sorted({*globals(), *__all__})
