"""What a plugin's author must know is written down: in the docstrings of the hooks by one template, the rest in ``docs``."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import typing
from pathlib import Path

import pytest

from scckit import errors, events, plugins
from scckit.plugins import Registry, hookspecs
from scckit.plugins.listing import Listing
from scckit.testing import contracts

ROOT = Path(__file__).resolve().parents[1]
#: Hooks, JSON keys and variables of plugins are told here; what users meet too may be told in the guide.
PLUGINS = "docs/plugins.md"
GUIDE = "docs/guide.md"

#: The parts of a hook's docstring, behind the sentence that says what it is for; Args only where there are arguments.
PARTS = ("Args", "Returns", "Selection", "When", "Errors", "Example", "Since")
VARIABLE = re.compile(r"\bSCCKIT_[A-Z][A-Z_]*\b")


def _arguments(hook: str) -> tuple[str, ...]:
    return tuple(inspect.signature(getattr(hookspecs, hook)).parameters)


def _parts(hook: str) -> dict[str, str]:
    """Return the text of each part of a hook's docstring."""
    text = inspect.getdoc(getattr(hookspecs, hook)) or ""
    purpose, *rest = re.split(r"^(\w+):$", text, flags=re.MULTILINE)
    return {"": purpose.strip(), **{name: body.strip() for name, body in zip(rest[::2], rest[1::2], strict=True)}}


@pytest.mark.parametrize("hook", hookspecs.HOOKS)
def test_a_hook_is_told_by_the_template(hook: str) -> None:
    """All parts are there, in order, none is empty, and every argument is explained."""
    parts = _parts(hook)
    arguments = _arguments(hook)

    assert list(parts) == ["", *(part for part in PARTS if part != "Args" or arguments)]
    assert [name for name, text in parts.items() if not text] == []
    assert parts[""].splitlines()[0].endswith(".")
    assert tuple(re.findall(r"^\s*(\w+): ", parts.get("Args", ""), re.MULTILINE)) == arguments
    assert re.fullmatch(r"\d+\.\d+", parts["Since"])
    assert f"def {hook}({', '.join(arguments)})" in parts["Example"]
    assert "@hookimpl" in parts["Example"]


def test_hooks_are_all_there() -> None:
    """What is marked as a hook is listed as one, and begins as all do."""
    marked = {name for name, member in vars(hookspecs).items() if hasattr(member, f"{hookspecs.PROJECT}_spec")}

    assert set(hookspecs.HOOKS) == marked
    assert set(hookspecs.HOOKS) <= set(hookspecs.__all__)


# -- documents ----------------------------------------------------------------------------------------------------------


def _page(name: str) -> str:
    path = ROOT / name
    if not path.is_file():
        pytest.fail(f"{name} is not there; it must tell of all hooks, see this test")
    return path.read_text(encoding="utf-8")


def _code(*pages: str) -> str:
    """Return all that stands as code in some pages: a word that only happens to be in a sentence tells of nothing."""
    text = "\n".join(map(_page, pages))
    blocks = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join(
        [*blocks, *re.findall(r"`[^`\n]+`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))]
    )


def _leaves() -> list[str]:
    kinds = [getattr(errors, name) for name in errors.__all__]
    return [kind.__name__ for kind in kinds if not any(kind in other.__bases__ for other in kinds)]


def _suites() -> list[str]:
    modules = [
        importlib.import_module(f"{contracts.__name__}.{found.name}")
        for found in pkgutil.iter_modules(contracts.__path__)
    ]
    return sorted(
        {
            name
            for module in modules
            for name, member in vars(module).items()
            if inspect.isclass(member) and name.endswith("Contract") and not name.startswith("_")
        }
    )


def _variables() -> list[str]:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "plugins").glob("*/src/**/*.py")]
    return sorted({name for path in sources for name in VARIABLE.findall(path.read_text(encoding="utf-8"))})


def _protocols() -> list[str]:
    members = {name: getattr(plugins, name) for name in plugins.__all__}
    return [name for name, member in members.items() if getattr(member, "_is_protocol", False)]


def _events() -> list[str]:
    members = {name: getattr(events, name) for name in events.__all__}
    return [name for name, member in members.items() if inspect.isclass(member) and issubclass(member, events.Event)]


def test_the_collectors_find_something() -> None:
    """A name of each kind that is known to be there is found, so that an empty list below means that nothing is missing."""
    assert "MissingPlugin" in _leaves()
    assert {"TransportContract", "PageReaderContract", "ProductKindContract"} <= set(_suites())
    assert {"SCCKIT_PLUGINS", "SCCKIT_PLUGINS_BLOCKED", "SCCKIT_PLUGINS_TRACE", "SCCKIT_BASE_URL"} <= set(_variables())
    assert {"Transport", "AsyncTransport", "PageReader", "ProductKind", "Draws"} <= set(_protocols())
    assert "PhaseSeen" in _events()


@pytest.mark.parametrize("hook", hookspecs.HOOKS)
def test_a_hook_has_a_heading_of_its_own(hook: str) -> None:
    """The heading has the hook and its arguments, as an author writes them."""
    heading = f"`{hook}({', '.join(_arguments(hook))})`"
    headings = [line for line in _page(PLUGINS).splitlines() if line.startswith("#")]

    assert [line for line in headings if heading in line], f"{PLUGINS} has no heading with {heading}"


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("event", _events()),
        ("error", _leaves()),
        ("environment variable", _variables()),
        ("contract suite", _suites()),
        ("protocol", _protocols()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_authors_use_is_documented(what: str, names: list[str]) -> None:
    """Each name stands as code in the page for authors or in the guide."""
    code = _code(PLUGINS, GUIDE)
    missing = [name for name in names if not re.search(rf"\b{name}\b", code)]

    assert missing == [], f"{PLUGINS} and {GUIDE} do not tell of each {what}: {', '.join(missing)}"


def test_the_keys_of_the_listing_are_documented() -> None:
    """Programs read ``python -m scckit plugins --json`` by these keys, with these states and stages."""
    value = json.loads(Listing.of(Registry(environ={"SCCKIT_PLUGINS_BLOCKED": ""})).json())
    words = [*value, *value["plugins"][0], "what", "install"]
    reports = importlib.import_module("scckit.plugins.reports")
    words += [word for kind in (reports.State, reports.Stage) for word in typing.get_args(kind) if word]
    code = _code(PLUGINS)

    missing = [word for word in words if not re.search(rf"\b{word}\b", code)]

    assert missing == [], f"{PLUGINS} does not tell of the keys, states and stages {', '.join(missing)}"
