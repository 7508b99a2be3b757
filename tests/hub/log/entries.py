"""An entry to write, with what a test changes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub import log

ENTRY = log.Entry(
    at=datetime(2025, 11, 30, 8, 0, 0, 123456, UTC),
    client="ca-370302",
    role="clerk",
    agreement="civil-affairs",
    purpose="assistance",
    outcome="answered",
    document="ab" * 32,
    operation="Needy",
    fields=("Person.name", "Query.persons"),
    withheld=("Person.name mask:surname",),
    rows=2,
    subjects=frozenset({70, 3, 12}),
)


def entry(**changes: Any) -> log.Entry:
    return replace(ENTRY, **changes)
