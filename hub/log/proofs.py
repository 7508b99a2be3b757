"""Proofs that need neither the log nor our software: an entry is in a signed tree; one signed tree continues another.

The hashes are RFC 6962's (2.1.1, 2.1.2); the checks are RFC 9162's (2.1.3.2, 2.1.4.2). README shows a script that
checks a proof with the log's public key; tests/outsider/check_proof.py is that script.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hub.checkpoint import Checkpoint, sign
from hub.errors import InputError
from hub.keys import KeyRing
from hub.log.tree import Tree, extend, split
from hub.store import access_log

FORM = 1


def inclusion(engine: sa.Engine, ring: KeyRing, origin: str, seq: int) -> dict[str, Any]:
    """The proof that an entry is in the log as it is now, with its leaf. Raises InputError where there is none."""
    extend(engine)
    with engine.connect() as connection:
        leaf = connection.scalar(sa.select(access_log.c.leaf).where(access_log.c.seq == seq))
        tree = Tree(connection)
        index = tree.position(seq)
        if leaf is None or index is None or index >= tree.size:
            raise InputError(f"The access log has no entry {seq}", remedy="See `aidgraph log person`, or `accessLog`")
        return {
            "form": FORM,
            "kind": "inclusion",
            "checkpoint": _signed(tree, ring, origin),
            "index": index,
            "leaf": bytes(leaf).decode(),
            "proof": [head.hex() for head in _path(tree, index, 0, tree.size)],
        }


def consistency(engine: sa.Engine, ring: KeyRing, origin: str, note: str, old: Checkpoint) -> dict[str, Any]:
    """The proof that the log as it is now continues the one that `note` was signed over. Raises InputError."""
    extend(engine)
    with engine.connect() as connection:
        tree = Tree(connection)
        if old.size > tree.size:
            raise InputError(
                f"The log has {tree.size} entries, the checkpoint {old.size}: entries were taken away",
                remedy="Run `aidgraph log verify --whole` with the checkpoint",
            )
        proof = _grown(tree, old.size, 0, tree.size, known=True) if 0 < old.size < tree.size else []
        return {
            "form": FORM,
            "kind": "consistency",
            "old": note,
            "checkpoint": _signed(tree, ring, origin),
            "proof": [head.hex() for head in proof],
        }


def _signed(tree: Tree, ring: KeyRing, origin: str) -> str:
    return sign(Checkpoint(origin=origin, size=tree.size, root=tree.head(0, tree.size)), ring)


def _path(tree: Tree, index: int, start: int, end: int) -> list[bytes]:
    """PATH(index, D[start:end]) of RFC 6962."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*_path(tree, index, start, middle), tree.head(middle, end)]
    return [*_path(tree, index, middle, end), tree.head(start, middle)]


def _grown(tree: Tree, size: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """SUBPROOF(size, D[start:end], known) of RFC 6962; `size` counted from `start`."""
    if size == end - start:
        return [] if known else [tree.head(start, end)]
    left = split(end - start)
    if size <= left:
        return [*_grown(tree, size, start, start + left, known=known), tree.head(start + left, end)]
    return [*_grown(tree, size - left, start + left, end, known=False), tree.head(start, start + left)]
