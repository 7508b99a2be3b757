"""Assess: layers, line and cap over a year, conditions, refunds, undetermined."""

from __future__ import annotations

from typing import Any

import pytest
from case_files import DIBAO, YEAR, given, held, rule, stay

from hub.errors import InputError


def test_line_and_cap_are_the_year_s_and_not_the_stay_s(run: Any) -> None:
    policy = rule("medical_assistance", "dibao", "line = 1000\nratio = 0.50\ncap = 1200")
    answer = run(policy, DIBAO + stay("B", 2000, "2025-05-01") + stay("A", 1500) + stay("C", 900, "2025-06-01"))
    assert [row["id"] for row in answer["settlements"]] == ["A", "B", "C"]
    assert given(answer) == ["250.00", "950.00", "0.00"]
    assert answer["totals"]["medical_assistance"] == "1200.00"
    assert [row["layers"][0]["line"] for row in answer["settlements"]] == ["1000.00", "0.00", "0.00"]
    assert [row["layers"][0]["cap_left"] for row in answer["settlements"]] == ["950.00", "0.00", "0.00"]


def test_a_change_of_category_keeps_line_and_cap_already_used(run: Any) -> None:
    policy = rule("medical_assistance", "dibao_edge", "line = 1000\nratio = 0.50\ncap = 600") + rule(
        "medical_assistance", "dibao", "line = 1000\nratio = 1.00\ncap = 2000"
    )
    spells = held(("dibao_edge", "2025-01-01", "2025-05-01"), ("dibao", "2025-05-01", "2026-01-01"))
    answer = run(policy, spells + stay("A", 3000) + stay("B", 1000, "2025-06-01") + stay("C", 900, "2025-07-01"))
    assert given(answer) == ["600.00", "1000.00", "400.00"]


def test_a_shared_cap_is_one_for_two_settings(run: Any) -> None:
    body = 'settings = ["{}"]\nline = 0\nratio = 1.00\ncap = "none"\ncap_group = "year"\ngroup_cap = 1500'
    first = rule("medical_assistance", "dibao", body.format("inpatient"))
    second = rule("medical_assistance", "dibao", body.format("outpatient")).replace("-dibao", "-dibao-out", 1)
    answer = run(
        first + second,
        DIBAO + stay("A", 1000) + stay("B", 1000, "2025-06-01", 'setting = "outpatient"'),
    )
    assert given(answer) == ["1000.00", "500.00"]


def test_nothing_no_rule_and_no_cap_are_three_things(run: Any) -> None:
    policy = rule("medical_assistance", "dibao", 'settings = ["inpatient"]\nline = 5000\nratio = 0.50\ncap = "none"')
    answer = run(policy, DIBAO + stay("A", 100) + stay("B", 100, "2025-06-01", 'setting = "outpatient"'))
    assert given(answer) == ["0.00", None]
    assert answer["settlements"][0]["layers"][0]["cap_left"] is None
    assert given(answer, "tilt") == [None, None]


def test_a_condition_not_met_pays_nothing_and_one_nobody_tells_is_undetermined(run: Any) -> None:
    policy = rule("tilt", "dibao", 'line = 0\nratio = 0.50\ncap = "none"\nconditions = ["referral"]')
    answer = run(policy, DIBAO + stay("A", 100, more="referral = false") + stay("B", 100, "2025-06-01"))
    assert given(answer, "tilt") == ["0.00", {"undetermined": "needs referral, which no source tells"}]
    assert answer["totals"]["self_in_scope"] == {"undetermined": "needs referral, which no source tells"}


def test_an_unknown_or_a_floor_is_undetermined_and_so_is_what_follows(run: Any) -> None:
    policy = rule("medical_assistance", "dibao", "line = 0\nratio = { floor = 0.70 }\ncap = 100")
    policy += rule("tilt", "dibao", 'line = 0\nratio = 0.50\ncap = "none"')
    answer = run(policy, DIBAO + stay("A", 100))
    assert "undetermined" in given(answer)[0]
    assert given(answer, "tilt")[0]["undetermined"].startswith("medical_assistance: ")


def test_a_benefit_on_application_waits_for_one(run: Any) -> None:
    policy = rule("medical_assistance", "dibao", 'line = 0\nratio = 0.50\ncap = "none"\non_application = true')
    assert given(run(policy, "applied = false\n" + DIBAO + stay("A", 100))) == ["0.00"]
    assert given(run(policy, "applied = true\n" + DIBAO + stay("A", 100))) == ["50.00"]


