"""Merge: each benefit once, at its highest, with what it outranked and why."""

from __future__ import annotations

from datetime import date

import pytest
from world import COUNTY, FAR, OTHER, Result, Row, cost, merged, rule

from hub.errors import ConfigError

YEAR = (date(2025, 1, 1), date(2026, 1, 1))
UNKNOWN = {"determined": False, "undetermined_reason": "unknown: set locally"}


def spell(word: str, category: str, **more: object) -> Row:
    return {"id": word, "category": category, **more}


def ma(category: str, **more: object) -> Row:
    return rule("medical_assistance", category, **{"ratio": 7_000, **more})


def tilt(category: str, **more: object) -> Row:
    return rule("tilt", category, **{"ratio": 7_000, **more})


def premium(category: str, **more: object) -> Row:
    return rule("premium_subsidy", category, **more)


def winner(result: Result, benefit: str = "medical_assistance", word: str = "li") -> Row:
    return result.one("entitlement", word, benefit=benefit)


def places(result: Result, benefit: str = "medical_assistance", word: str = "li") -> list[tuple[str, str]]:
    rows = sorted(result("entitlement_candidate", word, benefit=benefit), key=lambda row: row["place"])
    return [(row["category"], row["reason"]) for row in rows]


# --- amounts ---


TERMS = [
    ({"ratio": 7_500}, 3_000_00),  # 75 % of what basic and serious-illness insurance left
    ({"ratio": 7_500, "line": 1_000_00}, 2_250_00),
    ({"ratio": 7_500, "line": 4_000_00}, 0),
    ({"ratio": 7_500, "line": 5_000_00}, 0),
    ({"ratio": 7_500, "cap": 1_234_56}, 1_234_56),
    ({"ratio": 7_500, "cap": 0}, 0),  # a cap of nothing is not "no cap"
    ({"ratio": 10_000, "cap": None}, 4_000_00),
    ({"ratio": 10_000, "base": "scope"}, 4_000_00),  # never above what is left
    ({"ratio": 1_000, "base": "scope"}, 1_000_00),
    ({"ratio": 3_333}, 1_333_20),
]


def test_medical_assistance_is_line_ratio_and_cap_on_what_is_left() -> None:
    """Each rule is of a county with one person."""
    where = {f"p{place}": (f"4401{place:02}", "390") for place in range(len(TERMS))}
    rules = [
        ma("dibao", region=county, rule_key=county, **terms)
        for (county, _), (terms, _) in zip(where.values(), TERMS, strict=True)
    ]
    paid = [cost(word, f"S{word}", 10_000_00, basic_paid=5_000_00, serious_illness_paid=1_000_00) for word in where]
    result = merged([spell(word, "dibao") for word in where], rules, paid, insured_at=where)
    for word, (terms, amount) in zip(where, TERMS, strict=True):
        found = winner(result, word=word)
        assert (found["annual_amount"], found["determined"]) == (amount, True), terms


def test_rounding_is_half_up_to_the_fen() -> None:
    found = merged([spell("li", "dibao")], [ma("dibao", ratio=5_000)], [cost("li", "S1", 101)])
    assert winner(found)["annual_amount"] == 51


def test_without_costs_the_amount_is_nothing_and_not_null() -> None:
    assert winner(merged([spell("li", "dibao")], [ma("dibao")]))["annual_amount"] == 0


def test_only_what_counts_in_the_year_so_far_counts() -> None:
    costs = [
        cost("li", "S1", 1_000),
        cost("li", "S2", 20_000, cancelled=True),
        cost("li", "S3", 300_000, discharged=date(2024, 12, 31), settled=date(2025, 1, 9)),
        cost("li", "S4", 4_000_000, settled=date(2025, 12, 1)),
        cost("li", "S5", 50_000_000, discharged=date(2025, 12, 1), settled=date(2025, 11, 30)),
    ]
    found = merged([spell("li", "dibao")], [ma("dibao", ratio=10_000)], costs)
    assert winner(found)["annual_amount"] == 50_001_000


