"""Empty stores for tests of any scope, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from hub import store


@contextmanager
def a_store(kind: str, server: str | None, folder: Path) -> Iterator[str]:
    """The URL of an empty store of a kind, gone afterwards; the test is skipped where there is no such server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.sqlite'}"
        return
    if server is None:
        pytest.skip("no PostgreSQL on this machine")
    name = f"test_{uuid4().hex[:12]}"
    admin = store.connect(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
