"""A complete snapshot is kept as what changed against the last one kept whole, its base.

1. A row that the base has too, as it came and read the same way (rawrows.py), is not read, sealed or written
   again: it stands. It is counted as the base counted it, among the accepted (`unchanged`) or the quarantined.
2. A batch with a base holds the rows that the base has not, and the list of the base's lines that it no longer has.
   Its other rows are the base's, at the base's lines: whoever asks for a row is led to the batch that holds it.
3. A snapshot is kept whole where nothing can be concluded: there is no earlier one, rows are read another way now,
   the base's sealed part is destroyed, or the last snapshot differed from it by more than `SHARE`. A base is always
   whole, so that no chain grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.base import Source, Stream
from connectors.pages import Page, RawRow
from hub import store
from hub.keys import KeyRing
from hub.lake import Lake
from hub.landing import ledger, rawrows
from hub.landing.base import Base
from hub.landing.quarantine import CHUNK
from hub.landing.rawrows import Held, RawWriter, Waiting
from hub.reading.batch import Batch
from hub.reading.held_rows import HeldRows
from hub.reading.identity import Linkage
from hub.reading.page_reader import PageReader, ReadPage
from hub.reading.raw_digests import RawDigests
from hub.reading.rows import counted, repaired
from hub.reading.values import Codes

SHARE = 0.3  # of the base's rows that differ: the next snapshot is kept whole
TOGETHER = 2_000  # rows that are read at once where few of a page are new
RAW, GONE = "-raw", "-gone"  # a batch's parts that are no rows: raw rows told again; lines of the base that are gone
GONE_SCHEMA = pa.schema([("line", pa.int32())])
SAID = """
SELECT line, id_repairs, name_repairs, id_warnings FROM read_parquet($base)
WHERE id_repairs IS NOT NULL OR name_repairs IS NOT NULL OR id_warnings IS NOT NULL
"""
TWICE = "SELECT b.line FROM read_parquet($base) AS b SEMI JOIN read_parquet($own) AS o USING (record_digest)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a delivery is compared with: `base`, where it can stand on one; `read` is None where none is ever kept."""

    digests: RawDigests
    read: str | None
    base: Base | None

    @property
    def keeps(self) -> bool:
        """Does the delivery leave a list of its rows as they came, for a later one to stand on?"""
        return self.read is not None and self.base is None


