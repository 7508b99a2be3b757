"""Entitlements worked out day by day and person by person, naively: the model that the merge stage is held to.

It shares no text and no code with the stage. Written for tests only.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    *,
    with_tilt: bool = True,
    begun: date | None = None,
) -> dict[str, Won]:
    """What a person is entitled to on a day. `place` is (county, insutype), None where not insured.

    `begun` is the day of admission of a stay that began before the year: its categories, the rules of `day`.
    """
    own = [s for s in spells if s["id"] == word]
    reached = []
    for rule in rules:
        if spells_of := through(rule, own, place, day, begun):
            reached.append((rule, any(s["region"] == rule["region"] for s in spells_of)))
    mine = in_order([c for c in costs if c["id"] == word])
    insured_left = {c["setl_id"]: max(c["scope"] - c["basic_paid"] - c["serious_illness_paid"], 0) for c in mine}
    found: dict[str, Won] = {}
    found |= _layer("premium_subsidy", reached, mine, {}, insured_left)
    found |= _layer("medical_assistance", reached, mine, dict(insured_left), insured_left)
    assisted = due("medical_assistance", word, spells, rules, mine, place, insured_left) if with_tilt else {}
    left: dict[str, int | None] = {
        key: None if key in assisted and assisted[key] is None else was - (assisted.get(key) or 0)
        for key, was in insured_left.items()
    }
    assistance = found.get("medical_assistance")
    if assistance is not None and assistance.amount is None:  # what is on an unknown amount is unknown
        reached = [({**rule, "determined": rule["determined"] and rule["benefit"] != "tilt"}, h) for rule, h in reached]
    tilt = _layer("tilt", reached, mine, left, insured_left)
    for benefit, won in tilt.items():
        doubtful = won.doubtful
        if won.amount is not None and assistance is not None and assistance.amount is not None:
            doubtful = doubtful or assistance.doubtful
        found[benefit] = replace(won, doubtful=doubtful)
    return found


def through(rule: Row, own: Sequence[Row], place: tuple[str, str] | None, day: date, begun: date | None) -> list[Row]:
    """The spells of a person through which a rule reaches them on a day."""
    county, insutype = place or (None, "390")
    if not rule["valid_from"] <= day < rule["valid_until"]:
        return []
    if rule["insutypes"] and insutype not in rule["insutypes"].split(","):
        return []
    return [
        s
        for s in own
        if s["category"] == rule["category"]
        and counts_from(s["valid_from"], rule) <= (begun or day) < s["valid_until"]
        and rule["region"] == (s["region"] if rule["whose_region"] == "certified" else county or s["region"])
    ]


def counts_from(day: date, rule: Row) -> date:
    """The first day that counts of a category held from a day: a rule may look back some months."""
    months = day.year * 12 + day.month - 1 - (rule.get("look_back") or 0)
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def in_order(costs: Sequence[Row]) -> list[Row]:
    """The settlements that count, in the order in which they count. Days that are not told are that of settlement."""
    kept = [{"discharged": c["settled"], "visit_id": c["setl_id"], **c} for c in costs if not c["cancelled"]]
    kept = [{"admitted": c["discharged"], **c} for c in kept]
    return sorted(kept, key=lambda c: (c["discharged"], c["settled"], c["setl_id"]))


def due(
    benefit: str,
    word: str,
    spells: Sequence[Row],
    rules: Sequence[Row],
    costs: Sequence[Row],
    place: tuple[str, str] | None,
    left: dict[str, int],
) -> dict[str, int | None]:
    """What a layer pays of each settlement: the winner of the day of admission, line and cap going on over the year."""
    accounts: dict[Any, Account] = {}
    paid: dict[str, int | None] = {}
    own = [s for s in spells if s["id"] == word]
    for cost in costs:
        begun = cost["admitted"]
        day = max(begun, begun.replace(year=cost["discharged"].year, month=1, day=1))
        won = on(day, word, spells, rules, costs, place, with_tilt=False, begun=begun).get(benefit)
        if won is None:
            continue
        for rule in rules:
            same = (rule["benefit"], rule["category"], rule["region"]) == (benefit, won.category, won.region)
            if same and covers(rule, cost) and through(rule, own, place, day, begun):  # one branch may look back alone
                periods = (rule["period"], over(rule, "line_period"), over(rule, "cap_period"))
                account = accounts.setdefault((rule["settings"], rule["insutypes"], *periods), Account())
                paid[cost["setl_id"]] = account.pay(rule, cost, left[cost["setl_id"]], left[cost["setl_id"]])
    return paid


@dataclass
class Account:
    """Line and cap used so far, by span; once something in it is unknown, all that follows is."""

    counted: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    unknown: set[tuple[str, str]] = field(default_factory=set)

    def pay(self, rule: Row, cost: Row, left: int | None, remaining: int) -> int | None:
        line, cap = span(over(rule, "line_period"), cost), span(over(rule, "cap_period"), cost)
        before, used = self.counted.get(line, 0), self.used.get(cap, 0)
        if not rule["determined"] or left is None:
            self.unknown |= {("line", line), ("cap", cap)}
        if left is None or ("line", line) in self.unknown or (("cap", cap) in self.unknown and rule["cap"] is not None):
            return None
        base = {"scope": cost["scope"], "after_basic_and_serious_illness": remaining, "after_all_three": left}[
            rule["base"] if rule["benefit"] == "tilt" or rule["base"] == "scope" else "after_all_three"
        ]
        earned = curve(rule, before + base) - curve(rule, before)
        self.counted[line] = before + base
        amount = min(earned, left)
        if rule["cap"] is not None:
            amount = min(amount, max(rule["cap"] - used, 0))
        self.used[cap] = used + amount
        return amount


def over(rule: Row, name: str) -> str:
    """What a rule's line or cap counts over."""
    found: str = rule.get(name) or rule["period"]
    return found


