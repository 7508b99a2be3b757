"""What a person's row carries is what the tables tell, whatever was published before."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import carried, publish, store, tables
from tests.hub.test_publish import PERSON, rows

DAYS = (date(2024, 1, 1), date(2024, 7, 1), date(2025, 1, 1))
PEOPLE = st.dictionaries(st.integers(1, 4), st.sampled_from(("女", "男", None)), max_size=4)
SPELLS = st.lists(
    st.tuples(
        st.integers(1, 4), st.sampled_from(("dibao", "tekun")), st.sampled_from(DAYS), st.sampled_from(("h1", "h2"))
    ),
    max_size=6,
    unique=True,
)
ENROLMENTS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(("normal", "paused", None)), st.sampled_from(DAYS)),
    max_size=5,
    unique_by=lambda row: (row[0], row[2]),
)
MONTH = "2025-11"


def expected(connection: sa.Connection, name: str, person_id: int) -> list[list[object]]:
    """A person's current rows as the tables tell them."""
    c, kept = store.published[name].c, carried.LISTS[name]
    query = sa.select(*(c[column] for column in kept.columns)).where(c.person_id == person_id, c.pub_until.is_(None))
    found = connection.execute(query.order_by(*(c[column].desc() for column in kept.order)))
    return [[value.isoformat() if isinstance(value, date) else value for value in row] for row in found]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PEOPLE, SPELLS, ENROLMENTS), min_size=1, max_size=4))
def test_after_any_history_rows_carry_what_the_tables_tell(engine, history):
    names = ("person", *carried.LISTS)
    with engine.begin() as connection:
        for name in names:
            connection.execute(sa.delete(store.published[name]))
    for publication, (people, spells, enrolments) in enumerate(history, 1):
        computed = {
            "person": [PERSON | {"person_id": n, "name_masked": name} for n, name in people.items()],
            "category_spell": [
                {"person_id": n, "category": code, "valid_from": day, "household_key": key, "source": "civil_affairs"}
                for n, code, day, key in spells
            ],
            "enrolment": [{"person_id": n, "status": state, "valid_from": day} for n, state, day in enrolments],
        }
        with engine.begin() as connection:
            changes = [
                publish.difference(connection, table, rows(table, *computed[name]), MONTH)
                for name, table in tables.PUBLISHED.items()
                if name in names
            ]
            publish.apply_all(connection, changes, publication, {}, lambda *_: None)
            assert carried.renew(connection, publication + 1) == 0
            p = store.published["person"].c
            for row in connection.execute(sa.select(p.person_id, p.pub_until, p.carried)).all():
                if row.pub_until is not None or engine.dialect.name == "sqlite":
                    assert row.carried is None
                else:
                    assert row.carried == {name: expected(connection, name, row.person_id) for name in carried.LISTS}


def test_what_is_carried_are_columns_of_its_table() -> None:
    for name, kept in carried.LISTS.items():
        there = store.published[name].c
        assert {*kept.columns, *kept.order} <= {column.name for column in there}
        assert all(isinstance(there[column].type, sa.Text | sa.Date) for column in kept.columns)
