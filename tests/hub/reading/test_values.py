"""Raw values: read exactly, or refused with a reason code."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import FieldType
from hub.reading.values import READ, REASONS, Unreadable


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "  张 三 ", "张 三"),
        ("text", 37030200001.0, "37030200001"),
        ("code", "０１", "01"),
        ("code", "--", None),
        ("division", "370302000000", "370302"),
        ("division", "370302001000", "370302001"),
        ("division", "370000", "37"),
        ("day", "2025-03-01 10:22:33", date(2025, 3, 1)),
        ("day", "20250301", date(2025, 3, 1)),
        ("day", "2025年3月1日", date(2025, 3, 1)),
        ("day", 45717, date(2025, 3, 1)),
        ("day", datetime(2025, 3, 1, 8), date(2025, 3, 1)),  # noqa: DTZ001  a spreadsheet's cell has no zone
        ("day", "0000-00-00", None),
        ("day", "9999-12-31", None),
        ("day", "2025/3/1", date(2025, 3, 1)),
        ("day", "2025.03.01", date(2025, 3, 1)),
        ("month", "2025-03", date(2025, 3, 1)),
        ("month", "2025年3月", date(2025, 3, 1)),
        ("month", "2025-3-01", date(2025, 3, 1)),
        ("month", "20250301", date(2025, 3, 1)),
        ("month", 45717, date(2025, 3, 1)),
        ("month", 45717.0, date(2025, 3, 1)),
        ("month", "9999-12", None),
        ("month", "202503", date(2025, 3, 1)),
        ("month", "3000-12", None),
        ("month", "", None),
        ("yuan", "¥1,234.50", 123450),
        ("yuan", 12.3, 1230),
        ("yuan", "-0.01", -1),
        ("yuan", "--", None),
        ("integer", 2019.0, 2019),
        ("flag", "是", True),
        ("flag", 0, False),
    ],
)
def test_a_value_is_read_as_declared(kind, raw, value):
    assert READ[FieldType(kind)](raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        ("day", "2025-02-30", "bad_date"),
        ("day", "yesterday", "bad_date"),
        ("day", "202511", "bad_date"),  # a month for a day: no 1 January
        ("day", "202412", "bad_date"),
        ("day", "45717", "bad_date"),
        ("day", "2025-11", "bad_date"),
        ("day", "2025-111", "bad_date"),
        ("day", "2025111", "bad_date"),
        ("month", "2025-13", "bad_date"),
        ("month", "45962", "bad_date"),  # a serial that became text: no open end in the year 4596
        ("month", "2025101", "bad_date"),
        ("month", "20251", "bad_date"),
        ("yuan", "1.005", "bad_amount"),
        ("yuan", "12,x", "bad_amount"),
        ("yuan", "NaN", "bad_amount"),
        ("integer", "1.5", "bad_number"),
        ("flag", "maybe", "bad_flag"),
        ("division", "37O302", "bad_division"),
        ("text", ["a"], "bad_text"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused_by_reason(kind, raw, reason):
    with pytest.raises(Unreadable) as refused:
        READ[FieldType(kind)](raw)
    assert refused.value.reason == reason
    assert reason in REASONS


@given(st.integers(-(10**12), 10**12))
def test_every_amount_of_whole_fen_survives_its_text(fen):
    assert READ[FieldType.YUAN](str(Decimal(fen) / 100)) == fen