def test_a_rule_looks_only_at_the_care_and_the_insurance_it_speaks_of() -> None:
    costs = [
        cost("li", "S1", 1),
        cost("li", "S2", 20, setting="outpatient_chronic"),
        cost("li", "S3", 300, setting="outpatient"),
        cost("li", "S4", 4_000, insutype="310"),
    ]

    def amount(**terms: object) -> int:
        found: int = winner(merged([spell("li", "dibao")], [ma("dibao", ratio=10_000, **terms)], costs))[
            "annual_amount"
        ]
        return found

    assert amount() == 4_321
    assert amount(settings="inpatient,outpatient_chronic") == 4_021
    assert amount(settings="outpatient") == 300  # and not outpatient_chronic
    assert amount(insutypes="390,391") == 321


def test_a_rule_per_stay_takes_its_line_and_its_cap_from_every_stay() -> None:
    costs = [cost("li", "S1", 1_000), cost("li", "S2", 5_000), cost("li", "S3", 900, visit_id="S1")]
    found = merged([spell("li", "dibao")], [ma("dibao", ratio=5_000, line=1_500, cap=1_000, period="stay")], costs)
    assert winner(found)["annual_amount"] == 200 + 1_000


def test_a_rule_per_stay_never_pays_more_than_what_a_stay_left() -> None:
    costs = [cost("li", "S1", 1_000, basic_paid=1_000), cost("li", "S2", 100)]
    found = merged([spell("li", "dibao")], [ma("dibao", ratio=10_000, line=500, base="scope", period="stay")], costs)
    assert winner(found)["annual_amount"] == 0


def test_tilt_is_on_what_the_winning_assistance_left() -> None:
    rules = [ma("dibao", ratio=7_500), ma("mon_edge", ratio=5_000), tilt("mon_edge", line=500_00)]
    spells = [spell("li", "dibao"), spell("li", "mon_edge")]
    found = merged(spells, rules, [cost("li", "S1", 10_000_00)])
    assert winner(found)["annual_amount"] == 7_500_00
    assert winner(found, "tilt")["annual_amount"] == 1_400_00  # (10,000 - 7,500 - 500) x 70 %


def test_tilt_without_any_assistance_is_on_all_that_is_left() -> None:
    found = merged([spell("li", "dibao")], [tilt("dibao", cap=600_00)], [cost("li", "S1", 1_000_00)])
    assert winner(found, "tilt")["annual_amount"] == 600_00


def test_layers_never_pay_more_than_the_scope() -> None:
    rules = [ma("dibao", ratio=10_000), tilt("dibao", ratio=10_000, base="scope")]
    found = merged([spell("li", "dibao")], rules, [cost("li", "S1", 1_000_00, basic_paid=200_00)])
    assert [winner(found, b)["annual_amount"] for b in ("medical_assistance", "tilt")] == [800_00, 0]


def test_a_premium_subsidy_is_its_amount_and_is_not_prorated() -> None:
    found = merged([spell("li", "dibao", valid_from=date(2025, 11, 1))], [premium("dibao", amount=150_00)])
    assert winner(found, "premium_subsidy")["annual_amount"] == 150_00


# --- the highest ---


def test_the_greatest_amount_on_the_person_s_own_costs_wins() -> None:
    rules = [ma("dibao", ratio=7_000), ma("mon_edge", ratio=9_000, line=2_000_00)]
    spells = [spell("li", "dibao"), spell("li", "mon_edge")]
    small = merged(spells, rules, [cost("li", "S1", 3_000_00)])
    large = merged(spells, rules, [cost("li", "S1", 30_000_00)])
    assert places(small) == [("dibao", "winner"), ("mon_edge", "lower_amount")]
    assert places(large) == [("mon_edge", "winner"), ("dibao", "lower_amount")]


