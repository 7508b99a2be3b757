"""Gather: what a month is computed from, taken from the store and the lake.

The ids of persons are given here, at first sight of a MAC: dense, append-only, in the order of the MACs, so that
neither the order nor the batching of arrival shows in them beyond the month that saw them first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

import hub
from connectors.base import FieldType, Stream
from hub import store
from hub.deployment import Deployment
from hub.errors import InputError, StoreError
from hub.inputs import LandedPart, MonthInputs, Progress, month_bounds
from hub.landing.quarantine import State
from hub.landing.snapshot import GONE, RAW

BATCHES = pa.schema(
    [
        ("batch_id", pa.int64()),
        ("source", pa.string()),
        ("stream", pa.string()),
        ("as_of", pa.date32()),
        ("semantics", pa.string()),
        ("complete", pa.bool_()),
        ("department", pa.string()),
    ]
)
ALIAS = pa.schema([("mac", pa.string()), ("person_id", pa.int64())])
QUARANTINED = pa.schema([("batch_id", pa.int64()), ("mac", pa.string())])
DECISION = pa.schema([("mac", pa.string()), ("name_mac", pa.string()), ("judgement", pa.string())])


def gather(deployment: Deployment, month: str, recorded: Mapping[str, Any], progress: Progress) -> MonthInputs:
    """The inputs of a month as recorded for it (`batches`, `decisions`), read and ready for the stages."""
    start, _ = month_bounds(month)
    batches = _batches(deployment, recorded["batches"])
    streams = {(source.name, stream.name): stream for source in deployment.sources for stream in source.streams}
    declared = [(batch, _declared(streams, batch)) for batch in batches]
    landed = tuple(part for batch, stream in declared for part in _parts(deployment, batch, stream))
    _assign_aliases(deployment, landed)
    answers = {source.name: source.department for source in deployment.sources}
    rows = [
        (b.batch_id, b.source, b.stream, b.as_of, s.semantics.value, s.complete, s.department or answers[b.source])
        for b, s in declared
        if b.part_of is None
    ]
    counties = _counties(deployment, declared)
    bases = _bases(batches)
    return MonthInputs(
        month=month,
        landed=landed,
        batches=table(BATCHES, rows),
        alias=_aliases(deployment),
        decisions=_decisions(deployment, recorded["decisions"]),
        config=deployment.config.relations(counties, start.year),
        counties=frozenset(counties),
        quarantined=_quarantined(deployment, batches),
        bases=bases,
        previous_findings=_earlier(deployment, "finding", month),
        previous_warnings=_earlier(deployment, "warning", month),
        earlier_batches=_earlier_batches(deployment, month),
        progress=progress,
        sources=deployment.sources,
    )


def table(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows as an Arrow table of a schema; empty where there are none."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in schema]
    return pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)


def _batches(deployment: Deployment, ids: Sequence[int]) -> Sequence[Any]:
    b = store.batch.c
    columns = (b.batch_id, b.source, b.stream, b.as_of, b.parts, b.part_of, b.base)
    wanted = set(ids)
    with deployment.engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).order_by(b.batch_id))
        return [row for row in rows if row.batch_id in wanted]


def _declared(streams: Mapping[tuple[str, str], Stream], batch: Any) -> Stream:
    try:
        return streams[batch.source, batch.stream]
    except KeyError:
        raise InputError(
            f"Batch {batch.batch_id} is of {batch.source}.{batch.stream}, which no source declares",
            remedy="Put the source's file back into connectors/sources/ or the deployment's folder sources",
        ) from None


def _parts(deployment: Deployment, batch: Any, stream: Stream) -> list[LandedPart]:
    """The files of a batch, under the relations they are read in; a replay's under the batch whose rows it read."""
    relation = stream.relation(batch.source)
    relations = {name: f"{relation}_{name}" if name else relation for name in batch.parts if name != RAW}
    return [
        LandedPart(
            relation="gone_line" if name == GONE else relations[name],
            batch_id=batch.part_of or batch.batch_id,
            as_of=batch.as_of,
            path=str(deployment.lake.path("rows", digest)),
        )
        for name, digest in sorted(batch.parts.items())
        if name in relations
    ]


def _assign_aliases(deployment: Deployment, landed: Sequence[LandedPart]) -> None:
    """Give every MAC seen for the first time a person_id."""
    paths = [part.path for part in landed if part.relation in _row_relations(deployment)]
    if not paths:
        return
    with duckdb.connect() as duck:
        duck.register("known", _aliases(deployment))
        new = duck.execute(
            "SELECT DISTINCT mac FROM read_parquet(?, union_by_name => true) "
            "WHERE mac NOT IN (SELECT mac FROM known) ORDER BY mac",
            [paths],
        ).fetchall()
    if not new:
        return
    with deployment.engine.begin() as connection:
        first = (connection.scalar(sa.select(sa.func.max(store.alias.c.person_id))) or 0) + 1
        connection.execute(
            sa.insert(store.alias), [{"mac": mac, "person_id": first + n} for n, (mac,) in enumerate(new)]
        )


