"""Warnings and ceilings of a case: the same text as a month's, on what is computed."""

from __future__ import annotations

from typing import Any

from case_files import DIBAO, YEAR, bill, ceiling, given, held, paying, stay, warn

PAID = "basic_paid = 5000\nserious_illness_paid = 1000"
LAYERS = paying("dibao", "0.70") + paying("dibao", "0.50", "tilt")  # of 10,000: 2,800, then 600; 600 is left


def told(answer: Any) -> list[tuple[str, str, Any]]:
    return [(row["benefit"], row["line"], row["burden"]) for row in answer["warnings"]]


BURDENS = {  # of 10,000 in scope, and 2,000 outside it
    "scope": 10_000, "after_basic_and_serious_illness": 4_000, "after_all_three": 600,
    "total": 12_000, "total_after_basic_and_serious_illness": 6_000, "total_after_all_three": 2_600,
}  # fmt: skip


def test_the_burden_is_after_the_layers_that_a_line_names_in_scope_or_of_the_whole_bill(run: Any) -> None:
    codes = ("dibao", "x_stay", *(f"{at}_{base}" for at in ("x_below", "x_at") for base in BURDENS))
    case = held(*((code, *YEAR) for code in codes)) + bill("A", 10_000, more=PAID + "\ntotal = 12000")
    below = "".join(warn(f"x_below_{base}", f"{burden - 1}.99", base) for base, burden in BURDENS.items())
    reached = "".join(warn(f"x_at_{base}", f"{burden}", base) for base, burden in BURDENS.items())
    of_stay = warn("x_stay", "2599", "total_after_all_three", 'period = "stay"')
    passed = run(LAYERS + below + reached + of_stay, case)["warnings"]
    told = {(row["line"], row["burden"]) for row in passed}
    assert told == {(f"{burden - 1}.99", f"{burden}.00") for burden in BURDENS.values()} | {("2599.00", "2600.00")}
    assert {(row["benefit"], row["document"], row["article"]) for row in passed} == {("warning", "test-2025", "1")}


def test_a_line_looks_at_the_year_or_at_the_dearest_stay(run: Any) -> None:
    case = DIBAO + bill("A", 10_000, more=PAID) + bill("B", 9_000, more=PAID)
    lines = warn("dibao", "500", "after_all_three", 'settings = ["inpatient"]\nperiod = "stay"', "each") + warn(
        "dibao", "500", "after_all_three", 'settings = ["outpatient"]', "clinic"
    )
    assert told(run(LAYERS + lines, case)) == [("warning", "500.00", "600.00")]
    assert told(run(LAYERS + warn("dibao", "500", "after_all_three"), case)) == [("warning", "500.00", "1050.00")]


def test_a_line_for_everyone_a_category_and_an_insurance(run: Any) -> None:
    lines = warn("*", "100", "scope", name="all") + warn("dibao_edge", "10", "scope") + warn("dibao", "50", "scope")
    assert [row[1] for row in told(run(lines, stay("A", 1_000)))] == ["100.00"]
    assert [row[1] for row in told(run(lines, DIBAO + stay("A", 1_000)))] == ["100.00", "50.00"]
    employees = warn("*", "100", "scope", 'insutypes = ["310"]')
    assert told(run(employees, stay("A", 1_000))) == []
    assert told(run(employees, 'insutype = "310"\n' + stay("A", 1_000))) == [("warning", "100.00", "1000.00")]


def test_one_line_for_several_categories_is_told_once(run: Any) -> None:
    both = held(("dibao", "2025-01-01", "2026-01-01"), ("mon_edge", "2025-01-01", "2026-01-01"))
    assert told(run(warn("dibao,mon_edge", "100", "scope"), both + stay("A", 1_000))) == [
        ("warning", "100.00", "1000.00")
    ]


def test_a_line_is_of_the_category_held_at_the_last_discharge_of_the_year(run: Any) -> None:
    line = warn("dibao", "100", "scope")
    ended = held(("dibao", "2025-01-01", "2025-04-01"))
    assert told(run(line, ended + stay("A", 1_000))) == [("warning", "100.00", "1000.00")]
    assert told(run(line, ended + stay("A", 1_000) + stay("B", 1, "2025-04-01"))) == []


def test_each_benefit_year_has_its_own_burden(run: Any) -> None:
    case = "categories = [{ code = 'dibao', from = 2025-01-01 }]\n"
    answer = run(warn("dibao", "900", "scope"), case + stay("A", 1_000) + stay("B", 2_000, "2026-03-01"))
    assert told(answer) == [("warning", "900.00", "1000.00"), ("warning", "900.00", "2000.00")]


def test_a_refund_is_no_burden(run: Any) -> None:
    back = '[[settlement]]\nid = "R"\ndischarged = 2025-04-01\nscope = -1000\ntotal = -1000\n'
    assert told(run(warn("dibao", "0", "scope"), DIBAO + stay("A", 1_000) + back)) == []