class Snapshot:
    """A batch in the making that leaves out what stands; of a stream that is not complete, the batch itself."""

    def __init__(self, making: Batch, lake: Lake, earlier: Earlier) -> None:
        self._making = making
        self._lake = lake
        self._digests = earlier.digests
        self._base = earlier.base
        self._raw = RawWriter(lake, earlier.read or "") if earlier.keeps else None
        self._new_rows: list[Page] = []  # that the base has not, not yet read: a few of a page, many pages at once
        self._stood = self._again = 0
        self._waiting: Counter[str] = Counter()  # rows that stand in quarantine, by reason
        self._nobody = 0  # of them, those that name nobody
        self.repairs: Counter[str] = Counter()  # of the accepted rows, those that stand included; once finished
        self.warnings: Counter[str] = Counter()

    @property
    def reader(self) -> PageReader | None:
        """What reads the pages, where whole pages are read: on no base."""
        return self._making.reader if self._base is None else None

    @property
    def base(self) -> int | None:
        """The batch that holds the rows which stand."""
        return self._base.batch_id if self._base else None

    @property
    def read(self) -> int:
        waiting = sum(len(page.lines) for page in self._new_rows)
        return self._making.read + waiting + self._stood + self._again

    @property
    def unchanged(self) -> int:
        """Rows that were accepted with the base and stand."""
        return self._stood - self._waiting.total()

    @property
    def accepted(self) -> int:
        return self._making.accepted + self.unchanged

    @property
    def quarantined(self) -> int:
        return len(self.held) + self._waiting.total()

    @property
    def duplicates(self) -> int:
        return self._making.duplicates + self._again

    @property
    def distinct(self) -> int:
        """How many different rows the delivery held."""
        return self._making.distinct + self._stood

    @property
    def present(self) -> int:
        """How many different rows name somebody: those in quarantine under an unreadable number do not."""
        return self.read - self.duplicates - self._nobody - self.held.nobody

    @property
    def held(self) -> HeldRows:
        """The rows that go to quarantine with this batch; those that stand there already are not among them."""
        return self._making.held

    @property
    def reasons(self) -> dict[str, int]:
        """Rows in quarantine by reason, those that stand there included."""
        return dict(self.held.by_reason + self._waiting)

    @property
    def undeclared(self) -> set[str]:
        return self._making.undeclared

    def left(self, page: Page) -> Page:
        """The rows of a page that must be read: those that the base has, as they came, stand."""
        if self._base is None or page.texts is None:
            return page
        return self._new(page, self._digests.of_texts(*page.texts), self._base)

    def take(self, page: Page) -> None:
        """Read the rows of a page: those that the base has not become rows of this batch, when enough are together."""
        if self._base is None:
            self.add(page, self._making.reader.read(page))
            return
        self.undeclared.update(self._digests.undeclared(page))
        new = self._new(page, self._digests.of(page), self._base)
        if new.lines:
            self._new_rows.append(new)
            if sum(len(each.lines) for each in self._new_rows) >= TOGETHER:
                self.settle()

    def add(self, page: Page, read: ReadPage) -> None:
        """Take a page of a delivery that stands on no base, as it was read."""
        if self._raw:
            self._raw.append(read.raw or (), page.lines)
        self._making.take(read)

    def settle(self) -> None:
        """Read what was left until more would be together."""
        if self._new_rows:
            page, self._new_rows = Page.join(self._new_rows), []
            self._making.take(self._making.reader.read(page))

    def _new(self, page: Page, digests: Sequence[bytes], base: Base) -> Page:
        """The rows that the base has not; the others stand."""
        index, seen, new = base.index, base.seen, []
        for row, at in enumerate(index.find(digests)):
            if at < 0:
                new.append(row)
            elif seen[at]:
                self._again += 1
            else:
                seen[at] = 1
                self._stood += 1
                if waiting := index.waiting(at):
                    self._waiting[waiting.reason] += 1
                    self._nobody += waiting.nobody
        return page if len(new) == len(page.lines) else page.only(new)

    def refuse(self, raw: RawRow, reason: str, field: str, clear: Mapping[str, object]) -> None:
        """See `Batch.refuse`."""
        self._making.refuse(raw, reason, field, clear)

    def finish(self) -> tuple[dict[str, str], str]:
        """The digests of the parts by name, and of the sealed part."""
        parts, sealed = self._making.finish()
        if self._raw:
            parts[RAW] = self._raw.finish()
        if self._base:
            twice = self._twice(parts[""], self._base)
            gone = pa.concat_arrays([self._base.lines(seen=False), twice])
            parts[GONE] = self._lake.write("rows", pa.table([gone], schema=GONE_SCHEMA))
            self._stood -= len(twice)
            self._again += len(twice)
            self._count_said(self._base, gone)
            self._base.forget()
        self.repairs.update(self._making.repairs)
        self.warnings.update(self._making.warnings)
        return parts, sealed

    def discard(self) -> None:
        self._making.discard()
        if self._raw:
            self._raw.discard()

    def _count_said(self, base: Base, gone: pa.Array) -> None:
        """Count what was repaired and warned of in the rows that stand."""
        with rawrows.engine(self._lake) as duck:
            said = duck.sql(SAID, params={"base": str(self._lake.path("rows", base.rows))}).to_arrow_table()
        standing = said.filter(pc.invert(pc.is_in(said["line"], value_set=gone)))
        self.repairs.update(repaired(standing))
        self.warnings.update(counted(standing, "id_warnings"))

    def _twice(self, own: str, base: Base) -> pa.Array:
        """Lines of standing rows that a new row says again in other letters: one of the two is a duplicate."""
        paths = {"base": str(self._lake.path("rows", base.rows)), "own": str(self._lake.path("rows", own))}
        with rawrows.engine(self._lake) as duck:
            twice: pa.Table = duck.sql(TWICE, params=paths).to_arrow_table()
        lines = twice.combine_chunks()["line"].combine_chunks()
        standing = base.lines(seen=True)
        return standing.filter(pc.is_in(standing, value_set=lines))  # a set of the few, not of the base's millions