def span(period: str, cost: Row) -> str:
    """The part of the year, or the visit, in which a settlement counts."""
    month = cost["discharged"].month
    parts = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}
    return cost["visit_id"] if period == "stay" else str((month - 1) // parts[period])


def curve(rule: Row, cost: int) -> int:
    """What a rule gives on a year's cost before its cap, tier by tier."""
    tiers = rule.get("tiers") or [(0, rule["ratio"])]
    total = Decimal(0)
    for place, (above, ratio) in enumerate(tiers):
        upper = tiers[place + 1][0] if place + 1 < len(tiers) else cost
        lower = max(above, rule["line"])
        total += Decimal(max(min(cost, upper) - lower, 0)) * ratio / 10_000
    return int(total.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def covers(rule: Row, cost: Row) -> bool:
    """Is the settlement of the care and the insurance that the rule speaks of?"""
    return (not rule["settings"] or cost["setting"] in rule["settings"].split(",")) and (
        not rule["insutypes"] or cost["insutype"] in rule["insutypes"].split(",")
    )


def _layer(
    benefit: str,
    everything: list[tuple[Row, bool]],
    costs: list[Row],
    left: Mapping[str, int | None],
    insured_left: Mapping[str, int],
) -> dict[str, Won]:
    reached = [(rule, here) for rule, here in everything if rule["benefit"] == benefit]
    offers = []
    rivals = []
    for category in {rule["category"] for rule, _ in reached}:
        regional = []
        for region in {rule["region"] for rule, _ in reached if rule["category"] == category}:
            parts = [(r, here) for r, here in reached if (r["category"], r["region"]) == (category, region)]
            given = [_gives(r, costs, left, insured_left) for r, _ in parts]
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
        order = {o["region"]: (not o["offered"], o["amount"] is None, -(o["amount"] or 0)) for o in may_pay}
        offers.append(min(may_pay, key=lambda o: (order[o["region"]], o["region"])))
        rivals += [o for o in may_pay if o["offered"]]  # whatever the mode of the region that is first by amount
    offers = [o for o in offers if o["offered"]]
    if not offers:
        return {}
    best = min(offers, key=lambda o: (o["amount"] is None, -(o["amount"] or 0), o["rank"], o["category"]))
    doubtful = best["amount"] is not None and any(
        not o["sure"] and (o["most"] is None or o["most"] > best["amount"]) for o in rivals
    )
    return {benefit: Won(category=best["category"], region=best["region"], amount=best["amount"], doubtful=doubtful)}


def _top(reached: list[tuple[Row, bool]], region: str) -> str:
    """The category of highest rank that rules of a region name, among those held."""
    found: str = min((rule["rank"], rule["category"]) for rule, _ in reached if rule["region"] == region)[1]
    return found


def _gives(
    rule: Row, costs: list[Row], left: Mapping[str, int | None], insured_left: Mapping[str, int]
) -> tuple[int | None, int | None]:
    """(amount, the most it could be): amount None where unknown, most None where there is no bound."""
    if rule["benefit"] == "premium_subsidy":
        return (rule["amount"], rule["amount"]) if rule["determined"] else (None, None)
    account = Account()
    total: int | None = 0 if rule["determined"] else None
    most = 0
    for cost in costs:
        if not covers(rule, cost):
            continue
        now, remaining = left[cost["setl_id"]], insured_left[cost["setl_id"]]
        most += remaining if now is None else now
        amount = account.pay(rule, cost, now, remaining)
        total = None if total is None or amount is None else total + amount
    return total, most if total is None else total
