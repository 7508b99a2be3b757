"""The Merkle tree over the entries (RFC 6962), without reading them all: tree heads of whole blocks stand in the store.

1. A block is 256 entries in order of seq; 256 blocks are one of the next level, and so on. A node is the tree head of
   a whole block and the seq of its last entry: about one node of 32 bytes for 256 entries.
2. Nodes are derived. The rows are the truth: `hub/log/verification.py` compares, and a lost node is built again.
3. A hash inside a block is read from the block's rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.checkpoint import Fold, merkle_root, node_hash
from hub.errors import AuditFailed
from hub.store import access_log, access_log_node

BLOCK = 256
AT_ONCE = 64  # blocks of one transaction
Node = tuple[int, bytes]  # the seq of its last entry, its tree head


def extend(engine: sa.Engine) -> None:
    """Build the nodes of the blocks that became whole. Safe to run twice, and beside another run."""
    while True:
        with engine.begin() as connection:
            built = _extend_blocks(connection)
            level = 0
            while _extend_level(connection, level):
                level += 1
        if built < AT_ONCE:
            return


def _extend_blocks(connection: sa.Connection) -> int:
    position, after = _end(connection, 0)
    query = sa.select(access_log.c.seq, access_log.c.leaf_hash).where(access_log.c.seq > after)
    rows = connection.execute(query.order_by(access_log.c.seq).limit(BLOCK * AT_ONCE)).all()
    nodes = list(_joined([(seq, bytes(leaf)) for seq, leaf in rows]))
    _insert(connection, 0, position, nodes)
    return len(nodes)


def _extend_level(connection: sa.Connection, below: int) -> int:
    """Join whole blocks of the level below; how many came to be."""
    position, _ = _end(connection, below + 1)
    nodes = list(_joined(nodes_of(connection, below, position * BLOCK, None)))
    _insert(connection, below + 1, position, nodes)
    return len(nodes)


def _joined(parts: Sequence[Node]) -> Iterator[Node]:
    """Each whole block of parts as one node."""
    for start in range(0, len(parts) - BLOCK + 1, BLOCK):
        block = parts[start : start + BLOCK]
        yield block[-1][0], merkle_root(part for _, part in block)[1]


def _insert(connection: sa.Connection, level: int, position: int, nodes: Sequence[Node]) -> None:
    rows = [
        {"level": level, "position": position + n, "last_seq": seq, "hash": head} for n, (seq, head) in enumerate(nodes)
    ]
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(access_log_node).on_conflict_do_nothing(), rows)


def _end(connection: sa.Connection, level: int) -> tuple[int, int]:
    """How many nodes a level has, and the last seq they cover."""
    node = access_log_node.c
    query = sa.select(node.position, node.last_seq).where(node.level == level).order_by(node.position.desc()).limit(1)
    row = connection.execute(query).first()
    return (row.position + 1, row.last_seq) if row else (0, 0)


def nodes_of(connection: sa.Connection, level: int, start: int, end: int | None) -> list[Node]:
    """The nodes of a level from position `start` up to `end`, or all that follow."""
    node = access_log_node.c
    query = sa.select(node.last_seq, node.hash).where(node.level == level, node.position >= start)
    if end is not None:
        query = query.where(node.position < end)
    return [(seq, bytes(head)) for seq, head in connection.execute(query.order_by(node.position))]


class Tree:
    """Tree heads over the entries that a connection sees. Raises AuditFailed where entries or nodes are missing."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._whole, self._last = _end(connection, 0)
        self._tail = self._rows(self._last, None)
        self.size = self._whole * BLOCK + len(self._tail)
        self._leaves = lru_cache(8)(self._block)

    def head(self, start: int, end: int) -> bytes:
        """RFC 6962's tree head over the entries `start` to `end`, counted from 0, `end` not among them."""
        count = end - start
        if count == 0:
            return hashlib.sha256(b"").digest()
        if count & (count - 1) == 0 and start % count == 0:
            return self._perfect(start, count)
        left = split(count)
        return node_hash(self.head(start, start + left), self.head(start + left, end))

    def fold(self, size: int) -> Fold:
        """The heads of the first `size` entries, to be continued with those that follow."""
        fold, start = Fold(), 0
        while start < size:
            count = 1 << ((size - start).bit_length() - 1)
            fold.join(count, self._perfect(start, count))
            start += count
        return fold

    def position(self, seq: int) -> int | None:
        """The place of an entry in the tree, counted from 0; None where there is none of this seq."""
        node = access_log_node.c
        query = sa.select(sa.func.min(node.position)).where(node.level == 0, node.last_seq >= seq)
        found = self._connection.scalar(query)
        block = self._whole if found is None else found
        after = self.before(block)
        until = None if found is None else nodes_of(self._connection, 0, block, block + 1)[0][0]
        seqs = [entry for entry, _ in self._rows(after, until)]
        return block * BLOCK + seqs.index(seq) if seq in seqs else None

    def before(self, block: int) -> int:
        """The seq of the last entry before a block."""
        return nodes_of(self._connection, 0, block - 1, block)[0][0] if block else 0

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """The leaf hashes of entries of one block."""
        inside = start - start % BLOCK
        return self._leaves(start // BLOCK)[start - inside : end - inside]

    def _perfect(self, start: int, count: int) -> bytes:
        if count < BLOCK:
            return merkle_root(self.leaves(start, start + count))[1]
        level, unit = 0, BLOCK
        while unit * BLOCK <= count:
            level, unit = level + 1, unit * BLOCK
        nodes = nodes_of(self._connection, level, start // unit, (start + count) // unit)
        if len(nodes) != count // unit:
            raise _missing(start, start + count)
        return merkle_root(head for _, head in nodes)[1]

    def _block(self, block: int) -> Sequence[bytes]:
        if block == self._whole:
            return [leaf for _, leaf in self._tail]
        nodes = nodes_of(self._connection, 0, block, block + 1)
        rows = self._rows(self.before(block), nodes[0][0]) if nodes else []
        if len(rows) != BLOCK:
            raise _missing(block * BLOCK, (block + 1) * BLOCK)
        return [leaf for _, leaf in rows]

    def _rows(self, after: int, until: int | None) -> list[Node]:
        query = sa.select(access_log.c.seq, access_log.c.leaf_hash).where(access_log.c.seq > after)
        if until is not None:
            query = query.where(access_log.c.seq <= until)
        return [(seq, bytes(leaf)) for seq, leaf in self._connection.execute(query.order_by(access_log.c.seq))]


def split(count: int) -> int:
    """The greatest power of two below `count`: where RFC 6962 parts a tree."""
    return 1 << ((count - 1).bit_length() - 1)


def _missing(start: int, end: int) -> AuditFailed:
    return AuditFailed(
        f"Of the entries {start + 1} to {end} of the access log some are missing, or their place in the tree is",
        remedy="Run `aidgraph log verify --whole`",
    )