def test_equal_amounts_are_decided_by_rank_and_then_by_code() -> None:
    spells = [spell("li", category) for category in ("dibao", "tekun", "orphan")]
    rules = [
        premium("dibao", amount=1, rank=2),
        premium("tekun", amount=1, rank=1),
        premium("orphan", amount=1, rank=2),
    ]
    assert places(merged(spells, rules), "premium_subsidy") == [
        ("tekun", "winner"), ("dibao", "lower_rank"), ("orphan", "lower_rank"),
    ]  # fmt: skip
    equal = [{**each, "rank": 5} for each in rules]
    assert places(merged(spells, equal), "premium_subsidy") == [
        ("dibao", "winner"), ("orphan", "code_order"), ("tekun", "code_order"),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [("tekun", "dibao"), ("dibao", "tekun")])
def test_the_order_of_the_input_does_not_matter(order: tuple[str, str]) -> None:
    """特困,低保 and 低保,特困 give the same (domain.md B)."""
    rules = [
        ma("tekun", ratio=9_000),
        ma("dibao", ratio=7_000),
        premium("tekun", amount=400_00),
        premium("dibao", amount=1),
    ]
    found = merged([spell("li", category) for category in order], rules[:: 1 if order[0] == "tekun" else -1])
    assert {winner(found, b)["category"] for b in ("medical_assistance", "premium_subsidy")} == {"tekun"}


def test_each_benefit_has_its_own_winner_in_mode_per_benefit() -> None:
    rules = [
        ma("dibao", ratio=9_000),
        ma("mon_edge", ratio=1),
        premium("dibao", amount=1),
        premium("mon_edge", amount=2),
    ]
    found = merged([spell("li", "dibao"), spell("li", "mon_edge")], rules, [cost("li", "S1", 1_000_00)])
    assert winner(found)["category"] == "dibao"
    assert winner(found, "premium_subsidy")["category"] == "mon_edge"


def test_by_category_the_one_of_highest_rank_takes_all_and_what_it_has_no_rule_for_is_not_paid() -> None:
    mode = {"mode": "by_category"}
    rules = [
        ma("dibao", ratio=9_000, rank=2, **mode), ma("tekun", ratio=1_000, rank=1, **mode),
        premium("dibao", amount=5, rank=2, **mode),
    ]  # fmt: skip
    found = merged([spell("li", "dibao"), spell("li", "tekun")], rules, [cost("li", "S1", 1_000_00)])
    assert places(found) == [("tekun", "winner"), ("dibao", "lower_rank")]
    assert winner(found)["mode"] == "by_category"
    assert found("entitlement", "li", benefit="premium_subsidy") == []
    (row,) = found("entitlement_candidate", "li", benefit="premium_subsidy")
    assert (row["place"], row["reason"]) == (2, "lower_rank")


def test_by_category_of_one_region_does_not_bind_another() -> None:
    rules = [
        ma("dibao", ratio=5_000, rank=2, mode="by_category", whose_region="certified"),
        ma("tekun", ratio=1_000, rank=1, mode="by_category", whose_region="certified"),
        ma("mon_edge", ratio=4_000, rank=3, region=OTHER, whose_region="certified"),
    ]
    spells = [spell("li", "dibao"), spell("li", "tekun"), spell("li", "mon_edge", region=OTHER)]
    found = merged(spells, rules, [cost("li", "S1", 1_000_00)])
    assert places(found) == [("mon_edge", "winner"), ("tekun", "lower_amount"), ("dibao", "lower_rank")]


def test_rules_of_one_category_for_different_care_are_paid_together() -> None:
    rules = [
        ma("dibao", ratio=5_000, settings="inpatient", rule_key="D1/in"),
        ma("dibao", ratio=5_000, settings="outpatient", rule_key="D1/out"),
        ma("mon_edge", ratio=6_000, settings="inpatient"),
    ]
    costs = [cost("li", "S1", 1_000_00), cost("li", "S2", 400_00, setting="outpatient")]
    found = merged([spell("li", "dibao"), spell("li", "mon_edge")], rules, costs)
    assert winner(found)["annual_amount"] == 700_00
    assert winner(found)["rule_key"] == "D1/in"
    assert places(found) == [("dibao", "winner"), ("dibao", "winner"), ("mon_edge", "lower_amount")]
    assert [row["annual_amount"] for row in found("entitlement_candidate")] == [500_00, 200_00, 600_00]


