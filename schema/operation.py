"""One operation, from a caller's document to the bytes of the answer; its log entry is written before they leave.

1. Document, limits and contract are checked before the store is touched.
2. All of an answer is read from one snapshot.
3. The entry is committed first; if it cannot be written the answer is an error and no data leaves (no log, no read).
4. Refused and failed operations are logged too. Nothing of a person is in an error or in the hub's own log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, execute

from hub import log
from hub.keys import KeyRing
from schema.codec import Codec
from schema.compile.compiler import PATIENCE, Compiler
from schema.compile.reader import Reader
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.document import Library, Prepared, clean, operation_of
from schema.errors import DocumentRefused, Failed, LimitExceeded, LogUnavailable, MethodRefused, Refused, TookTooLong
from schema.limits import Measure
from schema.read.context import Context, Lookup
from schema.read.reading import Reading
from schema.read.reference import Reference
from schema.read.snapshot import snapshot
from schema.tokens import Claims
from schema.workers import loop

NAME = re.compile(r"(?!.*\d{6})[_A-Za-z]\w{0,63}", re.ASCII)
logger = structlog.get_logger("aidgraph.graph")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GraphQL request, as GraphQL over HTTP carries it."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any]
    by_get: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What leaves: a body and its HTTP status; for the log the outcome, and the code where there is no answer."""

    body: bytes
    status: int = 200
    outcome: str = "answered"
    code: str = ""

    @property
    def document_fault(self) -> bool:
        """Whether the request was well formed but its document or its variables were not of the contract."""
        return self.code in (DocumentRefused.code, LimitExceeded.code)


class Operations:
    """Answers operations under the contracts of one deployment; safe to share between threads."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        ring: KeyRing,
        contracts: Mapping[str, Contract],
        reference: Reference,
        lookup: Lookup,
        compiled: bool = True,
        patience: int = PATIENCE,
    ) -> None:
        self.engine = engine
        self._libraries = {name: Library(contract) for name, contract in contracts.items()}
        self.codecs = {name: Codec(ring, name) for name in contracts}
        self._contexts = {
            name: Context(terms=contract.terms, codec=self.codecs[name], reference=reference, lookup=lookup)
            for name, contract in contracts.items()
        }
        self._reader = Reader(engine)
        self.log = log.Keeper(engine)
        self.compilers: dict[str, Compiler] = {}
        for name, contract in contracts.items() if compiled else ():
            self.compilers[name] = Compiler(contract, self._contexts[name], self._reader, patience=patience)
        self._indexed = 0

    def close(self) -> None:
        """Close what this keeps open."""
        self._reader.close()
        self.log.close()

    def answer(self, contract: Contract, claims: Claims, request: Request) -> Answer:
        """Answer one operation; blocks until its entry is in the log."""
        began = time.monotonic()
        agreement = contract.agreement
        work = _Work(
            log.Entry(
                at=datetime.now(UTC),
                client=claims.client,
                role=claims.role,
                agreement=agreement.id,
                purpose=agreement.purpose,
                outcome="answered",
            )
        )
        try:
            answer = self._run(contract, request, work)
        except Refused as refusal:
            answer = refused(refusal)
        except Exception as error:  # noqa: BLE001  whatever it is, its text may hold a value: only its kind is told
            logger.error("operation failed", agreement=agreement.id, error=type(error).__name__, place=_place(error))
            answer = refused(Failed())
        return self.logged(work, answer, began)

    def logged(self, work: _Work, answer: Answer, began: float) -> Answer:
        """The answer, once its entry is in the log; else the refusal that stands in its place."""
        entry = replace(
            work.entry,
            outcome=answer.outcome,
            refusal=answer.code,
            duration_us=int((time.monotonic() - began) * 1_000_000),
        )
        try:
            self.log.append(entry)
        except Exception as error:  # noqa: BLE001  no log, no read, for whatever reason
            logger.error("access log not written", error=type(error.__cause__ or error).__name__)
            return refused(LogUnavailable())
        return answer

    def refuse(self, claims: Claims, refusal: Refused) -> Answer:
        """Log and answer what was refused before there was a contract."""
        entry = log.Entry(
            at=datetime.now(UTC), client=claims.client, role=claims.role, agreement="", purpose="", outcome="refused"
        )
        return self.logged(_Work(entry), refused(refusal), time.monotonic())

    def busy(self, claims: Claims, contract: Contract | None, refusal: Refused) -> Answer:
        """Answer what found no room; it is counted, and the log tells of it behind (hub/log/flood.py)."""
        id_, purpose = (contract.agreement.id, contract.agreement.purpose) if contract else ("", "")
        self.log.count(
            log.Entry(
                at=datetime.now(UTC),
                client=claims.client,
                role=claims.role,
                agreement=id_,
                purpose=purpose,
                outcome="refused",
                refusal=refusal.code,
            )
        )
        return refused(refusal)

    def _run(self, contract: Contract, request: Request, work: _Work) -> Answer:
        library = self._libraries[contract.agreement.id]
        known = library.known(request.query)
        prepared = known or library.parse(request.query)
        operation = operation_of(prepared.document, request.operation_name)
        name = operation.name.value if operation and operation.name else ""
        work.entry = replace(work.entry, document=prepared.digest, operation=name if NAME.fullmatch(name) else "")
        measured = library.measure(request.query, prepared, operation, request.variables)
        work.entry = replace(work.entry, fields=_granted(contract, measured))
        if measured.personal and request.by_get:
            raise MethodRefused("A person is looked up by ID number only in the body of a POST")
        if known is None:
            errors = library.validate(request.query, prepared)
            if errors:
                return _invalid(errors)
        if operation is None:
            raise DocumentRefused("The document holds no operation of that name, or several and none is named")
        return self._execute(contract, prepared, operation, request, work)

    def _execute(
        self,
        contract: Contract,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        request: Request,
        work: _Work,
    ) -> Answer:
        if "Person.accessLog" in work.entry.fields:
            self._indexed = log.index_subjects(self.engine, self._indexed)
        withheld = contract.withheld(work.entry.fields)
        served = self._compiled(contract, prepared, operation, request, work) if self.compilers else None
        answered = self._plain(contract, prepared, request, work) if served is None else served
        if isinstance(answered, Answer):
            return answered
        work.entry = replace(work.entry, withheld=tuple(f"{item['field']} {item['reason']}" for item in withheld))
        if withheld:
            return Answer(body=answered[:-1] + b',"extensions":' + orjson.dumps({"withheld": withheld}) + b"}")
        return Answer(body=answered)

    def _compiled(
        self,
        contract: Contract,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        request: Request,
        work: _Work,
    ) -> bytes | None:
        """The answer's body by one statement; None where the document or the answer is one for the plain executor."""
        agreement = contract.agreement
        try:
            served = self.compilers[agreement.id].serve(prepared, operation, request.variables)
        except TookTooLong:
            raise
        except (NotCompiled, GraphQLError):
            return None
        except sa.exc.DBAPIError as error:
            logger.error("compiled statement failed", agreement=agreement.id, error=type(error).__name__)
            return None
        work.entry = replace(work.entry, publication=served.publication, rows=served.rows, subjects=served.subjects)
        return b'{"data":' + served.data + b"}"

    def _plain(self, contract: Contract, prepared: Prepared, request: Request, work: _Work) -> bytes | Answer:
        """The answer's body by graphql-core, one statement a level; or the refusal of its variables."""
        agreement = contract.agreement
        with snapshot(self.engine, agreement.limits.seconds) as view:
            reading = Reading(snapshot=view, context=self._contexts[agreement.id])
            result = _complete(contract, prepared.document, request, reading)
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            return _invalid(result.errors)
        errors = _field_errors(result.errors or [])
        subjects = frozenset(reading.subjects)
        work.entry = replace(work.entry, publication=view.publication, rows=reading.rows, subjects=subjects)
        body: dict[str, Any] = {"errors": errors} if errors else {}
        return orjson.dumps({**body, "data": result.data})