def _row_relations(deployment: Deployment) -> set[str]:
    return {stream.relation(source.name) for source in deployment.sources for stream in source.streams}


def _aliases(deployment: Deployment) -> pa.Table:
    with deployment.engine.connect() as connection:
        return table(ALIAS, connection.execute(sa.select(store.alias.c.mac, store.alias.c.person_id)).all())


def _bases(batches: Sequence[Any]) -> dict[int, int]:
    """The base of each batch that has one. Raises StoreError where a base is not among the batches."""
    bases = {batch.batch_id: batch.base for batch in batches if batch.base is not None}
    if missing := set(bases.values()) - {batch.batch_id for batch in batches}:
        raise StoreError(
            f"Batch {min(missing)} holds rows of later ones and is no input of the month",
            remedy="Restore the store from backup; report this as a defect of the hub",
        )
    return bases


def _quarantined(deployment: Deployment, batches: Sequence[Any]) -> pa.Table:
    """Whose rows wait in quarantine, by batch, where the ID number can be read; a base's rows wait while they stand.

    A row counts whatever became of it later: it stood on that list. Only where one of these batches replayed it, it
    speaks for itself.
    """
    q, c = store.quarantine.c, store.quarantine_change.c
    replays = [batch.batch_id for batch in batches if batch.part_of is not None]
    here = sa.and_(c.batch_id == q.batch_id, c.line == q.line, c.state == State.REPLAYED, c.by_batch.in_(replays))
    query = sa.select(q.batch_id, q.line, q.mac).where(q.mac.is_not(None), ~sa.exists().where(here))
    waiting: dict[int, list[tuple[int, str]]] = {batch.batch_id: [] for batch in batches}
    with deployment.engine.connect() as connection:
        for row in connection.execute(query):
            waiting.setdefault(row.batch_id, []).append((row.line, row.mac))
    rows = {(batch.batch_id, mac) for batch in batches for _, mac in waiting[batch.batch_id]}
    for batch in batches:
        if batch.base is not None and waiting[batch.base]:
            gone = set(deployment.lake.read("rows", batch.parts[GONE])["line"].to_pylist())
            rows.update((batch.batch_id, mac) for line, mac in waiting[batch.base] if line not in gone)
    return table(QUARANTINED, sorted(rows))


def _decisions(deployment: Deployment, until: int) -> pa.Table:
    """The last word on each pair, among the decisions up to a sequence number."""
    d = store.link_decision.c
    with deployment.engine.connect() as connection:
        rows = connection.execute(sa.select(d.mac, d.name_mac, d.judgement).where(d.seq <= until).order_by(d.seq)).all()
    last = {(row.mac, row.name_mac): row.judgement for row in rows}
    return table(DECISION, [(mac, name, judgement) for (mac, name), judgement in last.items()])


def _counties(deployment: Deployment, declared: Sequence[tuple[Any, Stream]]) -> set[str]:
    """Every county that a landed row names, in any field that holds a division."""
    columns: set[tuple[str, str]] = set()
    for batch, stream in declared:
        for name, fields in (("", stream.fields), *((child.name, child.fields) for child in stream.children)):
            path = str(deployment.lake.path("rows", batch.parts[name]))
            columns.update((path, field.name) for field in fields if field.type is FieldType.DIVISION)
    counties: set[str] = set()
    with duckdb.connect() as duck:
        for path, column in sorted(columns):
            found = duck.execute(
                f"SELECT DISTINCT substr({column}, 1, 6) FROM read_parquet(?) WHERE length({column}) >= 6", [path]
            )
            counties.update(county for (county,) in found.fetchall())
    return counties


def _earlier(deployment: Deployment, name: str, month: str) -> pa.Table | None:
    """The rows of a monthly table in all earlier months; None where there is no earlier month."""
    m = store.month.c
    with deployment.engine.connect() as connection:
        found = connection.scalars(sa.select(m.tables).where(m.month < month).order_by(m.month)).all()
    parts = [deployment.lake.read("derived", tables[name]) for tables in found]
    return pa.concat_tables(parts) if parts else None


def _earlier_batches(deployment: Deployment, month: str) -> dict[str, tuple[int, ...]]:
    """What the months before were computed from, as recorded with them."""
    m = store.month.c
    with deployment.engine.connect() as connection:
        rows = connection.execute(sa.select(m.month, m.inputs).where(m.month < month).order_by(m.month))
        return {row.month: tuple(row.inputs["batches"]) for row in rows}


def code_version() -> str:
    """The release and the digest of the SQL that computes a month."""
    root = Path(next(iter(hub.__path__)))
    files = sorted([*root.glob("sql/**/*.sql"), *root.glob("checks/*.sql")])
    content = b"".join(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() for path in files)
    return f"{hub.__version__}+{hashlib.sha256(content).hexdigest()[:16]}"
