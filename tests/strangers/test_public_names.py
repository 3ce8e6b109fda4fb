"""Strangers' distributions live on public names alone: what they import is what any third party can count on."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = sorted(path for path in HERE.glob("*/**/*.py") if not {"build", ".venv"} & set(path.parts))
PUBLIC = {"scckit", "scckit.plugins", "scckit.errors", "scckit.models", "scckit.events"}


def is_public(module: str) -> bool:
    """Tell whether a module of scckit is one for everybody."""
    return module in PUBLIC or module == "scckit.testing" or module.startswith("scckit.testing.")


def of_scckit(module: str | None) -> bool:
    """Tell whether a module is one of scckit's."""
    return module is not None and (module == "scckit" or module.startswith("scckit."))


def is_offered(module: str, name: str) -> bool:
    """Tell whether a public module says that a name is for everybody, or has a public module of that name in it."""
    return name in importlib.import_module(module).__all__ or is_public(f"{module}.{name}")


def private_names(tree: ast.AST) -> Iterator[str]:
    """Give what is used of scckit and is not for everybody."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if of_scckit(one.name) and not is_public(one.name))
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and of_scckit(node.module):
            module = str(node.module)
            names = (one.name for one in node.names if not (is_public(module) and is_offered(module, one.name)))
            yield from (f"{module}.{name}" for name in names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "scckit":
            yield from () if is_offered("scckit", node.attr) else (f"scckit.{node.attr}",)


def test_there_are_strangers() -> None:
    """The files are found, so that the test below looks at something."""
    assert "scckit_eldamwl" in {path.parent.name for path in SOURCES}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HERE)))
def test_a_stranger_uses_public_names_only(path: Path) -> None:
    """No import and no attribute leads into what scckit keeps to itself."""
    assert list(private_names(ast.parse(path.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import scckit.archive",
        "from scckit import archive",
        "from scckit.archive import unpack",
        "from scckit.plugins.registry import Registry",
        "from scckit.plugins import registry",
        "from scckit.models import products",
        "from scckit._plans import kind_of",
        "import scckit\nscckit._plans",
        "import scckit\nscckit.session",
        "def f():\n    from scckit.session.messages import Request",
    ],
)
def test_private_names_are_seen(line: str) -> None:
    """The look above finds each way in."""
    assert list(private_names(ast.parse(line)))