class _Work:
    """What is known of an operation while it runs."""

    def __init__(self, entry: log.Entry) -> None:
        self.entry = entry


def refused(refusal: Refused) -> Answer:
    """The answer that says why there is none."""
    body = orjson.dumps({"errors": [{"message": refusal.message, "extensions": refusal.extensions}]})
    outcome = "failed" if refusal.status == 500 or isinstance(refusal, TookTooLong) else "refused"
    return Answer(body=body, status=refusal.status, code=refusal.code, outcome=outcome)


def _invalid(errors: list[GraphQLError]) -> Answer:
    """The answer to a document, or to variables, that are not of the contract."""
    told = []
    for error in errors:
        item: dict[str, Any] = {"message": clean(error.message)}
        if error.locations:
            item["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        told.append({**item, "extensions": {"code": DocumentRefused.code}})
    return Answer(body=orjson.dumps({"errors": told}), status=400, code=DocumentRefused.code, outcome="refused")


def _complete(contract: Contract, document: DocumentNode, request: Request, reading: Reading) -> ExecutionResult:
    """Run graphql-core to its end in this thread, on the thread's own loop."""

    async def whole() -> ExecutionResult:
        result = execute(
            contract.schema,
            document,
            context_value=reading,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            hide_suggestions=True,
        )
        return result if isinstance(result, ExecutionResult) else await result

    return loop().run_until_complete(whole())


def _field_errors(errors: list[GraphQLError]) -> list[dict[str, Any]]:
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


def _granted(contract: Contract, measured: Measure) -> tuple[str, ...]:
    """The governed fields a document selects."""
    granted = contract.agreement.fields
    return tuple(
        sorted(
            field for field in measured.selected if field.partition(".")[2] in granted.get(field.partition(".")[0], {})
        )
    )


def _place(error: BaseException) -> str:
    """Where in our own code an error arose: file and line, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
