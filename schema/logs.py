"""Structured logs: one JSON line an event on standard error, without personal data; results own standard output.

What libraries log through Python's `logging` becomes such a line too, without what they put into it: of an error its
kind and the place in the code, of a message its fixed text. A traceback could hold a row.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
import structlog

TEXTS = ("uvicorn.error",)  # whose messages hold nothing of a request: they are told as they are


def line(told: Any, default: Callable[[Any], Any]) -> str:
    """An event as JSON; what orjson does not take (half a character, a number beyond 64 bits) as Python writes it."""
    try:
        return orjson.dumps(told, default=default).decode()
    except TypeError:
        return json.dumps(told, default=default, ensure_ascii=False)


PROCESSORS: list[structlog.typing.Processor] = [  # one list for good: a logger that was used keeps it
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(serializer=line),
]


class Stderr:
    """Writes lines to what is standard error then, each whole."""

    _lock = Lock()

    def msg(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    log = debug = info = warn = warning = err = error = critical = exception = fatal = failure = msg


def configure() -> None:
    """Set the process's logging up; harmless when done twice."""
    structlog.configure(processors=PROCESSORS, logger_factory=lambda *_: Stderr(), cache_logger_on_first_use=True)
    root = logging.getLogger()
    if not any(isinstance(handler, Lines) for handler in root.handlers):
        root.addHandler(Lines(logging.WARNING))


class Lines(logging.Handler):
    """Tells a library's record as a line of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line; never raises, as a handler must not."""
        text = record.getMessage() if record.name in TEXTS and not record.exc_info else str(record.msg)
        told = {"logger": record.name, **_error(record)}
        event = text.strip().splitlines()[0] if text.strip() else record.name
        structlog.get_logger().log(record.levelno, event, **told)


def _error(record: logging.LogRecord) -> dict[str, str]:
    """The kind of an error and the last place in the code that it passed through."""
    kind, error, trace = record.exc_info or (None, None, None)
    if kind is None or error is None:
        return {}
    frames = traceback.extract_tb(trace)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return {"error": kind.__name__, "place": place}
