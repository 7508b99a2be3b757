"""Entitlements worked out day by day and person by person, naively: the model that the merge stage is held to.

It shares no text and no code with the stage. Written for tests only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
LAYERS = ("premium_subsidy", "medical_assistance", "tilt")


@dataclass(frozen=True, kw_only=True)
class Won:
    """Who wins a benefit on a day. `amount` is None where undetermined; `doubtful`: another may give more."""

    category: str
    region: str
    amount: int | None
    doubtful: bool


def on(
    day: date,
    word: str,
    spells: Sequence[Row],
    rules: Sequence[Row],
    costs: Sequence[Row],
    place: tuple[str, str] | None,
) -> dict[str, Won]:
    """What a person is entitled to on a day. `place` is (county, insutype), None where not insured."""
    county, insutype = place or (None, "390")
    held = [s for s in spells if s["id"] == word and s["valid_from"] <= day < s["valid_until"]]
    reached = []
    for rule in rules:
        if not rule["valid_from"] <= day < rule["valid_until"]:
            continue
        if rule["insutypes"] and insutype not in rule["insutypes"].split(","):
            continue
        through = [
            s
            for s in held
            if s["category"] == rule["category"]
            and rule["region"] == (s["region"] if rule["whose_region"] == "certified" else county or s["region"])
        ]
        if through:
            reached.append((rule, any(s["region"] == rule["region"] for s in through)))
    mine = [c for c in costs if c["id"] == word and not c["cancelled"]]
    found: dict[str, Won] = {}
    for benefit in LAYERS:
        found |= _layer(benefit, reached, mine, found.get("medical_assistance"))
    return found


def _layer(
    benefit: str, everything: list[tuple[Row, bool]], costs: list[Row], assistance: Won | None
) -> dict[str, Won]:
    reached = [(rule, here) for rule, here in everything if rule["benefit"] == benefit]
    offers = []
    for category in {rule["category"] for rule, _ in reached}:
        regional = []
        for region in {rule["region"] for rule, _ in reached if rule["category"] == category}:
            parts = [(r, here) for r, here in reached if (r["category"], r["region"]) == (category, region)]
            given = [_gives(r, costs, assistance) for r, _ in parts]
            known = [amount for amount, _ in given if amount is not None]
            most = None if any(m is None for _, m in given) else sum(m for _, m in given if m is not None)
            rule = parts[0][0]
            regional.append(
                {
                    "category": category, "region": region, "amount": sum(known) if known else None, "most": most,
                    "sure": len(known) == len(given), "rank": rule["rank"], "here": any(here for _, here in parts),
                    "offered": rule["mode"] == "per_benefit" or category == _top(everything, region),
                }
            )  # fmt: skip
        may_pay = [o for o in regional if o["here"]] or regional
        first = min(may_pay, key=lambda o: (o["amount"] is None, -(o["amount"] or 0), o["region"]))
        first["rivals"] = [o for o in may_pay if o["offered"]]
        offers.append(first)
    offers = [o for o in offers if o["offered"]]
    if not offers:
        return {}
    best = min(offers, key=lambda o: (o["amount"] is None, -(o["amount"] or 0), o["rank"], o["category"]))
    rivals = [o for offer in offers for o in offer["rivals"]]
    doubtful = best["amount"] is not None and any(
        not o["sure"] and (o["most"] is None or o["most"] > best["amount"]) for o in rivals
    )
    if benefit == "tilt" and best["amount"] is not None and assistance is not None:
        doubtful = doubtful or assistance.doubtful
    return {benefit: Won(category=best["category"], region=best["region"], amount=best["amount"], doubtful=doubtful)}


def _top(reached: list[tuple[Row, bool]], region: str) -> str:
    """The category of highest rank that rules of a region name, among those held."""
    found: str = min((rule["rank"], rule["category"]) for rule, _ in reached if rule["region"] == region)[1]
    return found


def _gives(rule: Row, costs: list[Row], assistance: Won | None) -> tuple[int | None, int | None]:
    """(amount, the most it could be): amount None where unknown, most None where there is no bound."""
    if rule["benefit"] == "premium_subsidy":
        return (rule["amount"], rule["amount"]) if rule["determined"] else (None, None)
    seen = [
        c
        for c in costs
        if (not rule["settings"] or c["setting"] in rule["settings"].split(","))
        and (not rule["insutypes"] or c["insutype"] in rule["insutypes"].split(","))
    ]
    scope = max(sum(c["scope"] for c in seen), 0)
    left = max(sum(c["scope"] - c["basic_paid"] - c["serious_illness_paid"] for c in seen), 0)
    determined = rule["determined"]
    if rule["benefit"] == "tilt":
        determined = determined and (assistance is None or assistance.amount is not None)
        remaining = left
        left = max(left - (assistance.amount or 0 if assistance else 0), 0)
        base = {"scope": scope, "after_basic_and_serious_illness": remaining, "after_all_three": left}[rule["base"]]
    else:
        base = scope if rule["base"] == "scope" else left
    if not determined:
        return None, left
    above = Decimal(max(base - rule["line"], 0)) * rule["ratio"] / 10_000
    amount = int(above.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    amount = min(amount, left) if rule["cap"] is None else min(amount, left, rule["cap"])
    return amount, amount
