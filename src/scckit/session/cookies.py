"""The cookies of one origin: a small jar with the path, expiry and secure rules of RFC 6265. No I/O here.

The session sends to one origin only, so every cookie belongs to it; cookies for foreign domains are dropped on arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from threading import Lock
from urllib.parse import urlsplit

from attrs import field, frozen

from scckit.session.messages import Head

__all__ = ["Cookie", "CookieJar"]


@frozen
class Cookie:
    """One cookie; its value is a secret."""

    name: str
    value: str = field(repr=False)
    path: str
    expires: float | None
    secure: bool

    def goes_to(self, path: str, scheme: str, now: float) -> bool:
        """Tell whether it is sent to a path by a scheme at a moment."""
        if self.secure and scheme != "https":
            return False
        if self.expires is not None and self.expires <= now:
            return False
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else self.path + "/")


class CookieJar:
    """Cookies by name and path; safe for threads.

    The values are secrets: ``repr`` shows names only.
    """

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        """Begin empty, or with cookies of another jar."""
        self._lock = Lock()
        self._cookies = {(one.name, one.path): one for one in cookies}

    def copied(self) -> tuple[Cookie, ...]:
        """Return all cookies as they are now."""
        with self._lock:
            return tuple(self._cookies.values())

    def take(self, head: Head, now: float) -> None:
        """Keep what the ``Set-Cookie`` fields of an answer say.

        Args:
            head: The answer.
            now: Seconds since 1970, for ``Max-Age`` and ``Expires``.
        """
        for text in head.headers.get_all("set-cookie"):
            cookie = _parse(text, head.url, now)
            if cookie is None:
                continue
            with self._lock:
                key = (cookie.name, cookie.path)
                if cookie.expires is not None and cookie.expires <= now:
                    self._cookies.pop(key, None)
                else:
                    self._cookies[key] = cookie

    def header(self, url: str, now: float) -> str:
        """Return the ``Cookie`` value for an address, longest path first; empty if no cookie goes there."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._matching(url, now))

    def value(self, name: str, url: str, now: float) -> str | None:
        """Return the value of the cookie of that name that would be sent first to an address, or None."""
        return next((cookie.value for cookie in self._matching(url, now) if cookie.name == name), None)

    def _matching(self, url: str, now: float) -> list[Cookie]:
        parts = urlsplit(url)
        path = parts.path or "/"
        with self._lock:
            cookies = list(self._cookies.values())
        going = [cookie for cookie in cookies if cookie.goes_to(path, parts.scheme, now)]
        # Longest path first (RFC 6265, 5.4); a stable sort keeps the older one first among equals.
        return sorted(going, key=lambda cookie: -len(cookie.path))

    def __repr__(self) -> str:
        """Show the names."""
        with self._lock:
            names = ", ".join(sorted({name for name, _ in self._cookies}))
        return f"CookieJar({names})"


def _parse(text: str, url: str, now: float) -> Cookie | None:
    """Read one ``Set-Cookie`` value by RFC 6265, 5.2; None where it must be ignored."""
    first, *rest = text.split(";")
    name, equals, value = first.partition("=")
    name = name.strip()
    if not equals or not name:
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, given = part.partition("=")
        attributes[key.strip().lower()] = given.strip()  # the last of a repeated attribute wins
    parts = urlsplit(url)
    domain = attributes.get("domain", "").lstrip(".").lower()
    host = (parts.hostname or "").lower()
    if domain and host != domain and not host.endswith("." + domain):
        return None
    path = attributes.get("path", "")
    if not path.startswith("/"):
        directory = (parts.path or "/").rpartition("/")[0]
        path = directory or "/"
    return Cookie(name, value.strip(), path, _expiry(attributes, now), "secure" in attributes)


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    """Seconds since 1970 at which a cookie ends, None for the end of the session; ``Max-Age`` wins over ``Expires``."""
    age = attributes.get("max-age")
    if age is not None and age.lstrip("-").isdecimal() and age.isascii():
        seconds = int(age)
        return now + seconds if seconds > 0 else 0.0
    if expires := attributes.get("expires"):
        try:
            return parsedate_to_datetime(expires).timestamp()
        except (ValueError, OverflowError):  # RFC 6265, 5.2.1: a date that cannot be read is as none
            return None
    return None
