"""Months: from the batches in the lake to what is served, one month at a time.

1. A month is a pure function of its recorded inputs: batches, aliases, decisions, configuration, the deployment's own
   declarations of sources, code.
2. Its inputs are the batches in force (hub/landing/ledger.py) whose `as_of` is before the cut-off: `GRACE` days after
   its last day (a department's snapshot for November may be of the first days of December).
3. Computing a month closes the earlier ones. A closed month is never changed: computing it again rebuilds it from its
   recorded inputs and compares the digests. What arrives later belongs to the next month (pins.md 8).
4. Nothing is visible, roll-ups included (hub/rollup/), until the one transaction that publishes the difference and
   records the month has committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from hub import declarations, held, publish, store, tables
from hub.audit import audit
from hub.deployment import Deployment
from hub.engine import DuckDB, digest
from hub.errors import AuditFailed, InputError
from hub.gather import code_version, gather
from hub.inputs import Progress, month_bounds
from hub.landing import ledger
from hub.reconcile import compute_month
from hub.rollup import Demand, cells

GRACE = timedelta(days=10)
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """What computing a month did. `outcome`: published, unchanged (nothing to publish) or verified (a closed month)."""

    month: str
    outcome: str
    digest: str
    publication: int
    counts: dict[str, int]  # rows by table
    findings: dict[str, dict[str, int]]  # kind -> state -> count
    opened: int = 0
    closed: int = 0


def compute(deployment: Deployment, month: str, progress: Progress, demands: Sequence[Demand] = ()) -> MonthReport:
    """Compute, audit and publish a month; rebuild and verify it where it is closed. Hold the lake's lock.

    `demands` are those whose roll-ups are published with it.

    Raises InputError (no batches, not a month), AuditFailed (nothing was published).
    """
    begin, end = month_bounds(month)
    with deployment.engine.connect() as connection:
        recorded = connection.execute(sa.select(store.month).where(store.month.c.month == month)).one_or_none()
        later = connection.scalar(sa.select(sa.func.count()).where(store.month.c.month > month))
    if recorded is None and later:
        raise InputError(
            f"A month after {month} has been computed",
            remedy="Months go in order; what came late belongs to the next one",
        )
    if recorded is None and begin > datetime.now(BEIJING).date():
        raise InputError(
            f"{month} is a month to come",
            remedy="Computing it would close every month before it for good; name another",
        )
    closed = recorded is not None and recorded.state == "closed"
    inputs = dict(recorded.inputs) if recorded is not None and closed else _inputs(deployment, end)
    _usable(deployment, month, inputs, closed=closed)
    if closed:
        deployment = declarations.as_recorded(deployment, inputs)
    computed = compute_month_tables(deployment, month, inputs, progress)
    audit(computed, inputs["batches"])
    whole = _digest(computed)
    if recorded is not None and closed:
        if recorded.digest != whole:
            raise AuditFailed(
                f"{month} is closed and rebuilds to another digest",
                remedy="Compare the code version and the lake with those recorded for the month",
            )
        return _report(month, "verified", whole, recorded.publication, computed)
    if recorded is not None and recorded.digest == whole and recorded.inputs == inputs:
        return _report(month, "unchanged", whole, recorded.publication, computed)
    publication, opened, gone = _publish(deployment, month, inputs, computed, whole, progress, demands)
    return _report(month, "published", whole, publication, computed, opened, gone)


def compute_month_tables(
    deployment: Deployment, month: str, inputs: Mapping[str, Any], progress: Progress
) -> dict[str, pa.Table]:
    """The stages match, merge and reconcile over recorded inputs; nothing is written but new aliases."""
    with deployment.spill() as spill, DuckDB(spill=spill) as engine:
        return compute_month(engine, gather(deployment, month, inputs, progress))


def published(deployment: Deployment, month: str) -> dict[str, Any] | None:
    """A month as last published: findings by kind and state, participation. None where it was not computed."""
    m = store.month.c
    with deployment.engine.connect() as connection:
        found = connection.execute(sa.select(m.tables, m.state, m.digest).where(m.month == month)).one_or_none()
    if found is None:
        return None
    finding = deployment.lake.read("derived", found.tables["finding"])
    participation = deployment.lake.read("derived", found.tables["participation"])
    return {
        "month": month,
        "state": found.state,
        "digest": found.digest,
        "findings": _by_state(finding),
        "participation": participation.to_pylist(),
    }


def left_out(deployment: Deployment, month: str) -> list[tuple[int, str]]:
    """The batches of a month that wait for somebody's word, and which they are."""
    with deployment.engine.connect() as connection:
        return ledger.left_out(connection, month_bounds(month)[1] + GRACE)


