"""The store's revisions make exactly the schema that the code declares, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hub import migrations, store
from hub.errors import StoreError
from tests.schema import world


@pytest.fixture
def empty(store_url):
    engine = store.connect(store_url)
    yield engine
    engine.dispose()


def test_an_empty_store_is_made_as_declared_and_left_alone_afterwards(empty):
    migrations.ensure(empty)
    migrations.ensure(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, store.metadata) == []
        indexes = {
            index["name"] for table in store.metadata.tables for index in sa.inspect(connection).get_indexes(table)
        }
    assert indexes >= {index.name for table in store.metadata.tables.values() for index in table.indexes}


def test_the_indexes_over_current_rows_are_partial(empty):
    migrations.ensure(empty)
    name = "ix_person_county_person_id"
    query = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE name = :name",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = :name",
    }[empty.dialect.name]
    with empty.connect() as connection:
        assert "pub_until IS NULL" in connection.scalar(sa.text(query), {"name": name})


def test_a_database_of_somebody_else_is_refused(empty):
    with empty.begin() as connection:
        connection.execute(sa.text("CREATE TABLE theirs (x INTEGER)"))
    with pytest.raises(StoreError, match="not aidgraph's"):
        migrations.ensure(empty)


def test_an_older_store_is_upgraded_only_when_asked(empty, monkeypatch):
    migrations.ensure(empty)
    with empty.begin() as connection:
        for table in reversed(store.metadata.sorted_tables):
            table.drop(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'base'"))
    monkeypatch.setattr(migrations, "known_revisions", lambda: {"base", "0001"})
    with pytest.raises(StoreError, match="aidgraph store upgrade"):
        migrations.ensure(empty)


def test_what_publish_puts_into_persons_rows_is_there_after_an_upgrade(empty, ring):
    migrations.ensure(empty)
    world.fill(empty, ring, many=3)
    person = store.published["person"].c
    query = sa.select(person.person_id, person.held, person.carried).where(person.pub_until.is_(None))
    with empty.begin() as connection:
        expected = connection.execute(query.order_by(person.person_id)).all()
        for column in ("held", "carried"):
            connection.execute(sa.text(f"ALTER TABLE person DROP COLUMN {column}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0008'"))
    migrations.upgrade(empty)
    with empty.connect() as connection:
        assert connection.execute(query.order_by(person.person_id)).all() == expected
    assert len({row.held for row in expected}) > 2
    if empty.dialect.name == "postgresql":
        assert len({str(row.carried["category_spell"]) for row in expected}) > 2


def test_a_database_that_is_not_there_is_told_without_its_password():
    engine = store.connect("postgresql://aidgraph:s3cret@127.0.0.1:9/aidgraph")
    with pytest.raises(StoreError, match="cannot be reached") as refused:
        migrations.ensure(engine)
    assert "s3cret" not in str(refused.value)
