"""Having what was forgotten found by the garbage collector, and quickly: it looks only at what is new."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["new_garbage_collected"]


@contextmanager
def new_garbage_collected() -> Iterator[None]:
    """Collect, at the end of a block that does not fail, what came in the block and went.

    What was there before is left alone: going through all modules of a large program takes most of a second each time,
    and garbage of others is not told of here.
    """
    frozen = gc.get_freeze_count()
    if not frozen:  # else by somebody who wants it to stay so
        gc.freeze()
    try:
        yield
        gc.collect()
    finally:
        if not frozen:
            gc.unfreeze()
