"""What is found once of an operation's variables and arguments changes nothing of what graphql-core makes of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    is_input_type,
    is_non_null_type,
    is_required_argument,
    parse,
    print_ast,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from schema.compile.arguments import Given, Place
from schema.compile.variables import Variables
from schema.contract import Contract
from tests.schema.walk import SHIPPED

WORDS = ("", "12", "110101", "DIBAO", "NORMAL", "2026-05", "2026-05-01", "2026-05-01T00:00:00Z", "一")
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(), st.sampled_from(WORDS), st.text(max_size=5)
)
NAMES = st.sampled_from(("county", "month", "category", "sex", "first", "a"))
VALUES = st.recursive(
    PLAIN, lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES, each, max_size=3), max_leaves=5
)
DEFAULTS = st.sampled_from(("", "", "", " = 3", ' = "2026-05"', " = null", " = true", " = DIBAO"))


@lru_cache
def schema() -> GraphQLSchema:
    return Contract(SHIPPED["civil-affairs"]).schema


@st.composite
def declared(draw: st.DrawFn) -> str:
    """Variables of any type that may be one, of none, with defaults that may be wrong."""
    types = sorted(name for name, kind in schema().type_map.items() if is_input_type(kind) and name[:2] != "__")
    kinds = st.sampled_from((*types, *("String", "Int", "Boolean", "ID", "YearMonth") * 5, "Person", "Nothing"))
    written = st.tuples(kinds, st.sampled_from(("{}", "{}!", "[{}]", "[{}!]!") + ("{}", "{}!") * 4), DEFAULTS)
    found = [shape.format(kind) + default for kind, shape, default in draw(st.lists(written, max_size=4))]
    return ", ".join(f"${name}: {told}" for name, told in zip("abcd", found, strict=False))


def operation(variables: str) -> OperationDefinitionNode:
    (node,) = parse(f"query Q{f'({variables})' if variables else ''} {{ a }}").definitions
    assert isinstance(node, OperationDefinitionNode)
    return node


def default(signature: GraphQLVariableSignature) -> str:
    literal = signature.default.literal if signature.default else None
    return print_ast(literal) if literal else ""


def told(values: Any) -> Any:
    """What is to be compared: types and defaults are made anew each time, and are not equal."""
    if not isinstance(values, VariableValues):
        return [(error.message, error.locations) for error in values]
    sources = {
        name: (item.signature.name, str(item.signature.type), default(item.signature), repr(item.value))
        for name, item in values.sources.items()
    }
    return sources, list(values.sources), repr(values.coerced)


@given(declared(), st.lists(st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=5), min_size=1, max_size=3))
def test_variables_are_those_of_graphql_core_however_often_they_are_asked_for(
    variables: str, requests: list[dict[str, Any]]
) -> None:
    node = operation(variables)
    made = Variables(schema(), node)
    for inputs in requests:
        core = get_variable_values(schema(), node.variable_definitions or (), dict(inputs), hide_suggestions=True)
        assert told(made.values(inputs)) == told(core)


def test_what_callers_send_every_day_is_coerced_plainly() -> None:
    made = Variables(schema(), operation("$a: String!, $b: Int, $c: YearMonth"))
    values = made._plainly(made._plain or (), {"a": "x", "c": "2026-05"})
    assert values is not None
    assert values.coerced == {"a": "x", "c": "2026-05"}
    assert values.sources["b"].value is Undefined
    for wrong in ({}, {"a": None}, {"a": 1}, {"a": "x", "b": 2**31}, {"a": "x", "c": "2026-13"}):
        assert made._plainly(made._plain or (), wrong) is None


@st.composite
def fields(draw: st.DrawFn) -> tuple[str, str, str]:
    """An entry of the graph, with arguments that are variables or literals."""
    query = schema().query_type
    assert query is not None
    name = draw(st.sampled_from(sorted(name for name, field in query.fields.items() if field.args)))
    variables, arguments = [], []
    for argument, kind in query.fields[name].args.items():
        how = draw(st.sampled_from(("variable", "variable", "null", "none")))
        if how == "variable" or is_required_argument(kind):
            variables.append(f"${argument}: {kind.type}")
            arguments.append(f"{argument}: ${argument}")
        elif how == "null" and not is_non_null_type(kind.type):
            arguments.append(f"{argument}: null")
    return name, ", ".join(variables), ", ".join(arguments)


GOOD = {"ID": "1", "Int": 3, "String": "x", "Date": "2026-05-01", "YearMonth": "2026-05", "KnownAt": "2026-05-01"}


@given(fields(), st.data())
def test_arguments_are_those_of_graphql_core(field: tuple[str, str, str], data: st.DataObject) -> None:
    name, variables, arguments = field
    head = f"query Q{f'({variables})' if variables else ''}"
    (document,) = parse(f"{head} {{ {name}{f'({arguments})' if arguments else ''} }}").definitions
    assert isinstance(document, OperationDefinitionNode)
    (node,) = document.selection_set.selections
    query = schema().query_type
    assert query is not None
    assert isinstance(node, FieldNode)
    inputs = {}
    for argument, kind in query.fields[name].args.items():
        value = GOOD.get(str(kind.type).rstrip("!"), Undefined)
        if is_required_argument(kind) or data.draw(st.booleans()):
            inputs[argument] = value if value is not Undefined else None
    values = Variables(schema(), document).values(inputs)
    if not isinstance(values, VariableValues):
        return
    made: Any = None
    given_ = Given(made, values, made)
    place = Place(number=0, above=None, way=made, parent="Query", field=query.fields[name], node=node)
    assert place._arguments(given_, {}) == given_.arguments(query.fields[name], node, {})