def _inputs(deployment: Deployment, end: date) -> dict[str, Any]:
    """What the month is computed from, as recorded with it."""
    with deployment.engine.connect() as connection:
        batches = ledger.visible(connection, end + GRACE)
        decisions = connection.scalar(sa.select(sa.func.max(store.link_decision.c.seq))) or 0
    return {
        "batches": batches,
        "decisions": decisions,
        "config": deployment.config.digest,
        "code": code_version(),
        "linkage": deployment.linkage.version,
        "sources": declarations.of_batches(deployment, batches),
    }


def _usable(deployment: Deployment, month: str, inputs: Mapping[str, Any], *, closed: bool) -> None:
    if not inputs["batches"]:
        raise InputError(
            f"No batch describes {month}", remedy="Run `aidgraph pull` first, and look at `aidgraph sources`"
        )
    if closed and inputs["config"] != deployment.config.digest:
        raise InputError(
            f"{month} is closed and was computed with another configuration",
            remedy="Give that configuration with --config to rebuild it",
        )


def _digest(computed: Mapping[str, pa.Table]) -> str:
    """One digest of a month: over the canonical digests of its tables, by name."""
    lines = [f"{name}:{digest(tables.PUBLISHED[name], rows)}" for name, rows in sorted(computed.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _publish(
    deployment: Deployment,
    month: str,
    inputs: Mapping[str, Any],
    computed: Mapping[str, pa.Table],
    whole: str,
    progress: Progress,
    demands: Sequence[Demand],
) -> tuple[int, int, int]:
    """Write the tables to the lake, then the difference, the month and the pointer in one transaction."""
    files = {name: deployment.lake.write("derived", rows) for name, rows in computed.items()}
    now = datetime.now(UTC)
    with deployment.engine.begin() as connection:
        latest = connection.scalar(sa.select(sa.func.max(store.publication.c.publication))) or 0
        last = _last(deployment, connection, month, latest)
        changes = [
            publish.difference(connection, table, computed[name], month, last(table))
            for name, table in tables.PUBLISHED.items()
        ]
        publication = latest + 1
        holding = held.bits(computed["category_spell"], held.year_of(month))
        changes = [publish.prepared(change, computed["person"], holding) for change in changes]
        sealed = publish.sealed_identities(deployment.lake, connection, changes)
        publish.apply_all(connection, changes, publication, sealed, progress)
        held.renew(connection, holding)
        with deployment.spill() as spill, DuckDB(spill=spill) as engine:
            cells.replace(connection, engine, month, computed, demands)
        connection.execute(
            sa.insert(store.publication).values(publication=publication, month=month, at=now, digest=whole)
        )
        connection.execute(sa.delete(store.month).where(store.month.c.month == month))
        connection.execute(sa.update(store.month).where(store.month.c.month < month).values(state="closed"))
        connection.execute(
            sa.insert(store.month).values(
                month=month,
                state="open",
                inputs=dict(inputs),
                tables=files,
                digest=whole,
                computed_at=now,
                publication=publication,
            )
        )
    return publication, sum(c.opened.num_rows for c in changes), sum(len(c.closed) for c in changes)


def _last(
    deployment: Deployment, connection: sa.Connection, month: str, latest: int
) -> Callable[[tables.Table], pa.Table | None]:
    """The rows that made what is served of a table: as last published, or of a monthly table as the month last was."""
    m = store.month.c
    published = connection.scalar(sa.select(m.tables).where(m.publication == latest))
    this = connection.scalar(sa.select(m.tables).where(m.month == month))

    def last(table: tables.Table) -> pa.Table | None:
        made = this if table.monthly else published
        if made is None or published is None or table.name not in made:
            return None
        return deployment.lake.read("derived", made[table.name])

    return last


def _by_state(finding: pa.Table) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for kind, state in zip(finding["kind"].to_pylist(), finding["state"].to_pylist(), strict=True):
        states = counted.setdefault(kind, {})
        states[state] = states.get(state, 0) + 1
    return counted


def _report(
    month: str,
    outcome: str,
    whole: str,
    publication: int,
    computed: Mapping[str, pa.Table],
    opened: int = 0,
    closed: int = 0,
) -> MonthReport:
    return MonthReport(
        month=month, outcome=outcome, digest=whole, publication=publication, opened=opened, closed=closed,
        counts={name: rows.num_rows for name, rows in computed.items()}, findings=_by_state(computed["finding"]),
    )  # fmt: skip
