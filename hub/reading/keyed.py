"""Keyed hashes of many messages: the keyed state is prepared once and copied for each message."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import TypeVar

from hub.errors import ConfigError

HASHES = {"hmac-sha256": "sha256", "hmac-sm3": "sm3"}
SIZE = 32  # bytes of either
T = TypeVar("T", str, bytes)
Keyed = Callable[[Iterable[bytes]], list[T]]


def keyed(mac: str, key: bytes, before: bytes = b"") -> Keyed[str]:
    """The MAC (a key of HASHES) of `before` and each message, in hexadecimal.

    Raises ConfigError where this Python has no SM3.
    """
    return _keyed(mac, key, before, str)


def keyed_bytes(mac: str, key: bytes) -> Keyed[bytes]:
    """`keyed`, as SIZE bytes each."""
    return _keyed(mac, key, b"", bytes)


def _keyed(mac: str, key: bytes, before: bytes, kind: type[T]) -> Keyed[T]:
    algorithm = HASHES[mac]
    if algorithm == "sha256":
        return _sha256(key, before, kind)
    try:
        state = hmac.new(key, before, digestmod=algorithm)
    except ValueError:
        raise ConfigError(
            "linkage contract: this Python's OpenSSL has no SM3", remedy="Use hmac-sha256, or a Python built with SM3"
        ) from None
    finish = _finish(state, kind)

    def other(messages: Iterable[bytes]) -> list[T]:
        found = []
        for message in messages:
            copied = state.copy()
            copied.update(message)
            found.append(finish(copied))
        return found

    return other


def _sha256(key: bytes, before: bytes, kind: type[T]) -> Keyed[T]:
    """RFC 2104 through plain hashlib states, which copy faster than those of `hmac`."""
    key = key.ljust(64, b"\0")  # keys here are derived: never longer than a block
    inside, outside = (hashlib.sha256(bytes(b ^ pad for b in key)) for pad in (0x36, 0x5C))
    inside.update(before)
    inner, outer, finish = inside.copy, outside.copy, _finish(outside, kind)

    def sha256(messages: Iterable[bytes]) -> list[T]:
        found = []
        for message in messages:
            first = inner()
            first.update(message)
            second = outer()
            second.update(first.digest())
            found.append(finish(second))
        return found

    return sha256


def _finish(state: object, kind: type[T]) -> Callable[[object], T]:
    """How such a state says what it holds."""
    found: Callable[[object], T] = getattr(type(state), "digest" if kind is bytes else "hexdigest")
    return found
