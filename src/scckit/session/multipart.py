"""The body of a form with files, streamed from disk with a length that is known before the first byte.

Nothing is read until a driver asks for the bytes; a file is never in memory as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from scckit.errors import InvalidInput, LocalFileError

__all__ = ["FilePart", "MultipartBody"]

_CHUNK = 256 * 1024


@frozen
class FilePart:
    """One file field: the name of the field, the local file, and the file name that the server is told."""

    field: str
    path: Path
    filename: str


@frozen
class MultipartBody:
    """``multipart/form-data`` by RFC 7578.

    The boundary is an argument, so that a recorded request is the same each time (pitfalls of cassettes); make it
    random for real use.
    """

    fields: tuple[tuple[str, str], ...]
    files: tuple[FilePart, ...]
    boundary: str

    @property
    def content_type(self) -> str:
        """Media type with the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Length in bytes, from the sizes of the files as they are now.

        Raises:
            LocalFileError: A file is gone.
        """
        return sum(len(piece) if isinstance(piece, bytes) else _size(piece) for piece in self._pieces())

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes from the start.

        Raises:
            LocalFileError: A file is gone, unreadable, or changed its length under way.
        """
        for piece in self._pieces():
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from _read(piece)

    def _pieces(self) -> Iterator[bytes | Path]:
        for name, value in self.fields:
            yield self._head(f'name="{_quoted(name)}"')
            yield value.encode() + b"\r\n"
        for part in self.files:
            yield self._head(
                f'name="{_quoted(part.field)}"; filename="{_quoted(part.filename)}"', "application/octet-stream"
            )
            yield part.path
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode("ascii")

    def _head(self, disposition: str, content_type: str | None = None) -> bytes:
        lines = [f"--{self.boundary}", f"Content-Disposition: form-data; {disposition}"]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        return "\r\n".join([*lines, "", ""]).encode()


def _quoted(text: str) -> str:
    """Write a name the way browsers do (WHATWG): quotes and line ends percent-encoded, the rest as UTF-8."""
    if "\0" in text:
        msg = f"the name {text!r} holds a NUL character; rename it"
        raise InvalidInput(msg)
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            expected = os.fstat(file.fileno()).st_size
            done = 0
            while chunk := file.read(_CHUNK):
                done += len(chunk)
                if done > expected:
                    break
                yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error
    if done != expected:
        msg = f"{path} changed while it was sent ({expected} bytes at first, now others); upload it when it is complete"
        raise LocalFileError(msg)


def _unreadable(path: Path, error: OSError) -> LocalFileError:
    return LocalFileError(f"{path} cannot be read to send it: {error.strerror or error}")
