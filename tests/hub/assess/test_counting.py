"""Assess: what lines, tiers and caps count over, lines that vary, fixed amounts, the branches of a condition."""

from __future__ import annotations

from typing import Any

import pytest
from case_files import DIBAO, bill, given, rule, stay

MA = "medical_assistance"
BASIC = "basic_insurance"


def basic(body: str, name: str = "") -> str:
    return rule(BASIC, "*", body, name)


def paid(run: Any, body: str, *stays: str, benefit: str = BASIC) -> list[Any]:
    """What one rule pays: of basic insurance for everyone, or of medical assistance for dibao."""
    if benefit == BASIC:
        return given(run(basic(body), "".join(stays)), "basic_paid")
    return given(run(rule(MA, "dibao", body), DIBAO + "".join(stays)))


def test_a_line_of_the_stay_stands_beside_a_cap_of_the_year(run: Any) -> None:
    stays = (bill("A", 11_000), bill("B", 11_000, "2025-06-01"))
    body = "line = 1000\nratio = 0.80\ncap = 10000\n"
    assert paid(run, body + 'period = "stay"', *stays) == ["8000.00", "8000.00"]
    assert paid(run, body + 'period = "stay"\ncap_period = "year"', *stays) == ["8000.00", "2000.00"]
    assert paid(run, body + 'line_period = "stay"', *stays) == ["8000.00", "2000.00"]


@pytest.mark.parametrize(
    ("period", "amounts"),
    [
        ("year", ["100.00", "0.00", "0.00", "0.00"]),
        ("half_year", ["100.00", "0.00", "0.00", "100.00"]),
        ("quarter", ["100.00", "0.00", "100.00", "100.00"]),
        ("month", ["100.00", "100.00", "100.00", "100.00"]),
    ],
)
def test_a_cap_may_be_of_a_part_of_the_year(run: Any, period: str, amounts: list[str]) -> None:
    days = ("2025-02-01", "2025-03-31", "2025-04-01", "2025-07-01")
    stays = [stay(f"S{n}", 1000, day) for n, day in enumerate(days)]
    body = f'line = 0\nratio = 0.50\ncap = 100\ncap_period = "{period}"'
    assert paid(run, body, *stays, benefit=MA) == amounts


def test_a_shared_cap_is_the_year_s_unless_it_says_else(run: Any) -> None:
    body = 'period = "stay"\nline = 0\nratio = 1.00\ncap = 100\ncap_group = "all"\ngroup_cap = 150\n'
    stays = (stay("A", 1000), stay("B", 1000, "2025-06-01"))
    assert paid(run, body, *stays, benefit=MA) == ["100.00", "50.00"]
    assert paid(run, body + 'group_cap_period = "stay"', *stays, benefit=MA) == ["100.00", "100.00"]


def test_tiers_of_the_year_go_on_above_the_line_of_each_stay(run: Any) -> None:
    tiers = "tiers = [{ above = 0, ratio = 0.50 }, { above = 10000, ratio = 1.00 }]\n"
    body = f'line = 1000\nline_period = "stay"\n{tiers}tiers_from = "line"\n'
    stays = (bill("A", 9000), bill("B", 5000, "2025-06-01"))
    assert paid(run, body, *stays) == ["4000.00", "2000.00"]
    assert paid(run, body + 'tiers_period = "year"', *stays) == ["4000.00", "3000.00"]  # 8000; 2000 x 50 % + 2000
    of_cost = body.replace('tiers_from = "line"\n', "") + 'tiers_period = "year"'
    assert paid(run, of_cost, *stays) == ["4000.00", "4000.00"]  # the cost from 10000 to 14000


