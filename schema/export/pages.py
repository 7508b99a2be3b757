"""The pages of an export, one after the other by key, all of one snapshot.

A page is one compiled statement, as an answer is (schema/compile/), run on the snapshot's own connection. Where the
document or a page of it does not compile, the graph's own executor makes it: the values are the same either way.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
import psycopg
import structlog
from graphql import OperationDefinitionNode
from graphql.execution.values import VariableValues, get_variable_values
from psycopg.pq import ExecStatus

from schema.answer import Request
from schema.compile.arguments import Given
from schema.compile.lines import CANCELLED, StatementFailed
from schema.compile.plan import Plan, compiled
from schema.compile.planner import Planner
from schema.compile.reader import Found, Published
from schema.compile.selection import Selection
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.errors import Failed, Refused, TookTooLong
from schema.export.columns import AFTER, FIRST, Table
from schema.operation import Operations
from schema.read.snapshot import Snapshot
from schema.read.times import resolve

# Each page is planned by its own key and size, and never by a merge join, which reads the other table from its
# beginning: so a page costs the same however deep it lies.
SETTINGS = (
    b"SET LOCAL jit = off; SET LOCAL random_page_cost = 1.1;"
    b" SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_mergejoin = off"
)
HERE = "aidgraph_page"
logger = structlog.get_logger("aidgraph.export")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in the graph's values, the cursor behind them where there are more, and what the log keeps of them."""

    nodes: Sequence[Row]
    after: str | None
    rows: int
    subjects: frozenset[int]
    publication: int


class Pages:
    """Reads the pages of one export; one thread at a time."""

    def __init__(
        self, operations: Operations, contract: Contract, request: Request, table: Table, view: Snapshot, size: int
    ) -> None:
        self._operations, self._contract, self._request = operations, contract, request
        self._table, self._view, self._size = table, view, size
        self._plans: dict[bool, Plan | None] = {}  # of the first page, and of those that go on from a cursor
        if view.connection.dialect.name == "postgresql":
            _driver(view).pgconn.exec_(SETTINGS)

    def read(self, after: str | None) -> Page:
        """The page behind a cursor. Raises Refused."""
        view = self._view.renewed(self._contract.agreement.limits.seconds)
        variables = {**self._request.variables, FIRST: self._size, AFTER: after}
        found = self._compiled(view, variables) if self._operations.compilers else None
        return found or self._plain(view, variables)

    def _compiled(self, view: Snapshot, variables: Mapping[str, Any]) -> Page | None:
        """The page by one statement; None where it is one for the plain executor."""
        operation = self._table.page.definitions[0]
        if not isinstance(operation, OperationDefinitionNode):
            return None
        schema = self._contract.schema
        values = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
        if isinstance(values, list):
            return None
        context = self._operations.contexts[self._contract.agreement.id]
        given = Given(context, values, partial(resolve, view.connection))
        try:
            plan = self._plan(operation, values, given, goes_on=variables[AFTER] is not None)
            if plan is None:
                return None
            asked = plan.asked(given)
            published = Published(number=view.publication, since=view.since)
            texts = _texts(view, plan.sql, asked.bind(published))
            served = asked.served(Found(texts=texts, published=published, erasure=0))
        except NotCompiled:
            return None
        except StatementFailed as error:
            logger.error("compiled statement failed", agreement=self._contract.agreement.id, state=error.state)
            return None
        found = orjson.loads(served.data)[self._table.root]
        return self._page(found, served.rows, served.subjects, served.publication)

    def _plan(
        self, operation: OperationDefinitionNode, values: VariableValues, given: Given, *, goes_on: bool
    ) -> Plan | None:
        if goes_on not in self._plans:
            scope, dialect = self._contract.terms.scope, self._operations.reader.dialect
            selection = Selection(self._contract.schema, self._table.page, operation, values)
            try:
                tree = Planner(self._contract, selection, given, {}).plan()
                self._plans[goes_on] = compiled(tree, scope, dialect, given, {})
            except NotCompiled:
                self._plans[goes_on] = None
        return self._plans[goes_on]

    def _plain(self, view: Snapshot, variables: Mapping[str, Any]) -> Page:
        """The page by the graph's own executor."""
        request = replace(self._request, variables=variables)
        result, reading = self._operations.executor.read(self._contract, self._table.page, request, view)
        for error in result.errors or ():
            raise error.original_error if isinstance(error.original_error, Refused) else Failed()
        found = (result.data or {}).get(self._table.root)
        return self._page(found, reading.rows, frozenset(reading.subjects), reading.publication)

    @staticmethod
    def _page(found: Any, rows: int, subjects: frozenset[int], publication: int) -> Page:
        if found is None:
            raise Failed
        info = found["pageInfo"]
        after = info["endCursor"] if info["hasNextPage"] else None
        return Page(nodes=found["nodes"], after=after, rows=rows, subjects=subjects, publication=publication)


def _driver(view: Snapshot) -> Any:
    return view.connection.connection.driver_connection


def _texts(view: Snapshot, sql: str, values: Sequence[Any]) -> Sequence[bytes]:
    """The texts that a statement yields, which stand before what it says of the publication and the erasure.

    The view stays whole when it fails. Raises TookTooLong, StatementFailed.
    """
    driver = _driver(view)
    if isinstance(driver, psycopg.Connection):
        return _of_postgresql(driver.pgconn, sql, values)
    try:
        *texts, _, _ = driver.execute(sql, values).fetchone()
    except sqlite3.Error as error:
        if time.monotonic() > view.deadline:
            raise TookTooLong from None
        raise StatementFailed(getattr(error, "sqlite_errorname", "")) from None
    return [text.encode() for text in texts]


def _of_postgresql(connection: psycopg.pq.abc.PGconn, sql: str, values: Sequence[Any]) -> Sequence[bytes]:
    connection.exec_(f"SAVEPOINT {HERE}".encode())
    found = connection.exec_params(sql.encode(), values)
    if found.status == ExecStatus.TUPLES_OK and found.ntuples == 1:
        connection.exec_(f"RELEASE SAVEPOINT {HERE}".encode())
        return [found.get_value(0, place) or b"" for place in range(found.nfields - 2)]
    state = (found.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode()
    connection.exec_(f"ROLLBACK TO SAVEPOINT {HERE}".encode())
    if state == CANCELLED:
        raise TookTooLong
    raise StatementFailed(state or "rows")
