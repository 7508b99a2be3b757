"""What is known of an operation while it runs: for its entry in the log, and for the way it takes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from graphql import OperationDefinitionNode

from hub import log
from schema.answer import Answer
from schema.compile.plan import Asked
from schema.contract import Contract
from schema.document import Prepared
from schema.limits import Measure
from schema.tokens import Claims

NAME = re.compile(r"(?!.*\d{6})[_A-Za-z]\w{0,63}", re.ASCII)
OF_ANSWER = ("document", "operation", "fields", "withheld", "publication", "rows", "subjects")


class Work:
    """What is known of an operation while it runs, for its entry in the log."""

    def __init__(self, claims: Claims, agreement: str, purpose: str) -> None:
        self._known: dict[str, Any] = {
            "at": datetime.now(UTC),
            "client": claims.client,
            "role": claims.role,
            "agreement": agreement,
            "purpose": purpose,
        }
        self.client, self.role = claims.client, claims.role
        self.began = time.monotonic()
        self.written = False  # its entry is in the log

    def note(self, **known: Any) -> None:
        """Keep fields of the entry."""
        self._known.update(known)

    @property
    def of_answer(self) -> dict[str, Any]:
        """What is known of the answer, whoever asked, and when."""
        return {name: self._known[name] for name in OF_ANSWER}

    def ended(self, answer: Answer, began: float) -> log.Entry:
        """The entry of what was answered."""
        return self.entry(began, outcome=answer.outcome, refusal=answer.code)

    def entry(self, began: float, *, outcome: str = "answered", refusal: str = "") -> log.Entry:
        """The entry of what was done since a moment of the monotonic clock."""
        spent = int((time.monotonic() - began) * 1_000_000)
        return log.Entry(**self._known, outcome=outcome, refusal=refusal, duration_us=spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The governed fields that a document selects, what of them is withheld, and how its answer ends."""

    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    tail: bytes


def granted_of(contract: Contract, measured: Measure) -> Granted:
    """What follows from a document and its agreement alone, found once a measure."""
    if measured.granted is None:
        all_of = contract.agreement.fields
        parts = ((field, *field.split(".", 1)) for field in measured.selected)
        fields = tuple(sorted(field for field, kind, name in parts if name in all_of.get(kind, {})))
        withheld = contract.withheld(fields)
        told = orjson.dumps({"withheld": withheld})
        measured.granted = Granted(
            fields=fields,
            withheld=tuple(f"{item['field']} {item['reason']}" for item in withheld),
            tail=b',"extensions":' + told + b"}" if withheld else b"}",
        )
    found: Granted = measured.granted
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A document within its contract and limits, with its operation.

    `data`: its answer's, where it asks for nothing but the schema and that was found already.
    """

    prepared: Prepared
    operation: OperationDefinitionNode
    measured: Measure
    granted: Granted
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An operation of a known, compiled document, ready to be read."""

    asked: Asked
    seconds: float
    granted: Granted
    work: Work
    shared: bool  # the answer is the same for whoever asks so under the agreement, until the next edition
