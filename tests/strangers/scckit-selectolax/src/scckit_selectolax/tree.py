"""A page as a tree of plain objects: what selectolax parses, with parents and children as Python has them. Knows no SCC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser

from scckit.errors import UnreadablePage

__all__ = ["Element", "fold", "parse"]

#: Levels that elements may be nested: far more than any honest page has, far fewer than recursion bears.
MAX_DEPTH = 200


class Element:
    """One element of a page.

    Attributes:
        tag: Its name in small letters.
        attributes: Its attributes; those without a value have an empty one.
        parent: The element it is in, None for the page itself.
        inside: The elements and texts in it, in page order.
        depth: How many elements it is in.
    """

    def __init__(self, tag: str, attributes: Mapping[str, str], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.inside: list[Element | str] = []
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.classes = frozenset(attributes.get("class", "").split())

    def children(self, *tags: str) -> Iterator[Element]:
        """Go through the elements of some names that are directly in this one."""
        return (one for one in self.inside if isinstance(one, Element) and one.tag in tags)

    def walk(self, *tags: str) -> Iterator[Element]:
        """Go through the elements of some names, of all names without any, that are anywhere in this one, in page order."""
        for one in self.inside:
            if isinstance(one, Element):
                if not tags or one.tag in tags:
                    yield one
                yield from one.walk(*tags)

    def above(self, tag: str) -> Element | None:
        """Return the nearest element of a name that this one is in."""
        one = self.parent
        while one is not None and one.tag != tag:
            one = one.parent
        return one

    def raw_text(self) -> str:
        """Return all text as it is in the page."""
        return "".join(one if isinstance(one, str) else one.raw_text() for one in self.inside)

    def text(self) -> str:
        """Return all text, white space folded."""
        return fold(self.raw_text())


def fold(text: str) -> str:
    """Fold white space of all kinds into single spaces."""
    return " ".join(text.split())


def parse(text: str) -> Element:
    """Parse a page, and return an element in which all of it is.

    Raises:
        UnreadablePage: Its elements are nested too deep.
    """
    # Half characters (lone surrogates) stand for nothing; selectolax would leave them out without a trace.
    parser = LexborHTMLParser(text.encode(errors="replace").decode())
    page = Element("", {}, None)
    known: dict[int, Element] = {}
    nodes = parser.root.traverse(include_text=True) if parser.root is not None else ()
    for node in nodes:
        above = node.parent
        parent = page if above is None else known.get(above.mem_id, page)
        tag = node.tag or ""
        if tag == "-text":
            parent.inside.append(node.text())
        elif tag[:1] not in {"-", "!"}:
            attributes = {name: value or "" for name, value in node.attributes.items()}
            element = known[node.mem_id] = Element(tag, attributes, parent)
            if element.depth > MAX_DEPTH:
                raise UnreadablePage(
                    f"the page nests elements more than {MAX_DEPTH} deep, which no page of the SCC does"
                )
            parent.inside.append(element)
    return page
