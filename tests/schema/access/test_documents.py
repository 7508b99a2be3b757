"""Registered documents: what comes, what goes, and what only reads otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import ConfigError
from schema.access.difference import Direction
from schema.access.documents import between
from schema.access.questions import askable, asked, beyond
from schema.agreement import FREE, REGISTERED
from schema.registered import Document, Registered
from tests.schema.walk import SHIPPED

CLINIC = replace(SHIPPED["hospital"], documents=REGISTERED)
TODAY = """query Today($number: String!) {
  personByIdNumber(idNumber: $number) { entitlements { benefit category } }
}"""
LIST = "query List($county: String!, $n: Int) { persons(filter: {county: $county}, first: $n) { nodes { token sex } } }"


def held(**texts: str) -> Registered:
    return Registered(Document(file=f"agreements/hospital/{name}.graphql", text=text) for name, text in texts.items())


def told(old: Registered, new: Registered) -> dict[str, tuple[Direction, str]]:
    return {item.what: (item.direction, item.after) for item in between(CLINIC, CLINIC, old, new)}


def wider(old: str, new: str) -> list[str]:
    return beyond(asked(parse(new)), askable(parse(old)))


def test_a_document_that_comes_widens_and_says_what_it_reaches() -> None:
    changes = told(held(today=TODAY), held(today=TODAY, list=LIST))
    (what, (direction, after)) = changes.popitem()
    assert (what, direction) == ("documents.list.graphql", Direction.WIDENED)
    assert after.split("; ") == [
        "persons(filter: {county: $String!}, first: $Int).nodes.token",
        "persons(filter: {county: $String!}, first: $Int).nodes.sex",
    ]
    assert told(held(today=TODAY, list=LIST), held(today=TODAY)) == {"documents.list.graphql": (Direction.NARROWED, "")}
    assert told(held(today=TODAY), held(today=TODAY)) == {}
    assert told(Registered(()), held(today=TODAY))["documents.today.graphql"][0] is Direction.WIDENED


def test_a_document_that_changes_widens_by_what_is_new_alone() -> None:
    more, less = TODAY.replace("category }", "category annualAmount }"), TODAY.replace(" category", "")
    assert told(held(today=TODAY), held(today=more)) == {
        "documents.today.graphql": (
            Direction.WIDENED, "personByIdNumber(idNumber: $String!).entitlements.annualAmount"
        )
    }  # fmt: skip
    assert told(held(today=TODAY), held(today=less))["documents.today.graphql"][0] is Direction.NARROWED


def test_other_words_for_the_same_touch_no_access() -> None:
    spaced, aliased = TODAY.replace(" {", "{\n# none\n"), TODAY.replace("benefit", "what: benefit")
    assert told(held(today=TODAY), held(today=spaced)) == {}
    assert told(held(today=TODAY), held(today=aliased))["documents.today.graphql"][0] is Direction.WORDED
    assert told(held(today=TODAY), held(now=TODAY)) == {
        "documents.now.graphql": (Direction.WORDED, "documents.now.graphql")
    }
    part = "query Part($number: String!) { personByIdNumber(idNumber: $number) { entitlements { benefit } } }"
    assert told(held(today=TODAY), held(today=TODAY, part=part))["documents.part.graphql"][0] is Direction.WORDED


def test_where_documents_are_free_or_become_so_the_agreement_itself_tells() -> None:
    free = replace(CLINIC, documents=FREE)
    assert between(free, CLINIC, None, held(today=TODAY)) == []
    assert between(CLINIC, free, held(today=TODAY), None) == []


def test_a_document_that_cannot_be_read_is_told_by_its_file() -> None:
    with pytest.raises(ConfigError, match=r"agreements/hospital/bad\.graphql"):
        told(held(today=TODAY), held(bad="{ nope"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{ a { b c } }", "{ a { c } }"),
        ("{ a { b c } }", "{ x: a { y: b __typename } }"),
        ("{ a { ...F } } fragment F on A { b c }", "{ a { c ... on A { b } } }"),
        ("{ a { b } a { c } }", "{ a { b c } }"),
        ("query Q($n: Int) { a(n: $n) }", "{ a(n: 3) }"),
        ("query Q($n: Int) { a(n: $n) }", "{ a }"),
        ("query Q($n: Int) { a(n: $n) }", "query Q($m: Int!) { a(n: $m) }"),
        ("query Q($f: F) { a(filter: $f) { b } }", 'query Q($c: String) { a(filter: {c: $c, d: "x"}) { b } }'),
        ('{ a(filter: {c: "x", d: [1]}) }', '{ a(filter: {d: [1], c: "x"}) }'),
        ("query Q($x: Boolean!) { a { b @include(if: $x) c } }", "{ a { b c } }"),
        ("{ a { b } }", "query Q($x: Boolean!) { a { b @skip(if: $x) } }"),
        ("{ a { b } }", "{ a { b c @include(if: false) } }"),
        ("query A { a { b } } query B { c }", "{ a { b } c }"),
        ("query Q($t: T) { a(t: $t) c(t: $t) }", "query Q($t: T) { a(t: $t) }"),
    ],
)
def test_what_was_asked_before_is_not_wider(old: str, new: str) -> None:
    assert wider(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{ a { b } }", "{ a { b c } }", ["a.c"]),
        ("{ a { b } }", "{ c { b } }", ["c.b"]),
        ("{ c }", "mutation { c }", ["mutation c"]),
        ("{ a(n: 3) }", "{ a(n: 4) }", ["a(n: 4)"]),
        ("{ a(n: 3) }", "{ a }", ["a"]),
        ("{ a }", "{ a(n: 3) }", ["a(n: 3)"]),
        ("query Q($n: Int!) { a(n: $n) }", "{ a }", ["a"]),
        ("query Q($n: Int!) { a(n: $n) }", "{ a(n: null) }", ["a(n: null)"]),
        ("query Q($n: Int!) { a(n: $n) }", "query Q($n: Int) { a(n: $n) }", ["a(n: $Int)"]),
        ("query Q($n: Int = 3) { a(n: $n) }", "query Q($n: Int) { a(n: $n) }", ["a(n: $Int)"]),
        ("query Q($n: Int = 3) { a(n: $n) }", "{ a }", ["a"]),
        ("{ a { b } x: a { c } }", "{ a { b c } }", ["a.b", "a.c"]),  # apart, nothing says which rows are one
        ("query Q($c: T, $d: T) { a(c: $c) { b(d: $c) } }", "query Q($c: T, $d: T) { a(c: $c) { b(d: $d) } }", None),
        ("query Q($x: Boolean!) { a { b @include(if: $x) c @skip(if: $x) } }", "{ a { b c } }", ["a.b", "a.c"]),
        ("query Q($x: Boolean!) { a(x: $x) { b @include(if: $x) } }", "{ a(x: false) { b } }", None),
        ("{ a { b @include(if: false) } }", "{ a { b } }", ["a.b"]),
        ("{ a { pageInfo { n } } }", "{ a { pageInfo { n } nodes { __typename } } }", ["a.nodes"]),
    ],
)
def test_what_was_not_asked_before_is_wider(old: str, new: str, told: list[str] | None) -> None:
    found = wider(old, new)
    assert found
    assert told is None or found == told


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> str:
    """A selection set over few names, so that two of them often overlap."""
    names = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    told = []
    for name in names:
        size = draw(st.sampled_from(("", "(n: 1)", "(n: 2)")))
        told.append(f"{name}{size} {draw(trees(depth=depth - 1)) if depth and draw(st.booleans()) else ''}")
    return f"{{ {' '.join(told)} }}"


def reached(text: str) -> set[str]:
    """Every path, to leaves and to what leads there."""
    steps = (path.split(".") for question in asked(parse(text)) for path in question.paths())
    return {".".join(path[:size]) for path in steps for size in range(1, len(path) + 1)}


@settings(max_examples=60, deadline=None)
@given(old=trees(), new=trees())
def test_a_document_is_wider_exactly_where_a_path_is(old: str, new: str) -> None:
    """Without variables and aliases what was asked is the set of paths."""
    assert bool(wider(old, new)) == bool(reached(new) - reached(old))
    assert wider(new, new) == []
