"""One operation, from a caller's document to the bytes of the answer; its log entry is written before they leave.

1. Document, limits and contract are checked before the store is touched.
2. All of an answer is read from one snapshot.
3. The entry is committed first; if it cannot be written the answer is an error and no data leaves (no log, no read).
4. Refused and failed operations are logged too. Nothing of a person is in an error or in the hub's own log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from graphql import GraphQLError, OperationType

from hub import log
from hub.keys import KeyRing
from schema.agreement import Agreement
from schema.answer import Answer, Request, refused
from schema.check import check
from schema.checker import Checker
from schema.codec import Codec
from schema.compile.compiler import PATIENCE, Compiler
from schema.compile.plan import Served
from schema.compile.reader import Reader
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.document import Library, operation_of
from schema.errors import Failed, LogUnavailable, Refused
from schema.execution import Executor
from schema.identities import Identities
from schema.read.context import Context, Lookup
from schema.read.reference import Reference
from schema.registered import Registered, document_text
from schema.tokens import Claims
from schema.work import NAME, Checked, Ready, Work, granted_of

logger = structlog.get_logger("aidgraph.graph")


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
        checker: Checker | None = None,
    ) -> None:
        self.engine = engine
        self.checker = checker
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
        self.executor = Executor(engine=engine, contexts=self.contexts, compilers=self.compilers, keeper=self.log)

    def close(self) -> None:
        """Close what this keeps open."""
        self.reader.close()
        self.log.close()
        if self.checker is not None:
            self.checker.close()

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
        return (
            request if text is request.query and request.sha256 is None else replace(request, query=text, sha256=None)
        )

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
        granted = granted_of(contract, measured)
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

    def _run(self, contract: Contract, request: Request, work: Work) -> Answer:
        checked = self.checked(contract, request, work)
        if isinstance(checked, Answer):
            return checked
        return self.executor.run(contract, checked, request, work)

    def checked(self, contract: Contract, request: Request, work: Work) -> Checked | Answer:
        """A document within its contract and limits, with its operation; or the refusal of what is not of the contract.

        Raises Refused.
        """
        agreement = contract.agreement.id
        library, checker = self._libraries[agreement], self.checker
        new = library.known(request.query) is None
        seen = checker.look(agreement, request) if checker is not None and new else None
        if seen is not None and seen.answer is not None:
            work.note(**seen.notes)
            return seen.answer
        notes: dict[str, Any] = {}
        try:
            found = check(library, request, notes, valid=seen is not None)
            data = seen.data if seen is not None else None
            if isinstance(found, Checked) and not request.variables:
                data = library.schema_told(found.prepared, found.operation, data)
            return replace(found, data=data) if isinstance(found, Checked) and data is not None else found
        finally:
            work.note(**notes)


def _place(error: BaseException) -> str:
    """Where in our own code an error arose: file and line, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
