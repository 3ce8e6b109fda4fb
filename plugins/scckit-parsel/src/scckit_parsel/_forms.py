"""Forms: each field goes to the nearest form, with what is written beside it (scc-interface.md 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from scckit.plugins import Choice, Form, FormField
from scckit_parsel._markup import Element, Handler, has_class, text_of, texts_of, whole_text

__all__ = ["Forms"]

#: Kinds of fields that nobody fills in: nothing is shown beside them.
_SILENT: Final = frozenset({"button", "hidden", "image", "reset", "submit"})


class _OpenForm:
    def __init__(self, element: Element) -> None:
        self.element = element
        self.fields: list[FormField] = []
        #: What stands beside the fields, by the element that holds both.
        self.beside: dict[Element, tuple[str, ...]] = {}
        self.errors: list[Element] = []

    def own_errors(self) -> tuple[str, ...]:
        """Return the errors in the form that stand beside none of its fields."""
        return texts_of(one for one in self.errors if not self._is_beside(one))

    def _is_beside(self, element: Element) -> bool:
        return any(holder in self.beside for holder in element.iterancestors())


class Forms:
    """Collects all forms of a page."""

    def __init__(self) -> None:
        self._all: list[_OpenForm] = []
        self._open: list[_OpenForm] = []
        self.begins: Final[Mapping[str, Handler]] = {
            "form": self._begin_form,
            "input": self._input,
            "select": self._select,
            "textarea": self._textarea,
            "button": self._button,
            "p": self._error,
            "li": self._error,
            "span": self._error,
            "small": self._error,
        }
        self.ends: Final[Mapping[str, Handler]] = {"form": self._end_form}

    def found(self) -> tuple[Form, ...]:
        """Return the forms in the order in which they begin."""
        return tuple(
            Form(
                one.element.get("action", ""),
                one.element.get("method", "get").strip().lower() or "get",
                tuple(one.fields),
                one.own_errors(),
            )
            for one in self._all
        )

    def _begin_form(self, element: Element) -> None:
        form = _OpenForm(element)
        self._all.append(form)
        self._open.append(form)

    def _end_form(self, _: Element) -> None:
        self._open.pop()

    def _input(self, element: Element) -> None:
        kind = element.get("type", "text").strip().lower() or "text"
        self._add(element, kind, element.get("value", ""))

    def _select(self, element: Element) -> None:
        options = list(element.iter("option"))
        choices = tuple(Choice(one.get("value", text), text) for one in options for text in (text_of(one),))
        chosen = (choice.value for one, choice in zip(options, choices, strict=True) if one.get("selected") is not None)
        # Browsers choose the first where the page chooses none, unless several may be chosen.
        first = choices[0].value if choices and element.get("multiple") is None else ""
        self._add(element, "select", next(chosen, first), choices)

    def _textarea(self, element: Element) -> None:
        # A line break right after the tag belongs to the markup.
        self._add(element, "textarea", whole_text(element).removeprefix("\n"))

    def _button(self, element: Element) -> None:
        self._add(element, "button", element.get("value", ""))

    def _add(self, element: Element, kind: str, value: str, choices: tuple[Choice, ...] = ()) -> None:
        name = element.get("name")
        if self._open and name:
            form = self._open[-1]
            errors = () if kind in _SILENT else _beside(element, form.beside)
            form.fields.append(FormField(name, kind, value, choices, errors))

    def _error(self, element: Element) -> None:
        if self._open and _is_marked(element):
            self._open[-1].errors.append(element)


def _beside(element: Element, known: dict[Element, tuple[str, ...]]) -> tuple[str, ...]:
    holder = next(element.iterancestors())
    if holder not in known:
        known[holder] = texts_of(_errors_in(holder))
    return known[holder]


def _errors_in(holder: Element) -> Iterator[Element]:
    for one in holder.iter("p", "li", "span", "small"):
        if one is not holder and (one.tag == "p" or _is_marked(one)):
            yield one


def _is_marked(element: Element) -> bool:
    """Tell whether an element is marked as an error: by Django, by Grappelli, or as the Foundation style does."""
    if element.tag == "li":
        parent = next(element.iterancestors())
        return parent.tag == "ul" and has_class(parent, "errorlist")
    return has_class(element, "errornote" if element.tag == "p" else "error")
