"""Ways for rows to arrive, shared by sources: one file each, beside what they share.

A transport is a frozen dataclass with `deliveries` (connectors.base.Transport) and a class variable `kind`: the word
by which a TOML declaration names it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache


@cache
def discover() -> tuple[type, ...]:
    """Every transport, found by walking this folder."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return tuple(
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and hasattr(kind, "deliveries") and hasattr(kind, "kind")
    )