def test_the_line_falls_with_each_admission_of_the_year(run: Any) -> None:
    outpatient = bill("O", 900, "2025-02-01", 'setting = "outpatient"')
    stays = [bill(name, 2000, f"2025-0{month}-01") for name, month in (("A", 3), ("B", 4), ("C", 5))]
    body = 'settings = ["inpatient"]\nstay_lines = [1000, 500]\nratio = 1.00'
    assert paid(run, body, outpatient, *stays) == [None, "1000.00", "1500.00", "1500.00"]
    most = body.replace("[1000, 500]", "[1000, 500, 500]") + "\nlines_most = 1200"
    answer = run(basic(most), "".join(stays))
    assert given(answer, "basic_paid") == ["1000.00", "1800.00", "2000.00"]
    assert [row["layers"][0]["line"] for row in answer["settlements"]] == ["1000.00", "200.00", "0.00"]


def test_lines_borne_at_all_levels_are_the_year_s_together(run: Any) -> None:
    body = 'hospital_levels = ["{0}"]\nline = {1}\nline_period = "stay"\nlines_most = 1200\nratio = 1.00'
    policy = basic(body.format(2, 500), "two") + basic(body.format(3, 1000), "three")
    case = bill("A", 2000, more="hospital_level = 2") + bill("B", 2000, "2025-05-01", "hospital_level = 3")
    assert given(run(policy, case), "basic_paid") == ["1500.00", "1300.00"]


def test_rules_of_a_line_group_count_toward_their_line_together(run: Any) -> None:
    body = 'hospital_levels = ["{0}"]\nline = 3000\nratio = {1}\ncap = "none"\nline_group = "year"'
    policy = rule(MA, "dibao", body.format(2, "0.60"), "two") + rule(MA, "dibao", body.format(3, "0.50"), "three")
    case = stay("A", 2000, more="hospital_level = 2") + stay("B", 5000, "2025-05-01", "hospital_level = 3")
    assert given(run(policy, DIBAO + case)) == ["0.00", "2000.00"]
    apart = policy.replace('line_group = "year"', "")
    assert given(run(apart, DIBAO + case)) == ["0.00", "1000.00"]


