"""No cassette holds a secret, a person, a real host, or a thing that YAML should not load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CASSETTES = sorted((Path(__file__).resolve().parents[1] / "cassettes").glob("*.yaml"))
LIMIT = 64 * 1024
FORBIDDEN = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "credentials": re.compile(
        r"authorization|Basic [A-Za-z0-9+/=]{8,}|password=|scc-user|station-operator", re.IGNORECASE
    ),
    "a cookie that was sent": re.compile(r"^\s+(?:- )?cookie:", re.IGNORECASE | re.MULTILINE),
    "a cookie's value": re.compile(r"(?:sessionid|csrftoken|messages)=(?!x*;|x+$|\"\")[^;\s]"),
    "a token": re.compile(r"csrfmiddlewaretoken\\?\"\s+value=\\?\"(?!x+\\?\")"),
    "an object of Python": re.compile(r"!!python/"),
    "a host": re.compile(r"https?://(?!scc\.example/|www\.w3\.org/|docs\.scc\.imaa\.cnr\.it)[\w.-]+\.[\w.-]+"),
    "the loopback": re.compile(r"127\.0\.0\.1|localhost"),
}


def test_there_are_cassettes() -> None:
    """The folder is found."""
    assert len(CASSETTES) >= 14


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.name)
def test_a_cassette_is_clean(path: Path) -> None:
    """Nothing in it may not be shown, it is small, and it says where it comes from."""
    text = path.read_text(encoding="utf-8")

    found = {what: match[0] for what, pattern in FORBIDDEN.items() if (match := pattern.search(text))}
    assert found == {}
    assert path.stat().st_size <= LIMIT
    assert text.startswith("# Recorded from scckit-emulator")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("an e-mail address", "mail pi@station.example now"),
        ("credentials", "Authorization: Basic c2NjLXVzZXI6cGFzcw=="),
        ("credentials", "username=a&password=b"),
        ("a cookie that was sent", "      Cookie:\n      - a=b"),
        ("a cookie's value", "- sessionid=abc; Path=/"),
        ("a token", 'name="csrfmiddlewaretoken" value="abcdef"'),
        ("an object of Python", "!!python/object:io.BytesIO"),
        ("a host", "uri: https://scc.imaa.cnr.it/"),
        ("the loopback", "http://127.0.0.1:8000/"),
    ],
)
def test_the_scan_finds_what_it_looks_for(what: str, text: str) -> None:
    """Each pattern finds an example of its kind, so that a clean scan means something."""
    assert FORBIDDEN[what].search(text)
