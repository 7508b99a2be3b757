"""The plans of one contract: made once for a document's form, remembered, the least used forgotten first.

A form is the document with its literals emptied, the operation, which variables are given, and the booleans among
them; so neither values nor their number make plans, and the publication is none of a plan's business. A form that is
asked once is not compiled: documents that are all different cannot make the hub compile.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode
from graphql.execution.values import VariableValues

from schema.compile.arguments import Given
from schema.compile.plan import Asked, Plan, Served, compiled
from schema.compile.planner import Planner
from schema.compile.reader import Reader
from schema.compile.selection import Selection
from schema.compile.tree import NotCompiled
from schema.compile.variables import Variables
from schema.contract import Contract
from schema.document import Prepared
from schema.read.context import Context

PLANS = 500  # a contract
PATIENCE = 1  # times that the plain executor answers a form first: to compile it costs as much as many answers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A plan with the document it was made of; no plan where the document is one for the plain executor."""

    plan: Plan | None
    document: DocumentNode


class Compiler:
    """Compiles and serves operations under one contract; safe to share between threads."""

    def __init__(self, contract: Contract, context: Context, reader: Reader, *, patience: int = PATIENCE) -> None:
        self.contract = contract
        self.context = context
        self.reader = reader
        self.patience = patience
        self._seen: OrderedDict[Any, int] = OrderedDict()  # forms not compiled yet, with how often they were asked
        self._kept: OrderedDict[Any, _Kept] = OrderedDict()
        self._lock = Lock()

    def serve(self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Served:
        """Answer a validated operation.

        Raises NotCompiled, TookTooLong, and GraphQLError where its arguments are refused: the plain executor tells.
        """
        key, values = self._key(prepared, operation, variables)
        kept = self._known(key)
        if kept is None and self._new(key):
            raise NotCompiled
        if kept is None:
            kept = self._keep(key, self._compile(prepared, operation, values))
        plan, given = self._given(kept, prepared, values)
        return plan.serve(self.reader, given, self.contract.agreement.limits.seconds)

    def asked(self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Asked:
        """A validated operation whose form is compiled already and asks the database nothing before its statement.

        Raises NotCompiled, and GraphQLError as `serve`.
        """
        key, values = self._key(prepared, operation, variables)
        kept = self._known(key)
        if kept is None:
            raise NotCompiled
        plan, given = self._given(kept, prepared, values)
        if plan.known:
            raise NotCompiled
        return plan.asked(given)

    def _key(
        self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> tuple[Any, VariableValues]:
        name = operation.name.value if operation.name else ""
        declared = prepared.variables.get(name)
        if declared is None:
            declared = prepared.variables[name] = Variables(self.contract.schema, operation)
        values = declared.values(variables)
        if isinstance(values, list):
            raise NotCompiled
        return (prepared.digest, name, _form(values.coerced)), values

    def _known(self, key: Any) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
        return kept

    def _given(self, kept: _Kept, prepared: Prepared, values: VariableValues) -> tuple[Plan, Given]:
        if kept.plan is None:
            raise NotCompiled
        own = kept.document is prepared.document
        return kept.plan, Given(self.context, values, self.reader.publication, None if own else prepared.literals)

    def _new(self, key: Any) -> bool:
        """Whether a form is not asked often enough to be compiled; counts it."""
        with self._lock:
            count = self._seen.pop(key, 0) + 1
            if count > self.patience:
                return False
            self._seen[key] = count
            while len(self._seen) > PLANS:
                self._seen.popitem(last=False)
        return True

    def _keep(self, key: Any, kept: _Kept) -> _Kept:
        with self._lock:
            self._kept[key] = kept
            while len(self._kept) > PLANS:
                self._kept.popitem(last=False)
        return kept

    def _compile(self, prepared: Prepared, operation: OperationDefinitionNode, values: VariableValues) -> _Kept:
        order = {offset: place for place, offset in enumerate(prepared.offsets)}
        selection = Selection(self.contract.schema, prepared.document, operation, values)
        try:
            given = Given(self.context, values, self.reader.publication)
            tree = Planner(self.contract, selection, given, order).plan()
            plan = compiled(tree, self.contract.terms.scope, self.reader.dialect, given, order)
        except NotCompiled:
            return _Kept(plan=None, document=prepared.document)
        return _Kept(plan=plan, document=prepared.document)


def _form(value: Any) -> Any:
    """What a plan depends on of a variable's value."""
    if isinstance(value, str):
        return ...
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return tuple((name, _form(value[name])) for name in sorted(value))
    if isinstance(value, list):
        return tuple(_form(item) for item in value)
    return ...
