"""How a server stops: told to (SIGTERM), it takes nothing new, finishes what runs, and exits 0 within a limit.

1. Uvicorn closes the port and waits for answers under way, `GRACE` seconds at most.
2. What still runs then has its SQL cancelled by the database, and is logged as failed.
3. What still waits after `TRIES` more seconds (a store that does not answer) is left; nothing of it was answered.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import event

GRACE = 10  # seconds
TRIES = 5
logger = structlog.get_logger("aidgraph.http")


class Statements:
    """The connections of some engines that are in use, so that what runs on them can be cancelled."""

    def __init__(self) -> None:
        self._used: set[Any] = set()

    def watch(self, engine: sa.Engine) -> None:
        """Know what an engine's connections do from now on."""
        event.listen(engine, "checkout", lambda driver, _record, _proxy: self._used.add(driver))
        event.listen(engine, "checkin", lambda driver, _record: self._used.discard(driver))

    def cancel(self) -> None:
        """Cancel what runs now; what comes after it runs as ever."""
        for driver in list(self._used):
            if hasattr(driver, "cancel_safe"):
                driver.cancel_safe(timeout=1.0)
            else:
                driver.interrupt()


def within(seconds: float, work: Callable[[], None], cancel: Callable[[], None]) -> None:
    """Do a work that waits for what runs; when the time is up, cancel what runs, and in the end wait no longer."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    for _ in range(TRIES):
        if not thread.is_alive():
            return
        cancel()
        thread.join(1.0)
    if thread.is_alive():
        logger.error("stopped before all that ran had ended")
        os._exit(0)  # what waits in a database's driver cannot be ended otherwise; nothing of it was answered


def exit_cleanly() -> None:
    """Have SIGTERM end this process with 0: a server raises the signal again once it has stopped."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
