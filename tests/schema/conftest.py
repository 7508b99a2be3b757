"""The graph served in process over the small world, on each database, and a client that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from hub import store
from hub.keys import KeyRing
from schema.agreement import Agreement
from tests.schema import world
from tests.schema.client import Client, serve
from tests.schema.walk import SHIPPED


@pytest.fixture(scope="session")
def agreements() -> tuple[Agreement, ...]:
    return tuple(SHIPPED.values())


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, ring: KeyRing
) -> Iterator[sa.Engine]:
    """A store with the small world in it."""
    name = f"test_{uuid4().hex[:12]}"
    if request.param == "sqlite":
        url: Any = f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}"
    else:
        server = request.getfixturevalue("postgres")
        if server is None:
            pytest.skip("no PostgreSQL on this machine")
        admin = store.connect(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    engine = store.connect(url)
    store.metadata.create_all(engine)
    world.fill(engine, ring)
    yield engine
    engine.dispose()
    if request.param != "sqlite":
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(scope="session")
def client(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Client]:
    """The shipped agreements, served over the small world on each database."""
    made = serve(filled, ring, agreements)
    yield made
    made.app.state.hub.workers.close()


@pytest.fixture(scope="session")
def plain(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Client]:
    """The same, with graphql-core alone."""
    made = serve(filled, ring, agreements, compiled=False)
    yield made
    made.app.state.hub.workers.close()


@pytest.fixture
def changed(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Any]:
    """Serve one shipped agreement, changed: `changed("auditor", limits=...)`."""
    made: list[Client] = []

    def serve_changed(name: str, *, compiled: bool = True, **changes: Any) -> Client:
        (alone,) = (replace(item, **changes) for item in agreements if item.id == name)
        made.append(serve(filled, ring, (alone,), compiled=compiled))
        return made[-1]

    yield serve_changed
    for item in made:
        item.app.state.hub.workers.close()
