"""Whether the log is whole: every entry against its hash, its columns and its subjects, and all of it against a tree
head that was signed earlier.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from hub.checkpoint import Checkpoint, leaf_hash, merkle_root, sign
from hub.keys import KeyRing
from hub.log.entry import VERSIONS, canonical, instant, unpack
from hub.store import access_log


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
        whole = canonical(told) == leaf and told["version"] in VERSIONS
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        return ["the leaf is not canonical JSON of a known version"]
    at = columns["at"] if columns["at"].tzinfo else columns["at"].replace(tzinfo=UTC)
    found = []
    if any(told[name] != (instant(at) if name == "at" else value) for name, value in columns.items()):
        found.append("a column says something else than the leaf")
    if told["subjects"] != hashlib.sha256(packed).hexdigest() or told["subject_count"] != len(unpack(packed)):
        found.append("the subjects are not those of the leaf")
    return found
