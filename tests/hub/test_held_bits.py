"""What a person holds stands in their row as the spells tell it, whatever was published before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import held, publish, store, tables
from hub.config.categories import CLOSED
from tests.hub.test_publish import PERSON, rows

ENDS = (date(2024, 7, 1), date(2025, 1, 1), date(2025, 1, 2), date(9999, 12, 31), None)
YEARS = ("2024-12", "2025-11", "2026-01")
SPELLS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from((*CLOSED[:3], "x_local", "*")), st.sampled_from(ENDS)), max_size=6
)
PEOPLE = st.dictionaries(st.integers(1, 4), st.sampled_from(("370302", "370902", None)), max_size=4)


def test_every_category_has_a_bit_that_it_keeps() -> None:
    assert sorted(held.CODES) == sorted(CLOSED)
    assert [held.mask([code]) for code in ("tekun", "dibao", "expend_hard")] == [1, 8, 2048]
    assert held.mask(["dibao", "x_local"]) is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PEOPLE, SPELLS, st.sampled_from(YEARS)), min_size=1, max_size=3))
def test_after_any_history_rows_hold_what_the_spells_tell(engine, history):
    p = store.published["person"].c
    with engine.begin() as connection:
        connection.execute(sa.delete(store.published["person"]))
    for publication, (people, told, month) in enumerate(history, 1):
        persons = rows(tables.PERSON, *(PERSON | {"person_id": n, "county": county} for n, county in people.items()))
        spells = rows(
            tables.CATEGORY_SPELL, *({"person_id": n, "category": code, "valid_until": end} for n, code, end in told)
        )
        made = held.bits(spells, held.year_of(month))
        with engine.begin() as connection:
            change = publish.difference(connection, tables.PERSON, persons, month)
            change = publish.prepared(change, persons, made)
            publish.apply(connection, change, publication, {}, lambda *_: None)
            held.renew(connection, made)
            assert held.renew(connection, made) == 0
            found = dict(connection.execute(sa.select(p.person_id, p.held).where(p.pub_until.is_(None))).all())
        since = date(int(month[:4]), 1, 1)
        lasting = [(n, code) for n, code, end in told if end is not None and end > since and code in held.BITS]
        assert found == {n: sum({held.BITS[code] for m, code in lasting if m == n}) for n in people}


def test_rows_open_in_the_order_of_lists() -> None:
    people = {3: "370902", 1: None, 2: "370302", 4: "370302"}
    persons = rows(tables.PERSON, *(PERSON | {"person_id": n, "county": county} for n, county in people.items()))
    spells = rows(tables.CATEGORY_SPELL, *({"person_id": n, "category": "dibao"} for n in (1, 2, 3, 4, 2)))
    made = held.bits(spells, date(2025, 1, 1))
    for table, given_rows in ((tables.PERSON, persons), (tables.CATEGORY_SPELL, spells)):
        change = publish.Difference(table=table, opened=publish.row_digests(table, given_rows), closed=[7])
        done = publish.prepared(change, persons, made)
        assert list(dict.fromkeys(done.opened["person_id"].to_pylist())) == [2, 4, 3, 1]
        assert replace(done, opened=change.opened) == change
        whole = done.opened.select(change.opened.column_names)
        assert sorted(map(repr, whole.to_pylist())) == sorted(map(repr, change.opened.to_pylist()))
    none = publish.Difference(table=tables.PERSON, opened=pa.table({"person_id": pa.array([], pa.int64())}), closed=[])
    assert publish.prepared(none, persons, made) is none
