"""The published clients of the SCC, unmodified but for the base URL, at the emulator (tox: peers)."""

import pytest

# What the helpers find wrong is to be shown as in the tests.
pytest.register_assert_rewrite(f"{__name__}.served")
