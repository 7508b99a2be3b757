"""Sealing at the edge: a department seals identifiers to the hub's public key before its file travels.

1. A file has one key of its own, made at random; HPKE (RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM) seals it to the
   hub's public key. Every value is AES-256-GCM under the file's key with a nonce of its own, so equal values differ.
2. The column's header and the line of the file are bound to a value as associated data, and a delivery holds values
   of one file's key only: a value that was moved, copied or taken from another file does not open.
3. The last row that holds a sealed value says so, likewise bound: a file whose end was cut off is refused whole.
4. A value is padded to 64, 128, 256 ... bytes. Empty cells stay empty.
5. The hub opens values in memory, between the transport and the reader of rows. A value that does not open puts its
   row into quarantine under a reason of REASONS, as it came; nothing of it is ever shown.

The text of a sealed value is `aidsealed:v1:KEY_ID:BASE64URL` of `sealed file key (80 bytes) | nonce (12) | ciphertext`,
its content JSON, so that a spreadsheet's number stays a number. Whoever holds the public key can seal: who sent a file
is the transport's to prove.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.base import Stream
from connectors.pages import Page, RawRow
from connectors.transports.headers import plain
from hub.errors import InputError, KeysError
from hub.keys import KeyRing

REASONS = {
    "edge_key_unknown": "边缘封存所用公钥不是本中心的 sealed to a key that the hub does not hold",
    "edge_damaged": "边缘封存的值损坏或被移动 a value sealed at the edge is damaged or was moved",
}
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
PREFIX = "aidsealed:"
SEALED = f"{PREFIX}v1:"
PUBLIC = "aidedge:v1:"
FILE_KEY, NONCE, SMALLEST = 80, 12, 64  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The hub's public key for the edge. `key_id` is derived from it, so a mistyped key is noticed."""

    key_id: str
    raw: bytes

    @classmethod
    def of(cls, private: bytes) -> PublicKey:
        return cls.raw_of(X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())

    @classmethod
    def raw_of(cls, raw: bytes) -> PublicKey:
        return cls(key_id="e" + hashlib.sha256(b"aidgraph edge key" + raw).hexdigest()[:8], raw=raw)

    @property
    def text(self) -> str:
        """`aidedge:v1:KEY_ID:BASE64URL`, as departments are given it."""
        return f"{PUBLIC}{self.key_id}:{_text(self.raw)}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Raises KeysError where the text is not whole."""
        try:
            key_id, _, encoded = text.strip().removeprefix(PUBLIC).partition(":")
            key = cls.raw_of(_bytes(encoded))
            X25519PublicKey.from_public_bytes(key.raw)
        except ValueError:
            key_id, key = "", None
        if key is None or key.key_id != key_id:
            raise KeysError(
                "This is not a public key of a hub, or not the whole of it",
                remedy="Ask the hub's operator for what `aidgraph keys public` prints, and give the text or its file",
            )
        return key


class Envelope:
    """Seals the values of one file; `PublicKey` is all it needs."""

    def __init__(self, public: PublicKey) -> None:
        key = os.urandom(32)
        self._cipher = AESGCM(key)
        self._head = SUITE.encrypt(key, X25519PublicKey.from_public_bytes(public.raw), info=_info(public.key_id))
        self._name = f"{SEALED}{public.key_id}:"

    def seal(self, value: object, header: str, line: int, *, last: bool = False) -> str:
        """A value of a line under a header, sealed; `last`: no later row holds one."""
        content = orjson.dumps(value, default=str)
        padded = content.ljust(max(SMALLEST, 1 << (len(content) - 1).bit_length()))  # JSON ends in any white space
        nonce = os.urandom(NONCE)
        return self._name + _text(
            self._head + nonce + self._cipher.encrypt(nonce, padded, _place(header, line, last=last))
        )


