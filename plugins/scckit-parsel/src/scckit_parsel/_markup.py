"""What all collectors share: the type of an element, and how text, classes and attributes are taken from one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, TypeAlias

from lxml import etree

__all__ = ["Collector", "Element", "Handler", "classes", "fold", "has_class", "text_of", "texts_of", "whole_text"]

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name for the type of its elements

#: Takes note of an element that begins or ends.
Handler: TypeAlias = Callable[[Element], None]

_string: Final = etree.XPath("string()", smart_strings=False)


class Collector(Protocol):
    """Takes note of some elements on a walk over the page, each at its beginning or at its end."""

    @property
    def begins(self) -> Mapping[str, Handler]:
        """What to call where an element of a name begins."""

    @property
    def ends(self) -> Mapping[str, Handler]:
        """What to call where an element of a name ends."""


def fold(text: str) -> str:
    """Fold white space, no-break spaces too, into single spaces."""
    return " ".join(text.split())


def text_of(element: Element) -> str:
    """Return all text of an element, white space folded, without comments."""
    if not len(element):
        return fold(element.text or "")
    return fold(whole_text(element))


def whole_text(element: Element) -> str:
    """Return all text of an element as it is, without comments."""
    return str(_string(element))


def texts_of(elements: Iterable[Element]) -> tuple[str, ...]:
    """Return the texts of elements, without the empty ones."""
    return tuple(text for text in map(text_of, elements) if text)


def classes(element: Element) -> list[str]:
    """Return the classes of an element."""
    return element.get("class", "").split()


def has_class(element: Element, name: str) -> bool:
    """Tell whether a class is among those of an element."""
    value = element.get("class")
    return value is not None and name in value.split()
