"""The log at work in a server: entries written before answers leave; beside them a thread for what comes behind.

The thread writes what was counted of refusals and builds what stands behind the log, a little at a time, so that
whoever asks for a person's accesses, for a checkpoint or a proof need not wait for it.
"""

from __future__ import annotations

import threading

import sqlalchemy as sa
import structlog

from hub.log.entry import Entry
from hub.log.flood import Refusals
from hub.log.subjects import index_subjects
from hub.log.tree import extend
from hub.log.writer import Writer, append_in

EVERY = 2.0  # seconds
PAUSE = 0.05  # seconds between its transactions
A_LITTLE = 2_000  # subjects of one transaction: SQLite's one writer is not kept long from the log
logger = structlog.get_logger("aidgraph.log")


class Keeper:
    """Keeps the log of one server; safe to share between threads. Close it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = Writer(engine)
        self._refusals = Refusals(self._writer.append)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._behind = True  # whether there may be entries that nothing was built of

    def append(self, entry: Entry) -> None:
        """Write an entry, durably; refusals beyond a client's share are counted. Any exception means: not written."""
        if entry.outcome == "refused":
            self._refusals.append(entry)
        else:
            self._writer.append(entry)
        self._behind = True

    def written(self) -> None:
        """Say that an entry was written by other hands (hub/log/soon.py): what stands behind the log misses it."""
        self._behind = True

    def commit(self, connection: sa.Connection, entry: Entry) -> None:
        """Write an entry in a transaction, and commit both. Any exception means: neither is there."""
        append_in(connection, entry)
        connection.commit()
        self._behind = True

    def count(self, entry: Entry) -> None:
        """Count a refusal for which there is no time to wait; it is written behind the log."""
        self._refusals.count(entry)

    def follow(self) -> None:
        """Start the thread that works behind the log."""
        self._thread = threading.Thread(target=self._follow, name="access-log", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._closing.wait(EVERY):
            try:
                self._refusals.flush()
                if self._behind:
                    self._behind = False
                    index_subjects(self._engine, at_once=A_LITTLE, rest=lambda: self._closing.wait(PAUSE))
                    extend(self._engine)
            except Exception as error:  # noqa: BLE001  it tries again; a reader of the log builds what is missing
                self._behind = True
                logger.error("behind the access log", error=type(error).__name__)

    def close(self) -> None:
        """Write what was counted, end the thread, close the connection."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self._refusals.flush(whole=True)
        except Exception as error:  # noqa: BLE001  counts of refusals, not entries, are lost
            logger.error("counted refusals not written", error=type(error).__name__)
        self._writer.close()
