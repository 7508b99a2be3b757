"""The leaf written out is the canonical JSON of what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import log
from hub.log import entry as entries
from tests.hub.log.entries import entry

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LISTS = st.lists(TEXT, max_size=3).map(tuple)
COUNT = st.integers(-entries.EXACT, entries.EXACT)


@settings(max_examples=60)
@given(
    st.builds(
        log.Entry,
        at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])),
        client=TEXT, role=TEXT, agreement=TEXT, purpose=TEXT, outcome=TEXT, document=TEXT, operation=TEXT,
        fields=LISTS, withheld=LISTS, refusal=TEXT, publication=COUNT, rows=COUNT, duration_us=COUNT, times=COUNT,
        subjects=st.frozensets(st.integers(-(2**63), 2**63 - 1), max_size=5),
    )
)  # fmt: skip
def test_a_leaf_is_the_canonical_form_of_what_it_says(made: log.Entry) -> None:
    packed = log.pack(made.subjects, bytes(entries.SALT))
    assert entries.leaf_of(made, packed) == log.canonical(entries.told(made, packed))
    assert log.unpack(packed) == tuple(sorted(made.subjects))


def test_a_row_says_what_its_leaf_says_whatever_the_time_zone() -> None:
    east = datetime(2025, 11, 30, 16, 0, 0, 5, timezone(timedelta(hours=8)))
    row = entries.row_of(entry(at=east))
    assert json.loads(row.leaf)["at"] == "2025-11-30T08:00:00.000005Z"
    assert row.at == east


@pytest.mark.parametrize("changes", [{"client": "\ud800"}, {"rows": 2**53}, {"fields": ("\udfff",)}])
def test_what_json_cannot_carry_is_no_entry(changes: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        entries.row_of(entry(**changes))
