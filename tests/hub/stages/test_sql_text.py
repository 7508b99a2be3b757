"""The stages' text stays in what DuckDB and Spark SQL have in common, and says what it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub import tables
from hub.engine import SQL, statements
from hub.match import STEPS as MATCH
from hub.merge import LAYERS, RESULTS
from hub.merge import STEPS as MERGE
from hub.reconcile import CHECKS, HEAD, checks, read_check
from hub.reconcile import STEPS as RECONCILE

FOLDERS = (
    SQL / "match",
    SQL / "merge",
    *(path for room in ("layer", "pay", "result") for path in (SQL / room, *sorted((SQL / room).glob("*/")))),
    SQL / "reconcile",
    SQL / "reconcile" / "borne",
    SQL / "rollup",
    SQL / "simulate",
    SQL / "assess",
    CHECKS,
)
FILES = [path for folder in FOLDERS for path in sorted(folder.glob("*.sql"))]
KINDS = {
    "listed_not_insured", "subsidy_missing", "subsidy_duplicated", "category_conflict", "tag_after_end",
    "deceased_active", "name_conflict", "person_number_on_two_ids", "in_two_households", "ceiling_exceeded",
    "absent_from_payment", "assistance_missing", "assistance_not_applied", "assistance_newly_due",
    "assistance_underpaid", "assistance_overpaid", "assistance_doubled", "two_regions",
}  # fmt: skip
FORBIDDEN = {
    r"//": "integer division is the prelude's",
    r"(?<![*'])\s/\s": "no bare division",
    r"\bQUALIFY\b": "Spark has none",
    r"::": "CAST is spelled out",
    r"\bVARCHAR\b": "Spark casts to STRING",
    r"\bFILTER\s*\(": "CASE is plainer",
    r"\b(LIST\s*\(|(?<!ARRAY_SORT\()ARRAY_AGG|STRING_AGG|STRUCT|UNNEST|EXPLODE|LATERAL)": "no nested types in results",
    r"\b(NOW|CURRENT_DATE|CURRENT_TIMESTAMP|RANDOM|RAND)\b": "a month is a pure function of its inputs",
    r"\b(ANY_VALUE|FIRST|LAST|MAX_BY|MIN_BY|ARG_MAX|ARG_MIN)\s*\(": "a tie must not be decided by chance",
    r"\bDOUBLE\b|\bFLOAT\b|\bDECIMAL\b": "money is integer fen",
}


def body(path: Path) -> str:
    return re.sub(r"--.*", "", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_keeps_to_the_common_subset(path: Path) -> None:
    text = body(path)
    for pattern, why in FORBIDDEN.items():
        assert not re.search(pattern, text, re.IGNORECASE), why


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_order_says_where_nulls_go(path: Path) -> None:
    clauses = re.findall(r"ORDER BY(.*?)(?:ROWS BETWEEN|\n\s*\)|\)\s*(?:AS|=|OVER|\n|$))", body(path), re.DOTALL)
    assert len(clauses) == body(path).count("ORDER BY")
    for clause in clauses:
        for item in re.split(r",(?![^()]*\))", clause):
            assert re.search(r"NULLS (FIRST|LAST)\)?\s*$", item.strip()), f"{path.name}: {item.strip()}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_line_is_longer_than_a_reviewer_s_screen(path: Path) -> None:
    assert max(len(line) for line in path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sum_is_cast(path: Path) -> None:
    assert not re.search(r"(?<!CAST\()\bSUM\(", body(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_begins_with_what_it_is_for(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- (title: )?[\u4e00-\u9fff]", first)


def test_every_derived_table_has_one_file() -> None:
    made = [*(name for name, _ in (*MATCH, *MERGE, *RECONCILE)), *RESULTS]
    assert set(tables.PUBLISHED) <= set(made)
    assert len(set(made)) == len(made)


def test_layers_are_priced_in_the_order_in_which_they_pay() -> None:
    assert list(LAYERS) == [
        "premium_subsidy", "basic_insurance", "serious_illness", "medical_assistance", "tilt",
    ]  # fmt: skip


def test_the_checks_are_the_closed_list_of_kinds() -> None:
    assert {check.kind for check in checks()} == KINDS


def test_a_check_says_who_must_do_what_by_when_and_on_what_ground() -> None:
    departments = {"medical_insurance", "civil_affairs", "rural_revitalization", "finance", "health"}
    for check in checks():
        assert check.addressee in departments
        assert 0 < check.deadline_days <= 90
        assert check.citation
        assert len(check.meaning) > 40


@pytest.mark.parametrize("lost", HEAD)
def test_a_check_whose_head_is_not_whole_is_refused_by_name(lost: str) -> None:
    kind, sql = next(statements(CHECKS))
    with pytest.raises(Exception, match=rf"hub/checks/{kind}.sql: the head lacks or misspells {lost}"):
        read_check(kind, re.sub(rf"^-- {lost}: .*\n", "", sql, flags=re.MULTILINE))


def test_a_check_with_an_unknown_severity_is_refused() -> None:
    kind, sql = next(statements(CHECKS))
    with pytest.raises(Exception, match="misspells severity"):
        read_check(kind, re.sub(r"severity: .*", "severity: grave", sql))
