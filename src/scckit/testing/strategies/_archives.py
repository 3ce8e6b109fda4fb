"""Strategies for archives of products, good and hostile."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen
from hypothesis import strategies as st

from scckit.archive import Limits
from scckit.models import ProductName
from scckit.testing.contracts._archives import HOSTILE, pack
from scckit.testing.strategies._models import measurement_ids, product_parts
from scckit.testing.strategies._shown import Shown

__all__ = ["Archive", "HostileArchive", "archives", "hostile_archives"]

_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _length(data: bytes) -> str:
    return f"<{len(data)} bytes>"


@frozen
class Archive(Shown):
    """A good archive.

    Attributes:
        data: Its bytes.
        files: What must come of it: content by base name, in the archive's order.
    """

    data: bytes = field(repr=_length)
    files: Mapping[str, bytes]


@frozen
class HostileArchive(Shown):
    """An archive as no honest server sends it.

    Attributes:
        data: Its bytes.
        wrong: What is wrong with it, in a few words.
        limits: What an archive may hold; for those that are no trouble under the usual ones.
    """

    data: bytes = field(repr=_length)
    wrong: str
    limits: Limits


def archives() -> st.SearchStrategy[Archive]:
    """Draw archives as the SCC sends them: products in a folder that is called as the measurement is (6.1), or without one.

    Example:
        >>> from hypothesis import given
        >>> @given(archives())
        ... def test_every_file_of_an_archive_arrives(archive):
        ...     assert unpacked(archive.data) == archive.files
    """
    names = st.builds(
        lambda parts, ending: ProductName.build(**parts).text.removesuffix(".nc") + ending,
        product_parts(),
        st.sampled_from((".nc", ".png")),
    )
    # Names that differ in nothing but case are one name on some systems.
    members = st.lists(st.tuples(names, st.binary(max_size=200)), max_size=4, unique_by=lambda one: one[0].casefold())
    return st.builds(
        lambda folder, files, compression: Archive(
            pack(*((f"{folder}{name}", content) for name, content in files), compression=compression), dict(files)
        ),
        st.just("") | measurement_ids().map("{}/".format),
        members,
        st.sampled_from(_COMPRESSIONS),
    )


def hostile_archives() -> st.SearchStrategy[HostileArchive]:
    """Draw archives that must be refused whole, and not archives at all, with what is wrong with them.

    Where there is room for it, a good file comes first: nothing of it may stay either.

    Example:
        >>> from hypothesis import given
        >>> @given(hostile_archives())
        ... def test_nothing_of_a_hostile_archive_stays(archive):
        ...     with pytest.raises(UnsafeArchive):
        ...         unpack(archive.data, archive.limits)
    """
    files = st.tuples(product_parts().map(lambda parts: ProductName.build(**parts).text), st.binary(max_size=200))
    return st.builds(
        lambda wrong, file: HostileArchive(HOSTILE[wrong].make(*file), wrong, HOSTILE[wrong].limits),
        st.sampled_from(sorted(HOSTILE)),
        files,
    )
