"""A store that holds the log alone: made in a moment, so that every test has an empty one on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import store
from tests.stores import a_store

TABLES = [table for name, table in store.metadata.tables.items() if name.startswith("access_")]


@pytest.fixture(scope="session")
def log_database(postgres: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database on PostgreSQL for all tests of the log in turn."""
    with a_store("postgresql", postgres, tmp_path_factory.getbasetemp()) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """The log's tables, empty, on each database in turn."""
    if request.param == "sqlite":
        made = store.connect(f"sqlite:///{tmp_path / 'store.sqlite'}")
    else:
        made = store.connect(request.getfixturevalue("log_database"))
        with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"ALTER DATABASE {made.url.database} RESET ALL")
    store.metadata.create_all(made, tables=TABLES)
    yield made
    made.dispose()
