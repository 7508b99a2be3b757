"""Assistance due against assistance paid, settlement by settlement, on any input: the checks against a naive model."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import Result, Row, World, grant, rule, stay

RULES = [
    rule("medical_assistance", "dibao", ratio=5_000),
    rule("medical_assistance", "dibao_edge", ratio=2_500),
    rule("medical_assistance", "tekun", ratio=7_500, on_application=True),
    rule("medical_assistance", "illness_poor", determined=False, undetermined_reason="unknown", on_application=True),
    rule("tilt", "dibao", ratio=5_000),
    rule("tilt", "dibao_edge", determined=False, undetermined_reason="unknown"),
]
BENEFITS = {"medical_assistance": "medical_assistance_paid", "tilt": "tilt_paid"}
YUAN = (0, 25_00, 50_00, 75_00, 100_00)
BEGUN, JUNE = date(2025, 5, 1), date(2025, 6, 1)

spell = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["dibao", "dibao_edge", "tekun", "illness_poor"]),
        "begin_month": st.sampled_from([date(2025, 1, 1), BEGUN, date(2025, 6, 1)]),
        "certified": st.sampled_from([None, BEGUN, date(2025, 6, 3), date(2025, 8, 1)]),
    }
)
bill = st.fixed_dictionaries(
    {
        "start": st.integers(-40, 12),
        "days": st.integers(0, 4),
        "visit": st.sampled_from("ABC"),
        "scope": st.sampled_from([100_00, 200_00]),
        "basic": st.sampled_from([0, 100_00]),
        "maf_pay": st.sampled_from(YUAN),
        "tilt": st.sampled_from(YUAN),
        "other": st.sampled_from([0, 0, 0, 25_00]),
        "med_type": st.sampled_from(["21", "21", "14"]),
    }
)
person = st.tuples(st.lists(spell, max_size=3), st.lists(bill, min_size=1, max_size=4))
several = st.lists(person, min_size=3, max_size=8)


def played(persons: list[tuple[list[Row], list[Row]]]) -> tuple[Result, dict[str, int]]:
    """The month of these persons; and each settlement's line whose purpose nobody tells."""
    grants, bills, other = [], [], {}
    words = [f"p{place}" for place in range(len(persons))]
    for word, (spells, settlements) in zip(words, persons, strict=True):
        for place, held in enumerate(spells):
            told = {key: value for key, value in held.items() if key != "category" and value is not None}
            grants.append(grant(word, held["category"], f"H{word}{place}", **told))
        for place, b in enumerate(settlements):
            number = f"S{word}{place}"
            begin = JUNE + timedelta(days=b["start"])
            end = begin + timedelta(days=b["days"])
            other[number] = b["other"]
            lines = [
                {"fund_pay_type": code, "fund_payamt": amount}
                for code, amount in (("610102", b["tilt"]), ("999996", b["other"]))
                if amount
            ]
            made = stay(word, number, b["scope"], min(b["basic"], b["scope"]), maf_pay=b["maf_pay"], begndate=begin,
                        enddate=end, setl_time=end, mdtrt_id=f"{word}{b['visit']}", med_type=b["med_type"])  # fmt: skip
            bills.append({**made, "setldetail": lines})
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder=Path(folder), rules=RULES)
        world.insure(*words)
        world.send("civil_affairs", "recipients", *grants)
        world.send("medical_insurance", "settlements", *bills)
        return world.compute(), other


