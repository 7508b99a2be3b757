"""A hub at work: the settings of a deployment opened into its store, lake, keys and configuration."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from hub import config, identity, keys, migrations, store
from hub.config import Config
from hub.errors import HubError
from hub.identity import Linkage
from hub.keys import KeyRing
from hub.lake import Lake
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

    def __enter__(self) -> Deployment:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()


def open_deployment(settings: Settings) -> Deployment:
    """Open a deployment; an empty store is made. Raises KeysError, ConfigError or StoreError before any work."""
    ring = keys.load(settings.keys)
    loaded = config.load(settings.config)
    linkage = identity.load(settings.config, LINKAGE, ring)
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = store.connect(settings.store)
    try:
        migrations.ensure(engine)
    except HubError:
        engine.dispose()
        raise
    return Deployment(
        settings=settings, engine=engine, lake=Lake(settings.lake), ring=ring, config=loaded, linkage=linkage
    )
