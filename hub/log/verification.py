"""Whether the log is whole: every entry against its hash, its columns and its subjects; all against signed tree heads.

1. What was verified is signed and kept: the next time only the entries behind it are read, and some blocks before it,
   drawn at random. The nodes it starts from must hash to the signed head, so they need not be believed.
2. `whole` reads everything, and compares every node with the rows it was made from.
3. A checkpoint kept elsewhere may be older or newer than what was verified last: either way the log must continue it.
   Only such a checkpoint shows that the end of the log was cut off together with all that was signed about it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.checkpoint import Checkpoint, Fold, leaf_hash, open_note, sign, verifier_key
from hub.errors import AuditFailed, InputError
from hub.keys import KeyRing
from hub.log.entry import EXACT, VERSIONS, instant, unpack
from hub.log.tree import BLOCK, Tree, extend, nodes_of
from hub.store import access_log, access_log_node, access_log_verified

SAMPLE = 16  # blocks of 256 entries
COLUMNS = ("at", "client", "agreement", "purpose", "outcome")
FORM: Mapping[str, type] = {
    **dict.fromkeys(("agreement", "at", "client", "document", "operation", "outcome", "purpose", "refusal"), str),
    **dict.fromkeys(("role", "subjects"), str),
    **dict.fromkeys(("duration_us", "publication", "rows", "subject_count", "times", "version"), int),
    **dict.fromkeys(("fields", "withheld"), list),
}
FORMS = {version: {name: kind for name, kind in FORM.items() if version > 1 or name != "times"} for version in VERSIONS}


@dataclass(kw_only=True)
class Verdict:
    """What a verification found: the log's tree head, how many entries were read, what is wrong."""

    size: int = 0
    head: bytes = b""
    read: int = 0
    problems: list[str] = field(default_factory=list)


def checkpoint(engine: sa.Engine, ring: KeyRing, origin: str) -> str:
    """A signed checkpoint over all entries there are now. Raises AuditFailed where entries are missing."""
    extend(engine)
    with engine.connect() as connection:
        tree = Tree(connection)
        return sign(Checkpoint(origin=origin, size=tree.size, root=tree.head(0, tree.size)), ring)


def verify(engine: sa.Engine, signed: Checkpoint | None = None) -> list[str]:
    """What is wrong with the whole log; an empty list means: nothing."""
    return examine(engine, signed).problems


