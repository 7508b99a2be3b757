"""A hub at work: the settings of a deployment opened into its store, lake, keys and configuration."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from connectors.base import Source, Stream, discover, find
from hub import config, keys, locking, migrations, store
from hub.config import Config
from hub.errors import ConfigError, HubError, KeysError
from hub.keys import KeyRing
from hub.lake import Lake
from hub.reading import identity
from hub.reading.identity import Linkage
from hub.settings import Settings

LINKAGE = "v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What every verb works with. Close it, or use `with`."""

    settings: Settings
    engine: sa.Engine
    lake: Lake
    ring: KeyRing
    config: Config
    linkage: Linkage
    sources: tuple[Source, ...]

    def __enter__(self) -> Deployment:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    def stream(self, source: str, stream: str) -> Stream | None:
        """The stream of these names as it is declared today; None where it is not any more."""
        return find(self.sources, source, stream)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the lake and the store for one run; released when the process ends, however it ends. Raises Locked."""
        return locking.held(self.engine, self.lake)

    @contextmanager
    def spill(self) -> Iterator[Path]:
        """A folder for what does not fit into memory, removed afterwards; what killed processes left goes first."""
        for left in self.settings.data.glob("spill-*"):
            if not _runs(left.name.removeprefix("spill-")):
                shutil.rmtree(left, ignore_errors=True)
        folder = self.settings.data / f"spill-{os.getpid()}"
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: str) -> bool:
    """Is there a process of this number?"""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _own_keys(engine: sa.Engine, linkage: Linkage) -> None:
    """Refuse keys under which the store knows none of its persons: each would come a second time. Raises KeysError."""
    own = linkage.contract.value.format(key_id=linkage.key_id, mac="")
    with engine.connect() as connection:
        known = connection.scalar(sa.select(store.alias.c.mac).limit(1))
        if known is None or known.startswith(own):
            return
        mine = sa.select(store.alias.c.mac).where(store.alias.c.mac.startswith(own, autoescape=True)).limit(1)
        if connection.scalar(mine) is None:  # where keys were rotated, persons have older aliases too
            raise KeysError(
                f"The store's persons are known under other keys than {linkage.key_id}",
                remedy="Set AIDGRAPH_KEYS to the key file that the store was made with; nothing was changed",
            )


def _concurrency(settings: Settings, sources: Iterable[Source]) -> None:
    """Refuse a `concurrency` that would change nothing. Raises ConfigError."""
    for source in sources:
        asked = settings.sources[source.name].concurrency if source.name in settings.sources else 1
        if asked > 1 and not any(getattr(stream.transport, "concurrent", False) for stream in source.streams):
            raise ConfigError(
                f"source {source.name}: concurrency = {asked} has no effect, because none of its streams can be asked "
                "for several pages at once",
                remedy='Take it out, or declare paging = { kind = "page", pages = "place of their number" }',
            )


def open_deployment(settings: Settings) -> Deployment:
    """Open a deployment; an empty store is made.

    Raises KeysError (also where the store was made with others), ConfigError, DeclarationError or StoreError before
    any work.
    """
    ring = keys.load(settings.keys)
    loaded = config.load(settings.config)
    linkage = identity.load(settings.config, LINKAGE, ring)
    sources = discover(settings.declared)
    _concurrency(settings, sources)
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = store.connect(settings.store)
    try:
        migrations.ensure(engine)
        _own_keys(engine, linkage)
    except HubError:
        engine.dispose()
        raise
    return Deployment(
        settings=settings,
        engine=engine,
        lake=Lake(settings.lake),
        ring=ring,
        config=loaded,
        linkage=linkage,
        sources=sources,
    )
