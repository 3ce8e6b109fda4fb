"""Contract suites: what every plugin of a kind must do, as pytest classes for plugins' own tests. Public; needs pytest.

Example:
    >>> from scckit.testing.contracts import TransportContract
    >>> class TestMyTransport(TransportContract):
    ...     def make_transport(self, settings):
    ...         return MyTransport(settings)
"""

import pytest

# Before the suites are imported: their asserts then tell what they compared.
pytest.register_assert_rewrite(
    "scckit.testing.contracts.async_transport",
    "scckit.testing.contracts.page_reader",
    "scckit.testing.contracts.product_kind",
    "scckit.testing.contracts.transport",
)

from scckit.testing.contracts.async_transport import AsyncTransportContract  # noqa: E402 - after the line above, see there
from scckit.testing.contracts.page_reader import PageReaderContract  # noqa: E402 - as above
from scckit.testing.contracts.product_kind import ProductKindContract  # noqa: E402 - as above
from scckit.testing.contracts.transport import TransportContract  # noqa: E402 - as above

__all__ = ["AsyncTransportContract", "PageReaderContract", "ProductKindContract", "TransportContract"]
