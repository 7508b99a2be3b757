"""The access log: who read what of whom, for what purpose; it only grows, and anyone can verify it.

1. One row an operation, refused ones too; it is committed before the answer leaves (no log, no read).
2. A row's `leaf` is canonical JSON (RFC 8785) with a version; its hash is the RFC 6962 leaf hash, and the
   Merkle tree is over all leaves in order of `seq`. Appending is serialised, so a tree once signed
   (hub/checkpoint.py) is a prefix of every later one.
3. Subjects stand packed beside the leaf: 16 random bytes, then the person_ids, ascending, 8 bytes each.
   The leaf holds their count and the packed value's SHA-256, so that a subject can be neither added nor
   taken away unseen, nor guessed from the leaf.
4. `access_subject` finds a person's own accesses; it is built behind the log and can be rebuilt from it.

A leaf never holds variables, literals, names of persons or ID numbers; person_ids stay in the store.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.checkpoint import Checkpoint, leaf_hash, merkle_root, sign
from hub.keys import KeyRing
from hub.store import access_log, access_subject

VERSION = 1
SALT = 16
INDEXED_AT_ONCE = 1_000
EXACT = 2**53 - 1  # beyond it JSON numbers are not exact
APPEND_LOCK = 0x61696467  # one appender at a time on PostgreSQL; SQLite has one writer anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation as the log keeps it.

    `fields` are `Type.field`; `withheld` the same with the reason; `document` is the SHA-256 of the
    document with its literals emptied; `refusal` the code of the refusal or failure.
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
    subjects: frozenset[int] = frozenset()


def canonical(value: object) -> bytes:
    """RFC 8785 JSON of strings, integers, booleans, null, lists and objects; TypeError on anything else."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _ordered(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > EXACT:
            raise TypeError("an integer that JSON cannot carry exactly")
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("an object's keys are strings")
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form here")


def pack(subjects: Iterable[int], salt: bytes) -> bytes:
    """The packed form of a set of person_ids."""
    ids = sorted(subjects)
    return salt + struct.pack(f">{len(ids)}q", *ids)


def unpack(packed: bytes) -> tuple[int, ...]:
    """The person_ids of a packed form."""
    ids = packed[SALT:]
    return struct.unpack(f">{len(ids) // 8}q", ids)


def append(engine: sa.Engine, entry: Entry) -> int:
    """Write one entry, durably, in its own transaction; returns its seq. Any exception means: not written."""
    with engine.begin() as connection:
        return append_in(connection, entry)


def append_in(connection: sa.Connection, entry: Entry) -> int:
    """Write one entry inside the caller's transaction, as its last statement; it is there once that has committed."""
    packed = pack(entry.subjects, secrets.token_bytes(SALT))
    leaf = canonical(
        {
            "version": VERSION,
            "at": _instant(entry.at),
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
            "subject_count": len(entry.subjects),
            "subjects": hashlib.sha256(packed).hexdigest(),
            "duration_us": entry.duration_us,
        }
    )
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))
    made = connection.execute(
        sa.insert(access_log).values(
            at=entry.at,
            client=entry.client,
            agreement=entry.agreement,
            purpose=entry.purpose,
            outcome=entry.outcome,
            leaf=leaf,
            leaf_hash=leaf_hash(leaf),
            subjects=packed,
        )
    )
    (seq,) = made.inserted_primary_key or (0,)
    return int(seq)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def index_subjects(engine: sa.Engine, after: int = 0) -> int:
    """Build `access_subject` for the entries behind `after` that it does not hold; returns the last seq seen.

    Safe to run twice, and beside another run.
    """
    with engine.connect() as connection:
        last = max(after, connection.scalar(sa.select(sa.func.max(access_subject.c.seq))) or 0)
    while True:
        with engine.begin() as connection:
            query = sa.select(access_log.c.seq, access_log.c.subjects).where(access_log.c.seq > last)
            rows = connection.execute(query.order_by(access_log.c.seq).limit(INDEXED_AT_ONCE)).all()
            found = [{"person_id": person_id, "seq": seq} for seq, packed in rows for person_id in unpack(packed)]
            if found:
                insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                connection.execute(insert(access_subject).on_conflict_do_nothing(), found)
        if not rows:
            return last
        last = int(rows[-1].seq)


def checkpoint(engine: sa.Engine, ring: KeyRing, origin: str) -> str:
    """A signed checkpoint over all leaves there are now."""
    size, root = merkle_root(leaf_hash(leaf) for leaf, *_ in _leaves(engine))
    return sign(Checkpoint(origin=origin, size=size, root=root), ring)


def verify(engine: sa.Engine, signed: Checkpoint | None = None) -> list[str]:
    """What is wrong with the log; an empty list means: nothing.

    Every leaf is canonical, has its hash, and says what its columns and its subjects say; a signed
    checkpoint is a prefix of the log.
    """
    problems: list[str] = []
    heads: list[bytes] = []
    for leaf, stored, seq, packed, columns in _leaves(engine):
        problems += [f"entry {seq}: {problem}" for problem in _problems(leaf, stored, packed, columns)]
        heads.append(leaf_hash(leaf))
    if signed is not None:
        if len(heads) < signed.size:
            problems.append(f"the log has {len(heads)} entries, the checkpoint {signed.size}: entries were taken away")
        elif merkle_root(heads[: signed.size])[1] != signed.root:
            problems.append(f"the first {signed.size} entries are not those the checkpoint was signed over")
    return problems


def _leaves(engine: sa.Engine) -> Iterator[tuple[bytes, bytes, int, bytes, dict[str, Any]]]:
    names = ("at", "client", "agreement", "purpose", "outcome")
    query = sa.select(
        access_log.c.leaf,
        access_log.c.leaf_hash,
        access_log.c.seq,
        access_log.c.subjects,
        *(access_log.c[n] for n in names),
    ).order_by(access_log.c.seq)
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query):
            yield bytes(row[0]), bytes(row[1]), row[2], bytes(row[3]), dict(zip(names, row[4:], strict=True))


def _problems(leaf: bytes, stored: bytes, packed: bytes, columns: Mapping[str, Any]) -> Sequence[str]:
    if stored != leaf_hash(leaf):
        return ["the leaf hash is not that of the leaf"]
    try:
        told = json.loads(leaf)
        whole = canonical(told) == leaf and told["version"] == VERSION
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        return ["the leaf is not canonical JSON of a known version"]
    at = columns["at"] if columns["at"].tzinfo else columns["at"].replace(tzinfo=UTC)
    found = []
    if any(told[name] != (_instant(at) if name == "at" else value) for name, value in columns.items()):
        found.append("a column says something else than the leaf")
    if told["subjects"] != hashlib.sha256(packed).hexdigest() or told["subject_count"] != len(unpack(packed)):
        found.append("the subjects are not those of the leaf")
    return found
