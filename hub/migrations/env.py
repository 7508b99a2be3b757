"""Alembic's entry: runs the revisions on the connection that `hub.migrations` hands over."""

from alembic import context

from hub.store import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