def test_a_refund_takes_back_its_settlement(run: Any) -> None:
    policy = rule("medical_assistance", "dibao", "line = 100\nratio = 1.00\ncap = 150")
    back = '[[settlement]]\nid = "R"\ndischarged = 2025-04-01\nscope = -1000\ntotal = -1000\nbasic_paid = 0\n'
    answer = run(policy, DIBAO + stay("A", 1000) + back + stay("B", 200, "2025-06-01"))
    assert given(answer) == ["0.00", "0.00", "100.00"]


def test_other_aid_is_deducted_before_the_line_where_the_document_says_so(run: Any) -> None:
    aid = 'other_aid = [{ kind = "temporary_relief", amount = 300 }]'
    policy = rule("medical_assistance", "dibao", 'line = 100\nratio = 0.50\ncap = "none"\n{}')
    before = run(policy.replace("{}", 'deducts = ["temporary_relief"]'), DIBAO + stay("A", 1000, more=aid))
    without = run(policy.replace("{}", ""), DIBAO + stay("A", 1000, more=aid))
    assert (given(before), given(without)) == (["300.00"], ["450.00"])
    assert before["settlements"][0]["self_total"] == "400.00"


def test_the_category_of_the_day_of_admission_counts_and_the_outranked_one_is_told(run: Any) -> None:
    policy = rule("medical_assistance", "dibao", 'line = 0\nratio = 0.90\ncap = "none"')
    policy += rule("medical_assistance", "dibao_edge", 'line = 0\nratio = 0.50\ncap = "none"')
    both = run(policy, held(("dibao", *YEAR), ("dibao_edge", *YEAR)) + stay("A", 100))
    assert given(both) == ["90.00"]
    assert [(row["category"], row["amount"]) for row in both["settlements"][0]["outranked"]] == [
        ("dibao_edge", "50.00")
    ]
    late = held(("dibao", "2025-03-01", "2026-01-01"))
    assert given(run(policy, late + stay("A", 100, "2025-03-05", "admitted = 2025-02-27"))) == [None]
    assert given(run(policy, late + stay("A", 100, "2025-03-05", "admitted = 2025-03-01"))) == ["90.00"]


def test_a_policy_file_that_is_tried_may_name_a_category_of_the_region(run: Any) -> None:
    policy = rule("medical_assistance", "x_disabled", 'line = 0\nratio = 0.70\ncap = "none"')
    assert given(run(policy, held(("x_disabled", *YEAR)) + stay("A", 1000))) == ["700.00"]
    with pytest.raises(InputError, match="categories: a code is no category"):
        run(policy, held(("x_disable", *YEAR)) + stay("A", 1000))


def test_a_category_has_everyones_insurance_where_its_own_rule_does_not_reach(run: Any) -> None:
    def basic(name: str, category: str, level: int, line: int, ratio: str) -> str:
        body = f'period = "stay"\nhospital_levels = [{level}]\nline = {line}\nratio = {ratio}'
        return rule("basic_insurance", category, body).replace('id = "basic', f'id = "{name}-basic')

    policy = basic("a", "*", 3, 1000, "0.60").replace("-*", "") + basic("b", "*", 1, 500, "0.80").replace("-*", "")
    policy += basic("c", "tekun", 3, 0, "0.60")
    bills = stay("A", 10000, more="hospital_level = 3") + stay("B", 10000, "2025-04-01", "hospital_level = 1")
    answer = run(policy, held(("tekun", *YEAR)) + bills.replace("basic_paid = 0\n", ""))
    assert given(answer, "basic_paid") == ["6000.00", "7600.00"]
    assert given(run(policy, bills.replace("basic_paid = 0\n", "")), "basic_paid") == ["5400.00", "7600.00"]


def test_an_amount_that_an_unknown_rule_may_pass_is_undetermined_and_never_0(run: Any) -> None:
    known = rule("medical_assistance", "dibao_edge", 'line = 3000\nratio = 0.50\ncap = "none"')
    lost = rule(
        "medical_assistance", "dibao", 'line = 0\nratio = { unknown = "lost" }\ncap = "none"\nsettings = ["inpatient"]'
    )
    tilt = rule("tilt", "dibao", 'line = 0\nratio = 0.50\ncap = "none"')
    both = held(("dibao_edge", *YEAR), ("dibao", *YEAR))
    bills = stay("A", 2000) + stay("B", 2000, "2025-06-01", 'setting = "outpatient"')
    answer = run(known + lost + tilt, both + bills)
    assert given(answer) == [{"undetermined": "dibao: ratio: unknown: lost"}, "500.00"]
    assert given(answer, "tilt")[0]["undetermined"].startswith("medical_assistance: dibao: ratio")