def files(connection: sa.Connection, lake: Lake, batch_id: int) -> dict[str, frozenset[int]]:
    """The digests of the files that hold a batch's rows, replayed ones included, and which lines of each it lacks."""
    b = store.batch.c
    own = connection.execute(sa.select(b.parts, b.base).where(b.batch_id == batch_id)).one()
    found = dict.fromkeys(rows_of(connection, batch_id), frozenset[int]())
    if own.base is not None:
        gone = frozenset(lake.read("rows", own.parts[GONE])["line"].to_pylist())
        found |= dict.fromkeys(rows_of(connection, own.base), gone)
    return found


def rows_of(connection: sa.Connection, batch_id: int) -> list[str]:
    """The files with a batch's own rows, replayed ones included."""
    b = store.batch.c
    here = sa.and_(sa.or_(b.batch_id == batch_id, b.part_of == batch_id), b.state != ledger.BatchState.REFUSED)
    return [parts[""] for parts in connection.scalars(sa.select(b.parts).where(here))]


def earlier(
    engine: sa.Engine,
    lake: Lake,
    source: Source,
    stream: Stream,
    as_of: date,
    codes: Codes,
    linkage: Linkage,
    ring: KeyRing,
) -> Earlier:
    """What a delivery of a stream that describes a day is compared with."""
    read = rawrows.reading(stream, codes, linkage) if stream.complete else None
    base = _base(engine, lake, source.name, stream.name, as_of, read) if read is not None else None
    return Earlier(digests=RawDigests(stream, source.name, ring), read=read, base=base)


def _base(engine: sa.Engine, lake: Lake, source: str, stream: str, as_of: date, read: str) -> Base | None:
    """The last whole snapshot, where it can be stood on."""
    b, q = store.batch.c, store.quarantine.c
    mine = sa.select(store.batch).where(ledger.of_stream(source, stream), ledger.in_force(), b.as_of <= as_of)
    with engine.connect() as connection:
        landed = connection.execute(mine.order_by(b.as_of.desc(), b.batch_id.desc())).all()
        last = next((batch for batch in landed if batch.base is not None or RAW in batch.parts), None)
        if last is None:
            return None
        whole = next(batch for batch in landed if batch.batch_id == (last.base or last.batch_id))
        if whole.sealed_part is None or _changed(last, whole):
            return None
        if rawrows.read_as(lake, whole.parts[RAW]) != read:
            return None
        waiting = sa.select(q.line, q.reason, q.mac.is_(None)).where(q.batch_id == whole.batch_id)
        found = connection.execution_options(yield_per=CHUNK).execute(waiting)
        held = Held((line, Waiting(reason, bool(nobody))) for line, reason, nobody in found)
    rows = whole.parts[""] if whole.duplicates else None
    index = rawrows.load(lake, whole.parts[RAW], rows, held)
    return Base(batch_id=whole.batch_id, rows=whole.parts[""], index=index)


def _changed(last: Any, whole: Any) -> bool:
    """Does a later snapshot replace, drop or add more than `SHARE` of a whole one's accepted rows?"""
    differing: int = last.accepted + whole.accepted - 2 * last.unchanged
    return last is not whole and differing > SHARE * whole.accepted
