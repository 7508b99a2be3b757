"""Publishing: only the difference is written, in one transaction, and what was known before stays known."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import publish, store, tables

ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
}
PERSON = {"person_id": 1, "name_masked": "张*", "birth": date(1980, 1, 1), "rural": True, "batch_id": 1, "line": 1}


def rows(table: tables.Table, *given_rows: dict[str, object]) -> pa.Table:
    schema = pa.schema([(name, ARROW[kind]) for name, kind in table.columns.items()])
    return pa.Table.from_pylist([dict.fromkeys(table.columns) | row for row in given_rows], schema=schema)


def publishing(engine, table, computed, publication, month="2025-11", sealed=None) -> tuple[int, int]:
    with engine.begin() as connection:
        change = publish.difference(connection, table, computed, month)
        publish.apply(connection, change, publication, sealed or {}, lambda *_: None)
    return change.opened.num_rows, len(change.closed)


def current(engine, table) -> list[dict[str, object]]:
    t = store.published[table.name]
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(t).where(t.c.pub_until.is_(None)))]


def test_publishing_twice_writes_nothing(engine):
    computed = rows(tables.PERSON, PERSON)
    assert publishing(engine, tables.PERSON, computed, 1) == (1, 0)
    assert publishing(engine, tables.PERSON, computed, 2) == (0, 0)


def test_a_changed_row_is_closed_and_its_successor_opened(engine):
    publishing(engine, tables.PERSON, rows(tables.PERSON, PERSON), 1)
    assert publishing(engine, tables.PERSON, rows(tables.PERSON, PERSON | {"rural": None}), 2) == (1, 1)
    t = store.published["person"]
    with engine.connect() as connection:
        known = connection.execute(sa.select(t.c.rural, t.c.pub_from, t.c.pub_until).order_by(t.c.pub_from)).all()
    assert [tuple(row) for row in known] == [(True, 1, 2), (None, 2, None)]


def test_values_come_back_as_they_went_in_and_the_sealed_identity_with_them(engine):
    publishing(engine, tables.PERSON, rows(tables.PERSON, PERSON), 1, sealed={(1, 1): b"\x01sealed"})
    (row,) = current(engine, tables.PERSON)
    assert {name: row[name] for name in PERSON} == PERSON
    assert bytes(row["identity_sealed"]) == b"\x01sealed"
    assert row["death"] is None


def test_a_month_replaces_only_its_own_findings(engine):
    october = {"month": "2025-10", "kind": "listed_not_insured", "person_id": 1, "household_key": "", "subject": ""}
    november = october | {"month": "2025-11"}
    publishing(engine, tables.FINDING, rows(tables.FINDING, october), 1, month="2025-10")
    publishing(engine, tables.FINDING, rows(tables.FINDING, november), 2, month="2025-11")
    assert publishing(engine, tables.FINDING, rows(tables.FINDING), 3, month="2025-11") == (0, 1)
    assert [row["month"] for row in current(engine, tables.FINDING)] == ["2025-10"]


def test_a_failure_in_the_middle_publishes_nothing(engine):
    publishing(engine, tables.PERSON, rows(tables.PERSON, PERSON), 1)
    computed = rows(tables.PERSON, PERSON | {"rural": False}, PERSON | {"person_id": 2})

    def failing(*_progress: object) -> None:
        raise OSError(28, "No space left on device")

    with engine.begin() as connection:
        change = publish.difference(connection, tables.PERSON, computed, "2025-11")
    with pytest.raises(OSError, match="No space"), engine.begin() as connection:
        publish.apply(connection, change, 2, {}, failing)
    (row,) = current(engine, tables.PERSON)
    assert (row["rural"], row["pub_from"]) == (True, 1)


def test_null_empty_and_their_neighbours_are_different_rows():
    table = tables.HOUSEHOLD
    base = {"household_key": "a", "source": "b"}
    variants = [base, base | {"residence": ""}, base | {"county": ""}, {"household_key": "a", "source": "b\x1f=c"}]
    variants += [{"household_key": "a\x1f=b", "source": "c"}, base | {"residence": "~"}]
    digests = {publish.row_digests(table, rows(table, row))["row_digest"][0].as_py() for row in variants}
    assert len(digests) == len(variants)


people = st.dictionaries(st.integers(1, 6), st.tuples(st.sampled_from(["张*", "李*", None]), st.booleans()), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(people, min_size=1, max_size=4))
def test_after_any_history_what_is_served_was_last_computed_and_either_tells_the_same_difference(engine, history):
    with engine.begin() as connection:
        connection.execute(sa.delete(store.published["person"]))
    last = rows(tables.PERSON)
    for publication, state in enumerate(history, 1):
        people_now = [
            PERSON | {"person_id": key, "name_masked": name, "rural": flag, "batch_id": publication}
            for key, (name, flag) in state.items()
        ]
        computed = rows(tables.PERSON, *people_now)
        with engine.begin() as connection:
            served = publish.difference(connection, tables.PERSON, computed, "2025-11")
            quick = publish.difference(connection, tables.PERSON, computed, "2025-11", last)
            assert sorted(quick.closed) == sorted(served.closed)
            assert sorted(map(repr, quick.opened.to_pylist())) == sorted(map(repr, served.opened.to_pylist()))
            publish.apply(connection, (quick, served)[publication % 2], publication, {}, lambda *_: None)
        now_served = {row["person_id"]: (row["name_masked"], row["rural"]) for row in current(engine, tables.PERSON)}
        assert now_served == state
        last = computed
