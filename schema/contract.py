"""One GraphQL schema per agreement: what the agreement does not list does not exist in it.

1. Types, fields, arguments, filters and enum values follow from the same list, so introspection, validation and error
   texts do too: what is denied and what never was give the same bytes.
2. Fields are copied before a schema takes them: Strawberry's schemas change the fields they are given.
3. Nothing here looks at a request; what a contract caches (parsed documents, statements) is its own and never shared
   between agreements.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import strawberry
from graphql import GraphQLEnumType, GraphQLSchema, print_schema
from sqlalchemy.sql import visitors
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.aggregate import demand
from schema.agreement import Agreement
from schema.catalogue import MUTATION, STRUCTURE, Named, catalogue, config, periods
from schema.graph import Mutation, Query
from schema.graph.fields import AS_OF, GOVERNED, KNOWN_AT, WHERE, Way
from schema.interfaces import with_interfaces
from schema.read.model import SHOW, Column, Form, Governed, Kind, Where
from schema.read.terms import Terms

KEYS = {"person_id", "household_key", "case_key"}  # of the store: only tokens stand for them
BY_COUNTY = {  # keys that follow counties: made of their numbers, or given to one county's persons after another's
    "Household.household_key",
    *(f"Warning.{name}" for name in ("case_key", "person_id")),
    *(f"Finding.{name}" for name in ("household_key", "person_id")),
}
ENUM_SCOPES = {"Category": "categories", "Benefit": "benefits", "FindingKind": "findings"}
REGIONAL = ("x_", "regional")
SDL = Path(__file__).parent / "sdl"


class _Schema(strawberry.Schema):
    """A schema that keeps what an agreement lists."""

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement
        super().__init__(query=Query, mutation=Mutation if MUTATION in agreement.fields else None, config=config())

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        kept = []
        granted = self._agreement.fields.get(type_definition.name, {})
        for field in type_definition.fields:
            name = self.config.name_converter.from_field(field)
            condition: Where | None = field.metadata.get(WHERE)
            if (
                type_definition.name in STRUCTURE
                or (condition and self._shown(condition))
                or (GOVERNED in field.metadata and name in granted)
            ):
                made = copy.copy(field)
                made.arguments = [item for item in field.arguments if self._keeps(field, item)]
                kept.append(made)
        return kept

    def _keeps(self, field: StrawberryField, argument: StrawberryArgument) -> bool:
        spec = field.metadata.get(GOVERNED)
        if not isinstance(spec, Way):
            return True
        if argument.python_name == "filter" and spec.filter is not None:
            conditions = spec.filter.__strawberry_definition__.fields  # type: ignore[attr-defined]
            return any(self._shown(condition.metadata[WHERE]) for condition in conditions)
        if argument.python_name == KNOWN_AT:
            return self._agreement.history
        if argument.python_name == AS_OF:
            return all(self._agreement.shows(read) for read in periods(spec.link.target.name, self._agreement.fields))
        condition = spec.arguments[argument.python_name].where if argument.python_name in spec.arguments else None
        return condition is None or self._shown(condition)

    def _shown(self, condition: Where) -> bool:
        return all(self._agreement.shows(field) for field in condition.by)


class Contract:
    """An agreement as a schema, with what its reader and its limits need to know of it."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.schema: GraphQLSchema = with_interfaces(_Schema(agreement)._schema)
        _narrow(self.schema, agreement)
        self._named = {
            f"{kind}.{name}": catalogue()[kind][name] for kind, names in agreement.fields.items() for name in names
        }
        self.personal = frozenset(_personal(self._named.values()))
        self.terms = Terms(
            shown=_shown(agreement),
            scope=replace(agreement.scope, unordered=frozenset(_unordered(agreement))),
            page=agreement.limits.page,
            columns={kind: self._columns(kind, names) for kind, names in agreement.fields.items()},
            cube=demand(agreement).key,
        )

    @property
    def sdl(self) -> str:
        """The contract as SDL."""
        return print_schema(self.schema) + "\n"

    def size(self, field: str) -> int | None:
        """Rows that a `Type.field` is taken to hold, for its cost; None: as many as its page asks for."""
        item = self._named.get(field)
        if item is None or isinstance(item.spec, Column):
            return 1
        if isinstance(item.spec, Way):
            kind = item.spec.link.kind
            return None if kind is Kind.PAGE else item.spec.link.size if kind is Kind.LIST else 1
        return item.spec.size

    def withheld(self, fields: Iterable[str]) -> list[dict[str, str]]:
        """Which of these `Type.field`s the agreement masks or limits to its scope, and how.

        It follows from the document and the agreement alone, so that it tells nothing of the rows.
        """
        found = []
        for field in sorted(fields):
            kind, _, name = field.partition(".")
            column = self.terms.columns.get(kind, {}).get(name)
            if column is None:
                continue
            reason = column.effect if column.effect != SHOW else "scope" if column.codes else ""
            if reason:
                found.append({"field": field, "reason": reason, "agreement": self.agreement.id})
        return found

    def _columns(self, kind: str, names: Mapping[str, str]) -> dict[str, Governed]:
        found = {}
        for name, effect in names.items():
            item = catalogue()[kind][name]
            if isinstance(item.spec, Column):
                allowed = self.agreement.scope.codes(item.spec.codes) if item.spec.codes else None
                form = item.spec.forms[effect]
                if item.spec.under is not None:
                    form = item.spec.under(form, self.agreement.smallest_cell)
                found[name] = Governed(
                    name=item.python_name,
                    form=form if allowed is None else _within(form, allowed, item.spec.tells),
                    effect=effect,
                    codes=None if allowed is None else item.spec.codes,
                )
        return found


