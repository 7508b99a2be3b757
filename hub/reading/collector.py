"""The garbage collector held back while pages stream by: they hold no cycles, and looking for some costs a tenth."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[None]:
    """No automatic collection inside; `catch_up` now and then finds what libraries left."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def catch_up() -> None:
    """Collect what is young."""
    gc.collect(1)
