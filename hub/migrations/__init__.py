"""The store's schema over time, one Alembic revision a change; `upgrade` brings a store to this release.

1. A store that is empty is made; one that is behind is upgraded only when asked (`aidgraph store upgrade`).
2. A store made by a newer release is refused, never touched.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.errors import StoreError
from hub.failures import explained


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def known_revisions() -> set[str]:
    """The revisions that this release knows."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade(engine: sa.Engine) -> None:
    """Bring a store to this release's schema, in one transaction: a process killed meanwhile leaves it as it was."""
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":  # whose driver begins no transaction for CREATE TABLE by itself
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(_config(connection), "head")


def ensure(engine: sa.Engine) -> None:
    """Make an empty store; leave a current one alone. Raises StoreError (unreachable, behind, ahead)."""
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            empty = not sa.inspect(connection).get_table_names()
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "SQLITE_CANTOPEN") != "SQLITE_CANTOPEN":
            raise explained(error) or error from None
        if engine.dialect.name == "sqlite":
            raise StoreError(
                f"The store {engine.url.database} cannot be opened, or its folder cannot be written",
                remedy="Give the hub's user the right to write there (SQLite writes beside its file)",
            ) from None
        raise StoreError(
            f"The store cannot be reached ({type(error.orig).__name__})",
            remedy="Check AIDGRAPH_STORE and that the database runs",
        ) from None
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if current == head:
        return
    if empty:
        upgrade(engine)
    elif current is None:
        raise StoreError(
            "The database holds tables that are not aidgraph's",
            remedy="Give the hub a database of its own in AIDGRAPH_STORE",
        )
    elif current in known_revisions():
        raise StoreError(
            f"The store is at revision {current}, this release needs {head}",
            remedy="Back it up, then run `aidgraph store upgrade`",
        )
    else:
        raise StoreError(
            f"The store is at revision {current}, which this release does not know",
            remedy="Run the newer release that made it",
        )
