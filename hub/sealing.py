"""Sealing: direct identifiers encrypted before they touch a disk, opened only under an explicit grant.

A sealed value is `0x01 | length of key id | key id | 12-byte nonce | AES-256-GCM ciphertext`. What it belongs to
(source, stream) is bound as associated data, so that a value cannot be moved to another place and still open.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import KeysError
from hub.keys import KeyRing
from hub.reading.values import encodable

NONCE = 12
VERSION = b"\x01"


def as_json(values: Mapping[str, Any]) -> bytes:
    """Any raw row as JSON, keys sorted, whatever it holds: huge integers, NaN and broken text included.

    The same values always give the same bytes.
    """
    if all(type(value) is str for value in values.values()):
        try:
            return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # half a character
            pass
    return json.dumps(values, default=str, sort_keys=True).encode()


def plainly(raw: object) -> object:
    """A sealed value as a row's digest counts it: a text as it is, '' as none, anything else as JSON in a list."""
    if raw is None or raw == "":
        return None
    return raw if type(raw) is str and encodable(raw) else [json.dumps(raw, default=str, sort_keys=True)]


class Sealer:
    """Seals and opens one place's values under the ring's sealing key."""

    def __init__(self, ring: KeyRing, place: str) -> None:
        self._told = ring, place
        self._cipher = AESGCM(ring.derive("seal"))
        self._place = place.encode()
        key_id = ring.key_id.encode()
        self._head = VERSION + bytes([len(key_id)]) + key_id

    def __reduce__(self) -> tuple[type[Sealer], tuple[KeyRing, str]]:
        return Sealer, self._told

    def seal(self, values: Mapping[str, Any]) -> bytes:
        """The values (JSON-able) as one sealed blob."""
        (blob,) = self.seal_all([as_json(values)], 1)
        return blob

    def seal_all(self, contents: Iterable[bytes], count: int) -> list[bytes]:
        """Each of `count` contents (JSON objects) as a sealed blob."""
        random = os.urandom(NONCE * count)
        nonces = [random[at : at + NONCE] for at in range(0, NONCE * count, NONCE)]
        head, place, encrypt = self._head, self._place, self._cipher.encrypt
        pairs = zip(nonces, contents, strict=True)
        return [head + nonce + encrypt(nonce, content, place) for nonce, content in pairs]

    def open(self, blob: bytes) -> dict[str, Any]:
        """The values of a sealed blob. Raises KeysError where the key is another, the blob damaged or moved."""
        head = len(self._head)
        if not blob:
            raise KeysError("A sealed value has been destroyed", remedy="Ask the department for the row again")
        if blob[:head] != self._head:
            raise KeysError(
                "A sealed value was made with another key", remedy="Use the key file that was in use when it was landed"
            )
        try:
            opened: dict[str, Any] = json.loads(
                self._cipher.decrypt(blob[head : head + NONCE], blob[head + NONCE :], self._place)
            )
        except InvalidTag:
            raise KeysError(
                "A sealed value does not open: damaged, moved or of another key", remedy="Restore it from backup"
            ) from None
        return opened
