"""Audits: a month of which one row does not hold is not published, and the table is named."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from hub import tables
from hub.audit import audit
from hub.engine import schema
from hub.errors import AuditFailed

PERSON = {"person_id": 1, "batch_id": 1}
SETTLEMENT = {"setl_id": "S1", "person_id": 1, "total": 100, "scope": 100, "cancelled": False, "batch_id": 1}
PAYMENT = {"setl_id": "S1", "person_id": 1, "benefit": "tilt", "rule_key": "D/r", "determined": True, "amount": 1}


def month(**rows: list[dict[str, object]]) -> dict[str, pa.Table]:
    """All tables of a month, empty but for these rows."""
    return {
        name: pa.Table.from_pylist([dict.fromkeys(table.columns) | row for row in rows.get(name, [])], schema(table))
        for name, table in tables.PUBLISHED.items()
    }


def sound(**more: list[dict[str, object]]) -> dict[str, pa.Table]:
    return month(**{"person": [PERSON], "settlement": [SETTLEMENT], "payment": [PAYMENT], **more})


def test_a_sound_month_passes() -> None:
    audit(sound(), [1])
    audit(month(), [])


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("payment", PAYMENT | {"amount": -1}),
        ("payment", PAYMENT | {"amount": None}),
        ("payment", PAYMENT | {"determined": False}),
        ("payment", PAYMENT | {"setl_id": "S2"}),
        ("payment", PAYMENT | {"person_id": 2}),
        ("settlement", SETTLEMENT | {"cancelled": True}),
        ("settlement", SETTLEMENT | {"scope": 101}),
        ("settlement", SETTLEMENT | {"batch_id": 2}),
        ("settlement", SETTLEMENT | {"region": '37"'}),
        ("person", PERSON | {"county": "3703\\n"}),
        ("person", PERSON | {"residence": "37\u0001"}),
        ("entitlement", {"person_id": 1, "valid_from": date(2025, 2, 1), "valid_until": date(2025, 2, 1)}),
    ],
)
def test_a_row_that_does_not_hold_stops_the_month(table: str, row: dict[str, object]) -> None:
    named = "payment" if row.get("cancelled") else table  # what is due for it is due for nothing
    with pytest.raises(AuditFailed, match=f"Audit of {named}: "):
        audit(sound(**{table: [row]}), [1])


def test_a_payment_is_of_one_rule_once() -> None:
    with pytest.raises(AuditFailed, match="its key is not unique"):
        audit(sound(payment=[PAYMENT, PAYMENT]), [1])
