"""A category whose rule looks back: what was borne in the months before it is due once it is held."""

from __future__ import annotations

from datetime import date

from world import World, grant, rule, stay


def test_the_costs_of_the_months_before_a_category_are_newly_due(world: World) -> None:
    world.rules = [
        rule("medical_assistance", "illness_poor", ratio=6_000, look_back=2),
        rule("medical_assistance", "dibao", ratio=5_000),
    ]
    world.insure("li", "wang")
    later = {"begin_month": date(2025, 8, 1), "certified": date(2025, 8, 5)}
    world.send(
        "civil_affairs", "recipients", grant("li", "illness_poor", **later), grant("wang", "dibao", "H2", **later)
    )
    days = {"S1": date(2025, 5, 31), "S2": date(2025, 6, 1), "S3": date(2025, 7, 31), "S4": date(2025, 8, 10)}
    bills = [stay("li", number, 1_000_00, on=day) for number, day in days.items()]
    world.send("medical_insurance", "settlements", *bills, stay("wang", "S5", 1_000_00, on=date(2025, 7, 31)))
    result = world.compute()
    found = {
        (row["kind"], row["subject"]): row["expected"]
        for row in result("finding")
        if row["kind"].startswith("assistance")
    }
    assert found == {
        ("assistance_newly_due", "S2"): 600_00,
        ("assistance_newly_due", "S3"): 600_00,
        ("assistance_missing", "S4"): 600_00,
    }
    spans = {(row["valid_from"], row["valid_until"], row["annual_amount"]) for row in result("entitlement", "li")}
    assert spans == {(date(2025, 6, 1), date(2025, 8, 1), 2_400_00), (date(2025, 8, 1), date(2026, 1, 1), 2_400_00)}
    assert {row["line"] for row in result("entitlement_candidate", "li")} == {1}