def test_an_undetermined_burden_that_may_pass_a_line_is_said(run: Any) -> None:
    unknown = paying("dibao", "{ floor = 0.70 }")
    (row,) = run(unknown + warn("dibao", "3999", "after_all_three"), DIBAO + bill("A", 10_000, more=PAID))["warnings"]
    assert row["burden"] == {"undetermined": "ratio: not less than 70 %, and no rule gives the value itself"}
    assert (row["line"], row["document"]) == ("3999.00", "test-2025")
    cannot = run(unknown + warn("dibao", "4000", "after_all_three"), DIBAO + bill("A", 10_000, more=PAID))
    assert cannot["warnings"] == []
    before = warn("dibao", "3999", "after_basic_and_serious_illness")
    assert told(run(unknown + before, DIBAO + bill("A", 10_000, more=PAID))) == [("warning", "3999.00", "4000.00")]


def test_of_single_stays_the_dearest_decides_whether_the_burden_is_known(run: Any) -> None:
    unknown = paying("dibao", '{ unknown = "lost" }', more='settings = ["outpatient"]')
    line = warn("dibao", "100", "after_all_three", 'period = "stay"')
    clinic = 'setting = "outpatient"'
    assert told(run(unknown + line, DIBAO + stay("A", 1_000) + stay("B", 500, more=clinic)))[0][2] == "1000.00"
    late = told(run(unknown + line, DIBAO + stay("A", 1_000) + stay("B", 1_500, more=clinic)))
    assert late[0][2] == {"undetermined": "ratio: unknown: lost"}


def test_an_unknown_line_warns_of_nothing(run: Any) -> None:
    assert run(warn("dibao", '{ unknown = "lost" }', "scope"), DIBAO + stay("A", 1_000))["warnings"] == []


# --- ceilings ---


def test_a_ceiling_is_passed_by_what_all_layers_paid(run: Any) -> None:
    case = DIBAO + bill("A", 10_000, more=PAID)
    assert run(LAYERS + ceiling("0.93"), case)["warnings"] == [
        {"benefit": "ceiling", "line": "9300.00", "burden": "9400.00", "document": "test-2025", "article": "1"}
    ]
    assert run(LAYERS + ceiling("0.94"), case)["warnings"] == []


def test_a_ceiling_may_be_of_the_whole_bill(run: Any) -> None:
    case = DIBAO + bill("A", 10_000, more=PAID + "\ntotal = 12000")
    whole = 'denominator = "total"'
    assert told(run(LAYERS + ceiling("0.75", whole), case)) == [("ceiling", "9000.00", "9400.00")]
    assert told(run(LAYERS + ceiling("0.80", whole), case)) == []


def test_other_aid_counts_as_paid_where_the_ceiling_or_the_rule_that_deducted_it_says_so(run: Any) -> None:
    aid = '\nother_aid = [{ kind = "charity", amount = 200 }, { kind = "commercial", amount = 100 }]'
    case = DIBAO + bill("A", 10_000, more=PAID + aid)
    assert told(run(LAYERS + ceiling("0.94"), case)) == []
    assert told(run(LAYERS + ceiling("0.94", 'counts = ["charity"]'), case)) == [("ceiling", "9400.00", "9600.00")]
    deducting = paying("dibao", "0.50", more='deducts = ["charity", "commercial"]\ncounts = ["charity"]')
    assert told(run(deducting + ceiling("0.80"), case)) == [("ceiling", "8000.00", "8050.00")]  # 6,000 + 1,850 + 200


def test_a_ceiling_counts_over_the_year_or_each_stay(run: Any) -> None:
    case = DIBAO + bill("A", 10_000, more=PAID) + stay("B", 10_000)  # 94 % and 85 %
    assert told(run(LAYERS + ceiling("0.93"), case)) == []
    assert told(run(LAYERS + ceiling("0.93", 'period = "stay"'), case)) == [("ceiling", "9300.00", "9400.00")]


def test_a_ceiling_that_caps_is_no_finding(run: Any) -> None:
    case = DIBAO + bill("A", 10_000, more=PAID)
    assert run(LAYERS + ceiling("0.94", 'effect = "cap"'), case)["warnings"] == []


def test_a_ceiling_looks_at_its_care_and_at_the_day_of_admission(run: Any) -> None:
    clinic = bill("A", 10_000, more=PAID + '\nsetting = "outpatient"')
    assert run(LAYERS + ceiling("0.10"), DIBAO + clinic)["warnings"] == []
    late = held(("dibao", "2025-02-28", "2026-01-01"))
    assert run(ceiling("0.10"), late + bill("A", 10_000, more=PAID + "\nadmitted = 2025-02-27"))["warnings"] == []
    assert told(run(ceiling("0.10"), late + bill("A", 10_000, more=PAID + "\nadmitted = 2025-02-28"))) == [
        ("ceiling", "1000.00", "6000.00")
    ]


def test_a_ceiling_passed_by_what_is_known_says_that_more_is_paid(run: Any) -> None:
    unknown = paying("dibao", '{ unknown = "lost" }')
    answer = run(unknown + ceiling("0.50"), DIBAO + bill("A", 10_000, more=PAID))
    assert told(answer) == [("ceiling", "5000.00", {"undetermined": "ratio: unknown: lost"})]
    assert given(answer) == [{"undetermined": "ratio: unknown: lost"}]
