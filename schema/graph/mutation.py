"""What may be written: a department's word on a case. Never by GET; the word and its log entry commit together."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
import strawberry

from hub import feedback
from hub.feedback import Actor, Problem, State, Word
from schema.graph.codes import FeedbackOutcome, FeedbackProblem, FeedbackReason, FeedbackStep, both
from schema.graph.entities import FEEDBACK
from schema.graph.feedback import FINDINGS, KEYS, MARK, Feedback
from schema.graph.fields import entry
from schema.read.model import SINCE, Kind, Link
from schema.read.reading import Reading
from schema.read.statement import conditions

FIELDS = {
    Problem.NOT_FOUND: "case",
    Problem.KEY_INVALID: "key",
    Problem.KEY_REUSED: "key",
    Problem.OUTCOME_NEEDED: "outcome",
    Problem.REASON_NEEDED: "reason",
}
DEFINED: Any = FeedbackProblem
MESSAGES = {item.value: item.description for item in DEFINED.__strawberry_definition__.values}
WRITTEN = Link(target=FEEDBACK, kind=Kind.ONE, parent=FEEDBACK, on=lambda said, t: t.c.seq == said.c.seq, inherits=True)


class Deciding(Reading):
    """The context of an operation that writes; its snapshot is a transaction that holds `hub.feedback.LOCK`."""

    actor: Actor

    def say(self, case: str, key: str, state: State, outcome: Enum | None, reason: Enum | None) -> dict[str, Any]:
        """Keep a word on a case that is in scope; the payload, without a row where it is not taken."""
        found = self._case(case)
        if found is None:
            return _payload(Problem.NOT_FOUND, state)
        text, person_id = found
        if person_id >= 0:  # the answer tells of their case, whatever becomes of the word
            self.subjects.add(person_id)
        word = Word(
            case=text,
            person_id=person_id,
            key=key,
            state=state,
            outcome=outcome.value if outcome else None,
            reason=reason.value if reason else None,
        )
        return _payload(feedback.say(self.snapshot.connection, word, self.actor, at=datetime.now(UTC)), state)

    def _case(self, token: str) -> tuple[str, int] | None:
        """A case that is there and in scope: its key and its person. Others cost the same statement, and are none."""
        text = self.codec.case_key(token)
        entity, key = KEYS.get(text.partition(MARK)[0], KEYS[FINDINGS])
        link = Link(target=entity, kind=Kind.ONE)
        target = entity.table.alias("t")
        where = conditions(link, target, self.terms.scope, (), sa.bindparam)
        query = sa.select(target.c.person_id).where(*where, key(target) == sa.bindparam("case"))
        query = query.where(target.c.person_id == sa.bindparam("person"))  # an index finds a person's rows
        parameters = {SINCE: self.snapshot.since, "case": text, "person": _person(text)}
        person_id = self.snapshot.execute(query.limit(1), parameters).scalar()
        return None if person_id is None else (text, person_id)


def _person(text: str) -> int:
    """The person in a case's key; one that nobody is where there is no key."""
    parts = text.split(MARK)
    place = {FINDINGS: 2}.get(parts[0], 3)
    return int(parts[place]) if len(parts) > place else -2


def _payload(done: int | Problem, state: State) -> dict[str, Any]:
    if isinstance(done, Problem):
        code = FeedbackProblem(done.value)
        field = FIELDS.get(done, "case" if state is State.WAIVED else "state")
        return {"_id": None, "user_errors": [{"code": code, "field": field, "message": MESSAGES[code.value]}]}
    return {"_id": done, "user_errors": []}


@strawberry.type(description=both("未受理的原因", "why something was not done"))
class UserError:
    code: FeedbackProblem
    field: str = strawberry.field(description=both("有关的参数", "the argument it is about"))
    message: str = strawberry.field(description=both("中文与英文说明", "in Chinese and English"))


def _feedback(root: dict[str, Any], info: strawberry.Info[Reading]) -> Any:
    if root["_id"] is None:
        return None
    return info.context.follow(WRITTEN, root, info._raw_info, None, ())


@strawberry.type(description=both("反馈的结果", "what became of a word"))
class FeedbackPayload:
    feedback: Feedback | None = strawberry.field(
        resolver=_feedback,
        description=both("所作的反馈；未受理则为空", "the word as it is kept; null where it is not taken"),
    )
    user_errors: list[UserError]


def _give(
    info: strawberry.Info[Deciding],
    case: strawberry.ID,
    key: strawberry.ID,
    state: FeedbackStep,
    outcome: FeedbackOutcome | None = None,
    reason: FeedbackReason | None = None,
) -> Any:
    return info.context.say(case, key, State(state.value), outcome, reason)


def _request(info: strawberry.Info[Deciding], case: strawberry.ID, key: strawberry.ID, reason: FeedbackReason) -> Any:
    return info.context.say(case, key, State.WAIVER_REQUESTED, None, reason)


def _confirm(info: strawberry.Info[Deciding], case: strawberry.ID, key: strawberry.ID) -> Any:
    return info.context.say(case, key, State.WAIVED, None, None)


@strawberry.type(description=both("写入入口", "what may be written"))
class Mutation:
    give_feedback: FeedbackPayload | None = entry(
        "反馈一个事项的办理情况；key 为客户端自定的幂等键",
        "say where the department stands with a case; `key` is the client's own, for doing it once",
        _give,
    )
    request_waiver: FeedbackPayload | None = entry(
        "申请豁免一个事项，待本部门另一人确认",
        "ask that a case be waived; another of the department confirms it",
        _request,
    )
    confirm_waiver: FeedbackPayload | None = entry(
        "确认本部门他人申请的豁免", "confirm a waiver that another of the department asked for", _confirm
    )
