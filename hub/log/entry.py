"""One entry of the log: what it says, its leaf in canonical JSON, its subjects packed beside it."""

from __future__ import annotations

import hashlib
import json
import secrets
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from sys import byteorder
from typing import NamedTuple

from hub.checkpoint import leaf_hash

VERSION = 2
VERSIONS = (1, VERSION)  # 1 had no `times`
SALT = 16
EXACT = 2**53 - 1  # beyond it JSON numbers are not exact
REMEMBERED = 1_000  # lists of fields whose text is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation as the log keeps it.

    `fields` are `Type.field`; `withheld` the same with the reason; `document` is the SHA-256 of the
    document with its literals emptied; `refusal` the code of the refusal or failure; `times` more than 1
    where one entry stands for that many equal refusals from `at` on (hub/log/flood.py).
    """

    at: datetime
    client: str
    role: str
    agreement: str
    purpose: str
    outcome: str  # answered | refused | failed
    document: str = ""
    operation: str = ""
    fields: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    refusal: str = ""
    publication: int = 0
    rows: int = 0
    duration_us: int = 0
    times: int = 1
    subjects: frozenset[int] = frozenset()


class Row(NamedTuple):
    """An entry as the store keeps it: the columns of `access_log` without its `seq`, in their order."""

    at: datetime
    client: str
    agreement: str
    purpose: str
    outcome: str
    leaf: bytes
    leaf_hash: bytes
    subjects: bytes


def row_of(entry: Entry) -> Row:
    """The entry with its leaf made, hashed and salted. Raises TypeError, ValueError where a value has no JSON form."""
    packed = pack(entry.subjects, secrets.token_bytes(SALT))
    leaf = leaf_of(entry, packed)
    return Row(
        at=entry.at.astimezone(UTC),
        client=entry.client,
        agreement=entry.agreement,
        purpose=entry.purpose,
        outcome=entry.outcome,
        leaf=leaf,
        leaf_hash=leaf_hash(leaf),
        subjects=packed,
    )


def leaf_of(entry: Entry, packed: bytes) -> bytes:
    """What `canonical(told(entry, packed))` is, written out: keys in order, equal lists encoded once."""
    for number in (entry.duration_us, entry.publication, entry.rows, entry.times):
        _exact(number)
    text = encode_basestring
    return (
        f'{{"agreement":{text(entry.agreement)},"at":"{instant(entry.at)}","client":{text(entry.client)},'
        f'"document":{text(entry.document)},"duration_us":{entry.duration_us:d},"fields":{_texts(entry.fields)},'
        f'"operation":{text(entry.operation)},"outcome":{text(entry.outcome)},"publication":{entry.publication:d},'
        f'"purpose":{text(entry.purpose)},"refusal":{text(entry.refusal)},"role":{text(entry.role)},'
        f'"rows":{entry.rows:d},"subject_count":{len(entry.subjects)},'
        f'"subjects":"{hashlib.sha256(packed).hexdigest()}","times":{entry.times:d},"version":{VERSION},'
        f'"withheld":{_texts(entry.withheld)}}}'
    ).encode()


def told(entry: Entry, packed: bytes) -> dict[str, object]:
    """What a leaf says, by name."""
    return {
        "version": VERSION,
        "at": instant(entry.at),
        "client": entry.client,
        "role": entry.role,
        "agreement": entry.agreement,
        "purpose": entry.purpose,
        "outcome": entry.outcome,
        "refusal": entry.refusal,
        "document": entry.document,
        "operation": entry.operation,
        "fields": entry.fields,
        "withheld": entry.withheld,
        "publication": entry.publication,
        "rows": entry.rows,
        "times": entry.times,
        "subject_count": len(entry.subjects),
        "subjects": hashlib.sha256(packed).hexdigest(),
        "duration_us": entry.duration_us,
    }


@lru_cache(REMEMBERED)
def _texts(values: tuple[str, ...]) -> str:
    return f"[{','.join(map(encode_basestring, values))}]"


def canonical(value: object) -> bytes:
    """RFC 8785 JSON of strings, integers, booleans, null, lists and objects; TypeError on anything else."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _ordered(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _exact(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("an object's keys are strings")
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form here")


def _exact(value: int) -> int:
    if abs(value) > EXACT:
        raise TypeError("an integer that JSON cannot carry exactly")
    return value


def pack(subjects: Iterable[int], salt: bytes) -> bytes:
    """The packed form of a set of person_ids: the salt, then the ids ascending, 8 bytes each, big-endian."""
    ids = array("q", sorted(subjects))
    if byteorder == "little":
        ids.byteswap()
    return salt + ids.tobytes()


def unpack(packed: bytes) -> tuple[int, ...]:
    """The person_ids of a packed form."""
    ids = array("q", packed[SALT:])
    if byteorder == "little":
        ids.byteswap()
    return tuple(ids)


def instant(at: datetime) -> str:
    """The text of a moment: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
