"""Keyed hashes of many messages: the keyed state is prepared once and copied for each message."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable

from hub.errors import ConfigError

HASHES = {"hmac-sha256": "sha256", "hmac-sm3": "sm3"}
Keyed = Callable[[Iterable[bytes]], list[str]]


def keyed(mac: str, key: bytes) -> Keyed:
    """The MAC (a key of HASHES) of each message, in hexadecimal. Raises ConfigError where this Python has no SM3."""
    algorithm = HASHES[mac]
    if algorithm == "sha256":
        return _sha256(key)
    try:
        state = hmac.new(key, digestmod=algorithm)
    except ValueError:
        raise ConfigError(
            "linkage contract: this Python's OpenSSL has no SM3", remedy="Use hmac-sha256, or a Python built with SM3"
        ) from None

    def other(messages: Iterable[bytes]) -> list[str]:
        found = []
        for message in messages:
            copied = state.copy()
            copied.update(message)
            found.append(copied.hexdigest())
        return found

    return other


def _sha256(key: bytes) -> Keyed:
    """RFC 2104 through plain hashlib states, which copy faster than those of `hmac`."""
    key = key.ljust(64, b"\0")  # keys here are derived: never longer than a block
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key)).copy
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key)).copy

    def sha256(messages: Iterable[bytes]) -> list[str]:
        found = []
        for message in messages:
            first = inner()
            first.update(message)
            second = outer()
            second.update(first.digest())
            found.append(second.hexdigest())
        return found

    return sha256