def verdicts(result: Result, other: dict[str, int]) -> dict[tuple[str, str], tuple[int, int]]:
    """(kind, settlement) -> (expected, actual), one settlement and benefit after the other."""
    due: dict[tuple[str, str], int | None] = {}
    category: dict[tuple[str, str], str] = {}
    for row in result("payment"):
        due[row["setl_id"], row["benefit"]] = row["amount"]
        category[row["setl_id"], row["benefit"]] = row["category"]
    found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for s in result("settlement"):
        for benefit, another in permutations(BENEFITS):
            mine, theirs = due.get((s["setl_id"], benefit)), due.get((s["setl_id"], another), 0)
            if mine is None:
                continue
            paid, theirs_paid = s[BENEFITS[benefit]], s[BENEFITS[another]]
            spare = theirs_paid if theirs is None else max(theirs_paid - theirs, 0)
            received = paid + spare + other[s["setl_id"]]
            doubtful = any(
                e["determined"] and e["undetermined_reason"] and e["valid_from"] <= s["discharged"]
                for e in result("entitlement", person_id=s["person_id"], benefit=benefit)
            )
            verdict = None
            if received < mine:
                nothing = not any(
                    t[line] for t in result("settlement", person_id=s["person_id"]) for line in BENEFITS.values()
                )
                if not doubtful or (benefit == "medical_assistance" and nothing):
                    verdict = lack(result, s, category[s["setl_id"], benefit], benefit, received)
                expected, actual = mine, received
            elif theirs is not None and not doubtful and paid > mine + max(theirs - theirs_paid, 0):
                verdict, expected, actual = "overpaid", mine + max(theirs - theirs_paid, 0), paid
            if verdict:
                before = found[verdict, s["setl_id"]]
                found[verdict, s["setl_id"]] = (before[0] + expected, before[1] + actual)
    return dict(found)


def lack(result: Result, s: Row, category: str, benefit: str, received: int) -> str:
    """Why less was received than is due."""
    held = [
        row
        for row in result("category_spell", person_id=s["person_id"])
        if row["valid_from"] <= s["admitted"] < row["valid_until"]
    ]
    direct = any(row["category"] in {"dibao", "dibao_edge"} for row in held)
    if benefit == "medical_assistance" and category == "tekun" and (not received or direct):
        return "not_applied"
    if min(row["certified"] or row["valid_from"] for row in held if row["category"] == category) > s["settled"]:
        return "newly_due"
    return "underpaid" if received else "missing"


def doubled(result: Result) -> dict[tuple[str, str], tuple[int, int]]:
    """Each claim against every earlier one of the person, and against what insurance left."""
    found = {}
    claims = [s for s in result("settlement") if s["medical_assistance_paid"] + s["tilt_paid"] > 0]
    for s in claims:
        aid, left = s["medical_assistance_paid"] + s["tilt_paid"], max(s["scope"] - s["basic_paid"], 0)
        key = ("doubled", s["setl_id"])
        if aid > left:
            found[key] = (left, aid)
        if any(one_expense(a, s) for a in claims if a["person_id"] == s["person_id"] and earlier(a, s)):
            found[key] = (0, aid)
    return found


def earlier(a: Row, b: Row) -> bool:
    return (a["settled"], a["setl_id"]) < (b["settled"], b["setl_id"])


def one_expense(a: Row, b: Row) -> bool:
    amounts = (a["total"], a["scope"]) == (b["total"], b["scope"])
    ends = a["discharged"] == b["discharged"]
    if a["visit_id"] == b["visit_id"]:
        return amounts or ends
    nights = max(a["admitted"], b["admitted"]) < min(a["discharged"], b["discharged"])
    inside = any(x["admitted"] < y["admitted"] == y["discharged"] < x["discharged"] for x, y in ((a, b), (b, a)))
    return (amounts and ends and a["admitted"] == b["admitted"]) or (
        a["setting"] == b["setting"] == "inpatient" and (nights or inside)
    )


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(several, several, several))  # one month of many persons costs little more than one of a few
def test_the_findings_are_those_of_the_model(groups: tuple[list[tuple[list[Row], list[Row]]], ...]) -> None:
    result, other = played([person for group in groups for person in group])
    shown: dict[Any, Any] = {
        (row["kind"].removeprefix("assistance_"), row["subject"]): (row["expected"], row["actual"])
        for row in result("finding")
        if row["kind"].startswith("assistance_")
    }
    assert shown == {**verdicts(result, other), **doubled(result)}
