"""A signed statement of all that the access log held: an RFC 6962 tree head as a C2SP signed note.

1. Hashes are those of RFC 6962: a leaf is SHA-256(0x00 || leaf), a node SHA-256(0x01 || left || right).
2. A note is tlog-checkpoint text signed with Ed25519; whoever holds the verifier key needs nothing of ours to
   check it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.errors import InputError
from hub.keys import KeyRing

ED25519 = b"\x01"  # C2SP signature type


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962: SHA-256(0x00 || leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Fold:
    """The tree head over leaves that come one by one: the heads of the perfect trees so far; constant memory."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []  # leaves under it, its head; ever smaller

    def join(self, count: int, head: bytes) -> None:
        """Add the head of a perfect tree over the next `count` leaves; 1 for a leaf hash."""
        self.size += count
        while self._peaks and self._peaks[-1][0] == count:
            head, count = node_hash(self._peaks.pop()[1], head), count * 2
        self._peaks.append((count, head))

    def head(self) -> bytes:
        """The RFC 6962 tree head over all of them."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        *rest, (_, head) = self._peaks
        for _, left in reversed(rest):
            head = node_hash(left, head)
        return head


def merkle_root(hashes: Iterable[bytes]) -> tuple[int, bytes]:
    """How many leaf hashes there are, and the RFC 6962 tree head over them; constant memory."""
    fold = Fold()
    for leaf in hashes:
        fold.join(1, leaf)
    return fold.size, fold.head()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: `size` leaves of the log `origin` hash to `root`."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The signed text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def verifier_key(ring: KeyRing, origin: str) -> str:
    """The public key of the log in C2SP's text form `name+hash+base64`; hand it to whoever shall verify."""
    public = _public(ring)
    return f"{origin}+{_key_hash(origin, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def sign(checkpoint: Checkpoint, ring: KeyRing) -> str:
    """The checkpoint as a signed note."""
    signature = ring.log_key.sign(checkpoint.body.encode())
    blob = base64.b64encode(_key_hash(checkpoint.origin, _public(ring)) + signature).decode()
    return f"{checkpoint.body}\n— {checkpoint.origin} {blob}\n"


def open_note(note: str, key: str) -> Checkpoint:
    """The checkpoint in a signed note, its signature verified. Raises InputError."""
    wrong = InputError(
        "The checkpoint is not signed by this key", remedy="Use the verifier key the hub's operator published"
    )
    try:
        name, key_hash, encoded = key.split("+", 2)
        public = base64.b64decode(encoded, validate=True)
        body, signatures = note.split("\n\n", 1)
        body += "\n"
        origin, size, root, rest = body.split("\n", 3)
        if public[:1] != ED25519 or _key_hash(name, public[1:]).hex() != key_hash or rest or origin != name:
            raise wrong
        *lines, end = signatures.split("\n")
        ours = [line.removeprefix(f"— {name} ") for line in lines if line.startswith(f"— {name} ")]
        blobs = {text: base64.b64decode(text, validate=True) for text in ours}
        text, blob = next(item for item in blobs.items() if item[1][:4].hex() == key_hash)
        if end or base64.b64encode(blob).decode() != text:
            raise wrong
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(blob[4:], body.encode())
        found = Checkpoint(origin=origin, size=int(size), root=base64.b64decode(root, validate=True))
    except (ValueError, IndexError, StopIteration, InvalidSignature):
        raise wrong from None
    if found.body != body or len(found.root) != 32:
        raise wrong
    return found


def _public(ring: KeyRing) -> bytes:
    return ring.log_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]
