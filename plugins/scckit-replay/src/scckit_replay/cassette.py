"""Cassettes as files: the format of vcrpy, version 1, in YAML or JSON, read without trust and written whole or not at all.

What is read is data and never runs: only the plain types of YAML are known, and each part is looked at before it is used.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import yaml
from attrs import field, frozen

from scckit.errors import LocalFileError
from scckit.plugins import AtomicFile, Headers

__all__ = ["Cassette", "Interaction", "origin_of", "split", "takes_body", "write"]

_VERSION: Final = 1
_PORTS: Final = {"http": 80, "https": 443}
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_STATUSES: Final = range(100, 1000)
_HEADER: Final = """\
# Recorded by scckit-replay. Credentials, cookies, tokens, e-mail addresses and the server's address are replaced.
# Exchanges that failed, and answers that were given up half read, are not in it.
"""


@frozen
class Interaction:
    """One request as it was recorded, and its answer.

    Attributes:
        method: Method of the request.
        url: Its absolute address.
        status: Status of the answer.
        headers: Headers of the answer.
        body: Body of the answer.
        request_type: Media type of the request's body; empty if it had none or nobody knows.
        request_note: What is kept of the request's body; nothing is matched by it.
    """

    method: str
    url: str
    status: int
    headers: Headers = field(factory=Headers)
    body: bytes = field(default=b"", repr=False)
    request_type: str = ""
    request_note: str = field(default="", repr=False)

    @property
    def target(self) -> str:
        """Path and query."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def __str__(self) -> str:
        """Show the request as "METHOD target"."""
        return f"{self.method} {self.target}"


def _tuple(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    return tuple(interactions)


@frozen
class Cassette:
    """What was recorded from one server, in order.

    Attributes:
        interactions: Requests and answers.
        name: Where they come from, for messages.
    """

    interactions: tuple[Interaction, ...] = field(converter=_tuple)
    name: str = "the cassette"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Cassette:
        """Read a file.

        Raises:
            LocalFileError: There is none, it cannot be read, or it is no cassette.
        """
        try:
            content = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            msg = (
                f"the cassette {os.fspath(path)!r} cannot be read ({reason}); give the path of a file that was recorded"
            )
            raise LocalFileError(msg) from error
        return cls.parse(content, os.fspath(path))

    @classmethod
    def parse(cls, content: bytes, name: str = "the cassette") -> Cassette:
        """Read the content of a file.

        Raises:
            LocalFileError: It is no cassette.
        """
        try:
            text = content.decode("utf-8-sig")
            data = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _LOADER)  # noqa: S506 - the safe one
        except Exception as error:  # PyYAML's constructors raise whatever an odd value makes them raise
            words = " ".join(str(error).split())[:300]
            msg = f"{name} is no cassette: neither YAML nor JSON of plain types ({words}); record it again"
            raise LocalFileError(msg) from error
        return cls(_interactions(data, name), name)


def write(path: Path, interactions: Iterable[Interaction]) -> None:
    """Write a cassette that vcrpy reads too; under the name there is the old file or the whole new one.

    Raises:
        LocalFileError: The file system refuses.
    """
    data = {"version": _VERSION, "interactions": [_written(one) for one in interactions]}
    AtomicFile(path).put((_HEADER + yaml.dump(data, Dumper=_DUMPER)).encode())


def split(url: str) -> SplitResult | None:
    """Take an address apart; None if it is no absolute HTTP address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def origin_of(parts: SplitResult) -> tuple[str, str, int]:
    """Return scheme, host and port, the usual port where none is written."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def takes_body(method: str, status: int) -> bool:
    """Tell whether an answer has a body at all; where it has none, its ``Content-Length`` counts nothing (RFC 9110, 8.6)."""
    return method != "HEAD" and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


# -- writing ----------------------------------------------------------------------------------------------------------


def _written(one: Interaction) -> dict[str, object]:
    headers: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for name, value in one.headers:
        headers.setdefault(names.setdefault(name.lower(), name), []).append(value)
    try:
        phrase = HTTPStatus(one.status).phrase
    except ValueError:
        phrase = ""
    try:
        body: str | bytes = one.body.decode()
    except UnicodeDecodeError:
        body = one.body
    return {
        "request": {
            "method": one.method,
            "uri": one.url,
            "body": one.request_note or None,
            "headers": {"Content-Type": [one.request_type]} if one.request_type else {},
        },
        "response": {
            "status": {"code": one.status, "message": phrase},
            "headers": headers,
            "body": {"string": body},
        },
    }


# -- reading ----------------------------------------------------------------------------------------------------------


