"""Special drugs (特药): outside the cost in scope, with their own line, ratio and cap in serious-illness insurance."""

from __future__ import annotations

from typing import Any

from case_files import DIBAO, bill, given, paying, rule

DRUGS = "special_drug_line = 20000\nspecial_drug_ratio = 0.60\nspecial_drug_cap = 70000\n"
EVERYONE = rule("serious_illness", "*", f'line = 10000\nratio = 0.60\ncap = "none"\n{DRUGS}')


def stay(name: str, drugs: int, day: str = "2025-03-01") -> str:
    return bill(name, 100_000, day, f"total = 250000\nbasic_paid = 60000\nspecial_drug_cost = {drugs}")


def test_special_drugs_are_paid_beside_the_cost_in_scope_and_leave_its_layers_alone(run: Any) -> None:
    answer = run(EVERYONE + paying("dibao", "0.50"), DIBAO + stay("A", 120_000))
    row = answer["settlements"][0]
    assert row["serious_illness_paid"] == "78000.00"  # (40000 - 10000) x 60 % + (120000 - 20000) x 60 %
    assert [(layer["base"], layer["line"], layer["amount"], layer["cap_left"]) for layer in row["layers"][:2]] == [
        ("40000.00", "10000.00", "18000.00", None),
        ("120000.00", "20000.00", "60000.00", "10000.00"),
    ]
    assert row["medical_assistance"] == "11000.00"  # half of what is left in scope: 40000 - 18000
    assert (row["self_in_scope"], row["self_total"]) == ("11000.00", "101000.00")


def test_their_line_and_cap_are_of_the_year(run: Any) -> None:
    answer = run(EVERYONE, DIBAO + stay("A", 120_000) + stay("B", 30_000, "2025-05-01"))
    assert given(answer, "serious_illness_paid") == ["78000.00", "34000.00"]  # 40000 x 60 %, and the 10000 left


def test_no_special_drugs_change_nothing_and_an_unknown_ratio_only_them(run: Any) -> None:
    unknown = EVERYONE.replace("special_drug_ratio = 0.60", 'special_drug_ratio = { unknown = "silent" }')
    assert given(run(EVERYONE, DIBAO + stay("A", 0)), "serious_illness_paid") == ["18000.00"]
    assert given(run(unknown, DIBAO + stay("A", 0)), "serious_illness_paid") == ["18000.00"]
    row = run(unknown + paying("dibao", "0.50"), DIBAO + stay("A", 5_000))["settlements"][0]
    assert "special_drug_ratio" in row["serious_illness_paid"]["undetermined"]
    assert row["medical_assistance"] == "11000.00"


def test_an_unknown_cap_is_not_no_cap(run: Any) -> None:
    lost = EVERYONE.replace("special_drug_cap = 70000", 'special_drug_cap = { unknown = "lost" }')
    row = run(lost, DIBAO + stay("A", 120_000))["settlements"][0]
    assert "special_drug_cap" in row["serious_illness_paid"]["undetermined"]
    free = EVERYONE.replace("special_drug_cap = 70000", 'special_drug_cap = "none"')
    assert given(run(free, DIBAO + stay("A", 180_000)), "serious_illness_paid") == ["114000.00"]


def test_a_category_without_a_line_takes_everyone_s_ratio_and_cap(run: Any) -> None:
    key = rule(
        "serious_illness", "dibao", 'line_factor = 0.50\nratio_bonus = 0.05\ncap = "none"\nspecial_drug_line = 0\n'
    )
    answer = run(EVERYONE + key, DIBAO + stay("A", 100_000))
    assert given(answer, "serious_illness_paid") == ["82750.00"]  # (40000 - 5000) x 65 % + 100000 x 60 %
    assert answer["settlements"][0]["layers"][1]["category"] == "dibao"


def test_what_is_given_is_what_it_is(run: Any) -> None:
    told = stay("A", 120_000) + "serious_illness_paid = 20000\n"
    assert given(run(EVERYONE, DIBAO + told), "serious_illness_paid") == ["20000.00"]
