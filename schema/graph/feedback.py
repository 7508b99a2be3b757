"""What departments say of a case, and how a case is named: by a key that is the same in every month.

A case's key is text made of its row's columns: `f|kind|person|length|household|subject` of a finding,
`w|addressee|rule|person|case` of a warning. What may hold the mark stands last, or behind its length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import strawberry

from schema.graph.codes import FeedbackOutcome, FeedbackReason, FeedbackState, both
from schema.graph.entities import FEEDBACK, FINDING, WARNING
from schema.graph.fields import column, way
from schema.graph.scalars import Instant
from schema.read.model import Condition, Entity, Kind, Link, Table

Key = Callable[[Table], sa.ColumnElement[str]]
MARK = "|"
FINDINGS, WARNINGS = "f", "w"


def _text(*parts: sa.ColumnElement[str] | str) -> sa.ColumnElement[str]:
    whole: sa.ColumnElement[str] = sa.literal_column(f"'{parts[0]}'", sa.Text())
    for part in parts[1:]:
        whole = whole.concat(sa.literal_column(f"'{MARK}'", sa.Text())).concat(part)
    return whole


def of_finding(t: Table) -> sa.ColumnElement[str]:
    """A finding's case."""
    person, length = (sa.cast(value, sa.Text()) for value in (t.c.person_id, sa.func.length(t.c.household_key)))
    return _text(FINDINGS, t.c.kind, person, length, t.c.household_key, t.c.subject)


def of_warning(t: Table) -> sa.ColumnElement[str]:
    """A warning's case."""
    return _text(WARNINGS, t.c.addressee, t.c.rule_key, sa.cast(t.c.person_id, sa.Text()), t.c.case_key)


KEYS: dict[str, tuple[Entity, Key]] = {FINDINGS: (FINDING, of_finding), WARNINGS: (WARNING, of_warning)}


def case_of(key: Key) -> Any:
    """The token of a case, as a field."""
    return column(
        "事项编码，各月相同，只在本协议内有效",
        "the case's code under this agreement, the same in every month, for talking about it",
        lambda t, _: key(t),
        finish=lambda reading, text: reading.codec.case(text),
        opaque=True,
    )


def feedback_of(parent: Entity, key: Key) -> Any:
    """What departments said of a case, as a field."""

    def on(case: Table, feedback: Table) -> Condition:
        found: Condition = feedback.c.case_key == key(case)
        return found

    link = Link(target=FEEDBACK, kind=Kind.LIST, parent=parent, on=on, inherits=True, size=3)
    return way("部门反馈，最近的在前", "what departments said of it, the latest first", link)


@strawberry.type(description=both("部门对一个事项的反馈", "what a department said of a case"))
class Feedback:
    state: FeedbackState | None = column("状态", "state", "state")
    outcome: FeedbackOutcome | None = column("办结结果", "outcome", "outcome")
    reason: FeedbackReason | None = column("理由", "reason", "reason")
    department: str | None = column("部门代码", "code of the department", "department")
    agreement: str | None = column("共享协议", "agreement", "agreement")
    client: str | None = column("经办人（签名令牌的持有者）", "who said it: whom the signed token names", "client")
    at: Instant | None = column("时刻", "when", "at")
