"""Hypothesis strategies for what the SCC has, says and sends. Public; needs hypothesis and pytest (``scckit[testing]``).

What a strategy draws keeps the rules of what it stands for, and comes, where something must follow from it, with what must
follow: a page with the measurements that are on it, a hostile archive with what is wrong with it. Nothing is drawn to be
thrown away again, and everything shrinks towards the plainest example.

Example:
    >>> from hypothesis import given
    >>> from scckit.testing import strategies
    >>> @given(strategies.measurements())
    ... def test_every_measurement_has_a_line_in_my_table(measurement):
    ...     assert measurement.id in my_table([measurement])
"""

from scckit.testing.strategies._api import APIObject, api_objects, json_values
from scckit.testing.strategies._archives import Archive, HostileArchive, archives, hostile_archives
from scckit.testing.strategies._content import page_contents, rows
from scckit.testing.strategies._conversation import answers, credentials, scripts
from scckit.testing.strategies._models import (
    lidar_constants,
    measurement_ids,
    measurements,
    modules,
    product_names,
    product_parts,
    stations,
)
from scckit.testing.strategies._pages import ListPage, constant_pages, pages
from scckit.testing.strategies._render import render

__all__ = [
    "APIObject",
    "Archive",
    "HostileArchive",
    "ListPage",
    "answers",
    "api_objects",
    "archives",
    "constant_pages",
    "credentials",
    "hostile_archives",
    "json_values",
    "lidar_constants",
    "measurement_ids",
    "measurements",
    "modules",
    "page_contents",
    "pages",
    "product_names",
    "product_parts",
    "render",
    "rows",
    "scripts",
    "stations",
]
