"""What departments say of a case (a finding or a warning): received, in progress, settled, disputed, waived.

1. A word is a row in an append-only table: case, state, outcome or reason as a code, who, under which agreement, when.
   There is no free text in it, so nothing of a person can stand there.
2. It belongs to the case, not to a published row: the case's key is the same in every month and publication.
3. Words of a department on a case follow each other as NEXT says; the last one counts, all are kept.
4. A waiver needs two: one asks for it with a reason, another of the same department confirms it.
5. A client names each word by a key of its own: the same word again is the row that is there; another word is refused.
6. `pub_given` is the publication that was served: what was known at publication P are the words with `pub_given <= P`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from hub import store

LOCK = 0x66656564  # one transaction of words at a time on PostgreSQL; SQLite has one writer anyway
KEY_LENGTH = 100


class State(StrEnum):
    """Where a department stands with a case."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    SETTLED = "settled"
    DISPUTED = "disputed"
    WAIVER_REQUESTED = "waiver_requested"
    WAIVED = "waived"


class Problem(StrEnum):
    """Why a word is not taken."""

    NOT_FOUND = "not_found"
    KEY_INVALID = "key_invalid"
    KEY_REUSED = "key_reused"
    OUT_OF_ORDER = "out_of_order"
    OUTCOME_NEEDED = "outcome_needed"
    REASON_NEEDED = "reason_needed"
    NOT_TAKEN = "not_taken"
    SECOND_PERSON_NEEDED = "second_person_needed"


WORKING = frozenset({State.IN_PROGRESS, State.SETTLED, State.DISPUTED, State.WAIVER_REQUESTED})
NEXT: dict[State | None, frozenset[State]] = {
    None: WORKING | {State.RECEIVED},
    State.RECEIVED: WORKING,
    State.IN_PROGRESS: WORKING - {State.IN_PROGRESS},
    State.DISPUTED: WORKING - {State.DISPUTED},
    State.SETTLED: frozenset({State.RECEIVED}),  # the case came back
    State.WAIVER_REQUESTED: frozenset({State.IN_PROGRESS, State.WAIVED}),
    State.WAIVED: frozenset({State.RECEIVED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who speaks: the signed token's client and role, for a department under an agreement."""

    client: str
    role: str
    department: str
    agreement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is said of a case; `case` is its key as schema/graph/feedback.py writes it, `person_id` whose it is (-1)."""

    case: str
    person_id: int
    key: str
    state: State
    outcome: str | None = None
    reason: str | None = None


def say(connection: sa.Connection, word: Word, actor: Actor, *, at: datetime) -> int | Problem:
    """Keep a word inside the caller's transaction, which holds `LOCK`; its row's seq, or why it is not taken."""
    f = store.feedback.c
    if not word.key.isascii() or not word.key.isprintable() or not 0 < len(word.key) <= KEY_LENGTH:
        return Problem.KEY_INVALID
    mine = sa.and_(f.agreement == actor.agreement, f.client == actor.client, f.client_key == word.key)
    there = connection.execute(sa.select(store.feedback).where(mine)).one_or_none()
    of_case = sa.and_(f.case_key == word.case, f.department == actor.department)
    if there is not None:
        same = (there.case_key, there.state) == (word.case, word.state)
        same = same and (word.state is State.WAIVED or (there.outcome, there.reason) == (word.outcome, word.reason))
        return int(there.seq) if same else Problem.KEY_REUSED
    last = connection.execute(sa.select(store.feedback).where(of_case).order_by(f.seq.desc()).limit(1)).one_or_none()
    problem = _problem(word, actor, last)
    if problem is not None:
        return problem
    values = {
        "case_key": word.case,
        "person_id": word.person_id,
        "state": word.state.value,
        "outcome": word.outcome,
        "reason": last.reason if word.state is State.WAIVED and last is not None else word.reason,
        "department": actor.department,
        "agreement": actor.agreement,
        "client": actor.client,
        "role": actor.role,
        "client_key": word.key,
        "at": at,
        "pub_given": connection.scalar(sa.select(sa.func.max(store.publication.c.publication))) or 0,
    }
    (seq,) = connection.execute(sa.insert(store.feedback).values(values)).inserted_primary_key or (0,)
    return int(seq)


def _problem(word: Word, actor: Actor, last: Any) -> Problem | None:
    """What speaks against a word after the department's last one."""
    if (word.state is State.SETTLED) != (word.outcome is not None):
        return Problem.OUTCOME_NEEDED if word.outcome is None else Problem.NOT_TAKEN
    if (word.state in (State.DISPUTED, State.WAIVER_REQUESTED)) != (word.reason is not None):
        return Problem.REASON_NEEDED if word.reason is None else Problem.NOT_TAKEN
    if word.state not in NEXT[None if last is None else State(last.state)]:
        return Problem.OUT_OF_ORDER
    if word.state is State.WAIVED and last.client == actor.client:
        return Problem.SECOND_PERSON_NEEDED
    return None
