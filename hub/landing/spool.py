"""What has come of a pull that has not landed yet: answers as they came, sealed, in the lake's folder `spool`.

1. The transport keeps each answer here and, when the same pull is made again after it broke, reads them first
   (connectors.base.Spool): it goes on at the answer that was missing, with the window it began with.
2. The same pull: the same questions to the same source, after the same last batch. Anything else begins anew.
3. When a batch has landed, or the source or the hub refused it, nothing is kept. Only a source that could not be
   reached, a full disk or a killed process leave something, for at most LONGEST.
4. Every answer is sealed with AES-256-GCM under a key of this purpose, bound to its stream, pull and place. What does
   not open (a page half written when the power failed) is not there, nor is what stands behind it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.base import Source, Stream
from connectors.errors import SourceError, SourceUnavailable
from hub import store
from hub.errors import HubError
from hub.keys import KeyRing
from hub.lake import Lake

LONGEST = 7 * 24 * 3600.0  # seconds that anything is kept
NONCE = 12


class Spool:
    """The answers of one stream's pull. See `connectors.base.Spool`; `after` is the stream's last batch."""

    def __init__(self, folder: Path, ring: KeyRing, *, after: int) -> None:
        self._folder = folder
        self._cipher = AESGCM(ring.derive("seal", "spool"))
        self._after = after
        self._place = b""
        self._count = 0

    def open(self, pull: str, *, until: float) -> Iterator[bytes]:
        """The answers kept of this very pull, in order; none where it is another one, or older than `until` seconds."""
        self._sweep()
        self._place = hashlib.sha256(f"{self._folder.name} {pull} {self._after}".encode()).digest()
        self._count = 0
        first = self._path(1)
        if not first.is_file() or time.time() - first.stat().st_mtime > min(until, LONGEST) or self._opened(1) is None:
            self.clear()
            return iter(())
        return self._kept()

    def keep(self, answer: bytes) -> None:
        """Keep the next answer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        nonce = os.urandom(NONCE)
        self._count += 1
        self._path(self._count).write_bytes(nonce + self._cipher.encrypt(nonce, answer, self._bound(self._count)))

    def clear(self) -> None:
        """Keep nothing."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _kept(self) -> Iterator[bytes]:
        while (answer := self._opened(self._count + 1)) is not None:
            self._count += 1
            yield answer

    def _opened(self, number: int) -> bytes | None:
        try:
            sealed = self._path(number).read_bytes()
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._bound(number))
        except (FileNotFoundError, InvalidTag, ValueError):
            return None

    def _bound(self, number: int) -> bytes:
        return self._place + number.to_bytes(8)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}"

    def _sweep(self) -> None:
        for other in self._folder.parent.glob("*"):
            if other != self._folder and time.time() - other.stat().st_mtime > LONGEST:
                shutil.rmtree(other, ignore_errors=True)


@contextmanager
def spooling(engine: sa.Engine, lake: Lake, ring: KeyRing, source: Source, stream: Stream) -> Iterator[Spool]:
    """The spool of a stream while it is pulled: cleared by a refusal, left by what may pass."""
    b = store.batch.c
    with engine.connect() as connection:
        mine = sa.select(sa.func.max(b.batch_id)).where(b.source == source.name, b.stream == stream.name)
        after = connection.scalar(mine) or 0
    spool = Spool(lake.root / "spool" / f"{source.name}.{stream.name}", ring, after=after)
    try:
        yield spool
    except SourceUnavailable:
        raise
    except (SourceError, HubError):
        spool.clear()
        raise
