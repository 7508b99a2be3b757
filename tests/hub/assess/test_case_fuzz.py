"""Whatever a case file holds, it is answered or refused: never a traceback, never a sum that does not add up."""

from __future__ import annotations

import json
import re
import string
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from case_files import HEAD, Folder, ceiling, paying, rule, warn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.assess.case import Case, read_case
from hub.errors import InputError
from hub.policy.keys import SETTINGS

WHOLE = """region = "370302"
insutype = "390"
person = { birth = 1960-01-01, rural = true }
applied = true
[[categories]]
code = "dibao"
from = 2025-01-01
until = 2026-01-01
certified = 2025-01-10
region = "370302"
[[settlement]]
id = "S1"
admitted = 2025-03-01
discharged = 2025-03-09
settled = 2025-03-09
setting = "inpatient"
hospital_level = 2
designated = true
total = 52000.00
scope = 50000.00
basic_paid = 34790.00
serious_illness_paid = 0.00
special_drug_cost = 0.00
referral = true
in_region = true
other_aid = [{ kind = "temporary_relief", amount = 7476.00 }]
"""
CHARACTERS = st.characters(codec="utf-8")
VALUES = (
    st.integers(-(10**20), 10**20).map(str)
    | st.sampled_from(["nan", "-inf", "1e400", "0.001", "-0.0", "true", "[]", "{}", "[[]]", "[{}]", "''", '"\\u0000"'])
    | st.text(string.printable, max_size=9).map(json.dumps)
    | st.dates().map(str)
    | st.datetimes().map(lambda moment: moment.isoformat())
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The whole case with lines dropped, doubled, moved, given other values, or other characters."""
    lines = WHOLE.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "move", "value", "value", "value", "character"])):
            case "drop":
                lines[at] = ""
            case "double":
                lines.insert(at, lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "value":
                lines[at] = re.sub(r"= .*", lambda _: f"= {draw(VALUES)}", lines[at])
            case "character":
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(st.text(CHARACTERS, max_size=2)) + lines[at][place:]
    return "\n".join(lines)


POLICY = (
    rule("basic_insurance", "*", 'line = 100\nratio = 0.60\nperiod = "stay"\nhospital_levels = ["1", "2"]')
    + rule("serious_illness", "*", "line = 1000\ncap = 5000\ntiers = [{ above = 0, ratio = 0.5 }]")
    + paying("dibao", "0.70", more='deducts = ["temporary_relief"]\nconditions = ["designated"]')
    + paying("dibao_edge", "{ floor = 0.50 }")
    + rule("tilt", "dibao", 'line = 500\nratio = 0.50\ncap = 300\nconditions = ["referral"]')
    + rule("premium_subsidy", "dibao", 'amount = 150\ninsutypes = ["390"]\non_application = true')
    + warn("*", "100", "after_all_three")
    + warn("dibao", "100", "scope", 'period = "stay"')
    + ceiling("0.80", 'counts = ["temporary_relief"]')
)


def read(path: Path, text: str) -> Case | InputError:
    """The case, or how it is refused."""
    path.write_text(text, encoding="utf-8", newline="")
    try:
        return read_case(path)
    except InputError as refused:
        return refused


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.toml"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=mutated() | st.text(CHARACTERS, max_size=60))
def test_any_text_is_a_case_or_is_refused_by_its_line(path: Path, text: str) -> None:
    found = read(path, text)
    if isinstance(found, InputError):
        assert re.match(rf"{re.escape(str(path))}:\d+: .+: .+", found.message)
        assert found.remedy


AMOUNTS = st.integers(0, 10_000_00) | st.integers(0, 10**12)
DAYS = st.dates(date(2024, 12, 1), date(2026, 3, 1))
FLAGS = st.none() | st.booleans()


@st.composite
def stays(draw: st.DrawFn, name: str) -> str:
    """A settlement that adds up, or a refund; what is optional may be absent."""
    total = draw(AMOUNTS)
    scope = draw(st.integers(0, total))
    basic = draw(st.none() | st.integers(0, scope))
    serious = None if basic is None else draw(st.none() | st.integers(0, scope - basic))
    discharged = draw(DAYS)
    sign = -1 if draw(st.integers(0, 9)) == 0 else 1
    said = {
        "id": json.dumps(name), "discharged": discharged, "total": yuan(sign * total), "scope": yuan(sign * scope),
        "basic_paid": basic if basic is None else yuan(sign * basic),
        "serious_illness_paid": serious if serious is None else yuan(sign * serious),
        "admitted": draw(st.none() | st.integers(0, 60).map(lambda days: discharged - timedelta(days=days))),
        "settled": draw(st.none() | st.integers(0, 60).map(lambda days: discharged + timedelta(days=days))),
        "hospital_level": draw(st.none() | st.sampled_from([1, 2, 3])),
        "setting": draw(st.sampled_from([None, *(json.dumps(word) for word in SETTINGS)])),
        **{key: written(draw(FLAGS)) for key in ("designated", "referral", "in_region")},
        "other_aid": draw(st.none() | st.just(f'[{{ kind = "temporary_relief", amount = {yuan(draw(AMOUNTS))} }}]')),
    }  # fmt: skip
    return "[[settlement]]\n" + "".join(f"{key} = {value}\n" for key, value in said.items() if value is not None)


@st.composite
def cases(draw: st.DrawFn) -> str:
    """A case file that is in order."""
    head = ['document = "test-2025"', f'insutype = "{draw(st.sampled_from(["310", "390"]))}"']
    if (applied := draw(FLAGS)) is not None:
        head.append(f"applied = {written(applied)}")
    for code in draw(st.lists(st.sampled_from(["dibao", "dibao_edge", "tekun"]), max_size=3)):
        begun = draw(DAYS)
        until = begun + timedelta(days=draw(st.integers(1, 400)))
        head.append(f'[[categories]]\ncode = "{code}"\nfrom = {begun}\nuntil = {until}')
    return "\n".join(head) + "\n" + "".join(draw(stays(f"S{number}")) for number in range(draw(st.integers(1, 4))))


def yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:.2f}"


def written(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def fen(shown: Any) -> int:
    """An amount; what is undetermined or no rule's as nothing."""
    return int(Decimal(shown) * 100) if isinstance(shown, str) else 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=cases())
def test_any_case_that_is_in_order_is_answered_and_adds_up(folder: Folder, text: str) -> None:
    answer = folder.ask(text, {"test-2025.toml": HEAD + POLICY})
    bills = {found["id"]: found for found in tomllib.loads(text, parse_float=Decimal)["settlement"]}
    assert sorted(bills) == sorted(row["id"] for row in answer["settlements"])
    for row in answer["settlements"]:
        paid = [fen(row[name]) for name in ("basic_paid", "serious_illness_paid", "medical_assistance", "tilt")]
        assert min(*paid, fen(row["self_in_scope"]), fen(row["self_total"]), 0) == 0
        assert sum(paid) <= max(bills[row["id"]]["scope"], 0) * 100
        if isinstance(row["self_total"], str) and bills[row["id"]]["total"] >= 0:
            left = fen(row["self_total"]) + sum(paid) + fen(row["other_aid"])
            assert left >= bills[row["id"]]["total"] * 100 or left == 0
            assert fen(row["self_in_scope"]) <= fen(row["self_total"])
    for name, total in answer["totals"].items():
        if isinstance(total, str):
            assert fen(total) == sum(fen(row[name]) for row in answer["settlements"])
    for row in answer["warnings"]:
        assert isinstance(row["burden"], dict) or fen(row["burden"]) > fen(row["line"])