# --- whose region ---


def test_a_rule_is_of_the_insured_place_or_of_where_the_category_is_held_as_it_says() -> None:
    rules = [
        premium("dibao", amount=1, region=COUNTY), premium("dibao", amount=2, region=OTHER),
        ma("dibao", region=COUNTY, whose_region="certified"), ma("dibao", region=OTHER, whose_region="certified"),
    ]  # fmt: skip
    found = merged([spell("li", "dibao", region=COUNTY)], rules, insured_at={"li": (OTHER, "390")})
    assert winner(found, "premium_subsidy")["region"] == OTHER
    assert winner(found)["region"] == COUNTY
    uninsured = merged([spell("li", "dibao", region=COUNTY)], rules, insured_at={"li": ("", "")})
    assert winner(uninsured, "premium_subsidy")["region"] == COUNTY


def test_one_region_pays_the_one_where_the_category_is_held() -> None:
    rules = [
        ma("dibao", ratio=9_000, region=OTHER),  # where the person is insured
        ma("dibao", ratio=5_000, region=COUNTY, whose_region="certified"),
    ]
    found = merged(
        [spell("li", "dibao", region=COUNTY)], rules, [cost("li", "S1", 1_000_00)], insured_at={"li": (OTHER, "390")}
    )
    assert winner(found)["region"] == COUNTY
    assert places(found) == [("dibao", "winner"), ("dibao", "other_region")]


def test_of_two_regions_that_both_certify_the_greater_amount_pays() -> None:
    rules = [
        ma("dibao", ratio=r, region=where, whose_region="certified") for r, where in ((5_000, COUNTY), (6_000, FAR))
    ]
    spells = [spell("li", "dibao", region=COUNTY), spell("li", "dibao", region=FAR, household_key="x")]
    found = merged(spells, rules, [cost("li", "S1", 1_000_00)])
    assert winner(found)["region"] == FAR
    assert places(found) == [("dibao", "winner"), ("dibao", "other_region")]


def test_a_rule_for_residents_does_not_reach_an_employee_and_reaches_who_is_not_insured() -> None:
    rules = [premium("dibao", amount=1, insutypes="390,391")]
    spells = [spell(word, "dibao") for word in ("li", "wang", "zhao")]
    found = merged(spells, rules, insured_at={"wang": (COUNTY, "310"), "zhao": ("", "")})
    assert found.words("entitlement") == {"li", "zhao"}


def test_two_spells_of_one_category_are_one_candidate() -> None:
    spells = [spell("li", "dibao", household_key=key, line=n) for n, key in enumerate("ba", 1)]
    found = merged(spells, [ma("dibao")])
    assert places(found) == [("dibao", "winner")]
    assert found.one("entitlement_candidate")["line"] == 2  # the first by source and household


# --- undetermined ---


def test_an_unknown_rule_alone_is_undetermined_with_its_reason_and_not_nothing() -> None:
    found = winner(merged([spell("li", "dibao")], [ma("dibao", **UNKNOWN)], [cost("li", "S1", 1_000_00)]))
    assert (found["determined"], found["annual_amount"]) == (False, None)
    assert found["undetermined_reason"] == "unknown: set locally"


def test_of_several_unknown_rules_the_one_of_highest_rank_stands() -> None:
    rules = [ma("dibao", rank=2, **UNKNOWN), ma("tekun", rank=1, **UNKNOWN)]
    found = merged([spell("li", "dibao"), spell("li", "tekun")], rules)
    assert places(found) == [("tekun", "winner"), ("dibao", "undetermined")]


