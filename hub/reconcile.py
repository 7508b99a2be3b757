"""Reconcile: a month's findings, warnings and participation, compared with the months before.

Each check is one file in `checks/`, found by walking the folder: its name is the kind of finding, its head says
title, severity, addressee, deadline and citation, its query yields the rows. A check yields only the columns it has:
`person_id` (-1 where absent), `household_key` and `subject` ('' where absent) name the finding with its kind;
`county`, `category`, `expected`, `actual`, `addressee` (where it is not the head's), `batch_id`, `line` and
`record_digest` describe it.

`compute_month` runs all three stages. Its result is a pure function of `MonthInputs` and this package's text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from hub.engine import REPORT, SQL, Engine, schema, statements
from hub.errors import AuditFailed
from hub.inputs import EARLIER_BATCH, MonthInputs, Progress, earlier_batches, silent
from hub.match import load, match
from hub.merge import merge
from hub.tables import FINDING, PUBLISHED, WARNING

CHECKS = Path(__file__).parent / "checks"
STEPS = tuple(statements(SQL / "reconcile"))
BORNE = dict(statements(SQL / "reconcile" / "borne"))  # what persons bear: after what was `paid`, or `computed`
HEAD = ("title", "title_en", "severity", "addressee", "deadline_days", "citation")
SEVERITIES = ("high", "medium", "low")
TURN = [name for name, _ in STEPS].index("finding")  # the step that gathers what the checks found
CHECK_HEAD = {"kind": "VARCHAR", "severity": "VARCHAR", "addressee": "VARCHAR", "deadline_days": "INTEGER"}
DEFAULTS = {
    "person_id": "CAST(-1 AS BIGINT)",
    "household_key": "''",
    "subject": "''",
    "county": "CAST(NULL AS STRING)",
    "category": "CAST(NULL AS STRING)",
    "expected": "CAST(NULL AS BIGINT)",
    "actual": "CAST(NULL AS BIGINT)",
    "addressee": "CAST(NULL AS STRING)",
    "batch_id": "CAST(NULL AS BIGINT)",
    "line": "CAST(NULL AS INTEGER)",
    "record_digest": "CAST(NULL AS STRING)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One kind of finding. `meaning` is the prose of the head; `addressee` a department, unless the query names one."""

    kind: str
    title: str
    title_en: str
    severity: str
    addressee: str
    deadline_days: int
    citation: str
    meaning: str
    sql: str


@lru_cache(maxsize=1)
def checks() -> tuple[Check, ...]:
    """Every check of hub/checks/, in order of kind. Raises AuditFailed where a head is not complete."""
    return tuple(read_check(kind, sql) for kind, sql in statements(CHECKS))


def read_check(kind: str, sql: str) -> Check:
    """A check from its text: `-- key: value` lines for the keys of HEAD, then the meaning."""
    head: dict[str, str] = {}
    meaning = []
    for line in _comments(sql):
        key, colon, value = line.partition(": ")
        if colon and key in HEAD and key not in head:
            head[key] = value.strip()
        else:
            meaning.append(line)
    missing = [key for key in HEAD if not head.get(key)]
    if missing or head["severity"] not in SEVERITIES or not head["deadline_days"].isdigit() or not meaning:
        raise AuditFailed(
            f"hub/checks/{kind}.sql: the head lacks or misspells "
            f"{', '.join(missing) or 'severity, deadline_days or meaning'}",
            remedy=f"Begin the file with `-- key: value` for {', '.join(HEAD)}, then say what the finding means",
        )
    return Check(
        kind=kind,
        title=head["title"],
        title_en=head["title_en"],
        severity=head["severity"],
        addressee=head["addressee"],
        deadline_days=int(head["deadline_days"]),
        citation=head["citation"],
        meaning=" ".join(meaning),
        sql=sql,
    )


def _comments(sql: str) -> Iterator[str]:
    for line in sql.splitlines():
        if not line.startswith("-- "):
            return
        yield line.removeprefix("-- ")


def reconcile(engine: Engine, progress: Progress = silent) -> None:
    """Run the stage over the results of match and merge: makes `finding`, `warning` and `participation`."""
    engine.view("borne", BORNE["paid"])
    steps = [*STEPS[:TURN], *((f"check_{check.kind}", check.sql) for check in checks()), *STEPS[TURN:]]
    for done, (name, sql) in enumerate(steps, start=1):
        if name == STEPS[TURN][0]:
            _gather(engine)
        engine.run(name, sql)
        progress("reconcile", done, len(steps))


def _gather(engine: Engine) -> None:
    """`found`: all checks' rows under one roof; `check_head`: what the heads say."""
    engine.view("found", "\nUNION ALL\n".join(_found(engine, check.kind) for check in checks()))
    heads = [{key: value for key, value in asdict(check).items() if key in CHECK_HEAD} for check in checks()]
    engine.register("check_head", pa.Table.from_pylist(heads), CHECK_HEAD)


def _found(engine: Engine, kind: str) -> str:
    """A check's rows with the columns it does not yield filled in."""
    yielded = engine.columns(f"check_{kind}")
    if unknown := sorted(set(yielded) - set(DEFAULTS)):
        raise AuditFailed(f"hub/checks/{kind}.sql yields {', '.join(unknown)}, which no finding has", remedy=REPORT)
    columns = ", ".join(name if name in yielded else f"{default} AS {name}" for name, default in DEFAULTS.items())
    return f"SELECT '{kind}' AS kind, {columns} FROM check_{kind}"


def compute_month(engine: Engine, inputs: MonthInputs) -> dict[str, pa.Table]:
    """All derived tables of a month, by name: each as hub/tables.py declares it, sorted by its key.

    Raises ConfigError or InputError where an input does not fit, AuditFailed where a result is not what it promises.
    """
    load(engine, inputs)
    for name, table, rows in (
        ("earlier_finding", FINDING, inputs.previous_findings),
        ("earlier_warning", WARNING, inputs.previous_warnings),
    ):
        engine.register(name, schema(table).empty_table() if rows is None else rows, table.columns)
    engine.register("earlier_batch", earlier_batches(inputs.earlier_batches), EARLIER_BATCH)
    match(engine, inputs.progress)
    merge(engine, inputs.progress)
    reconcile(engine, inputs.progress)
    return {name: engine.fetch(table) for name, table in PUBLISHED.items()}
