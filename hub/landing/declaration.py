"""Under which contract a batch landed: the linkage contract and the stream's declaration, each with its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

from connectors.base import Stream
from hub.reading.identity import Linkage

APART = {"transport", "title", "title_en", "cadence_days", "expected", "shrink"}  # say nothing of how a row is read
SHOWN = 12


def contract(linkage: Linkage, stream: Stream) -> str:
    """As the ledger and quarantine keep it: `linkage v1 <digest>, stream <digest>`, each digest cut to 12 digits."""
    return f"linkage {linkage.version} {linkage.contract.digest[:SHOWN]}, stream {declaration(stream)[:SHOWN]}"


def declaration(stream: Stream) -> str:
    """SHA-256, as hex, of what a stream declares about its rows: it changes when a row may be read differently."""
    told = {name: value for name, value in _plain(stream).items() if name not in APART}
    return hashlib.sha256(json.dumps(told, default=_plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