def test_an_unknown_rule_does_not_win_over_a_known_one_and_is_not_silently_outranked() -> None:
    rules = [ma("dibao", ratio=5_000), ma("tekun", rank=1, **UNKNOWN)]
    spells = [spell("li", "dibao"), spell("li", "tekun")]
    found = merged(spells, rules, [cost("li", "S1", 1_000_00)])
    row = winner(found)
    assert (row["category"], row["determined"], row["annual_amount"]) == ("dibao", True, 500_00)
    assert row["undetermined_reason"] == "tekun: unknown: set locally"
    assert places(found) == [("dibao", "winner"), ("tekun", "undetermined")]


def test_a_known_nothing_wins_too_but_the_doubt_is_said() -> None:
    rules = [ma("dibao", line=2_000_00), ma("tekun", rank=1, **UNKNOWN)]
    row = winner(merged([spell("li", "dibao"), spell("li", "tekun")], rules, [cost("li", "S1", 1_000_00)]))
    assert (row["annual_amount"], row["undetermined_reason"]) == (0, "tekun: unknown: set locally")


def test_where_an_unknown_rule_cannot_give_more_there_is_no_doubt() -> None:
    spells = [spell("li", "dibao"), spell("li", "tekun")]
    nothing_left = merged(spells, [ma("dibao"), ma("tekun", **UNKNOWN)])
    all_paid = merged(spells, [ma("dibao", ratio=10_000), ma("tekun", **UNKNOWN)], [cost("li", "S1", 1_000_00)])
    rules = [premium("tekun", amount=400_00), premium("dibao", **UNKNOWN)]
    due = [{"region": COUNTY, "year": 2025, "insutype": "390", "amount": 400_00}]
    in_full = merged(spells, rules, premiums=due)
    assert winner(nothing_left)["undetermined_reason"] is None
    assert winner(all_paid)["undetermined_reason"] is None
    assert winner(in_full, "premium_subsidy")["undetermined_reason"] is None
    partly = merged(spells, [{**rules[0], "amount": 399_99}, rules[1]], premiums=due)
    assert winner(partly, "premium_subsidy")["undetermined_reason"] == "dibao: unknown: set locally"


def test_an_unknown_part_of_the_winner_is_a_doubt() -> None:
    rules = [
        ma("dibao", settings="inpatient", rule_key="D1/in"),
        ma("dibao", settings="outpatient", rule_key="D1/out", **UNKNOWN),
    ]
    costs = [cost("li", "S1", 1_000_00), cost("li", "S2", 400_00, setting="outpatient")]
    found = merged([spell("li", "dibao")], rules, costs)
    row = winner(found)
    assert (row["determined"], row["annual_amount"]) == (True, 700_00)
    assert row["undetermined_reason"] == "dibao: unknown: set locally"
    assert winner(merged([spell("li", "dibao")], rules, costs[:1]))["undetermined_reason"] is None


def test_an_unknown_region_that_may_pay_is_a_doubt() -> None:
    rules = [
        ma("dibao", ratio=5_000, region=COUNTY, whose_region="certified"),
        ma("dibao", region=FAR, whose_region="certified", **UNKNOWN),
    ]
    spells = [spell("li", "dibao", region=COUNTY), spell("li", "dibao", region=FAR, household_key="x")]
    row = winner(merged(spells, rules, [cost("li", "S1", 1_000_00)]))
    assert (row["region"], row["undetermined_reason"]) == (COUNTY, "dibao: unknown: set locally")


def test_an_unknown_region_that_cannot_pay_is_no_doubt() -> None:
    rules = [ma("dibao", region=OTHER, **UNKNOWN), ma("dibao", ratio=5_000, whose_region="certified")]
    row = winner(merged([spell("li", "dibao")], rules, [cost("li", "S1", 1_000_00)], insured_at={"li": (OTHER, "390")}))
    assert (row["region"], row["undetermined_reason"]) == (COUNTY, None)


