"""Assess: bands of cost, ages, days of the stay, months looked back on, cost above basic's cap, shared caps."""

from __future__ import annotations

from typing import Any

from case_files import DIBAO, bill, given, held, paying, rule, stay

MA = "medical_assistance"
BASIC = "basic_insurance"
NO_CAP = 'line = 0\ncap = "none"\n'
CASE = "person = { birth = 1965-07-01 }\n"


def test_the_band_of_the_year_s_cost_decides_the_rule_and_takes_nothing_back(run: Any) -> None:
    bands = (  # 青阳: up to 20,000 80 %, above it 16,000, above 50,000 20,000
        ("low", "ratio = 0.80\ncost_below = 20000.01"),
        ("middle", "pay = 16000\ncost_from = 20000.01\ncost_below = 50000.01"),
        ("high", "pay = 20000\ncost_from = 50000.01"),
    )
    policy = "".join(rule(MA, "dibao", NO_CAP + body, name) for name, body in bands)
    days = ("2025-02-01", "2025-03-01", "2025-05-01", "2025-07-01")
    stays = "".join(
        stay(f"S{n}", cost, day) for n, (cost, day) in enumerate(zip((15_000, 5_000, 25_000, 9_000), days, strict=True))
    )
    answer = run(policy, DIBAO + stays)
    assert given(answer) == ["12000.00", "4000.00", "0.00", "4000.00"]
    assert [len(row["layers"]) for row in answer["settlements"]] == [1, 1, 1, 1]


def test_the_band_of_a_stay_decides_its_ratio_and_cost_below_all_bands_counts_once(run: Any) -> None:
    body = 'period = "stay"\n' + NO_CAP
    policy = rule(MA, "dibao", body + "ratio = 0.50\ncost_below = 1000", "low") + rule(
        MA, "dibao", body + "ratio = 0.90\ncost_from = 1000", "high"
    )
    year = rule("tilt", "dibao", NO_CAP + 'base = "scope"\nratio = 0.10\ncost_from = 1500\ncost_below = 2000', "one")
    more = rule("tilt", "dibao", NO_CAP + 'base = "scope"\nratio = 0.05\ncost_from = 2000', "two")
    answer = run(policy + year + more, DIBAO + stay("A", 999) + stay("B", 1000, "2025-05-01"))
    assert given(answer) == ["499.50", "900.00"]
    assert given(answer, "tilt") == ["0.00", "100.00"]  # of 1999, but no more than 100 is left to be paid


def test_an_age_is_that_of_the_day_that_counts_and_an_unknown_one_is_undetermined(run: Any) -> None:
    policy = (
        rule(MA, "dibao", NO_CAP + "ratio = 0.50\nage_below = 60", "young")
        + rule(MA, "dibao", NO_CAP + "ratio = 0.90\nage_from = 60", "old")
        + rule("tilt", "dibao", NO_CAP + 'ratio = 1.00\nage_from = 60\nday = "discharge"', "tilt")
        + rule(BASIC, "*", 'ratio = 0.10\nsettings = ["inpatient"]')
        + rule(BASIC, "dibao", 'ratio = 0.20\nage_from = 60\nsettings = ["inpatient"]')
    )
    stays = (
        stay("A", 1000)
        + stay("B", 1000, "2025-07-02", "admitted = 2025-06-30")
        + stay("C", 1000, "2025-07-09", "admitted = 2025-07-01")
        + bill("D", 1000, "2025-03-01", "serious_illness_paid = 0")
        + bill("E", 1000, "2025-08-01", "serious_illness_paid = 0")
    )
    answer = run(policy, CASE + DIBAO + stays)
    found = {row["id"]: row for row in answer["settlements"]}
    assert {name: row[MA] for name, row in found.items()} == {
        "A": "500.00", "B": "500.00", "C": "900.00", "D": "450.00", "E": "720.00",
    }  # fmt: skip
    assert {name: row["tilt"] for name, row in found.items()} == {
        "A": None, "B": "500.00", "C": "100.00", "D": None, "E": "80.00",
    }  # fmt: skip
    assert (found["D"]["basic_paid"], found["E"]["basic_paid"]) == ("100.00", "200.00")
    unsaid = run(policy, DIBAO + stay("A", 1000))
    assert given(unsaid) == [{"undetermined": "needs birth, which no source tells"}]


