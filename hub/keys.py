"""The hub's keys: one file, readable by its owner only, or one environment variable.

1. A master secret never leaves this module: every use gets a key derived for its purpose and context (HKDF-SHA256).
2. Keys are not in the store and not in the lake; what they made carries the key id.
3. Tokens of callers are signed with Ed25519; the log's checkpoints with a key of their own.
4. Departments seal to the newest edge key (X25519, hub/edge/envelope.py); older ones stay, to open what is on its way.
5. Nothing here prints a secret.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import KeysError

Purpose = Literal["mac", "name", "seal", "raw-row", "person-token", "household-token", "case-token", "cursor"]
REMEDY = (
    "Make keys with `aidgraph keys make FILE`, keep them outside the data folder, and set AIDGRAPH_KEYS to the file"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys in use. `key_id` names the linkage key in every MAC and sealed value."""

    key_id: str
    master: bytes = field(repr=False)
    token_seed: bytes = field(repr=False)
    log_seed: bytes = field(repr=False)
    edge: tuple[bytes, ...] = field(default=(), repr=False)  # private keys, the newest first

    def derive(self, purpose: Purpose, context: str = "", length: int = 32) -> bytes:
        """A key of `length` bytes for one purpose and context; the same for the same ring, unrelated to every other."""
        return _derive(self.master, f"aidgraph/{purpose}/{context}", length)

    @property
    def token_key(self) -> Ed25519PrivateKey:
        """Signs callers' tokens (JWT, EdDSA)."""
        return Ed25519PrivateKey.from_private_bytes(self.token_seed)

    @property
    def log_key(self) -> Ed25519PrivateKey:
        """Signs the access log's checkpoints."""
        return Ed25519PrivateKey.from_private_bytes(self.log_seed)

    def dump(self) -> str:
        """The key file's text: JSON."""
        return json.dumps(
            {
                "version": 1,
                "key_id": self.key_id,
                "master": _text(self.master),
                "token_seed": _text(self.token_seed),
                "log_seed": _text(self.log_seed),
                "edge": [_text(private) for private in self.edge],
            },
            indent=2,
        )


@lru_cache(maxsize=256)
def _derive(master: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info.encode()).derive(master)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode()


def make() -> KeyRing:
    """Fresh keys from the operating system's generator."""
    return KeyRing(
        key_id="k" + secrets.token_hex(4),
        master=secrets.token_bytes(32),
        token_seed=secrets.token_bytes(32),
        log_seed=secrets.token_bytes(32),
        edge=(secrets.token_bytes(32),),
    )


def rotate_edge(path: Path) -> KeyRing:
    """Put a fresh edge key in front of those of a key file; all that the file held stays. Raises KeysError."""
    ring = load(str(path))
    renewed = replace(ring, edge=(secrets.token_bytes(32), *ring.edge))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        save(renewed, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return renewed


def save(ring: KeyRing, path: Path) -> None:
    """Write a key file that only its owner can read; an existing file is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeysError(
            f"{path} exists", remedy="Keys are never overwritten: name another file, or move this one away"
        ) from None
    with os.fdopen(handle, "w") as file:
        file.write(ring.dump())
        file.flush()
        os.fsync(file.fileno())


def load(location: str | None) -> KeyRing:
    """The keys that AIDGRAPH_KEYS names: a file's path, or the JSON itself.

    Raises KeysError where there is none, where others can read the file, or where it is not a key file.
    """
    if not location:
        raise KeysError("The hub has no keys", remedy=REMEDY)
    text, name = (location, "AIDGRAPH_KEYS") if location.lstrip().startswith("{") else (_read(Path(location)), location)
    try:
        data = json.loads(text)
        ring = KeyRing(
            key_id=str(data["key_id"]),
            master=base64.urlsafe_b64decode(data["master"]),
            token_seed=base64.urlsafe_b64decode(data["token_seed"]),
            log_seed=base64.urlsafe_b64decode(data["log_seed"]),
            edge=tuple(base64.urlsafe_b64decode(private) for private in data.get("edge", ())),
        )
    except (ValueError, KeyError, TypeError):
        raise KeysError(f"{name} is not a key file", remedy=REMEDY) from None
    lengths = {len(key) for key in (ring.master, ring.token_seed, ring.log_seed, *ring.edge)}
    if lengths != {32} or not ring.key_id.isalnum():
        raise KeysError(f"{name} holds a key of the wrong length or a key id that is not alphanumeric", remedy=REMEDY)
    return ring


def _read(path: Path) -> str:
    if not path.is_file():
        raise KeysError(f"There is no key file {path}", remedy=REMEDY)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeysError(
            f"{path} can be read by others", remedy=f"Run `chmod 600 {path}`; if others may have read it, make new keys"
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise KeysError(f"{path} is not a key file", remedy=REMEDY) from None
