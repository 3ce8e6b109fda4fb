"""Files of ours, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from scckit.errors import LocalFileError

__all__ = ["put"]


def put(path: Path, content: bytes, mode: int, *, folder_mode: int = 0o777) -> None:
    """Write a file: under its name there is the old one or the whole new one, which has its mode from its first byte on.

    Raises:
        LocalFileError: It cannot be written.
    """
    path = Path(os.path.realpath(path))  # of a link, what it leads to
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=folder_mode)
        part.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}; it is as it was"
        raise LocalFileError(msg) from error