def test_days_of_the_stay_limit_the_cost_or_are_paid_each(run: Any) -> None:
    daily = rule(BASIC, "*", 'settings = ["inpatient"]\ncost_per_day = 180\nratio = 1.00\nline = 100')
    each = rule(MA, "dibao", NO_CAP + "pay_per_day = 15")
    case = bill("A", 2000, "2025-03-11", "admitted = 2025-03-01") + bill(
        "B", 500, "2025-05-01", "admitted = 2025-05-01"
    )
    answer = run(daily + each, DIBAO + case + bill("C", 500, "2025-06-01"))
    assert given(answer, "basic_paid") == [
        "1700.00",
        "180.00",
        {"undetermined": "needs admitted, which no source tells"},
    ]
    assert given(answer)[:2] == ["150.00", "15.00"]


def test_serious_illness_insurance_may_count_what_is_above_the_cap_of_basic_insurance_s_cost(run: Any) -> None:
    basic = rule(BASIC, "*", "ratio = 0.80\ncost_cap = 100000")
    above = rule("serious_illness", "*", 'base = "above_basic"\nline = 0\nratio = 0.90\ncap = 250000')
    case = bill("A", 80_000) + bill("B", 70_000, "2025-05-01")
    answer = run(basic + above, case)
    assert given(answer, "basic_paid") == ["64000.00", "16000.00"]
    assert given(answer, "serious_illness_paid") == ["0.00", "45000.00"]


def test_the_months_before_a_category_count_where_the_rule_or_the_category_looks_back(run: Any) -> None:
    policy = (
        paying("illness_poor", "0.60")  # looks back 12 months by categories.toml
        + paying("x_poor", "0.50", more="look_back = 2\n")
        + paying("dibao", "0.10")
        + paying("illness_poor", "1.00", "tilt", "look_back = 0\n")
    )
    case = held(("illness_poor", "2026-02-01", "2027-02-01"), ("x_poor", "2025-03-01", "2025-04-01"))
    stays = [
        stay("A", 1000, "2025-01-31", "admitted = 2025-01-20"),
        stay("B", 1000, "2025-02-09", "admitted = 2025-01-31"),
        stay("C", 1000, "2025-02-19", "admitted = 2025-02-01"),
        stay("D", 1000, "2026-02-09", "admitted = 2026-02-01"),
        stay("E", 1000, "2026-01-09", "admitted = 2025-12-20"),
    ]
    answer = run(policy, case + "".join(stays))
    assert given(answer) == ["500.00", "500.00", "600.00", "600.00", "600.00"]
    assert {row["id"]: row["tilt"] for row in answer["settlements"]} == {
        "A": None, "B": None, "C": None, "D": "400.00", "E": None,
    }  # fmt: skip


def test_assistance_and_tilt_may_share_a_cap_in_the_order_of_settlements(run: Any) -> None:
    shared = 'cap_group = "year"\ngroup_cap = 16000\n'
    policy = paying("dibao", "0.80", more=shared) + paying("dibao", "0.80", "tilt", shared)
    answer = run(policy, DIBAO + stay("A", 20_000))
    assert (given(answer), given(answer, "tilt")) == (["16000.00"], ["0.00"])
    answer = run(policy, DIBAO + stay("A", 12_000) + stay("B", 10_000, "2025-06-01"))
    assert (given(answer), given(answer, "tilt")) == (["9600.00", "4480.00"], ["1920.00", "0.00"])
    assert answer["totals"]["self_in_scope"] == "6000.00"


def test_tilt_may_wait_until_assistance_has_reached_its_cap(run: Any) -> None:
    policy = rule(MA, "dibao", "line = 0\nratio = 0.50\ncap = 800") + paying(
        "dibao", "0.50", "tilt", 'conditions = ["cap_reached"]\n'
    )
    answer = run(policy, DIBAO + stay("A", 1000) + stay("B", 1000, "2025-05-01"))
    assert (given(answer), given(answer, "tilt")) == (["500.00", "300.00"], ["0.00", "350.00"])


def test_computed_insurance_is_limited_to_what_the_told_one_left(run: Any) -> None:
    answer = run(rule(BASIC, "*", "ratio = 0.90"), bill("A", 1000, more="serious_illness_paid = 400"))
    assert given(answer, "basic_paid") == ["600.00"]
    assert answer["totals"]["self_in_scope"] == "0.00"


def test_an_unknown_rule_whose_condition_is_not_met_casts_no_doubt(run: Any) -> None:
    unknown = rule(MA, "tekun", 'line = 0\nratio = { unknown = "?" }\ncap = "none"\nconditions = ["referral"]')
    both = held(("dibao", "2025-01-01", "2026-01-01"), ("tekun", "2025-01-01", "2026-01-01"))
    answer = run(paying("dibao", "0.50") + unknown, both + stay("A", 1000, more="referral = false"))
    assert given(answer) == ["500.00"]
    alone = run(unknown, held(("tekun", "2025-01-01", "2026-01-01")) + stay("A", 1000, more="referral = false"))
    assert given(alone) == ["0.00"]
