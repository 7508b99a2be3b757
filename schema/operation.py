"""One operation, from a caller's document to the bytes of the answer; its log entry is written before they leave.

1. Document, limits and contract are checked before the store is touched.
2. All of an answer is read from one snapshot.
3. The entry is committed first; if it cannot be written the answer is an error and no data leaves (no log, no read).
4. Refused and failed operations are logged too. Nothing of a person is in an error or in the hub's own log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType, execute

from hub import log
from hub.feedback import Actor
from hub.keys import KeyRing
from schema.agreement import Agreement
from schema.codec import Codec
from schema.compile.compiler import PATIENCE, Compiler
from schema.compile.lines import StatementFailed
from schema.compile.plan import Asked, Served
from schema.compile.reader import Reader
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.document import Library, Prepared, clean, operation_of
from schema.errors import (
    DocumentRefused,
    DocumentUnknown,
    Failed,
    LimitExceeded,
    LogUnavailable,
    MethodRefused,
    NotRegistered,
    Refused,
    TookTooLong,
)
from schema.graph.mutation import Deciding
from schema.identities import Identities
from schema.limits import Measure
from schema.read.context import Context, Lookup
from schema.read.reading import Reading
from schema.read.reference import Reference
from schema.read.snapshot import Snapshot, snapshot, writing
from schema.registered import Registered, document_text
from schema.tokens import Claims
from schema.workers import loop

DOCUMENT_FAULTS = (DocumentRefused.code, LimitExceeded.code, NotRegistered.code, DocumentUnknown.code)
NAME = re.compile(r"(?!.*\d{6})[_A-Za-z]\w{0,63}", re.ASCII)
OF_ANSWER = ("document", "operation", "fields", "withheld", "publication", "rows", "subjects")
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
        identities: Identities,
        compiled: bool = True,
        patience: int = PATIENCE,
        registered: Mapping[str, Registered] | None = None,
        log_took: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self.engine = engine
        self._libraries = {name: Library(contract) for name, contract in contracts.items()}
        self._registered = registered or {}
        self.log_took = log_took
        self.codecs = {name: Codec(ring, name) for name in contracts}
        self.contexts = {
            name: Context(
                terms=contract.terms,
                codec=self.codecs[name],
                reference=reference,
                lookup=lookup,
                identities=identities,
            )
            for name, contract in contracts.items()
        }
        self.reader = Reader(engine)
        self.log = log.Keeper(engine)
        self.compilers: dict[str, Compiler] = {}
        for name, contract in contracts.items() if compiled else ():
            self.compilers[name] = Compiler(contract, self.contexts[name], self.reader, patience=patience)
        self._indexed = 0

    def close(self) -> None:
        """Close what this keeps open."""
        self.reader.close()
        self.log.close()

    def answer(self, contract: Contract, claims: Claims, request: Request) -> Answer:
        """Answer one operation; blocks until its entry is in the log."""
        agreement, work = contract.agreement, self.begun(contract, claims)
        try:
            answer = self._run(contract, request, work)
            if work.written:
                return answer
        except Refused as refusal:
            answer = refused(refusal)
        except Exception as error:  # noqa: BLE001  whatever it is, its text may hold a value: only its kind is told
            logger.error("operation failed", agreement=agreement.id, error=type(error).__name__, place=_place(error))
            answer = refused(Failed())
        return self.logged(work, answer, work.began)

    @staticmethod
    def begun(contract: Contract, claims: Claims) -> Work:
        """An operation that begins."""
        agreement = contract.agreement
        return Work(claims, agreement.id, agreement.purpose)

    def logged(self, work: Work, answer: Answer, began: float) -> Answer:
        """The answer, once its entry is in the log; else the refusal that stands in its place."""
        try:
            self.note(work.ended(answer, began))
        except LogUnavailable as unavailable:
            return refused(unavailable)
        return answer

    def asked(self, contract: Contract, request: Request) -> Request:
        """The request with its document's text, where it was asked for by a hash, or must be a registered one.

        Raises BadRequest, NotRegistered, DocumentUnknown.
        """
        library = self._libraries[contract.agreement.id]
        text = document_text(contract.agreement, request, library, self._registered)
        return replace(request, query=text, sha256=None)

    def refuse(self, claims: Claims, refusal: Refused, under: Agreement | None = None) -> Answer:
        """Log and answer what was refused before a document was looked at."""
        work = Work(claims, under.id if under else "", under.purpose if under else "")
        return self.logged(work, refused(refusal), time.monotonic())

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

    def ready(self, contract: Contract, claims: Claims, request: Request) -> Ready | None:
        """An operation of a known document that is compiled already; None where it is one for `answer`."""
        agreement = contract.agreement
        compiler, library = self.compilers.get(agreement.id), self._libraries[agreement.id]
        prepared = library.known(request.query)
        operation = operation_of(prepared.document, request.operation_name) if prepared else None
        if compiler is None or prepared is None or operation is None or operation.operation is not OperationType.QUERY:
            return None
        try:
            measured = library.measure(prepared, operation, request.variables)
            asked = compiler.asked(prepared, operation, request.variables)
        except (NotCompiled, GraphQLError):
            return None
        granted = _granted(contract, measured)
        if (measured.personal and request.by_get) or "Person.accessLog" in granted.fields:
            return None
        work = Work(claims, agreement.id, agreement.purpose)
        name = operation.name.value if operation.name else ""
        work.note(
            document=prepared.digest,
            operation=name if NAME.fullmatch(name) else "",
            fields=granted.fields,
            withheld=granted.withheld,
        )
        shared = asked.plan.of_edition and not measured.personal
        return Ready(asked=asked, seconds=agreement.limits.seconds, granted=granted, work=work, shared=shared)

    def finished(self, ready: Ready, served: Served) -> Answer:
        """The answer of what was read."""
        ready.work.note(publication=served.publication, rows=served.rows, subjects=served.subjects)
        return Answer(body=b"".join((b'{"data":', served.data, ready.granted.tail)))

    def again(self, contract: Contract, claims: Claims, known: Mapping[str, Any]) -> Work:
        """The work of an answer that is given again; `known` is what the log said of it (`Work.of_answer`)."""
        work = Work(claims, contract.agreement.id, contract.agreement.purpose)
        work.note(**known)
        return work

    def note(self, entry: log.Entry) -> None:
        """Write an entry before what it tells of leaves. Raises LogUnavailable."""
        logging = time.monotonic()
        try:
            self.log.append(entry)
            self.log_took(time.monotonic() - logging)
        except Exception as error:  # noqa: BLE001  no log, no read, for whatever reason
            logger.error("access log not written", error=type(error.__cause__ or error).__name__)
            raise LogUnavailable from None

    def read(
        self, contract: Contract, document: DocumentNode, request: Request, view: Snapshot
    ) -> tuple[ExecutionResult, Reading]:
        """Run a checked document on a snapshot that the caller holds, by graphql-core."""
        reading = Reading(snapshot=view, context=self.contexts[contract.agreement.id])
        return _complete(contract, document, request, reading), reading

    def _run(self, contract: Contract, request: Request, work: Work) -> Answer:
        checked = self.checked(contract, request, work)
        if isinstance(checked, Answer):
            return checked
        return self._execute(contract, checked, request, work)

    def checked(self, contract: Contract, request: Request, work: Work) -> Checked | Answer:
        """A document within its contract and limits, with its operation; or the refusal of what is not of the contract.

        Raises Refused.
        """
        library = self._libraries[contract.agreement.id]
        known = library.known(request.query)
        prepared = known or library.parse(request.query)
        operation = operation_of(prepared.document, request.operation_name)
        name = operation.name.value if operation and operation.name else ""
        work.note(document=prepared.digest, operation=name if NAME.fullmatch(name) else "")
        measured = library.measure(prepared, operation, request.variables)
        granted = _granted(contract, measured)
        work.note(fields=granted.fields)
        if measured.personal and request.by_get:
            raise MethodRefused("A person is looked up by ID number only in the body of a POST")
        if known is None:
            errors = library.validate(request.query, prepared)
            if errors:
                return _invalid(errors)
        if operation is None:
            raise DocumentRefused("The document holds no operation of that name, or several and none is named")
        return Checked(prepared=prepared, operation=operation, measured=measured, granted=granted)

    def _execute(self, contract: Contract, checked: Checked, request: Request, work: Work) -> Answer:
        if checked.operation.operation is OperationType.MUTATION and contract.schema.mutation_type is not None:
            return self._write(contract, checked, request, work)
        granted = checked.granted
        if "Person.accessLog" in granted.fields:
            self._indexed = log.index_subjects(self.engine, self._indexed)
        served = self._compiled(contract, checked, request, work) if self.compilers else None
        answered = self._plain(contract, checked.prepared, request, work) if served is None else served
        if isinstance(answered, Answer):
            return answered
        work.note(withheld=granted.withheld)
        return Answer(body=answered[:-1] + granted.tail)

    def _compiled(self, contract: Contract, checked: Checked, request: Request, work: Work) -> bytes | None:
        """The answer's body by one statement; None where the document or the answer is one for the plain executor."""
        agreement = contract.agreement
        try:
            served = self.compilers[agreement.id].serve(checked.prepared, checked.operation, request.variables)
        except TookTooLong:
            raise
        except (NotCompiled, GraphQLError):
            return None
        except StatementFailed as error:
            logger.error("compiled statement failed", agreement=agreement.id, state=error.state)
            return None
        work.note(publication=served.publication, rows=served.rows, subjects=served.subjects)
        return b'{"data":' + served.data + b"}"

    def _plain(self, contract: Contract, prepared: Prepared, request: Request, work: Work) -> bytes | Answer:
        """The answer's body by graphql-core, one statement a level; or the refusal of its variables."""
        agreement = contract.agreement
        with snapshot(self.engine, agreement.limits.seconds) as view:
            reading = Reading(snapshot=view, context=self.contexts[agreement.id])
            result = _complete(contract, prepared.document, request, reading)
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            return _invalid(result.errors)
        errors = _field_errors(result.errors or [])
        subjects = frozenset(reading.subjects)
        work.note(publication=reading.publication, rows=reading.rows, subjects=subjects)
        body: dict[str, Any] = {"errors": errors} if errors else {}
        return orjson.dumps({**body, "data": result.data})

    def _write(self, contract: Contract, checked: Checked, request: Request, work: Work) -> Answer:
        """Run a mutation; what it wrote and its log entry commit together, or nothing was done."""
        agreement = contract.agreement
        if request.by_get:
            raise MethodRefused("What writes goes by POST")
        actor = Actor(client=work.client, role=work.role, department=agreement.department, agreement=agreement.id)
        with writing(self.engine, agreement.limits.seconds) as view:
            reading = Deciding(snapshot=view, context=self.contexts[agreement.id])
            reading.actor = actor
            result = _complete(contract, checked.prepared.document, request, reading)
            if result.errors or result.data is None:
                if not any(error.path for error in result.errors or ()):
                    return _invalid(result.errors or [])
                told = _field_errors(result.errors or [])
                code = told[0]["extensions"]["code"]
                return Answer(body=orjson.dumps({"errors": told, "data": None}), outcome="refused", code=code)
            entry = replace(
                work.entry(work.began),
                withheld=checked.granted.withheld,
                publication=view.publication,
                rows=reading.rows,
                subjects=frozenset(reading.subjects),
            )
            try:
                self.log.commit(view.connection, entry)
            except Exception as error:  # noqa: BLE001  no log, no decision, for whatever reason
                logger.error("access log not written", error=type(error.__cause__ or error).__name__)
                raise LogUnavailable from None
        work.written = True
        return Answer(body=orjson.dumps({"data": result.data})[:-1] + checked.granted.tail)


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
class Checked:
    """A document within its contract and limits, with its operation."""

    prepared: Prepared
    operation: OperationDefinitionNode
    measured: Measure
    granted: Granted


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An operation of a known, compiled document, ready to be read."""

    asked: Asked
    seconds: float
    granted: Granted
    work: Work
    shared: bool  # the answer is the same for whoever asks so under the agreement, until the next edition


def refused(refusal: Refused) -> Answer:
    """The answer that says why there is none."""
    body = orjson.dumps({"errors": [{"message": refusal.message, "extensions": refusal.extensions}]})
    outcome = "failed" if refusal.status == 500 or isinstance(refusal, TookTooLong) else "refused"
    return Answer(body=body, status=refusal.status, code=refusal.code, outcome=outcome, retry=refusal.retry)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The governed fields that a document selects, what of them is withheld, and how its answer ends."""

    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    tail: bytes


def _granted(contract: Contract, measured: Measure) -> Granted:
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


def _place(error: BaseException) -> str:
    """Where in our own code an error arose: file and line, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