def test_tilt_is_undetermined_where_assistance_is_and_doubtful_where_assistance_is() -> None:
    spells = [spell("li", "dibao"), spell("li", "tekun")]
    costs = [cost("li", "S1", 10_000_00)]
    row = winner(merged(spells[:1], [ma("dibao", **UNKNOWN), tilt("dibao")], costs), "tilt")
    assert (row["determined"], row["annual_amount"]) == (False, None)
    assert row["undetermined_reason"] == "medical_assistance: unknown: set locally"
    row = winner(merged(spells, [ma("dibao"), ma("tekun", **UNKNOWN), tilt("dibao")], costs), "tilt")
    assert (row["determined"], row["annual_amount"]) == (True, 2_100_00)
    assert row["undetermined_reason"] == "medical_assistance: tekun: unknown: set locally"


def test_a_tilt_per_stay_takes_its_line_from_every_stay_that_assistance_left() -> None:
    costs = [cost("li", "S1", 1_000_00), cost("li", "S2", 3_000_00)]
    rules = [ma("dibao", ratio=5_000), tilt("dibao", period="stay", line=600_00)]
    assert winner(merged([spell("li", "dibao")], rules, costs), "tilt")["annual_amount"] == 630_00


def test_by_category_an_unknown_rule_of_the_highest_category_stands() -> None:
    rules = [ma("dibao", rank=2, mode="by_category"), ma("tekun", rank=1, mode="by_category", **UNKNOWN)]
    found = merged([spell("li", "dibao"), spell("li", "tekun")], rules, [cost("li", "S1", 1_000_00)])
    assert places(found) == [("tekun", "winner"), ("dibao", "lower_rank")]
    assert winner(found)["determined"] is False


@pytest.mark.parametrize("lost", ["line", "ratio", "base", "period"])
def test_a_rule_said_to_be_determined_that_lacks_a_number_is_refused(lost: str) -> None:
    with pytest.raises(ConfigError, match=r"lack a number: D1/medical_assistance-dibao \(medical_assistance\)"):
        merged([spell("li", "dibao")], [ma("dibao", **{lost: None})])


# --- days ---


def spans(result: Result, benefit: str = "medical_assistance") -> list[tuple[date, date, str]]:
    return [(r["valid_from"], r["valid_until"], r["category"]) for r in result("entitlement", "li", benefit=benefit)]


def test_an_entitlement_lies_within_the_benefit_year_and_within_spell_and_rule() -> None:
    rules = [ma("dibao", valid_from=date(2025, 2, 1), valid_until=date(2025, 9, 1))]
    assert spans(merged([spell("li", "dibao")], [ma("dibao")])) == [(*YEAR, "dibao")]
    assert spans(merged([spell("li", "dibao")], rules)) == [(date(2025, 2, 1), date(2025, 9, 1), "dibao")]
    short = spell("li", "dibao", valid_from=date(2025, 3, 5), valid_until=date(2025, 4, 6))
    assert spans(merged([short], rules)) == [(date(2025, 3, 5), date(2025, 4, 6), "dibao")]
    assert spans(merged([spell("li", "dibao", valid_until=date(2025, 1, 1))], rules)) == []
    assert spans(merged([spell("li", "dibao", valid_from=date(2026, 1, 1))], rules)) == []


def test_the_winner_changes_with_the_categories_held() -> None:
    spells = [
        spell("li", "dibao", valid_from=date(2025, 3, 1), valid_until=date(2025, 6, 1)),
        spell("li", "mon_edge"),
    ]
    rules = [ma("dibao", ratio=9_000), ma("mon_edge", ratio=5_000)]
    found = merged(spells, rules, [cost("li", "S1", 1_000_00)])
    assert spans(found) == [
        (date(2025, 1, 1), date(2025, 3, 1), "mon_edge"),
        (date(2025, 3, 1), date(2025, 6, 1), "dibao"),
        (date(2025, 6, 1), date(2026, 1, 1), "mon_edge"),
    ]
    reasons = {(r["valid_from"], r["category"]): r["reason"] for r in found("entitlement_candidate")}
    assert reasons[date(2025, 3, 1), "mon_edge"] == "lower_amount"
    assert reasons[date(2025, 6, 1), "mon_edge"] == "winner"


