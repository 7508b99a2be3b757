"""AES-SIV (RFC 5297) of many texts at once, byte for byte what the library's AESSIV gives for each alone.

A call into the library costs many times the AES in it, and a page asks for a thousand tokens. All that SIV asks of AES
is single blocks; a block of one text waits for none of another, so those of all texts go through the library together.
It only seals: what comes from outside is opened by the library's own, one by one.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from numpy.typing import NDArray

BLOCK = 16
POLYNOMIAL, TOP = 0x87, 1 << 127  # of the field in which SIV and CMAC double
Blocks = NDArray[np.uint8]


class Siv:
    """One key of 64 bytes; safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        self._key = key[: len(key) // 2]
        self._mac, self._stream = _Cipher(self._key), _Cipher(key[len(key) // 2 :])
        self._zero = self._cmac(bytes(BLOCK))
        self._last = _doubled(_number(self._mac.encrypted(np.zeros((1, BLOCK), np.uint8)).tobytes()))
        self._start = lru_cache(1_000)(self._started)

    def sealed(self, texts: bytes, size: int, bound: bytes | None = None) -> bytes:
        """Texts of `size` bytes each, one behind the other, sealed: 16 bytes more each.

        `bound` is what they are bound to. Raises ValueError where the size is neither below 16 nor a multiple of it.
        """
        if size > BLOCK and size % BLOCK:
            raise ValueError("texts fill their blocks")
        rows = np.frombuffer(texts, np.uint8).reshape(-1, size)
        start = self._start(bound)
        if size < BLOCK:
            blocks = np.zeros((len(rows), BLOCK), np.uint8)
            blocks[:, :size], blocks[:, size] = rows, 0x80
            start = _doubled(start)
        else:
            blocks = rows.copy()
        blocks[:, -BLOCK:] ^= _block(start ^ self._last)
        tag = np.zeros((len(rows), BLOCK), np.uint8)
        for place in range(0, blocks.shape[1], BLOCK):
            tag = self._mac.encrypted(tag ^ blocks[:, place : place + BLOCK])
        return np.hstack((tag, rows ^ self._streamed(tag, size))).tobytes()

    def _streamed(self, tag: Blocks, size: int) -> Blocks:
        """The key stream of each text: AES over a counter that begins with its tag, two bits cleared."""
        count = -(-size // BLOCK)
        counters = np.repeat(tag, count, axis=0)
        counters[:, 8] &= 0x7F
        counters[:, 12] &= 0x7F
        if count > 1:
            low = counters[:, 8:].copy().view(">u8")  # its first bit is clear: it does not run over
            low += np.tile(np.arange(count, dtype=np.uint64), len(tag))[:, None]
            counters[:, 8:] = low.view(np.uint8)
        return self._stream.encrypted(counters).reshape(len(tag), count * BLOCK)[:, :size]

    def _started(self, bound: bytes | None) -> int:
        """S2V of what stands before the text."""
        return self._zero if bound is None else _doubled(self._zero) ^ self._cmac(bound)

    def _cmac(self, data: bytes) -> int:
        mac = CMAC(algorithms.AES(self._key))
        mac.update(data)
        return _number(mac.finalize())


class _Cipher:
    """AES of single blocks; its context, which costs more to make than a page's blocks do, is kept."""

    def __init__(self, key: bytes) -> None:
        self._context = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  SIV is made of this
        self._lock = Lock()

    def encrypted(self, blocks: Blocks) -> Blocks:
        """Blocks, each by itself."""
        with self._lock:
            data = self._context.update(blocks.tobytes())
        return np.frombuffer(data, np.uint8).reshape(-1, BLOCK)


def _doubled(number: int) -> int:
    return (number << 1) & (2 * TOP - 1) ^ (POLYNOMIAL if number & TOP else 0)


def _number(block: bytes) -> int:
    return int.from_bytes(block, "big")


def _block(number: int) -> Blocks:
    return np.frombuffer(number.to_bytes(BLOCK, "big"), np.uint8)