def examine(
    engine: sa.Engine, signed: Checkpoint | None = None, *, since: Checkpoint | None = None, sample: int = SAMPLE
) -> Verdict:
    """Verify the log: all of it, or what follows `since` (which was verified) and `sample` blocks before it."""
    extend(engine)
    found = Verdict()
    with engine.connect() as connection:
        try:
            _examine(connection, found, [told for told in (since, signed) if told], since.size if since else 0)
            if since:
                _sample(connection, found, since.size // BLOCK, sample)
        except AuditFailed as missing:
            found.problems.append(missing.message)
    return found


def _examine(connection: sa.Connection, found: Verdict, signed: Sequence[Checkpoint], start: int) -> None:
    tree = Tree(connection)
    block = min(start, tree.size) // BLOCK
    fold = tree.fold(block * BLOCK)
    for told in signed:
        if told.size <= fold.size and tree.head(0, told.size) != told.root:
            found.problems.append(_differs(told))
    nodes = dict(enumerate((head for _, head in nodes_of(connection, 0, block, None)), block))
    of_block, last = Fold(), 0
    for leaf, stored, seq, packed, columns in _rows(connection, tree.before(block)):
        found.problems += [f"entry {seq}: {problem}" for problem in _problems(leaf, stored, packed, columns)]
        found.read += 1
        of_block.join(1, stored)
        fold.join(1, stored)
        if of_block.size == BLOCK:
            place = fold.size // BLOCK - 1
            if nodes.get(place, of_block.head()) != of_block.head():
                found.problems.append(f"the entries up to {seq} are not those the tree was built of")
            of_block = Fold()
        found.problems += [_differs(told) for told in signed if told.size == fold.size and told.root != fold.head()]
        last = seq
    found.size, found.head = fold.size, fold.head()
    for told in signed:
        if told.size > fold.size:
            found.problems.append(
                f"the log has {fold.size} entries, the checkpoint {told.size}: entries were taken away"
            )
    if start == 0:
        found.problems += _upper(connection, last)


def _differs(told: Checkpoint) -> str:
    return f"the first {told.size} entries are not those the checkpoint was signed over"


def _upper(connection: sa.Connection, last: int) -> list[str]:
    """What is wrong with the nodes above the blocks, and with nodes of entries that are not there."""
    node = access_log_node.c
    top = connection.scalar(sa.select(sa.func.max(node.level))) or 0
    problems = []
    for level in range(1, top + 1):
        below = nodes_of(connection, level - 1, 0, None)
        for place, (_, head) in enumerate(nodes_of(connection, level, 0, None)):
            fold = Fold()
            for _, part in below[place * BLOCK : (place + 1) * BLOCK]:
                fold.join(1, part)
            if fold.head() != head:
                problems.append(f"the tree's node {place} of level {level} is not that of its blocks")
    if (connection.scalar(sa.select(sa.func.max(node.last_seq))) or 0) > last:
        problems.append("the tree was built of entries that are not there: entries were taken away")
    return problems


def _sample(connection: sa.Connection, found: Verdict, blocks: int, sample: int) -> None:
    """Check some whole blocks of those before, drawn at random."""
    tree = Tree(connection)
    for block in sorted(secrets.SystemRandom().sample(range(blocks), min(sample, blocks))):
        ((last, head),) = nodes_of(connection, 0, block, block + 1)
        fold = Fold()
        for leaf, stored, seq, packed, columns in _rows(connection, tree.before(block), last):
            found.problems += [f"entry {seq}: {problem}" for problem in _problems(leaf, stored, packed, columns)]
            found.read += 1
            fold.join(1, stored)
        if fold.size != BLOCK or fold.head() != head:
            found.problems.append(f"the entries up to {last} are not those the tree was built of")


def last_verified(engine: sa.Engine, ring: KeyRing, origin: str) -> Checkpoint | None:
    """What was verified last, its signature checked; None where nothing was. Raises InputError where it is forged."""
    verified = access_log_verified.c
    with engine.connect() as connection:
        note = connection.scalar(sa.select(verified.note).order_by(verified.size.desc()).limit(1))
    return open_note(note, verifier_key(ring, origin)) if note else None


def keep_verified(engine: sa.Engine, ring: KeyRing, origin: str, found: Verdict) -> str:
    """Sign what was verified, and keep it for the next time. Raises InputError where there were problems."""
    if found.problems:
        raise InputError("What does not hold is not signed", remedy="Look into the problems first")
    note = sign(Checkpoint(origin=origin, size=found.size, root=found.head), ring)
    with engine.begin() as connection:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        row = insert(access_log_verified).values(size=found.size, at=datetime.now(UTC), note=note)
        connection.execute(row.on_conflict_do_nothing())
    return note


def _rows(
    connection: sa.Connection, after: int, until: int | None = None
) -> Iterator[tuple[bytes, bytes, int, bytes, dict[str, Any]]]:
    log = access_log.c
    query = sa.select(log.leaf, log.leaf_hash, log.seq, log.subjects, *(log[n] for n in COLUMNS)).where(log.seq > after)
    if until is not None:
        query = query.where(log.seq <= until)
    for row in connection.execute(query.order_by(log.seq), execution_options={"yield_per": 1000}):
        yield bytes(row[0]), bytes(row[1]), row[2], bytes(row[3]), dict(zip(COLUMNS, row[4:], strict=True))


def _problems(leaf: bytes, stored: bytes, packed: bytes, columns: Mapping[str, Any]) -> Sequence[str]:
    if stored != leaf_hash(leaf):
        return ["the leaf hash is not that of the leaf"]
    told = read(leaf)
    if told is None:
        return ["the leaf is not canonical JSON of a known version"]
    at = columns["at"] if columns["at"].tzinfo else columns["at"].replace(tzinfo=UTC)
    found = []
    if any(told[name] != (instant(at) if name == "at" else value) for name, value in columns.items()):
        found.append("a column says something else than the leaf")
    if (
        told["subjects"] != hashlib.sha256(packed).hexdigest()
        or told["subject_count"] != len(packed) // 8 - 2
        or list(unpack(packed)) != sorted(set(unpack(packed)))
    ):
        found.append("the subjects are not those of the leaf")
    return found


def read(leaf: bytes) -> dict[str, Any] | None:
    """What a leaf says; None where it is not canonical JSON of a known version.

    Its names are ASCII, so sorted bytes are RFC 8785's order; its numbers are integers that JSON carries exactly.
    """
    try:
        told = orjson.loads(leaf)
        form = FORMS.get(told["version"])
        whole = (
            form is not None
            and {name: type(value) for name, value in told.items()} == form
            and all(type(item) is str for name in ("fields", "withheld") for item in told[name])
            and all(abs(told[name]) <= EXACT for name, kind in form.items() if kind is int)
            and orjson.dumps(told, option=orjson.OPT_SORT_KEYS) == leaf
        )
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, TypeError, KeyError):
        return None
    return told if whole else None
