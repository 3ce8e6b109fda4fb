"""How the documentation is built: Sphinx with MyST over the pages of this folder, the READMEs and the docstrings.

Everything stands once. Pages of ``docs/bundled`` include the READMEs, pages of ``docs/api`` the docstrings; what is told here is
how the links of both find their way. Built with ``-n -W``: a name or a link that leads nowhere is an error.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import scckit

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(DOCS))

import gallery  # noqa: E402 - it stands beside this file, and is found there from here on

project = "scckit"
author = "the authors of scckit"
copyright = f"2026, {author}"  # noqa: A001 - the name that Sphinx reads
release = version = scckit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = f"scckit {release}"
html_theme_options: dict[str, object] = {"footer_icons": []}
html_copy_source = False
html_show_sourcelink = False

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autoclass_content = "class"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Attributes are fields of the class's description; as entries of their own they would stand twice.
napoleon_use_ivar = True
napoleon_custom_sections = ["Selection", "When", "Errors", "Since"]

#: All public modules. An object that several of them offer is described in the first of these, and named in the others.
PUBLIC = (
    "scckit.models",
    "scckit.errors",
    "scckit.events",
    "scckit.batches",
    "scckit.mirror",
    "scckit",
    "scckit.plugins",
    "scckit.plugins.hookspecs",
    "scckit.plugins.listing",
    "scckit.client",
    "scckit.aio",
    "scckit.local",
    "scckit.operations",
    "scckit.testing",
    "scckit.testing.contracts",
    "scckit.testing.pytest_plugin",
    "scckit.testing.server",
    "scckit.testing.strategies",
    "scckit_parsel.reader",
    "scckit_urllib3.transport",
    "scckit_replay.replay",
    "scckit_replay.recording",
    "scckit_replay.cassette",
    "scckit_replay.scrub",
    "scckit_emulator",
    "scckit_emulator.synthetic",
)

nitpick_ignore_regex = [
    # Names of the standard library and of other projects: their inventories would need the network at each build.
    (
        r"py:.*",
        r"(_pytest|concurrent\.futures|collections\.abc|datetime|hypothesis|numpy|os|pathlib|ssl|urllib|xarray)\..*",
    ),
    # Types of WSGI, which the standard library has for type checkers only.
    (r"py:class", r"StartResponse|WSGIEnvironment"),
    # Type variables: a letter with nothing to say about it.
    (r"py:class", r"(.*\.)?T"),
    # What flows of operations are made of, and what clients are put together from: seen in signatures, kept to ourselves.
    (r"py:class", r"scckit\.(session\.(effects|session)|archive\.members|_plans|operations\.products)\..*|Sleep"),
    # What the emulator's own attributes are; the emulator tells of them.
    (r"py:class", r"scckit_emulator\.(faults\.Seen|chain\.Pace)|Ask"),
]

#: Where each public object is described, by its identity, and under its name without a module where that is unique.
_HOMES: dict[int, str] = {}
_SHORT: dict[str, str] = {}


def _offers() -> Iterator[tuple[str, str, object]]:
    """Go through all public names: module, name, object."""
    for name in PUBLIC:
        module = import_module(name)
        for one in module.__all__:
            yield name, one, getattr(module, one)


for _module, _name, _object in _offers():
    # Values, such as numbers, can be one object in many places.
    if inspect.isclass(_object) or inspect.isroutine(_object):
        _HOMES.setdefault(id(_object), f"{_module}.{_name}")
        _SHORT.setdefault(_name, f"{_module}.{_name}")


def _home(target: str) -> str | None:
    """Return under which name that is described which has the name given, such as that of the module that defines it."""
    first, _, rest = target.partition(".")
    if first in _SHORT:
        return f"{_SHORT[first]}.{rest}".rstrip(".")
    parts = target.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for place, part in enumerate(parts[length:], length + 1):
            found = getattr(found, part, None)
            home = _HOMES.get(id(found))
            if home is not None:
                return ".".join((home, *parts[place:]))
        break
    return None


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element) -> nodes.Element | None:
    """Lead a reference to where its object is described, whichever of its names it uses."""
    if node.get("refdomain") != "py":
        return None
    target = _home(node["reftarget"])
    if target is None:
        return None
    return env.get_domain("py").resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, contnode)


def leave_out(app: Sphinx, what: str, name: str, found: object, *_: object) -> bool | None:
    """Leave out of a module what is described with another one."""
    module = app.env.current_document.autodoc_module
    home = _HOMES.get(id(found), f"{module}.{name}")
    return True if what == "module" and home != f"{module}.{name}" else None


def elsewhere(_app: Sphinx, what: str, name: str, *rest: object) -> None:
    """Name, below what a module says, the public names of it that are described with another module."""
    lines = rest[-1]
    if what != "module" or not isinstance(lines, list):
        return
    offered = ((one, _HOMES.get(id(found))) for module, one, found in _offers() if module == name)
    others = [f":py:obj:`{one} <{home}>`" for one, home in offered if home not in {None, f"{name}.{one}"}]
    if others:
        lines += ["", f"Also here: {', '.join(others)}.", ""]


def plain_first_line(_app: Sphinx, what: str, *rest: object) -> None:
    """Keep napoleon from taking the first words of a property for its type: types are in the annotations here."""
    lines = rest[-1]
    if what in {"attribute", "data", "property"} and isinstance(lines, list):
        lines[:0] = ["..", ""]  # an empty comment: napoleon looks at the first line only


_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)#:\s]+)(?P<anchor>#[^)]*)?\)")
_PAGES = {
    ROOT / "README.md": "/index.md",
    ROOT / "CHANGELOG.md": "/changelog.md",
    **{path: f"/bundled/{path.parent.name}.md" for path in ROOT.glob("plugins/*/README.md")},
    **{path: f"/{path.name}" for path in DOCS.glob("*.md")},
}


def relink(text: str, folder: Path) -> str:
    """Turn links between the repository's files into links between pages; what has no page keeps its words.

    Raises:
        FileNotFoundError: A link leads to a file that is not there.
    """

    def page(link: re.Match[str]) -> str:
        target = link["target"]
        if target.startswith("/"):
            return link[0]
        path = (folder / target).resolve(strict=True)
        known = _PAGES.get(path / "README.md" if path.is_dir() else path)
        return f"[{link['text']}]({known}{link['anchor'] or ''})" if known else link["text"]

    return _LINK.sub(page, text)


def read_page(app: Sphinx, name: str, content: list[str]) -> None:
    """Mend the links of a page."""
    content[0] = relink(content[0], app.env.doc2path(name).parent)


def read_included(_: Sphinx, path: Path, __: str, content: list[str]) -> None:
    """Mend the links of a file that a page includes."""
    source = DOCS / path
    if source.suffix == ".md":
        content[0] = relink(content[0], source.parent)


def setup(app: Sphinx) -> None:
    """Draw the gallery, and connect what is above."""
    gallery.draw(DOCS / "_build" / "pictures")
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", plain_first_line, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", elsewhere)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("source-read", read_page)
    app.connect("include-read", read_included)
