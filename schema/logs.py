"""Structured logs: one JSON line an event on standard error, without personal data; results own standard output.

What libraries log through Python's `logging` becomes such a line too, without what they put into it: of an error its
kind and the place in the code, of a message its fixed text. A traceback could hold a row.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog

TEXTS = ("uvicorn.error",)  # whose messages hold nothing of a request: they are told as they are


def configure() -> None:
    """Set the process's logging up; harmless when done twice."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
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
