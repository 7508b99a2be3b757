"""What the kit says of a declaration: the shipped ones pass, and each fault is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kit_hub import CONFIG

from connectors.base import Field, FieldType, Sealed, Semantics, Source, Stream, discover
from connectors.kit import declaration
from connectors.kit.verdict import Outcome, names
from hub import config

SHIPPED = {f"{source.name}.{stream.name}": (source, stream) for source in discover() for stream in source.streams}
SOURCE, STREAM = SHIPPED["civil_affairs.recipients"]


@pytest.fixture(scope="module")
def lists() -> set[str]:
    return {name for name, _ in config.load(CONFIG).codes.lists}


def outcomes(source: Source, stream: Stream, lists: set[str]) -> dict[str, Outcome]:
    return {v.check: v.outcome for v in declaration.check(source, stream, lists)}


@pytest.mark.parametrize("source_stream", SHIPPED.values(), ids=SHIPPED.keys())
def test_every_shipped_stream_is_declared_soundly(source_stream, lists) -> None:
    found = outcomes(*source_stream, lists)
    assert Outcome.FAIL not in found.values()
    assert len(found) == 8


def spoilt(**changes: object) -> Stream:
    return replace(STREAM, **changes)


TWICE = Field(name="again", headers=("姓 名",))
OPEN_NUMBER = Field(name="other", sealed=Sealed.ID_NUMBER)


@pytest.mark.parametrize(
    ("check", "stream"),
    [
        ("key", spoilt(key=("nobody",))),
        ("key", spoilt(key=())),
        ("key", spoilt(key=("certno",))),
        ("headers", spoilt(fields=(*STREAM.fields, TWICE))),
        ("headers", spoilt(fields=(*STREAM.fields, STREAM.fields[0]))),
        ("headers", spoilt(ignored=("姓名",))),
        ("codes", spoilt(fields=(*STREAM.fields, Field(name="c", type=FieldType.CODE, codes="nowhere")))),
        ("expected", spoilt(expected=(5, 4))),
        ("expected", spoilt(expected=(-1, 4))),
        ("cadence", spoilt(cadence_days=0)),
        ("identity", spoilt(fields=(*STREAM.fields, OPEN_NUMBER))),
        ("identity", spoilt(fields=tuple(f for f in STREAM.fields if f.sealed is not Sealed.ID_NUMBER))),
        ("meaning", spoilt(division="nowhere.0.code")),
    ],
)
def test_a_fault_fails_its_check_and_no_other(check, stream, lists) -> None:
    found = outcomes(SOURCE, stream, lists)
    assert [name for name, outcome in found.items() if outcome is Outcome.FAIL] == [check]


@pytest.mark.parametrize("change", [{"legal_basis": " "}, {"department": ""}])
def test_nobody_answers_for_it_or_no_law_does(change, lists) -> None:
    assert outcomes(replace(SOURCE, **change), STREAM, lists)["law"] is Outcome.FAIL


@pytest.mark.parametrize(
    ("check", "stream"),
    [
        ("expected", spoilt(expected=(0, 10))),
        ("meaning", spoilt(complete=False, semantics=Semantics.CERTIFICATION)),
        ("identity", spoilt(fields=tuple(f for f in STREAM.fields if f.sealed is not Sealed.NAME))),
    ],
)
def test_what_is_doubtful_is_noted(check, stream, lists) -> None:
    assert outcomes(SOURCE, stream, lists)[check] is Outcome.NOTE


def test_a_column_that_is_a_number_is_not_repeated() -> None:
    assert names(["370302199001010014", "姓名"]) == "(数字 digits), 姓名"
    assert names([f"c{n}" for n in range(10)], most=2) == "c0, c1 … (+8)"