class _Odd(Exception):
    """Something is not as vcrpy writes it; the message says what."""


def _interactions(data: object, name: str) -> tuple[Interaction, ...]:
    if not isinstance(data, Mapping):
        msg = (
            f"{name} is no cassette: a mapping with 'version' and 'interactions' is one, found {_kind(data)}; record it"
        )
        raise LocalFileError(msg)
    if "http_interactions" in data:
        msg = (
            f"{name} was written by another VCR than vcrpy ('http_interactions'); record it with vcrpy or scckit-replay"
        )
        raise LocalFileError(msg)
    version, listed = data.get("version"), data.get("interactions")
    if version != _VERSION or isinstance(version, bool) or not isinstance(listed, list):
        msg = (
            f"{name} is no cassette of vcrpy's version {_VERSION}: found version {version!r:.40} and {_kind(listed)} as"
            " 'interactions'; record it again"
        )
        raise LocalFileError(msg)
    found = []
    for number, one in enumerate(listed, 1):
        try:
            found.append(_interaction(one))
        except _Odd as error:
            msg = f"{name} cannot be played: its interaction {number} {error}; record it again"
            raise LocalFileError(msg) from None
    return tuple(found)


def _interaction(data: object) -> Interaction:
    request, response = _part(data, "request"), _part(data, "response")
    method, url = request.get("method"), request.get("uri")
    if not isinstance(method, str) or not isinstance(url, str):
        raise _Odd("has no request with 'method' and 'uri'")
    if split(url) is None:
        raise _Odd(f"is of {url[:200]!r}, which is no absolute HTTP address")
    status = _part(response, "status").get("code")
    if not isinstance(status, int) or isinstance(status, bool) or status not in _STATUSES:
        raise _Odd("has no answer with a status such as 'code: 200'")
    body = _body(_part(response, "body"))
    headers = Headers(_pairs(response.get("headers")))
    return Interaction(method, url, status, _honest(method, status, headers, body), body)


def _part(data: object, name: str) -> Mapping[object, object]:
    part = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(part, Mapping):
        raise _Odd(f"has {_kind(part)} where the mapping {name!r} must be")
    return part


def _body(data: Mapping[object, object]) -> bytes:
    if "string" not in data:
        raise _Odd("has an answer whose body has no 'string'")
    content = data["string"]
    if isinstance(content, str):
        try:
            return content.encode()
        except UnicodeEncodeError:
            raise _Odd("has a body with half a character") from None
    if content is not None and not isinstance(content, bytes):
        raise _Odd(f"has {_kind(content)} as a body")
    return content or b""


def _pairs(data: object) -> list[tuple[str, str]]:
    if data is None:
        return []
    if not isinstance(data, Mapping):
        raise _Odd(f"has {_kind(data)} as headers")
    pairs = []
    for name, values in data.items():
        for value in values if isinstance(values, list) else [values]:
            # A hand that writes `Content-Length: 5` means the text.
            text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            if not isinstance(name, str) or not isinstance(text, str):
                raise _Odd("has a header that is no text")
            pairs.append((name, text))
    return pairs


def _kind(data: object) -> str:
    return "nothing" if data is None else type(data).__name__


def _honest(method: str, status: int, headers: Headers, body: bytes) -> Headers:
    """Make the head tell the truth about the body that is there.

    vcrpy keeps bodies unpacked beside the ``Content-Encoding`` and the length of what came, and filters that replace text
    leave the length as it was. What was cut short was never recorded, so the body is the whole one.
    """
    if not takes_body(method, status):
        return headers
    encoding = headers.get("content-encoding").strip().lower()
    if encoding not in {"", "identity"} and not _is_packed(encoding, body, headers.get("content-length")):
        headers = Headers(pair for pair in headers if pair[0].lower() != "content-encoding")
    if "content-length" in headers and headers.get_all("content-length") != (str(len(body)),):
        headers = headers.with_(("Content-Length", str(len(body))))
    return headers


def _is_packed(encoding: str, body: bytes, length: str) -> bool:
    if encoding in {"gzip", "x-gzip"}:
        return body.startswith(b"\x1f\x8b")
    if encoding == "deflate":
        return any(_inflates(body, bits) for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS))
    return bool(body) and length.strip() == str(len(body))


def _inflates(body: bytes, bits: int) -> bool:
    unpacking = zlib.decompressobj(bits)
    try:
        while body and not unpacking.eof:
            unpacking.decompress(body, 2**20)
            body = unpacking.unconsumed_tail
    except zlib.error:
        return False
    return unpacking.eof