def _unordered(agreement: Agreement) -> Iterable[str]:
    """The `Type.column`s of lists' orders that some field shows, but none of this agreement in the clear."""
    for place, fields in _ordering().items():
        granted = agreement.fields.get(place.partition(".")[0], {})
        if not any(granted.get(field) == SHOW for field in fields):
            yield place


@lru_cache(maxsize=1)
def _ordering() -> Mapping[str, tuple[str, ...]]:
    """The `Type.column`s that order lists, with the fields of the type that read them, or tell as much."""
    links = (item.spec.link for names in catalogue().values() for item in names.values() if isinstance(item.spec, Way))
    found: dict[str, tuple[str, ...]] = {}
    for link in links:
        entity = link.target
        table, parent = entity.table.alias(), link.parent.table.alias() if link.parent else None
        for name in entity.order:
            place, named = f"{entity.name}.{name}", catalogue()[entity.name]
            told = "county" if place in BY_COUNTY else name
            if place not in found and told not in KEYS:
                columns = [(field, item.spec) for field, item in named.items() if isinstance(item.spec, Column)]
                found[place] = tuple(field for field, spec in columns if _reads(spec, table, parent, told))
    return {place: fields for place, fields in found.items() if fields}


def _reads(column: Column, table: Any, parent: Any, name: str) -> bool:
    """Whether a form of a column reads one of the table's columns, and shows something of it."""
    if column.opaque:
        return False
    found: list[Any] = []
    for form in column.forms.values():
        visitors.traverse(form.sql(table, parent), {}, {"column": found.append})
    return any(item is table.c[name] for item in found)


def _within(form: Form, allowed: tuple[str, ...], tells: str = "") -> Form:
    """A form that yields NULL where its code, or the one in the column that it tells, is outside the scope."""

    def sql(table: Any, parent: Any) -> sa.ColumnElement[Any]:
        value = form.sql(table, parent)
        if tells:
            code = table.c[tells]
            return sa.case((sa.or_(code.is_(None), code.in_(allowed)), value))
        return sa.case((value.in_(allowed), value))

    return replace(form, sql=sql)


def _narrow(schema: GraphQLSchema, agreement: Agreement) -> None:
    """Take out of the enums what is outside the scope."""
    for name, scope in ENUM_SCOPES.items():
        kind, allowed = schema.type_map.get(name), agreement.scope.codes(scope)
        if isinstance(kind, GraphQLEnumType) and allowed is not None:
            prefix, regional = REGIONAL
            own = {regional} if any(code.startswith(prefix) for code in allowed) else set()
            for member in [key for key, value in kind.values.items() if value.value not in {*allowed, *own}]:
                del kind.values[member]


def _personal(named: Iterable[Named]) -> Iterable[tuple[str, str]]:
    """(`Type.field`, argument) that names a person directly."""
    for item in named:
        if isinstance(item.spec, Way):
            for python_name, argument in item.spec.arguments.items():
                if argument.personal:
                    name = config().name_converter.apply_naming_config(python_name)
                    yield f"{item.type}.{item.name}", name


def _shown(agreement: Agreement) -> dict[str, Any]:
    """The agreement as the graph shows it to whoever is under it."""
    limits = agreement.limits
    return {
        "id": agreement.id,
        "department": agreement.department,
        "title": agreement.title,
        "title_en": agreement.title_en,
        "purpose": agreement.purpose,
        "legal_basis": agreement.legal_basis,
        "number": agreement.number,
        "valid_from": agreement.valid_from,
        "valid_until": agreement.valid_until,
        "divisions": list(agreement.scope.divisions or ("*",)),
        "categories": list(agreement.scope.categories or ("*",)),
        "certified_by": list(agreement.scope.certifiers or ("*",)),
        "own_referrals": agreement.scope.referred_to is not None,
        "browse": agreement.browse,
        "documents": agreement.documents,
        "export": agreement.export,
        "smallest_cell": agreement.smallest_cell,
        "retention_days": agreement.retention_days,
        "grants": [
            {"type": kind, "field": name, "effect": effect}
            for kind, names in agreement.fields.items()
            for name, effect in names.items()
        ],
        "limits": [{"name": name, "value": getattr(limits, name)} for name in limits.__slots__],
    }


def write_sdl(agreements: Iterable[Agreement], folder: Path = SDL) -> None:
    """Write each contract as SDL, `<agreement>.graphql`, and take away what no agreement stands behind."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{agreement.id}.graphql": Contract(agreement).sdl for agreement in agreements}
    for path in folder.glob("*.graphql"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
