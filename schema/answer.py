"""A request and its answer, as they come and leave; and the answers that say why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from graphql import GraphQLError

from schema.document import clean
from schema.errors import (
    DocumentRefused,
    DocumentUnknown,
    Failed,
    LimitExceeded,
    NotRegistered,
    Refused,
    TookTooLong,
)

DOCUMENT_FAULTS = (DocumentRefused.code, LimitExceeded.code, NotRegistered.code, DocumentUnknown.code)
logger = structlog.get_logger("aidgraph.graph")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GraphQL request, as GraphQL over HTTP carries it."""

    query: str  # empty where the document is asked for by its hash alone
    operation_name: str | None = None
    variables: Mapping[str, Any]
    by_get: bool = False
    sha256: str | None = None  # of a document sent before, or registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What leaves: a body and its HTTP status; for the log the outcome, and the code where there is no answer."""

    body: bytes
    status: int = 200
    outcome: str = "answered"
    code: str = ""
    retry: int = 1  # seconds, where trying again makes sense

    @property
    def document_fault(self) -> bool:
        """Whether the request was well formed but its document or its variables were not of the contract."""
        return self.code in DOCUMENT_FAULTS


def refused(refusal: Refused) -> Answer:
    """The answer that says why there is none."""
    body = orjson.dumps({"errors": [{"message": refusal.message, "extensions": refusal.extensions}]})
    outcome = "failed" if refusal.status == 500 or isinstance(refusal, TookTooLong) else "refused"
    return Answer(body=body, status=refusal.status, code=refusal.code, outcome=outcome, retry=refusal.retry)


def invalid(errors: list[GraphQLError]) -> Answer:
    """The answer to a document, or to variables, that are not of the contract."""
    told = []
    for error in errors:
        item: dict[str, Any] = {"message": clean(error.message)}
        if error.locations:
            item["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        told.append({**item, "extensions": {"code": DocumentRefused.code}})
    return Answer(body=orjson.dumps({"errors": told}), status=400, code=DocumentRefused.code, outcome="refused")


def field_errors(errors: list[GraphQLError]) -> list[dict[str, Any]]:
    """Errors of fields, one for each place in the document however many rows met it. Raises what is not a field's."""
    told: dict[tuple[Any, ...], dict[str, Any]] = {}
    for error in errors:
        cause = error.original_error
        if isinstance(cause, TookTooLong) or (cause is not None and not isinstance(cause, GraphQLError)):
            raise cause
        refusal = cause if isinstance(cause, Refused) else Failed()
        if isinstance(refusal, Failed):
            logger.error("field failed", path=[part for part in error.path or () if isinstance(part, str)])
        places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
        told.setdefault(
            (refusal.message, *((place["line"], place["column"]) for place in places)),
            {"message": refusal.message, "locations": places, "path": error.path, "extensions": refusal.extensions},
        )
    return list(told.values())
