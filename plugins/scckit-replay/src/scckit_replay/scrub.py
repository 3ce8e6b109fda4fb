"""What may not stand in a cassette, and how it is taken out: replaced by as many ``x``, so that lengths stay true. No I/O.

A secret is found however it is written: as it is, percent-encoded, HTML-escaped, JSON-escaped, or letter by letter in any
of these ways. What is packed (the members of a zip archive) is not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html.entities import codepoint2name
from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from scckit.errors import InvalidInput
from scckit.plugins import Secret
from scckit_replay.cassette import origin_of, split

__all__ = ["BASE_URL", "Scrub", "Scrubber"]

#: Stands for the server in every cassette.
BASE_URL: Final = "https://scc.example/"

_HOST: Final = "scc.example"
_X: Final = "x"
#: A shorter text cannot be told from other text.
_SHORTEST: Final = 3
#: Headers of answers that are kept: those that decide what becomes of the answer.
_KEPT: Final = frozenset(
    {
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-type",
        "location",
        "retry-after",
        "set-cookie",
    }
    | {"www-authenticate"}
)
_ADDRESSES: Final = frozenset({"location", "content-location"})
_TEXTS: Final = re.compile(r"text/|.*(?:html|json|xml|javascript|urlencoded)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]+")
_COOKIE: Final = re.compile(r"([^=;]*=\s*)([^;]*)")
_DOMAIN: Final = re.compile(r";\s*domain\s*=[^;]*", re.IGNORECASE)

#: A tag with a token in it, the value in it, and a token in a script, an attribute or JSON.
_TAG: Final = re.compile(r"<(?:input|meta)\b[^<>]{0,2000}csrf[^<>]{0,2000}>", re.IGNORECASE)
_VALUE: Final = re.compile(r"""(\b(?:value|content)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    r"""((?:csrf|sessionid|password|api_?key|token)[\w-]{0,40}(?:\\?["'])?\s{0,9}[:=]\s{0,9}\\?["'])([^"'\\<>]+)""",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]+(?:@|%40|&#0*64;|&#x0*40;|&commat;|\\u0040)[\w-]+\.[\w.-]+", re.IGNORECASE
)
#: Letters that JSON, and so JavaScript, writes in a short form of two.
_SHORT_FORMS: Final = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", '"': '"', "\\": "\\", "/": "/"}


def _secrets(value: Iterable[str | Secret]) -> tuple[str, ...]:
    texts = [one.reveal() if isinstance(one, Secret) else one for one in ([value] if isinstance(value, str) else value)]
    for text in texts:
        if not _is_usable(text):
            msg = (
                f"a secret to be replaced has {_SHORTEST} letters or more, not all of them x; found one of {len(text)}"
            )
            raise InvalidInput(msg)
    return tuple(texts)


def _names(value: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in value)


@frozen
class Scrub:
    """What is taken out of a cassette beyond what is always taken out.

    Attributes:
        secrets: Texts that may stand nowhere, such as the full name that the site greets the account with. What signs in
            (both pairs of credentials, cookies) is known without being told.
        headers: Names of the headers of answers that are kept.

    Raises:
        InvalidInput: A secret is too short to be told from other text.

    Example:
        >>> Scrub(["Jane Station"])
        Scrub()
    """

    secrets: tuple[str, ...] = field(default=(), converter=_secrets, repr=False)
    headers: frozenset[str] = field(default=_KEPT, converter=_names, repr=False)


