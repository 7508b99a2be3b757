"""A hub that the kit's tests land into: an empty store each, the shipped configuration, keys of its own."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

import hub
from connectors.base import Connection, Source, Stream
from connectors.errors import SourceError
from hub import config, keys, migrations, store
from hub.config.codes import Codes
from hub.errors import InputError
from hub.lake import Lake
from hub.land import BatchReport, Landing
from hub.landing import ledger, snapshot
from hub.reading import identity

CONFIG = Path(hub.__file__).parents[1] / "config"
PROVINCE = "37"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What all landings share: made once."""

    codes: Codes
    ring: keys.KeyRing
    linkage: identity.Linkage
    empty: Path  # an empty store, copied for each landing

    @property
    def known(self) -> dict[str, str]:
        """One known code of each list, as Shandong's rows may carry it."""
        lists = sorted(self.codes.lists.items(), key=lambda item: item[0][1] == PROVINCE)
        return {name: next(iter(codes)) for (name, place), codes in lists if place in ("", PROVINCE)}


def make(folder: Path) -> Kit:
    """The kit, with its empty store in a folder."""
    empty = folder / "empty.sqlite"
    engine = store.connect(f"sqlite:///{empty}")
    migrations.ensure(engine)
    engine.dispose()
    ring = keys.make()
    return Kit(codes=config.load(CONFIG).codes, ring=ring, linkage=identity.load(CONFIG, "v1", ring), empty=empty)


class Hub:
    """A hub that knows one stream."""

    def __init__(self, kit: Kit, source: Source, stream: Stream, folder: Path) -> None:
        shutil.copy(kit.empty, folder / "store.sqlite")
        self.source = replace(source, streams=(stream,))
        self.stream = stream
        self.engine = store.connect(f"sqlite:///{folder / 'store.sqlite'}")
        self.lake = Lake(folder / "lake")
        self.reports: list[BatchReport] = []
        self._landing = Landing(engine=self.engine, lake=self.lake, linkage=kit.linkage, codes=kit.codes, ring=kit.ring)

    def pull(self, connection: Connection) -> SourceError | InputError | None:
        """Land what is new; the error that refused it, if one did."""
        try:
            for report in self._landing.pull(self.source, connection, lambda *_: None):
                assert report.read == report.accepted + report.quarantined + report.duplicates
                self.reports.append(report)
        except (SourceError, InputError) as error:
            return error
        return None

    def batches(self) -> list[Counter[str]]:
        """Of each batch that is visible, how often each row was accepted, by the first field of its key."""
        with self.engine.connect() as connection:
            ids = connection.scalars(
                sa.select(store.batch.c.batch_id).where(ledger.in_force()).order_by(store.batch.c.batch_id)
            ).all()
            files = [snapshot.files(connection, self.lake, batch_id) for batch_id in ids]
        return [Counter(key for digest, gone in each.items() for key in self._keys(digest, gone)) for each in files]

    def _keys(self, digest: str, gone: frozenset[int]) -> Iterator[tuple[str, ...]]:
        names = [name for name in self.stream.key if name != "mac"] or ["mac"]
        for row in self.lake.read("rows", digest, columns=["line", *names]).to_pylist():
            if row["line"] not in gone:
                yield tuple(str(row[name]) for name in names)

    def held(self) -> int:
        """Rows in quarantine."""
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(store.quarantine)) or 0
