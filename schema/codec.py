"""What an agreement is given in place of keys: tokens of persons and households, opaque codes, cursors.

1. All are AES-SIV under a key derived for the agreement, so two departments cannot join what they were given, and
   what was not made here does not open.
2. Texts are padded, so that a length says little.
3. A cursor is bound to its connection and filter; anything else fails alike (CursorRefused).
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from functools import cached_property, lru_cache, partial

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from hub.keys import KeyRing, Purpose
from schema.errors import CursorRefused
from schema.siv import Siv

BLOCK = 32
MANY = 4  # from so many on, texts are sealed together
KEY_BYTES = 64  # AES-256-SIV
TAG, PERSON = 16, 8  # bytes
URL_SAFE = bytes.maketrans(b"+/", b"-_")
REMEMBERED = 50_000  # tokens of persons an agreement, made again and again while a list is read
NOBODY = -1  # no person: a token that does not open runs the same statement and finds nothing
NO_HOUSEHOLD = ""
NO_CASE = ""


class Codec:
    """The tokens and cursors of one agreement."""

    def __init__(self, ring: KeyRing, agreement: str) -> None:
        def cipher(purpose: Purpose, context: str) -> AESSIV:
            return AESSIV(ring.derive(purpose, context, KEY_BYTES))

        self._persons = cipher("person-token", agreement)
        self._households = cipher("household-token", agreement)
        self._cursors = cipher("cursor", agreement)
        self._cases = cipher("case-token", agreement)
        self._codes = cipher("household-token", f"{agreement}/opaque")
        self._key = partial(ring.derive, context=agreement, length=KEY_BYTES)
        self.person = lru_cache(REMEMBERED)(self._person)

    def _person(self, person_id: int) -> str:
        """A person's token under this agreement."""
        return "p_" + _text(self._persons.encrypt(struct.pack(">q", person_id), None))

    def persons(self, person_ids: Sequence[int]) -> list[bytes]:
        """The tokens of many persons, as `person` makes each; as JSON."""
        if len(person_ids) < MANY:
            return [b'"%b"' % self.person(person_id).encode() for person_id in person_ids]
        packed = np.array(person_ids, ">i8").tobytes()
        return _texts(b'"p_', self._many_persons.sealed(packed, PERSON), TAG + PERSON)

    def person_id(self, token: str) -> int:
        """The person of a token; NOBODY where it is not one of this agreement's."""
        opened = _open(self._persons, token, "p_")
        return struct.unpack(">q", opened)[0] if opened and len(opened) == 8 else NOBODY

    def household(self, key: str) -> str:
        """A household's token under this agreement."""
        return "h_" + _text(self._households.encrypt(_pad(key.encode()), None))

    def household_key(self, token: str) -> str:
        """The household of a token; NO_HOUSEHOLD where it is not one of this agreement's."""
        opened = _open(self._households, token, "h_")
        return opened.rstrip(b"\0").decode() if opened else NO_HOUSEHOLD

    def case(self, key: str) -> str:
        """A case's token under this agreement, the same in every month."""
        return "c_" + _text(self._cases.encrypt(_pad(key.encode()), None))

    def case_key(self, token: str) -> str:
        """The case of a token; NO_CASE where it is not one of this agreement's."""
        opened = _open(self._cases, token, "c_")
        return opened.rstrip(b"\0").decode() if opened else NO_CASE

    def opaque(self, field: str, value: str) -> str:
        """A code that stands for a value of one field under this agreement: equal values, equal codes."""
        return "x_" + _text(self._codes.encrypt(_pad(value.encode()), [field.encode()]))

    def cursor(self, binding: bytes, key: bytes) -> str:
        """A place in a connection."""
        return _text(self._cursors.encrypt(_pad(key), [binding]))

    def cursors(self, binding: bytes, keys: Sequence[bytes]) -> list[bytes]:
        """Places in a connection, as `cursor` makes each; as JSON."""
        lengths = set(map(len, keys))
        size = _room(max(lengths, default=0))
        if len(keys) < MANY or (TAG + size) % 3 or _room(min(lengths)) != size:
            return [b'"%b"' % self.cursor(binding, key).encode() for key in keys]
        padded = b"".join([key.ljust(size, b"\0") for key in keys])
        return _texts(b'"', self._many_cursors.sealed(padded, size, binding), TAG + size)

    @cached_property
    def _many_persons(self) -> Siv:
        return Siv(self._key("person-token"))

    @cached_property
    def _many_cursors(self) -> Siv:
        return Siv(self._key("cursor"))

    def place(self, binding: bytes, cursor: str) -> bytes:
        """The key of a place. Raises CursorRefused."""
        opened = _open(self._cursors, cursor, "", [binding])
        if opened is None:
            raise CursorRefused
        return opened.rstrip(b"\0")


def _text(data: bytes) -> str:
    return _base64(data).decode()


def _base64(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False).translate(URL_SAFE, b"=")


def _texts(start: bytes, sealed: bytes, size: int) -> list[bytes]:
    """`_text` of each, of so many bytes, a multiple of three, between a beginning and a quotation mark."""
    told = np.frombuffer(_base64(sealed), np.uint8).reshape(-1, size // 3 * 4)
    whole = np.empty((len(told), len(start) + told.shape[1] + 2), np.uint8)
    whole[:, : len(start)] = np.frombuffer(start, np.uint8)
    whole[:, len(start) : -2] = told
    whole[:, -2:] = np.frombuffer(b'"\n', np.uint8)
    return whole.tobytes()[:-1].split(b"\n")


def _pad(data: bytes) -> bytes:
    return data.ljust(_room(len(data)), b"\0")


def _room(length: int) -> int:
    """How long a text of so many bytes is made: whole blocks, at least one."""
    return max(BLOCK, -(-length // BLOCK) * BLOCK)


def _open(cipher: AESSIV, text: str, prefix: str, bound: list[bytes] | None = None) -> bytes | None:
    if not text.startswith(prefix) or len(text) > 1024:
        return None
    body = text.removeprefix(prefix)
    try:
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        return cipher.decrypt(sealed, bound) if _text(sealed) == body else None
    except (binascii.Error, ValueError, InvalidTag):
        return None
