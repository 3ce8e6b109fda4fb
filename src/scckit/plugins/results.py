"""What hooks and factories must return; each finding says what is wrong and what is right.

Nothing is called here but what asks a value about itself, and nothing is kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

from scckit.models.kinds import ProductKind
from scckit.plugins.words import FAULTS, NAME_RULE, a, is_plain, shown, told

__all__ = ["lack", "named", "offers"]

_PROPERTIES: Final = tuple(name for name, member in vars(ProductKind).items() if isinstance(member, property))
_METHODS: Final = tuple(
    name for name, member in vars(ProductKind).items() if inspect.isfunction(member) and not name.startswith("_")
)


def offers(hook: str, result: object) -> tuple[dict[str, Any], list[str]]:
    """Return what of a hook's result is as it must be, by name, and what is wrong with the rest."""
    return _kinds(hook, result) if hook == "scckit_product_kinds" else _functions(hook, result)


def _functions(hook: str, result: object) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(result, Mapping):
        return {}, [f"{hook} must return a mapping of names to functions; it returned {a(result)}"]
    found: dict[str, Any] = {}
    wrong = []
    for name, offer in result.items():
        if not is_plain(name):
            wrong.append(f"{hook} returned {shown(name)} where a name is due: {NAME_RULE}")
        elif not callable(offer):
            wrong.append(f"{hook} must return a function under the name {name!r}; there is {a(offer)}")
        elif inspect.iscoroutinefunction(offer):
            wrong.append(f"the function that {hook} returned under the name {name!r} is async; it must be a plain one")
        else:
            found[name] = offer
    return found, wrong


def _kinds(hook: str, result: object) -> tuple[dict[str, ProductKind], list[str]]:
    if not isinstance(result, Sequence) or isinstance(result, (str, bytes)):
        return {}, [f"{hook} must return a list of product kinds; it returned {a(result)}"]
    found: dict[str, ProductKind] = {}
    wrong = []
    for number, kind in enumerate(result, start=1):
        problem = _lacking(kind) or _odd(kind)
        if problem:
            wrong.append(f"product kind {number} of {len(result)} ({type(kind).__name__}) {problem}")
        elif kind.name in found:
            wrong.append(f"it offers the product kind {kind.name!r} twice")
        else:
            found[kind.name] = kind
    return found, wrong


def _lacking(kind: object) -> str:
    """Return which parts of a product kind are not there, empty if none; goes on in a sentence that begins with the kind."""
    if inspect.isclass(kind):
        return f"is the class {kind.__name__}; an instance of it is needed"
    lacking = []
    for name in (*_PROPERTIES, *_METHODS):
        try:
            value = getattr(kind, name)
        except AttributeError:
            lacking.append(name)
        except FAULTS as error:
            return f"fails when asked for its {name}: {told(error)}"
        else:
            if name in _METHODS and not callable(value):
                return f"has {a(value)} as {name}, which must be a method"
    return f"lacks {', '.join(lacking)} of scckit.plugins.ProductKind" if lacking else ""


def _odd(kind: ProductKind) -> str:
    """Return which value of a product kind cannot be, empty if none; as ``_lacking``. Its annotations promise nothing."""
    name: object = kind.name
    aliases: object = kind.aliases
    module: object = kind.module
    route: object = kind.route
    if not is_plain(name):
        return f"is called {shown(name)}: {NAME_RULE}"
    if not isinstance(aliases, tuple) or not all(map(is_plain, aliases)):
        return "must have a tuple of names as aliases, () for none"
    if module is not None and not is_plain(module):
        return f"must have the name of a module or None as module; it has {shown(module)}"
    if not isinstance(route, str) or not route:
        return "must have the last part of its download address as route, such as 'download-optical/'"
    return ""


def lack(made: object, methods: Sequence[str], *, plain: bool) -> str:
    """Return what something that a factory made lacks to be used through the methods, empty if it lacks nothing.

    Args:
        made: What a factory returned.
        methods: Names of the methods that it must have.
        plain: They are called in threads, so that they may not be ``async``.
    """
    if inspect.isclass(made):
        return f"it made the class {made.__name__}; an instance of it is needed"
    if inspect.iscoroutine(made):
        return f"it made {a(made)}"
    missing = [name for name in methods if not callable(getattr(made, name, None))]
    if missing:
        return f"it made {a(made)}, which has no method {' and no method '.join(missing)}"
    waiting = [name for name in methods if plain and inspect.iscoroutinefunction(getattr(made, name))]
    return f"it made {a(made)}, whose {waiting[0]} is async; a plain method is needed" if waiting else ""


def named(result: object) -> str:
    """Name what a hook returned, for a log: names of what it offers, or its type, and no value."""
    if result is None:
        return "nothing"
    names: list[str] = []
    try:
        if isinstance(result, Mapping):
            names = [name for name in result if is_plain(name)]
        elif isinstance(result, (list, tuple)):
            names = [one.name for one in result if is_plain(getattr(one, "name", None))]
    except FAULTS:
        names = []
    kind = type(result).__name__
    return f"{kind}: {', '.join(names)}" if names else kind
