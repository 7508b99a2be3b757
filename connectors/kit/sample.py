"""A look at what arrives: columns, and how many values of each cannot be read. No value leaves this module."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from connectors.base import Child, Delivery, Field, FieldType, Stream
from connectors.pages import RawRow

Read = Callable[[Field, object], str | None]  # the reason code why a value cannot be read; None where it can


@dataclass(slots=True, kw_only=True)
class Sample:
    """The first pages of a delivery. `order` has a digest of each row of the first page."""

    delivery: Delivery
    rows: int = 0
    pages: int = 0
    ended: bool = False
    columns: Counter[str] = field(default_factory=Counter)  # column -> rows that have a value
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)  # field, reason code
    keys: Counter[bytes] = field(default_factory=Counter)
    different: set[bytes] = field(default_factory=set)
    order: list[bytes] = field(default_factory=list)
    times: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)  # field -> the earliest and the latest


def take(stream: Stream, delivery: Delivery, read: Read, pages: int) -> Sample:
    """Read at most so many pages of a delivery. Raises SourceError."""
    sample = Sample(delivery=delivery)
    for page in delivery.pages:
        sample.pages += 1
        for row in page.rows():
            digest = _digest(dict(row.values))
            if sample.pages == 1:
                sample.order.append(digest)
            _look(sample, stream, row, digest, read)
        if sample.pages == pages:
            return sample
    sample.ended = True
    return sample


def _look(sample: Sample, stream: Stream, row: RawRow, digest: bytes, read: Read) -> None:
    sample.rows += 1
    sample.columns.update(name for name, value in row.values.items() if value not in (None, ""))
    sample.columns.update(dict.fromkeys(row.values, 0))
    for declared in stream.fields:
        _judge(sample, declared.name, declared, row.values, read)
        if declared.type is FieldType.TIME:
            _time(sample, declared.name, row.values.get(declared.name))
    for child in stream.children:
        _look_inside(sample, child, row.values.get(child.name), read)
    if digest not in sample.different:
        sample.different.add(digest)
        numbers = {f.name for f in stream.fields if f.sealed == "id_number"}
        named = [name for name in row.values if name in stream.key or ("mac" in stream.key and name in numbers)]
        sample.keys[_digest({name: row.values[name] for name in sorted(named)})] += 1


def _time(sample: Sample, name: str, raw: object) -> None:
    try:
        at = datetime.fromisoformat(str(raw))
    except ValueError:
        return  # what cannot be read is counted among the faults
    earliest, latest = sample.times.get(name, (at, at))
    sample.times[name] = min(earliest, at), max(latest, at)


def _look_inside(sample: Sample, child: Child, items: object, read: Read) -> None:
    if items is None:
        return
    sample.columns[child.name] += 1
    if not isinstance(items, list):
        sample.faults[child.name, "bad_text"] += 1
        return
    for item in items:
        if isinstance(item, Mapping):
            for declared in child.fields:
                _judge(sample, f"{child.name}.{declared.name}", declared, item, read)
        else:
            sample.faults[child.name, "bad_text"] += 1


def _judge(sample: Sample, place: str, declared: Field, values: Mapping[str, object], read: Read) -> None:
    reason = read(declared, values.get(declared.name))
    if reason:
        sample.faults[place, reason] += 1


def _digest(values: object) -> bytes:
    return hashlib.sha256(orjson.dumps(values, default=str, option=orjson.OPT_SORT_KEYS)).digest()