class Scrubber:
    """Takes things out, once everything is known that must go.

    Args:
        scrub: What the user wants.
        learned: Secrets that were seen on the way; those that are too short are left alone.
        servers: Addresses on the servers that were asked.
    """

    def __init__(self, scrub: Scrub, learned: Iterable[str] = (), servers: Iterable[str] = ()) -> None:
        """Prepare the search."""
        self._kept: Final = scrub.headers
        self._origins: Final = set()
        hosts = set()
        for parts in filter(None, map(split, servers)):
            self._origins.add(origin_of(parts))
            if parts.hostname != _HOST:
                hosts |= {parts.netloc.rpartition("@")[2], parts.hostname or ""}
        secrets = {*scrub.secrets, *filter(_is_usable, learned)}
        self._in_text: Final = _finder(secrets, hosts)
        # In a body that is not UTF-8, letters beyond ASCII may be written in Latin-1 or in UTF-8 all the same.
        self._in_bytes: Final = _finder({*secrets, *(one.encode().decode("latin-1") for one in secrets)}, hosts)

    def text(self, text: str) -> str:
        """Return a text without secrets, of the same length in UTF-8."""
        return _without(self._in_text, text, _in_utf8)

    def url(self, url: str) -> str:
        """Return an address on the server as one on ``BASE_URL``, without user, fragment and secrets."""
        parts = urlsplit(url)
        target = self.text(parts.path.removeprefix("/") + (f"?{parts.query}" if parts.query else ""))
        return BASE_URL + target

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers of an answer that are kept, without secrets."""
        return [(name, self._header(name.lower(), value)) for name, value in pairs if name.lower() in self._kept]

    def body(self, body: bytes, content_type: str) -> bytes:
        """Return the body of an answer without secrets, and as a text without tokens and addresses of people."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = body.decode("latin-1")
            if _TEXTS.match(content_type):
                text = _impersonal(text, len)
            return _without(self._in_bytes, text, len).encode("latin-1")
        if "\0" not in text or _TEXTS.match(content_type):
            text = _impersonal(text, _in_utf8)
        return _without(self._in_text, text, _in_utf8).encode()

    def _header(self, name: str, value: str) -> str:
        if name == "content-length" and _NUMBER.fullmatch(value):
            return value
        if name == "set-cookie":
            # A cookie for another domain than that of the cassette would be dropped when it is played.
            hidden = _COOKIE.sub(lambda match: match[1] + _X * _in_utf8(match[2]), _DOMAIN.sub("", value), count=1)
            return self.text(hidden)
        if name in _ADDRESSES:
            parts = split(value)
            if parts is not None and origin_of(parts) in self._origins:
                return self.url(value)
        return self.text(value)


def _is_usable(secret: str) -> bool:
    return len(secret) >= _SHORTEST and bool(secret.strip("xX"))


def _in_utf8(text: str) -> int:
    return len(text.encode())


def _without(finder: re.Pattern[str] | None, text: str, width: Callable[[str], int]) -> str:
    """Replace all that is found, again while what is left and the new letters make up another find."""
    while finder is not None:
        text, count = finder.subn(lambda match: _X * width(match[0]), text)
        if not count:
            break
    return text


def _impersonal(text: str, width: Callable[[str], int]) -> str:
    def hidden(match: re.Match[str]) -> str:
        quote = match[2][0] if match[2][0] in "\"'" else ""
        return match[1] + quote + _X * width(match[2].strip(quote) if quote else match[2]) + quote

    text = _TAG.sub(lambda tag: _VALUE.sub(hidden, tag[0]), text)
    text = _ASSIGNED.sub(lambda match: match[1] + _X * width(match[2]), text)
    return _EMAIL.sub(lambda match: _X * width(match[0]), text)


def _finder(secrets: Iterable[str], hosts: Iterable[str]) -> re.Pattern[str] | None:
    found = [_written(one) for one in sorted(secrets, key=lambda one: (-len(one), one))]
    # `docs.HOST` is another server, and no secret.
    found += [rf"(?<![a-z0-9]\.){_written(one)}" for one in sorted(hosts, key=lambda one: (-len(one), one))]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _written(text: str) -> str:
    """Return a pattern for a text in whatever way each of its letters is written."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    code = ord(letter)
    octets = letter.encode()
    units = letter.encode("utf-16-be")
    ways = [
        re.escape(letter),
        "".join(f"%(?:25)*{octet:02x}" for octet in octets),
        f"&(?:amp;)*#0*{code};?",
        f"&(?:amp;)*#x0*{code:x};?",
        "".join(rf"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)),
    ]
    if code < 0x100:  # noqa: PLR2004 - the end of Latin-1
        ways += [f"%(?:25)*{code:02x}", rf"\\x{code:02x}"]
    name = "apos" if letter == "'" else codepoint2name.get(code)
    if name:
        ways.append(f"&(?:amp;)*{name};")
    if letter in _SHORT_FORMS:
        ways.append(r"\\" + re.escape(_SHORT_FORMS[letter]))
    if letter == " ":
        ways.append(r"\+")
    # JSON in HTML: what JSON puts a backslash before is then written as an entity.
    before = r"\\?" if letter in "\"'/" else ""
    return f"{before}(?:{'|'.join(dict.fromkeys(ways))})"
