"""Stewards' decisions: is a held name the same person? Kept for ever; the last word counts; each can be taken back.

1. A decision is a row in an append-only table: pair of keyed digests, judgement, actor, reason, time. No clear value.
2. `same` frees the name's rows for the person; `not_same` holds them; `undecided` takes the last word back, and the
   state before it returns with the next computed month.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from hub import match, store
from hub.deployment import Deployment
from hub.engine import SQL, DuckDB
from hub.errors import InputError
from hub.gather import gather
from hub.inputs import silent

REVIEW = (SQL / "review.sql").read_text(encoding="utf-8")
PAIRS = ("batch_order", "held_name")


class Judgement(StrEnum):
    """A steward's word on one (ID number, name) pair."""

    SAME = "same"
    NOT_SAME = "not_same"
    UNDECIDED = "undecided"


def held(deployment: Deployment) -> list[dict[str, Any]]:
    """The pairs that wait for a word or had one, of the last computed month: case, masked names, source, judgement."""
    return [
        {name: value for name, value in row.items() if name not in ("mac", "name_mac")} for row in _pairs(deployment)
    ]


def decide(deployment: Deployment, case: str, judgement: str, *, actor: str, reason: str) -> None:
    """Record a steward's word on a case. Raises InputError where the case or the judgement is not known."""
    if judgement not in set(Judgement):
        raise InputError(f"{judgement} is not a judgement", remedy=f"Say one of {', '.join(Judgement)}")
    if not actor.strip() or not reason.strip():
        raise InputError("A decision needs an actor and a reason", remedy="Give both; they are kept with it")
    pair = next((row for row in _pairs(deployment) if row["case"] == case), None)
    if pair is None:
        raise InputError(f"There is no case {case}", remedy="See `aidgraph review list`")
    row = {"mac": pair["mac"], "name_mac": pair["name_mac"], "judgement": judgement, "actor": actor, "reason": reason}
    with deployment.engine.begin() as connection:
        connection.execute(sa.insert(store.link_decision).values(**row, at=datetime.now(UTC)))


def _pairs(deployment: Deployment) -> list[dict[str, Any]]:
    m = store.month.c
    with deployment.engine.connect() as connection:
        last = connection.execute(sa.select(m.month, m.inputs).order_by(m.month.desc()).limit(1)).one_or_none()
        newest = connection.scalar(sa.select(sa.func.max(store.link_decision.c.seq))) or 0
    if last is None:
        raise InputError("No month has been computed", remedy="Run `aidgraph month compute` first")
    inputs = gather(deployment, last.month, last.inputs | {"decisions": newest}, silent)
    with deployment.spill() as spill, DuckDB(spill=spill) as engine:
        match.load(engine, inputs)
        for name, sql in match.STEPS:
            if name in PAIRS:
                engine.run(name, sql)
        engine.run("review", REVIEW)
        rows = [dict(zip(engine.columns("review"), row, strict=True)) for row in engine.rows("review")]
    return [
        {"case": hashlib.sha256(f"{row['mac']}|{row['name_mac']}".encode()).hexdigest()[:12], **row} for row in rows
    ]
