"""Payments by settlement: what must hold for any input, against the model and by themselves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import due, in_order
from test_properties import CATEGORIES, CORNERS, costs, everywhere, numbered, one_of_each, policies, spells
from world import Result, Row, cost, merged, rule

SLOW: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
BENEFITS = ("medical_assistance", "tilt")


def amounts(result: Result, word: str, benefit: str) -> dict[str, int | None]:
    return {row["setl_id"]: row["amount"] for row in result("payment", word, benefit=benefit)}


def total(result: Result, word: str) -> int:
    return sum(row["amount"] for row in result("payment", word))


def insured_at_home() -> dict[str, tuple[str, str]]:
    """Everybody insured in the first county of their corner."""
    return {word: (corner.counties[0], "390") for corner in CORNERS for word in corner.words}


def told(data: st.DataObject, rows: list[Row]) -> list[Row]:
    """Settlements that may say whether they were within the region."""
    return [{**row, "in_region": data.draw(st.sampled_from([True, False, None]))} for row in rows]


@settings(max_examples=7, **SLOW)
@given(st.data())
def test_assistance_is_paid_as_the_model_pays_it(data: st.DataObject) -> None:
    held = one_of_each(everywhere(data, spells))
    paid_for = numbered(everywhere(data, costs))
    rules = everywhere(data, policies)
    where = {
        word: data.draw(st.sampled_from([(one, "390"), (other, "310"), ("", "")]))
        for corner in CORNERS
        for one, other in [corner.counties]
        for word in corner.words
    }
    found = merged(held, rules, paid_for, insured_at=where)
    for word in found.people:
        mine = in_order([c for c in paid_for if c["id"] == word])
        left = {c["setl_id"]: max(c["scope"] - c["basic_paid"], 0) for c in mine}
        place = where[word] if where[word][0] else None
        assert amounts(found, word, BENEFITS[0]) == due(BENEFITS[0], word, held, rules, mine, place, left)


@settings(max_examples=5, **SLOW)
@given(st.data())
def test_order_never_matters_and_payers_never_exceed_the_cost(data: st.DataObject) -> None:
    held = one_of_each(everywhere(data, spells))
    paid_for = told(data, numbered(everywhere(data, costs)))
    rules = everywhere(data, lambda corner: policies(corner, branched=True))
    where = insured_at_home()
    found = merged(held, rules, paid_for, insured_at=where)
    turned = data.draw(st.permutations(rules)), data.draw(st.permutations(paid_for))
    other = merged(held[::-1], *turned, insured_at=where)
    names = {person: word for word, person in other.people.items()}
    mine = {person: word for word, person in found.people.items()}
    keys = ("setl_id", "benefit", "rule_key", "amount", "cap_left", "reason")
    one = sorted((mine[r["person_id"]], *map(repr, (r[k] for k in keys))) for r in found("payment"))
    two = sorted((names[r["person_id"]], *map(repr, (r[k] for k in keys))) for r in other("payment"))
    assert one == two
    for paid in paid_for:
        rows = [row for row in found("payment") if row["setl_id"] == paid["setl_id"]]
        given_here = [row["amount"] or 0 for row in rows]
        assert all(amount >= 0 for amount in given_here)
        assert paid["basic_paid"] + sum(given_here) <= paid["scope"]
        assert all((row["amount"] is None) == (not row["determined"]) == (row["reason"] is not None) for row in rows)


@settings(max_examples=5, **SLOW)
@given(st.data())
def test_sums_of_the_year_give_what_settlement_by_settlement_gives(data: st.DataObject) -> None:
    held = everywhere(data, spells)
    paid_for = told(data, numbered(everywhere(data, lambda corner: costs(corner, least=0, most=10))))
    where = insured_at_home()
    for one in (corner.words[0] for corner in CORNERS):
        twin = f"{one}'s twin"
        where[twin] = where[one]
        held += [{**spell, "id": twin} for spell in held if spell["id"] == one]
        paid_for += [{**c, "id": twin, "setl_id": f"T{c['setl_id']}"} for c in paid_for[::2] if c["id"] == one]
    rules = everywhere(data, lambda corner: policies(corner, branched=True))
    quick = merged(one_of_each(held), rules, paid_for, insured_at=where)
    slow = merged(one_of_each(held), rules, paid_for, every_settlement=True, insured_at=where)
    few = {next(spell["id"] for spell in held if spell["id"] in corner.words) for corner in CORNERS}
    some = merged(one_of_each(held), rules, paid_for, only=sorted(few), insured_at=where)
    whose = pc.field("person_id").isin([quick.people[word] for word in few])
    for name in ("entitlement", "entitlement_candidate", "payment"):
        assert quick.tables[name].equals(slow.tables[name]), name
        assert quick.tables[name].filter(whose).equals(some.tables[name]), name


@settings(max_examples=4, **SLOW)
@given(st.data())
def test_a_rule_that_changes_within_the_year_pays_the_same_on_sums_as_settlement_by_settlement(
    data: st.DataObject,
) -> None:
    cap, codes = data.draw(st.sampled_from([None, 400, 3_000])), ("dibao", "tekun", "mon_edge")
    rules = [
        rule(benefit, code, rule_key=f"{benefit}-{code}-{care}", settings=care, cap=cap, line=line, ratio=ratio)
        for benefit in BENEFITS
        for code in codes
        for care in data.draw(st.sampled_from([("",), ("inpatient", "outpatient")]))
        for line, ratio in [data.draw(st.tuples(st.sampled_from([0, 100, 700]), st.sampled_from([0, 3_333, 6_500])))]
    ]
    held, paid_for = [], []
    for who in range(12):
        turns = sorted(data.draw(st.lists(st.integers(2, 11), min_size=1, max_size=3, unique=True)))
        firsts = [date(2025, month, 1) for month in (1, *turns)]
        for first, until in zip(firsts, [*firsts[1:], date(2026, 1, 1)], strict=True):
            code = data.draw(st.sampled_from(codes))
            held.append({"id": f"p{who}", "category": code, "valid_from": first, "valid_until": until})
        for n in range(data.draw(st.integers(1, 5))):
            day = date(2025, 1, 5) + timedelta(days=data.draw(st.integers(0, 310)))
            stay = {"admitted": day, "discharged": day, "settled": day}
            care = data.draw(st.sampled_from(["inpatient", "outpatient"]))
            paid_for.append(cost(f"p{who}", f"S{who}-{n}", data.draw(st.integers(0, 2_000)), setting=care, **stay))
    quick = merged(held, rules, paid_for)
    slow = merged(held, rules, paid_for, every_settlement=True)
    for name in ("entitlement", "entitlement_candidate", "payment"):
        assert quick.tables[name].equals(slow.tables[name]), name


def test_the_line_and_the_cap_go_on_when_the_category_changes() -> None:
    """By hand: 1,000 at 50 % above a line of 400 is 300; then 1,000 at 80 % above 200 would be 800, of which the cap of
    1,000 leaves 700; nothing is left for the third."""
    rules = [
        rule("medical_assistance", "dibao", line=400, ratio=5_000, cap=1_000),
        rule("medical_assistance", "tekun", line=200, ratio=8_000, cap=1_000),
    ]
    turn = date(2025, 6, 1)
    held = [
        {"id": "li", "category": "dibao", "valid_until": turn},
        {"id": "li", "category": "tekun", "valid_from": turn},
    ]
    days = [date(2025, month, 9) for month in (2, 7, 9)]
    paid_for = [
        cost("li", f"S{n}", 1_000, admitted=day, discharged=day, settled=day) for n, day in enumerate(days, start=1)
    ]
    found = merged(held, rules, paid_for)
    assert amounts(found, "li", "medical_assistance") == {"S1": 300, "S2": 700, "S3": 0}
    left = {row["setl_id"]: (row["line"], row["cap_left"]) for row in found("payment", "li")}
    assert left == {"S1": (400, 700), "S2": (0, 0), "S3": (0, 0)}


def annual(rules: list[Row], county: str) -> list[Row]:
    """Rules of the year on what earlier layers left, in one county."""
    kept = [r for r in rules if r["region"] == county]
    base = {"medical_assistance": "after_basic_and_serious_illness", "tilt": "after_all_three"}
    whole = {"whose_region": "insured", "period": "year", "line_period": None, "cap_period": None}
    return [{**r, **whole, "base": base.get(r["benefit"], r["base"])} for r in kept]


@settings(max_examples=5, **SLOW)
@given(st.data())
def test_splitting_a_year_s_cost_and_a_further_category_and_more_cost_never_cost_the_person(
    data: st.DataObject,
) -> None:
    rules, held, paid_for, where, single = [], [], [], {}, set()
    for corner in CORNERS:
        here = corner.counties[0]
        rules += annual(data.draw(policies(corner, known=True)), here)
        codes = data.draw(st.lists(st.sampled_from(CATEGORIES), unique=True, min_size=1, max_size=3))
        further = data.draw(st.sampled_from(CATEGORIES))
        parts = data.draw(st.lists(st.integers(0, 30_000), min_size=1, max_size=4))
        more = data.draw(st.integers(0, 10_000))
        whole = [("whole", code) for code in codes] + [("split", code) for code in codes]
        whole += [("costly", code) for code in codes] + [("further", code) for code in sorted({*codes, further})]
        held += [{"id": f"{word} {here}", "category": code, "region": here} for word, code in whole]
        where |= {f"{word} {here}": (here, "390") for word, _ in whole}
        days = [date(2025, 2, 1) + timedelta(days=30 * n) for n in range(len(parts))]
        paid_for += [
            cost(f"whole {here}", f"W{here}", sum(parts)),
            cost(f"further {here}", f"F{here}", sum(parts)),
            cost(f"costly {here}", f"C{here}", sum(parts) + more),
        ]
        paid_for += [
            cost(f"split {here}", f"S{n}{here}", part, admitted=day, discharged=day, settled=day)
            for n, (part, day) in enumerate(zip(parts, days, strict=True))
        ]
        single |= {here} if len(codes) == 1 else set()
    found = merged(held, rules, paid_for, insured_at=where)
    for here in (corner.counties[0] for corner in CORNERS):
        split, whole_cost = f"split {here}", total(found, f"whole {here}")
        assert total(found, split) == whole_cost
        assert total(found, f"further {here}") >= whole_cost
        if here in single:
            assert total(found, f"costly {here}") >= whole_cost
        for row in found("entitlement", split):
            if row["benefit"] in BENEFITS:
                paid = amounts(found, split, row["benefit"]).values()
                assert row["annual_amount"] == sum(amount or 0 for amount in paid)


def test_a_cap_shared_between_settings_is_used_up_once() -> None:
    shared = {"cap_group": "year", "group_cap": 500, "ratio": 10_000, "cap": None}
    rules = [
        rule("medical_assistance", "dibao", settings=care, rule_key=f"D1/{care}", **shared)
        for care in ("inpatient", "outpatient")
    ]
    held = [{"id": "li", "category": "dibao"}]
    later = {"setting": "outpatient", "discharged": date(2025, 7, 1), "settled": date(2025, 7, 1)}
    found = merged(held, rules, [cost("li", "S1", 400), cost("li", "S2", 300, **later)])
    assert amounts(found, "li", "medical_assistance") == {"S1": 400, "S2": 100}
    assert found.one("entitlement", "li")["annual_amount"] == 500


def test_a_stay_from_before_the_year_takes_the_category_held_on_its_first_day() -> None:
    early = {"admitted": date(2024, 12, 28), "discharged": date(2025, 1, 3), "settled": date(2025, 1, 3)}
    rules = [rule("medical_assistance", "dibao", ratio=10_000)]
    new = merged(
        [{"id": "li", "category": "dibao", "valid_from": date(2025, 1, 1)}], rules, [cost("li", "S1", 9, **early)]
    )
    old = merged([{"id": "li", "category": "dibao"}], rules, [cost("li", "S1", 9, **early)])
    assert (amounts(new, "li", "medical_assistance"), amounts(old, "li", "medical_assistance")) == ({}, {"S1": 9})


def test_a_category_that_ended_before_the_year_still_counts_for_a_stay_begun_under_it() -> None:
    early = {"admitted": date(2024, 12, 20), "discharged": date(2025, 1, 5), "settled": date(2025, 1, 5)}
    rules = [rule("medical_assistance", "dibao", ratio=5_000), rule("medical_assistance", "tekun", ratio=10_000)]
    ended = {"id": "li", "category": "dibao", "valid_until": date(2025, 1, 1)}
    higher = {"id": "li", "category": "tekun", "valid_from": date(2025, 1, 1)}
    later = cost("li", "S2", 100, admitted=date(2025, 1, 1), discharged=date(2025, 1, 2), settled=date(2025, 1, 6))
    found = merged([ended, higher], rules, [cost("li", "S1", 1_000, **early), later])
    assert amounts(found, "li", "medical_assistance") == {"S1": 500, "S2": 100}
    assert [(row["category"], row["valid_from"]) for row in found("entitlement", "li")] == [("tekun", date(2025, 1, 1))]
