"""What a plugin and its hooks must be; each failure says what is wrong and what is right. No hook is called here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

import pluggy
from attrs import frozen

from scckit.errors import BrokenPlugin
from scckit.plugins import hookspecs
from scckit.plugins.hookspecs import API_VERSION, HOOKS, PROJECT
from scckit.plugins.words import NAME_RULE, a, is_plain, listed, near

__all__ = ["VERSION_ATTRIBUTE", "Implementation", "implementations"]

#: Attribute with which a plugin says what version of the API it is written for.
VERSION_ATTRIBUTE: Final = "scckit_api_version"

_manager: Final = pluggy.PluginManager(PROJECT)  # reads markers; no plugin is ever registered with it


@frozen
class Implementation:
    """One hook of one plugin."""

    hook: str
    function: Callable[..., object]
    arguments: tuple[str, ...]


def implementations(plugin: object, name: str, upgrade: str = "") -> tuple[Implementation, ...]:
    """Return the hooks that a plugin implements, sorted by name.

    Args:
        plugin: A module, or an object with marked methods.
        name: Its name.
        upgrade: What to upgrade if the plugin is older than scckit, such as its distribution.

    Raises:
        BrokenPlugin: It is no plugin of this version, or some hook is not as it must be.
    """
    if not is_plain(name):
        raise BrokenPlugin(f"{name!r} cannot be the name of a plugin: {NAME_RULE}")
    if inspect.isclass(plugin):
        raise BrokenPlugin("it is a class; register an instance of it")
    _require_version(plugin, upgrade)
    marked = {
        attribute: options
        for attribute in dir(plugin)
        if (options := _manager.parse_hookimpl_opts(plugin, attribute)) is not None
    }
    hooks: dict[str, str] = {}
    for attribute, options in marked.items():
        hook = options.get("specname") or attribute
        if hook in HOOKS:
            _require_plain(attribute, hook, getattr(plugin, attribute), options)
            hooks[attribute] = hook
        elif not options.get("optionalhook"):
            raise BrokenPlugin(f"it implements {hook}, which is no hook{near(hook, HOOKS)}")
    _require_marks(plugin, marked)
    return _registered(plugin, name, set(hooks.values()))


def _require_version(plugin: object, upgrade: str) -> None:
    version = getattr(plugin, VERSION_ATTRIBUTE, API_VERSION)
    if isinstance(version, bool) or not isinstance(version, int):
        raise BrokenPlugin(f"its {VERSION_ATTRIBUTE} must be a whole number such as {API_VERSION}; it is {a(version)}")
    if version > API_VERSION:
        raise BrokenPlugin(
            f"it is written for version {version} of the plugin API, and this scckit has version {API_VERSION}:"
            " upgrade scckit (pip install --upgrade scckit)"
        )
    if version < API_VERSION:
        line = f" (pip install --upgrade {upgrade})" if upgrade else ""
        raise BrokenPlugin(
            f"it is written for version {version} of the plugin API, and this scckit has version {API_VERSION}:"
            f" upgrade the plugin{line}"
        )


def _require_plain(attribute: str, hook: str, function: Callable[..., object], options: Mapping[str, Any]) -> None:
    """Find what pluggy would let pass, and what would fail at the first call: only plain functions are called."""
    if options.get("wrapper") or options.get("hookwrapper"):
        raise BrokenPlugin(f"its {attribute} is a wrapper; each plugin is asked by itself, so there is nothing to wrap")
    if options.get("tryfirst") or options.get("trylast"):
        raise BrokenPlugin(
            f"its {attribute} asks for another place in the order; the order is that of the plugins' names"
        )
    inner = inspect.unwrap(function)
    if inspect.iscoroutinefunction(inner) or inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise BrokenPlugin(
            f"its {attribute} has an async or a yield; a hook is a plain function that returns its result"
        )
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise BrokenPlugin(f"its {attribute} cannot be called as a method; is self missing?") from error
    given = _arguments(getattr(hookspecs, hook))
    for one in parameters:
        if one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD}:
            stars = "*" if one.kind is one.VAR_POSITIONAL else "**"
            raise BrokenPlugin(
                f"its {attribute} takes {stars}{one.name}; name what it needs of its arguments: {listed(given)}"
            )
        if one.name not in given:
            raise BrokenPlugin(
                f"its {attribute} has the argument {one.name!r}, which the hook does not give{near(one.name, given)}"
            )
        if one.kind is one.KEYWORD_ONLY or one.default is not one.empty:
            raise BrokenPlugin(
                f"the argument {one.name!r} of its {attribute} is by keyword or has a default; it must be plain"
            )


def _arguments(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _require_marks(plugin: object, marked: Mapping[str, object]) -> None:
    """Find hooks that pluggy does not see: without a marker, with the wrong one, or no plain function."""
    for attribute in sorted(set(HOOKS) & set(dir(plugin)) - set(marked)):
        raise BrokenPlugin(_unmarked(attribute, inspect.getattr_static(plugin, attribute, None)))
    if marked:
        return  # if with no hook of ours, then with optional ones of a newer scckit
    for attribute in dir(plugin):
        found = inspect.getattr_static(plugin, attribute, None)
        if attribute.startswith(f"{PROJECT}_") and inspect.isroutine(found):
            raise BrokenPlugin(f"its {attribute} is no hook and lacks its @hookimpl{near(attribute, HOOKS)}")
    raise BrokenPlugin(f"it implements no hook; there are {', '.join(HOOKS)}")


def _unmarked(attribute: str, found: object) -> str:
    marks = getattr(found, "__dict__", {})
    if f"{PROJECT}_impl" in marks or not inspect.isroutine(found):
        return f"its {attribute} is {a(found)}; a hook is a plain function or method"
    if f"{PROJECT}_spec" in marks:
        return f"its {attribute} is marked with hookspec; mark it with hookimpl from scckit.plugins"
    foreign = [mark.removesuffix("_impl") for mark in marks if mark.endswith("_impl")]
    if foreign:
        return f"its {attribute} has the marker of {foreign[0]}; mark it with hookimpl from scckit.plugins"
    return f"its {attribute} lacks its @hookimpl"


def _registered(plugin: object, name: str, hooks: set[str]) -> tuple[Implementation, ...]:
    """Let pluggy bind and verify the hooks, in a manager of the plugin's own.

    One manager for all compares plugins with each other, and so lets one whose ``__eq__`` is odd stop another.
    """
    if not hooks:
        return ()
    specs = ModuleType("specs")
    for hook in hooks:
        setattr(specs, hook, getattr(hookspecs, hook))
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(specs)
    manager.register(plugin, name)
    return tuple(
        Implementation(hook, one.function, tuple(one.argnames))
        for hook in sorted(hooks)
        for one in getattr(manager.hook, hook).get_hookimpls()
    )
