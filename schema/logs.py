"""Structured logs: one JSON line an event on standard error, without personal data; results own standard output."""

from __future__ import annotations

import sys

import structlog


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
