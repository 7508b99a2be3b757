"""One row of quarantine looked at: which of its columns are filled, empty or damaged; its values only on the record.

What a column holds is read in memory to say whether it can be read, and is not told. Values are told to a named person
for a stated reason, after the access log has that in it (no log, no read).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connectors.base import Field, Sealed, Stream
from hub import log, store
from hub.deployment import Deployment
from hub.errors import InputError
from hub.landing import quarantine
from hub.landing.quarantine import Place
from hub.reading.identity import Linkage, Refused
from hub.reading.values import EMPTY as NOTHING
from hub.reading.values import READ, Unreadable
from hub.sealing import Sealer

FILLED, EMPTY, ABSENT, UNDECLARED = "filled", "empty", "absent", "undeclared"


def look(deployment: Deployment, place: Place) -> dict[str, Any]:
    """A row's place, reason, contract, state, history and the form of its columns. Raises InputError, KeysError."""
    row = _row(deployment, place)
    stream = deployment.stream(row.source, row.stream)
    values = _values(deployment, row)
    with deployment.engine.connect() as connection:
        changes = quarantine.history(connection, place)
    columns = dict.fromkeys(values, UNDECLARED) if stream is None else forms(stream, values, deployment.linkage)
    if columns.get(row.field) == FILLED:
        columns[row.field] = row.reason  # what only the code lists or the whole row could tell
    told = ("source", "stream", "batch_id", "label", "as_of", "line", "reason", "field", "contract", "state")
    return {name: getattr(row, name) for name in told} | {"history": changes, "columns": columns}


def unseal(deployment: Deployment, place: Place, *, actor: str, reason: str) -> dict[str, Any]:
    """A row's values as they came, told only once the access log says to whom and why. Raises InputError, KeysError."""
    if not actor.strip() or not reason.strip():
        raise InputError(
            "Values of a person are shown to a named person for a reason", remedy="Give --actor and --reason"
        )
    row = _row(deployment, place)
    values = _values(deployment, row)
    entry = log.Entry(
        at=datetime.now(UTC),
        client=actor,
        role="operator",
        agreement="",
        purpose=reason,
        outcome="answered",
        operation=f"quarantine show {row.batch_id} {row.line}",
        fields=tuple(f"{row.source}.{row.stream}.{name}" for name in sorted(values)),
        rows=1,
        subjects=_subjects(deployment, row.mac),
    )
    log.append(deployment.engine, entry)
    return values


def forms(stream: Stream, values: Mapping[str, Any], linkage: Linkage) -> dict[str, str]:
    """The form of each column: filled, empty, absent, undeclared, or the code of why it cannot be read."""
    found = {field.name: _form(field, values, linkage) for field in stream.fields}
    found |= {c.name: FILLED if values.get(c.name) else _missing(c.name, values) for c in stream.children}
    return found | {name: UNDECLARED for name in values if name not in found and name not in stream.ignored}


def _form(field: Field, values: Mapping[str, Any], linkage: Linkage) -> str:
    value = values.get(field.name)
    if value in (None, ""):
        return _missing(field.name, values)
    try:
        if field.sealed is Sealed.ID_NUMBER:
            linkage.identify(value)
        else:
            READ[field.type](value)
    except (Refused, Unreadable) as error:
        return error.reason
    return _missing(field.name, values) if str(value).strip() in NOTHING else FILLED


def _missing(name: str, values: Mapping[str, Any]) -> str:
    return EMPTY if name in values else ABSENT


def _row(deployment: Deployment, place: Place) -> Any:
    q, b = store.quarantine.c, store.batch.c
    query = (
        sa.select(store.quarantine, b.source, b.stream, b.label, b.as_of)
        .select_from(quarantine.JOINED)
        .where(q.batch_id == place[0], q.line == place[1])
    )
    with deployment.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise InputError(
            f"Batch {place[0]} holds no line {place[1]} in quarantine",
            remedy=f"See `aidgraph quarantine show {place[0]}`",
        )
    return row


def _values(deployment: Deployment, row: Any) -> dict[str, Any]:
    return Sealer(deployment.ring, f"{row.source}/{row.stream}").open(row.sealed)


def _subjects(deployment: Deployment, mac: str | None) -> frozenset[int]:
    """Whose row it is, where the hub knows the person."""
    a = store.alias.c
    with deployment.engine.connect() as connection:
        return frozenset(connection.scalars(sa.select(a.person_id).where(a.mac == mac)))