class Unopened(Exception):
    """A value that stays sealed; `reason` is a key of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


Refuse = Callable[[RawRow, str, str, Mapping[str, object]], None]


class Opener:
    """Opens one delivery's pages. `refuse(row as it came, reason, field, what did open)` takes what stays sealed."""

    def __init__(self, ring: KeyRing, stream: Stream, refuse: Refuse) -> None:
        self._keys = {
            PublicKey.of(private).key_id: X25519PrivateKey.from_private_bytes(private) for private in ring.edge
        }
        self._names = {f.name: [plain(name) for name in (*f.names, f.name)] for f in stream.fields}
        self._identifiers = stream.identifiers
        self._refuse = refuse
        self._file: tuple[bytes, AESGCM] | None = None  # the sealed file key of this delivery, and the key
        self._ended = False

    def opened(self, page: Page) -> Page:
        """The page with its sealed values in the clear, without the rows that do not open."""
        if not looks_sealed(page.columns, self._identifiers):
            return page
        sealed = [name for name, column in page.columns.items() if _holds_sealed(column)]
        columns = {name: list(column) for name, column in page.columns.items()}
        refused: dict[int, tuple[str, str]] = {}
        for name in sealed:
            column, headers = columns[name], list(self._names.get(name, [plain(name)]))
            for at, value in enumerate(column):
                if is_sealed(value):
                    try:
                        column[at] = self._open(str(value), headers, page.lines[at])
                    except Unopened as unopened:
                        refused.setdefault(at, (unopened.reason, name))
        if not refused:
            return replace(page, columns=columns)
        came = list(page.rows())
        for at, (reason, name) in refused.items():
            clear = {key: column[at] for key, column in columns.items() if not is_sealed(column[at])}
            self._refuse(came[at], reason, name, clear)
        kept = [at for at in range(len(page.lines)) if at not in refused]
        return Page(
            lines=[page.lines[at] for at in kept],
            columns={name: [column[at] for at in kept] for name, column in columns.items()},
        )

    def finish(self, name: str) -> None:
        """Raises InputError where the last row of a sealed file did not come; `name` names the delivery."""
        if self._file is not None and not self._ended:
            raise InputError(
                f"{name}: the end of the sealed file is missing or damaged, rows may have been cut off",
                remedy="Nothing was landed; ask the department to send the file again",
            )

    def _open(self, text: str, headers: list[str], line: int) -> object:
        """The value; the header that opened it goes to the front of `headers`. Raises Unopened."""
        key_id, _, encoded = text.removeprefix(SEALED).partition(":")
        if not text.startswith(SEALED) or not encoded:
            raise Unopened("edge_damaged")
        if key_id not in self._keys:
            raise Unopened("edge_key_unknown")
        try:
            blob = _bytes(encoded)
            cipher = self._cipher(key_id, blob[:FILE_KEY])
        except (ValueError, InvalidTag):
            raise Unopened("edge_damaged") from None
        nonce, rest = blob[FILE_KEY : FILE_KEY + NONCE], blob[FILE_KEY + NONCE :]
        for last in (False, True):
            for order, header in enumerate(headers):
                try:
                    content = cipher.decrypt(nonce, rest, _place(header, line, last=last))
                except (InvalidTag, ValueError):
                    continue
                headers.insert(0, headers.pop(order))
                self._ended |= last
                value: object = orjson.loads(content)
                return value
        raise Unopened("edge_damaged")

    def _cipher(self, key_id: str, head: bytes) -> AESGCM:
        if self._file is None:
            self._file = head, AESGCM(SUITE.decrypt(head, self._keys[key_id], info=_info(key_id)))
        if self._file[0] != head:
            raise ValueError("of another file")
        return self._file[1]


def looks_sealed(columns: Mapping[str, Sequence[object]], identifiers: Collection[str]) -> bool:
    """Does a page hold sealed values? Columns of identifiers are looked through whole, others at their first value."""
    return any(_holds_sealed(column if name in identifiers else column[:1]) for name, column in columns.items())


def is_sealed(value: object) -> bool:
    """Does a cell hold a value sealed at the edge?"""
    return isinstance(value, str) and value.startswith(PREFIX)


def _holds_sealed(column: Sequence[object]) -> bool:
    try:
        return PREFIX in "".join(column)  # type: ignore[arg-type]  # the quick way where all is text
    except TypeError:
        return any(is_sealed(value) for value in column)


def _info(key_id: str) -> bytes:
    return f"aidgraph edge v1 {key_id}".encode()


def _place(header: str, line: int, *, last: bool) -> bytes:
    return f"{line}{' last' if last else ''}\n{header}".encode()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64url") from None
    if _text(value) != text:  # its last character may say bits that no byte has
        raise ValueError("not the text of these bytes")
    return value
