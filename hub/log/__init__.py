"""The access log: who read what of whom, for what purpose; it only grows, and anyone can verify it.

1. One row an operation, refused ones too; it is committed before the answer leaves (no log, no read).
2. A row's `leaf` is canonical JSON (RFC 8785) with a version; its hash is the RFC 6962 leaf hash, and the
   Merkle tree is over all leaves in order of `seq`. Appending is serialised (hub/log/writer.py), so a tree once
   signed (hub/checkpoint.py) is a prefix of every later one.
3. Subjects stand packed beside the leaf: 16 random bytes, then the person_ids, ascending, 8 bytes each.
   The leaf holds their count and the packed value's SHA-256, so that a subject can be neither added nor
   taken away unseen, nor guessed from the leaf.
4. Rows are the truth; behind them, and to be built again from them, stand `access_subject` (a person's own
   accesses, hub/log/subjects.py) and the tree's nodes (hub/log/tree.py). Proofs (hub/log/proofs.py) need neither.

A leaf never holds variables, literals, names of persons or ID numbers; person_ids stay in the store.
"""

from hub.log.entry import Entry, canonical, pack, unpack
from hub.log.keeper import Keeper
from hub.log.proofs import consistency, inclusion
from hub.log.subjects import accesses, index_subjects
from hub.log.verification import Verdict, checkpoint, examine, keep_verified, last_verified, verify
from hub.log.writer import Writer, append, append_in

__all__ = [
    "Entry",
    "Keeper",
    "Verdict",
    "Writer",
    "accesses",
    "append",
    "append_in",
    "canonical",
    "checkpoint",
    "consistency",
    "examine",
    "inclusion",
    "index_subjects",
    "keep_verified",
    "last_verified",
    "pack",
    "unpack",
    "verify",
]