def test_a_day_on_which_nothing_changes_for_a_benefit_does_not_cut_it() -> None:
    spells = [spell("li", "dibao"), spell("li", "mon_edge", valid_from=date(2025, 5, 1))]
    rules = [
        ma("dibao", valid_until=date(2025, 7, 1)), ma("dibao", valid_from=date(2025, 7, 1), rank=9),
        premium("mon_edge", amount=1),
    ]  # fmt: skip
    found = merged(spells, rules)
    assert spans(found, "premium_subsidy") == [(date(2025, 5, 1), YEAR[1], "mon_edge")]
    assert spans(found) == [(*YEAR, "dibao")]


def test_a_candidate_that_falls_away_ends_the_entitlement_s_days_though_the_winner_stays() -> None:
    spells = [spell("li", "dibao"), spell("li", "mon_edge", valid_until=date(2025, 5, 1))]
    found = merged(spells, [ma("dibao"), ma("mon_edge", ratio=1)], [cost("li", "S1", 1_000_00)])
    assert spans(found) == [
        (YEAR[0], date(2025, 5, 1), "dibao"), (date(2025, 5, 1), YEAR[1], "dibao"),
    ]  # fmt: skip


def test_another_article_of_the_same_amount_is_another_entitlement() -> None:
    rules = [ma("dibao", valid_until=date(2025, 7, 1)), ma("dibao", valid_from=date(2025, 7, 1), article="2")]
    assert len(spans(merged([spell("li", "dibao")], rules))) == 2


def test_a_gap_between_two_spells_stays_a_gap() -> None:
    spells = [
        spell("li", "dibao", valid_until=date(2025, 3, 1)),
        spell("li", "dibao", valid_from=date(2025, 5, 1)),
    ]
    assert [row[:2] for row in spans(merged(spells, [ma("dibao")]))] == [
        (date(2025, 1, 1), date(2025, 3, 1)), (date(2025, 5, 1), date(2026, 1, 1)),
    ]  # fmt: skip


def test_a_gap_in_the_rule_stays_a_gap_in_one_spell() -> None:
    rules = [ma("dibao", valid_until=date(2025, 3, 1)), ma("dibao", valid_from=date(2025, 5, 1))]
    spells = [spell("li", "dibao"), spell("li", "mon_edge")]  # another rule goes on meanwhile
    found = merged(spells, [*rules, premium("mon_edge", amount=1)])
    assert [row[:2] for row in spans(found)] == [
        (date(2025, 1, 1), date(2025, 3, 1)), (date(2025, 5, 1), date(2026, 1, 1)),
    ]  # fmt: skip


def test_every_candidate_of_an_entitlement_has_its_days_and_leads_to_its_spell() -> None:
    spells = [
        spell("li", "dibao", record_digest="d"),
        spell("li", "mon_edge", valid_from=date(2025, 5, 1), record_digest="m"),
    ]
    found = merged(spells, [ma("dibao"), ma("mon_edge", ratio=1)], [cost("li", "S1", 1_000_00)])
    days = {(r["benefit"], r["valid_from"], r["valid_until"]) for r in found("entitlement")}
    assert {(r["benefit"], r["valid_from"], r["valid_until"]) for r in found("entitlement_candidate")} == days
    rows = {(r["category"], r["line"], r["record_digest"]) for r in found("entitlement_candidate")}
    assert rows == {("dibao", 1, "d"), ("mon_edge", 2, "m")}


def test_a_person_without_a_rule_has_no_entitlement() -> None:
    found = merged([spell("li", "illness_poor")], [ma("dibao")])
    assert (found("entitlement"), found("entitlement_candidate")) == ([], [])
