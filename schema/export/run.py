"""An export as it runs: pages of one snapshot by keyset; each page's log entry is committed before the page leaves.

1. Everything that could refuse it is checked before the first byte: contract, limits, form, and the number of rows.
2. No log, no page: an entry a page, with its rows and subjects; its fields hold `Export.<form>`, so that an auditor
   tells exports from answers. What broke off is in the log as far as it left.
3. Each page has the agreement's time for an operation; schema/export/pages.py reads it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from threading import Lock

import sqlalchemy as sa
import structlog
from graphql import OperationDefinitionNode, OperationType
from graphql.execution.values import get_variable_values

from hub import log
from schema.answer import Answer, Request, refused
from schema.compile.arguments import Given, Place
from schema.contract import Contract
from schema.errors import DocumentRefused, Failed, LimitExceeded, Refused
from schema.export.columns import Table, table
from schema.export.pages import Page, Pages
from schema.export.writers import WRITERS, Writer
from schema.operation import Operations
from schema.read.context import Context
from schema.read.model import SINCE
from schema.read.pages import DEFAULT
from schema.read.snapshot import Snapshot, snapshot
from schema.read.statement import conditions
from schema.read.times import binds, resolve
from schema.tokens import Claims

logger = structlog.get_logger("aidgraph.export")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes that may leave, and how many rows have been written so far."""

    data: bytes
    rows: int


class Broken(Exception):
    """The export cannot go on; what left is not whole. Nothing of a person is in it."""


class Running:
    """An export that may begin; close it in any case."""

    def __init__(
        self, operations: Operations, entry: log.Entry, source: Pages, writer: Writer, total: int, opened: ExitStack
    ) -> None:
        self.total = total
        self.media = writer.media
        self.suffix = writer.suffix
        self._operations, self._entry, self._source = operations, entry, source
        self._writer, self._opened = writer, opened
        self._parts = self._made()
        self._busy, self._ended = Lock(), False

    def next(self) -> Part | None:
        """The next part that may leave, None behind the last. Raises Refused before the first part, Broken after it."""
        with self._busy:
            part = None if self._ended else next(self._parts, None)
        if self._ended:
            self.close()
        return part

    def close(self) -> None:
        """End the snapshot and let go of the writer's files; when a part is being made, after it."""
        self._ended = True
        if self._busy.acquire(blocking=False):
            try:
                self._opened.close()
            finally:
                self._busy.release()

    def _made(self) -> Iterator[Part]:
        """The parts; what fails before the first is told as a refusal, what fails later breaks the export off."""
        first = True
        try:
            for part in self._pages():
                yield part
                first = False
        except Exception as error:  # noqa: BLE001  whatever it is, its text may hold a value
            logger.error("export broke off", agreement=self._entry.agreement, error=type(error).__name__)
            told = Broken() if not first else error if isinstance(error, Refused) else Failed()
        else:
            return
        raise told

    def _pages(self) -> Iterator[Part]:
        done, after, head = 0, None, self._writer.head()
        while True:
            page = self._read(after)
            done, after = done + len(page.nodes), page.after
            yield Part(data=head + self._writer.page(page.nodes), rows=done)
            head = b""
            if after is None:
                break
        for data in self._writer.end(done):
            yield Part(data=data, rows=done)

    def _read(self, after: str | None) -> Page:
        """A page, once it is in the log."""
        began = time.monotonic()
        page = self._source.read(after)
        entry = replace(
            self._entry,
            at=datetime.now(UTC),
            publication=page.publication,
            rows=page.rows,
            subjects=page.subjects,
            duration_us=int((time.monotonic() - began) * 1_000_000),
        )
        self._operations.note(entry)
        return page


def start(operations: Operations, contract: Contract, claims: Claims, request: Request, form: str) -> Running | Answer:
    """Begin an export; or the refusal of it, which is in the log."""
    work = operations.begun(contract, claims)
    opened = ExitStack()
    try:
        request = operations.asked(contract, request)
        checked = operations.checked(contract, request, work)
        if isinstance(checked, Answer):
            return operations.logged(work, checked, work.began)
        operation, granted = checked.operation, checked.granted
        if operation.operation is not OperationType.QUERY:
            raise DocumentRefused("An export is a query")
        found = table(contract, checked.prepared.document, operation, request.variables)
        limits = contract.agreement.limits
        work.note(fields=tuple(sorted((*granted.fields, f"Export.{form}"))), withheld=granted.withheld)
        view = opened.enter_context(snapshot(operations.engine, limits.seconds))
        context = operations.contexts[contract.agreement.id]
        row = max(1, -(-checked.measured.weight.cost // min(DEFAULT, limits.page)))  # what a row costs
        page = max(1, min(limits.page, limits.cost // row))
        source = Pages(operations, contract, request, found, view, page)
        total = _count(contract, found, operation, request, context, view, limits.rows + 1)
        if total > limits.rows:
            raise LimitExceeded("rows", limits.rows)
        writer = WRITERS[form](found.columns, total)
        opened.callback(writer.close)
        return Running(operations, work.entry(work.began), source, writer, total, opened)
    except Refused as refusal:
        opened.close()
        return operations.logged(work, refused(refusal), work.began)
    except Exception as error:  # noqa: BLE001  whatever it is, its text may hold a value
        opened.close()
        logger.error("export failed", agreement=contract.agreement.id, error=type(error).__name__)
        return operations.logged(work, refused(Failed()), work.began)


def _count(
    contract: Contract, found: Table, operation: OperationDefinitionNode, request: Request, context: Context,
    view: Snapshot, most: int,
) -> int:  # fmt: skip
    """The rows of the connection, no further than `most`."""
    schema, link = contract.schema, found.way.link
    values = get_variable_values(schema, operation.variable_definitions or (), dict(request.variables))
    if schema.query_type is None or isinstance(values, list):
        raise DocumentRefused("The variables are not those of the document")
    field = schema.query_type.fields[found.node.name.value]
    place = Place(number=0, above=None, way=found.way, parent=schema.query_type.name, field=field, node=found.node)
    told = place.told(Given(context, values, partial(resolve, view.connection)), {}, [])
    target = link.target.table.alias("t")
    filters = [(item.name, item.where) for item in told.bound if item.where is not None]
    then = binds(known=told.times.publication is not None, dated=told.times.day is not None)
    where = conditions(link, target, contract.terms.scope, filters, sa.bindparam, then)
    rows = sa.select(sa.literal(1)).select_from(target).where(*where).limit(most).subquery()
    parameters = {SINCE: view.since, **told.times.parameters()}
    parameters |= {item.name if item.where is None else f"f_{item.name}": item.value for item in told.bound}
    return int(view.execute(sa.select(sa.func.count()).select_from(rows), parameters).scalar() or 0)
