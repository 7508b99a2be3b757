"""A checked document run: by one compiled statement, by graphql-core, or, where it writes, inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, execute

from hub import log
from hub.feedback import Actor
from schema.answer import Answer, Request, field_errors, invalid
from schema.compile.compiler import Compiler
from schema.compile.lines import StatementFailed
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.document import Prepared
from schema.errors import LogUnavailable, MethodRefused, TookTooLong
from schema.graph.mutation import Deciding
from schema.read.context import Context
from schema.read.reading import Reading
from schema.read.snapshot import Snapshot, snapshot, writing
from schema.work import Checked, Work
from schema.workers import loop

logger = structlog.get_logger("aidgraph.graph")


class Executor:
    """Runs checked documents of one deployment; safe to share between threads."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        contexts: Mapping[str, Context],
        compilers: Mapping[str, Compiler],
        keeper: log.Keeper,
    ) -> None:
        self.engine = engine
        self.contexts = contexts
        self.compilers = compilers
        self.log = keeper
        self._indexed = 0

    def run(self, contract: Contract, checked: Checked, request: Request, work: Work) -> Answer:
        """The answer of a document. Raises Refused, and what failed."""
        if checked.operation.operation is OperationType.MUTATION and contract.schema.mutation_type is not None:
            return self._write(contract, checked, request, work)
        granted = checked.granted
        if "Person.accessLog" in granted.fields:
            self._indexed = log.index_subjects(self.engine, self._indexed)
        served = self._schema(contract, checked.data, work)
        if served is None and self.compilers:
            served = self._compiled(contract, checked, request, work)
        answered = self._plain(contract, checked.prepared, request, work) if served is None else served
        if isinstance(answered, Answer):
            return answered
        work.note(withheld=granted.withheld)
        return Answer(body=answered[:-1] + granted.tail)

    def _schema(self, contract: Contract, data: bytes | None, work: Work) -> bytes | None:
        """The answer's body where it is of the schema alone, and found already (schema/checker.py)."""
        if data is None:
            return None
        with snapshot(self.engine, contract.agreement.limits.seconds) as view:
            work.note(publication=view.publication, rows=0, subjects=frozenset())
        return b'{"data":' + data + b"}"

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
            return invalid(result.errors)
        errors = field_errors(result.errors or [])
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
                    return invalid(result.errors or [])
                told = field_errors(result.errors or [])
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

    def read(
        self, contract: Contract, document: DocumentNode, request: Request, view: Snapshot
    ) -> tuple[ExecutionResult, Reading]:
        """Run a checked document on a snapshot that the caller holds, by graphql-core."""
        reading = Reading(snapshot=view, context=self.contexts[contract.agreement.id])
        return _complete(contract, document, request, reading), reading


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