def test_a_line_may_be_a_share_of_the_cost_between_a_least_and_a_most(run: Any) -> None:
    body = 'line = { share = 0.20, of = "total", least = 200, most = 400 }\nline_period = "stay"\nratio = 1.00'
    stays = [
        bill(f"S{n}", cost // 2, f"2025-0{n}-01", f"total = {cost}") for n, cost in ((3, 800), (4, 1600), (5, 4000))
    ]
    assert paid(run, body, *stays) == ["200.00", "480.00", "1600.00"]


def test_a_share_that_rises_takes_nothing_back(run: Any) -> None:
    body = 'line = { share = 0.50, of = "total" }\nratio = 1.00'
    stays = (bill("A", 1000), bill("B", 100, "2025-05-01", "total = 2000"), bill("C", 3000, "2025-06-01"))
    assert paid(run, body, *stays) == ["500.00", "0.00", "600.00"]  # of 4100 the line is 3000, and 500 was paid


def test_a_stay_is_paid_its_least_ratio(run: Any) -> None:
    body = 'line = 1200\nratio = 0.65\nleast_ratio = 0.45\nperiod = "stay"'
    assert paid(run, body, bill("A", 3000), bill("B", 11_200, "2025-05-01")) == ["1350.00", "6500.00"]


def test_a_fixed_amount_is_paid_once_when_the_line_is_passed(run: Any) -> None:
    body = 'line = 30000\npay = 2000\ncap = "none"'
    stays = (stay("A", 20_000), stay("B", 20_000, "2025-05-01"), stay("C", 50_000, "2025-06-01"))
    answer = run(rule(MA, "dibao", body), DIBAO + "".join(stays))
    assert given(answer) == ["0.00", "2000.00", "0.00"]
    assert answer["settlements"][1]["layers"][0]["ratio"] is None


def test_cost_above_a_cap_of_cost_does_not_count(run: Any) -> None:
    body = "line = 100\nratio = 0.80\ncost_cap = 1000"
    assert paid(run, body, bill("A", 700), bill("B", 700, "2025-05-01")) == ["480.00", "240.00"]


def test_what_the_person_pays_first_is_taken_off_before_the_line(run: Any) -> None:
    assert paid(run, "line = 100\nratio = 0.80\nfirst_own = 0.10", bill("A", 1000)) == ["640.00"]


CEILING = 'settings = ["inpatient"]\nratio = {}\neffect = "cap"\n'


def capped(ratio: str = "0.95", more: str = "") -> str:
    """Assistance in full, and tilt on what it leaves, under a ceiling."""
    whole = 'line = 0\nratio = {}\ncap = "none"'
    layers = rule(MA, "dibao", whole.format("0.50")) + rule("tilt", "dibao", whole.format("1.00"))
    return layers + rule("ceiling", "dibao", CEILING.format(ratio) + more)


def test_a_ceiling_that_caps_leaves_assistance_what_insurance_did_not_use(run: Any) -> None:
    policy = rule(MA, "dibao", 'line = 0\nratio = 1.00\ncap = "none"') + rule(
        "ceiling", "dibao", CEILING.format("0.95")
    )
    told = bill("A", 50_000, more="basic_paid = 30000\nserious_illness_paid = 0")
    assert given(run(policy, DIBAO + told)) == ["17500.00"]


def test_a_ceiling_that_caps_cuts_tilt_before_assistance(run: Any) -> None:
    answer = run(capped("0.80"), DIBAO + stay("A", 1000))
    assert (given(answer), given(answer, "tilt")) == (["500.00"], ["300.00"])
    answer = run(capped("0.40"), DIBAO + stay("A", 1000))
    assert (given(answer), given(answer, "tilt")) == (["400.00"], ["0.00"])
    assert answer["totals"]["self_in_scope"] == "600.00"


def test_a_ceiling_that_caps_counts_over_the_year_or_the_stay(run: Any) -> None:
    told = bill("A", 1000, more="basic_paid = 200\nserious_illness_paid = 0")
    more = bill("B", 1000, "2025-05-01", "basic_paid = 900\nserious_illness_paid = 0")
    of_stay = run(capped("0.80", 'period = "stay"'), DIBAO + told + more)
    assert (given(of_stay), given(of_stay, "tilt")) == (["400.00", "0.00"], ["200.00", "0.00"])
    of_year = run(capped("0.80"), DIBAO + told + more)  # 1600 of the year, of which insurance paid 1100
    assert (given(of_year), given(of_year, "tilt")) == (["400.00", "50.00"], ["50.00", "0.00"])


BRANCHES = ('conditions = ["in_region"]\n{0}ratio = 0.70\n', 'conditions = ["out_of_region"]\n{0}ratio = 0.50\n')


def branches(body: str) -> str:
    here, away = (part.format(body) for part in BRANCHES)
    return rule(MA, "dibao", here, "here") + rule(MA, "dibao", away, "away")


def test_of_contrary_conditions_one_pays_and_the_other_does_not_appear(run: Any) -> None:
    case = stay("A", 1000, more="in_region = true") + stay("B", 1000, "2025-05-01", "in_region = false")
    answer = run(branches('line = 0\ncap = "none"\n'), DIBAO + case)
    assert given(answer) == ["700.00", "500.00"]
    assert [len(row["layers"]) for row in answer["settlements"]] == [1, 1]
    unsaid = run(branches('line = 0\ncap = "none"\n'), DIBAO + stay("A", 1000))
    assert given(unsaid) == [{"undetermined": "needs in_region, which no source tells"}]


def test_contrary_branches_have_one_line_and_one_cap(run: Any) -> None:
    case = stay("A", 1000, more="in_region = true") + stay("B", 1000, "2025-05-01", "in_region = false")
    answer = run(branches("line = 500\ncap = 600\n"), DIBAO + case + stay("C", 1000, "2025-06-01", "in_region = true"))
    assert given(answer) == ["350.00", "250.00", "0.00"]
