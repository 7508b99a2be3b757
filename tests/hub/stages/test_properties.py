"""What must hold for any input: order and batching do not matter, the model agrees, more categories never cost more."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import LAYERS, on
from world import (
    COUNTY,
    FAR,
    NOVEMBER,
    OCTOBER,
    OTHER,
    Result,
    Row,
    World,
    cost,
    grant,
    insured,
    merged,
    paid,
    rows_without_place,
    rule,
    stay,
)  # fmt: skip

SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
WORDS = ["li", "wang", "zhao", "sun", "qian", "zhou", "wu", "zheng", "feng", "chen"]
CATEGORIES = ["tekun", "dibao", "dibao_edge", "mon_edge"]
DAYS = [date(2024, 6, 1), date(2025, 1, 1), date(2025, 3, 1), date(2025, 6, 1), date(2025, 6, 15), date(2025, 12, 1)]
OPEN = date(9999, 12, 31)

# --- order and batching ---

BATCH = tuple[str, str, date, list[Row]]


def everything(rng: random.Random) -> tuple[list[BATCH], list[tuple[str, str, list[Row]]]]:
    """A small, dirty world: complete lists by day, and the rows of incremental streams."""
    lists: list[BATCH] = []
    for day in (OCTOBER, NOVEMBER):
        people = [
            {
                **insured(word, rng.choice([COUNTY, OTHER]), rng.choice(["390", "310"])),
                "psn_no": rng.choice([f"P{word}", "P0"]),
                "idetinfo": [{"psn_idet_type": "04", "begntime": date(2025, 1, 1)}],
                "subsidyinfo": [paid(amount=rng.choice([1, 2])) for _ in range(rng.randint(0, 2))],
            }
            for word in WORDS
            if rng.random() < 0.8
        ]
        lists.append(("medical_insurance", "persons", day, people))
        recipients = [
            grant(
                rng.choice(WORDS), rng.choice(CATEGORIES[:3]), rng.choice(["H1", "H2", "H3", "H4"]),
                name=rng.choice([None, "li", "zhang"]), covered=rng.random() < 0.8,
                end_month=rng.choice([None, date(2025, 10, 1)]), begin_month=rng.choice(DAYS[:3]),
            )
            for _ in range(16)
        ]  # fmt: skip
        lists.append(("civil_affairs", "recipients", day, [{**r, "name": r["name"] or r["id"]} for r in recipients]))
        monitored = [
            {
                "id": rng.choice(WORDS), "household_number": rng.choice(["R1", "R2", "R3", "R4"]),
                "person_number": f"N{n}", "household_type": rng.choice(["脱贫户", "一般户"]),
                "out_of_poverty_year": 2018, "monitored_type": rng.choice(["mon_edge", "mon_unstable", "无", None]),
                "risk_removed": rng.random() < 0.3, "removed": rng.choice([None, date(2025, 7, 1)]),
                "identified": rng.choice([None, date(2025, 2, 2)]),
            }
            for n in range(10)
        ]  # fmt: skip
        lists.append(("rural_revitalization", "monitored", day, monitored))
    settled: list[Row] = []
    for n in range(16):
        row = stay(rng.choice(WORDS), f"S{n}", rng.randint(1, 9) * 1_000_00, rng.randint(0, 1_000_00), name=None)
        row["setldetail"] = [{"fund_pay_type": "610102", "fund_payamt": rng.randint(0, 50)}]
        settled.append(row)
        if rng.random() < 0.3:
            back = {
                "setl_id": f"B{n}",
                "medfee_sumamt": -row["medfee_sumamt"],
                "init_setl_id": rng.choice([None, f"S{n}"]),
            }
            settled.append({**row, **back})
    deaths = [{"id": word, "died": date(2025, 11, 3)} for word in WORDS if rng.random() < 0.2]
    return lists, [("medical_insurance", "settlements", settled), ("civil_affairs", "deaths", deaths)]


def arrive(
    world: World, lists: list[BATCH], events: list[tuple[str, str, list[Row]]], rng: random.Random | None
) -> Result:
    """Land it: as it stands, or shuffled in rows, order of arrival and batches of the incremental streams."""
    batches = [*lists]
    for source, stream, rows in events:
        count = rng.randint(1, 3) if rng else 1
        parts: list[list[Row]] = [[] for _ in range(count)]
        for row in rows:
            for part in rng.sample(parts, rng.randint(1, count)) if rng else parts:  # an overlap repeats rows
                part.append(row)
        batches += [(source, stream, rng.choice([OCTOBER, NOVEMBER]) if rng else NOVEMBER, part) for part in parts]
    if rng:
        rng.shuffle(batches)
    world.people = {word: n for n, word in enumerate(WORDS, 1)}
    world.rules = RULES
    for source, stream, day, rows in batches:
        world.send(source, stream, *(rng.sample(rows, len(rows)) if rng else rows), as_of=day)
    return world.compute()


RULES = [
    *(rule("premium_subsidy", category, amount=1 + n) for n, category in enumerate(CATEGORIES)),
    *(rule("medical_assistance", c, ratio=9_000 - 2_000 * n, line=n * 500_00) for n, c in enumerate(CATEGORIES)),
    *(rule("tilt", category, ratio=5_000, line=100_00) for category in CATEGORIES),
    rule("warning", "*", line=1_000_00, addressee="civil_affairs,health"),
    rule("warning", "dibao_edge", line=500_00, addressee="civil_affairs"),
    rule("participation", "*", ratio=9_900),
    rule("ceiling", "dibao", ratio=2_000),
]  # fmt: skip


def content(result: Result, name: str) -> Counter[tuple[object, ...]]:
    rows = rows_without_place(name, result.tables[name]).to_pylist()
    return Counter(tuple(row.values()) for row in rows)


@settings(max_examples=4, **SLOW)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_order_and_batching_of_arrival_never_matter(seed: int, shuffle: int) -> None:
    lists, events = everything(random.Random(seed))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plain = arrive(World(folder=Path(one)), lists, events, None)
        shuffled = arrive(World(folder=Path(other)), lists, events, random.Random(shuffle))
    for name in plain.tables:
        assert content(plain, name) == content(shuffled, name), name


# --- the model ---


@dataclass(frozen=True)
class Corner:
    """A few persons and two counties that know nothing of any other: a small world of its own.

    One run of the stage takes several of them at once, because its time goes into its statements and not its rows.
    """

    words: tuple[str, ...]
    counties: tuple[str, str]


CORNERS = (
    Corner(("li", "wang", "zhao"), (COUNTY, OTHER)),
    Corner(("sun", "qian", "zhou"), (FAR, "110105")),
    Corner(("wu", "zheng", "feng"), ("440304", "520102")),
)


def everywhere(data: st.DataObject, drawn: Callable[[Corner], st.SearchStrategy[list[Any]]]) -> list[Any]:
    """What is drawn in each corner, together."""
    return [item for corner in CORNERS for item in data.draw(drawn(corner))]


def spells(corner: Corner, *, least: int = 1, most: int = 10) -> st.SearchStrategy[list[Row]]:
    one = st.builds(
        lambda word, category, region, first, length, key: {
            "id": word, "category": category, "region": region, "valid_from": first,
            "valid_until": OPEN if length is None else first + timedelta(days=length), "household_key": key,
        },
        st.sampled_from(corner.words), st.sampled_from(CATEGORIES), st.sampled_from(corner.counties),
        st.sampled_from(DAYS), st.sampled_from([None, 14, 100]), st.sampled_from("ab"),
    )  # fmt: skip
    return st.lists(one, min_size=least, max_size=most)


def costs(corner: Corner, *, least: int = 1, most: int = 8) -> st.SearchStrategy[list[Row]]:
    one = st.builds(
        lambda word, scope, basic, setting, insutype, cancelled, day: cost(
            word, "", scope, basic_paid=min(basic, scope), setting=setting, insutype=insutype, cancelled=cancelled,
            serious_illness_paid=0, admitted=day, discharged=day + timedelta(days=5), settled=day + timedelta(days=5),
        ),
        st.sampled_from(corner.words), st.integers(0, 50_000), st.integers(0, 20_000),
        st.sampled_from(["inpatient", "outpatient"]), st.sampled_from(["390", "390", "310"]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([date(2025, 2, 1), date(2025, 6, 12), date(2025, 8, 1)]),
    )  # fmt: skip
    return st.lists(one, min_size=least, max_size=most)


BASES = {
    "premium_subsidy": [""],
    "medical_assistance": ["after_basic_and_serious_illness", "scope"],
    "tilt": ["after_all_three", "after_basic_and_serious_illness", "scope"],
}


@st.composite
def terms(draw: st.DrawFn, benefit: str, *, known: bool) -> Row:
    """A rule's numbers."""
    return {
        "amount": draw(st.integers(0, 3)),
        "line": draw(st.sampled_from([0, 100, 5_000])),
        "ratio": draw(st.sampled_from([0, 3_333, 7_500, 10_000])),
        "cap": draw(st.sampled_from([None, None, 0, 4_000])),
        "base": draw(st.sampled_from(BASES[benefit])),
        "tiers": draw(st.sampled_from([None, None, [(0, 5_000), (2_000, 7_000), (9_000, 10_000)]])),
        "period": draw(st.sampled_from(["year", "year", "stay"])),
        "line_period": draw(st.sampled_from([None, None, None, "stay", "quarter"])),
        "cap_period": draw(st.sampled_from([None, None, None, "year", "half_year", "month"])),
        "insutypes": draw(st.sampled_from(["", "390"])),
        "look_back": draw(st.sampled_from([0, 0, 3])) if benefit != "premium_subsidy" else 0,
        "determined": known or draw(st.integers(0, 3)) > 0,
        "undetermined_reason": "unknown",
    }


varied = st.sampled_from(
    [
        {},
        {"conditions": "in_region"},
        {"conditions": "cap_reached"},
        {"conditions": "in_region", "cap_group": "both", "group_cap": 5_000},
        {"stay_lines": "3000,1000", "line_period": "stay", "tiers_period": "stay"},
        {"line_share": 2_000, "line_of": "scope", "line_least": 500, "line_most": 9_000},
        {"lines_most": 4_000},
        {"line_group": "year"},
        {"least_ratio": 4_000},
        {"cost_cap": 8_000, "first_own": 1_000},
        {"pay": 700},
        {"pay_per_day": 90},
        {"cost_per_day": 700},
        {"age_from": 40},
        {"age_below": 40},
        {"cost_from": 2_000},
        {"cost_from": 2_000, "conditions": "in_region"},
        {"cost_from": 1_000, "cost_below": 20_000, "period": "stay", "line_period": "stay"},
        {"cap_group": "all", "group_cap": 3_000},
    ]
)


@st.composite
def policies(draw: st.DrawFn, corner: Corner = CORNERS[0], *, known: bool = False, branched: bool = False) -> list[Row]:
    """One document a county: at most one rule a benefit, category and care; a mode and a rank of its own.

    `branched`: a rule may have another beside it for care outside the region, and lines that vary.
    """
    found = []
    for region in corner.counties:
        mode = "per_benefit" if known else draw(st.sampled_from(["per_benefit", "per_benefit", "by_category"]))
        ranks = draw(st.permutations(range(1, 5)))
        whose = draw(st.sampled_from(["insured", "certified"]))
        for benefit in LAYERS:
            for place, category in enumerate(CATEGORIES):
                if not draw(st.booleans()):
                    continue
                split = benefit == "medical_assistance" and draw(st.integers(0, 3)) == 0
                for care in ("inpatient", "outpatient") if split else ("",):
                    key = f"{region}/{benefit}-{category}-{care}"
                    fixed = {
                        "region": region,
                        "mode": mode,
                        "rank": ranks[place],
                        "whose_region": whose,
                        "settings": care,
                    }
                    more = draw(varied) if branched and benefit != "premium_subsidy" else {}
                    own = draw(terms(benefit, known=known)) | more
                    one = rule(benefit, category, rule_key=key, **fixed, **own)
                    found.append(one)
                    if more.get("conditions") == "in_region" and draw(st.booleans()):
                        ratio = draw(st.sampled_from([2_500, 6_666]))
                        away = {"rule_key": f"{key}away", "conditions": "out_of_region", "ratio": ratio}
                        found.append({**one, **away})
        for category in draw(st.lists(st.sampled_from(CATEGORIES), unique=True)) if branched else ():
            ceiling = {"ratio": draw(st.sampled_from([0, 6_000, 9_500])), "effect": "cap", "denominator": "scope"}
            reach = {"region": region, "period": draw(st.sampled_from(["year", "stay"])), "base": "scope"}
            found.append(rule("ceiling", category, rule_key=f"{region}/ceiling-{category}", **reach, **ceiling))
    return found


def one_of_each(rows: list[Row]) -> list[Row]:
    """Spells with distinct keys, settlements with distinct ids."""
    keyed = {(s["id"], s["category"], s["household_key"], s["valid_from"]): s for s in rows}
    return list(keyed.values())


def numbered(rows: list[Row]) -> list[Row]:
    return [{**row, "setl_id": f"S{n}", "visit_id": f"S{n}"} for n, row in enumerate(rows)]


def agree(held: list[Row], rules: list[Row], paid_for: list[Row], where: dict[str, tuple[str, str]]) -> Result:
    """The entitlements of these spells, each day held against the model. `where` is (county, insutype) by person."""
    found = merged(held, rules, paid_for, insured_at=where)
    edges = {d for s in held for d in (s["valid_from"], s["valid_until"], s["valid_from"] + timedelta(days=3))}
    for day in sorted(d for d in edges | {date(2025, 1, 1)} if d.year == 2025):
        for word in found.people:
            place = where[word] if where[word][0] else None
            model = on(day, word, held, rules, paid_for, place)
            rows = [r for r in found("entitlement", word) if r["valid_from"] <= day < r["valid_until"]]
            stated = {
                r["benefit"]: (
                    r["category"],
                    r["region"],
                    r["annual_amount"],
                    r["determined"],
                    r["undetermined_reason"] is not None,
                )
                for r in rows
            }
            assert len(stated) == len(rows)
            expected = {
                b: (w.category, w.region, w.amount, w.amount is not None, w.doubtful or w.amount is None)
                for b, w in model.items()
            }
            assert stated == expected, (day, word, place)
    return found


THERE = {"region": OTHER, "whose_region": "certified", "mode": "by_category"}


def in_two_counties(rules: list[Row]) -> Result:
    """What rules give li, who is insured in COUNTY and holds dibao there and in OTHER, and tekun in OTHER."""
    first = {"id": "li", "valid_from": DAYS[0], "valid_until": OPEN, "household_key": "a"}
    held = [
        {**first, "category": category, "region": region}
        for category, region in (("dibao", COUNTY), ("dibao", OTHER), ("tekun", OTHER))
    ]
    return agree(held, rules, [], {"li": (COUNTY, "390")})


def test_the_model_doubts_where_a_region_that_may_pay_is_unknown_and_the_known_one_is_not_offered() -> None:
    """OTHER offers only tekun, so its greater subsidy for dibao decides nothing; COUNTY may still give more than 1."""
    rules = [
        rule("premium_subsidy", "dibao", determined=False, undetermined_reason="unknown"),
        rule("premium_subsidy", "tekun", amount=1, rank=1, rule_key="D2/tekun", **THERE),
        rule("premium_subsidy", "dibao", amount=2, rank=2, rule_key="D2/dibao", **THERE),
    ]
    row = in_two_counties(rules).one("entitlement", "li")
    assert (row["category"], row["annual_amount"], row["undetermined_reason"]) == ("tekun", 1, "dibao: unknown")
    more = [{**rules[0], "determined": True, "amount": 3}, *rules[1:]]
    row = in_two_counties(more).one("entitlement", "li")
    assert (row["category"], row["annual_amount"], row["undetermined_reason"]) == ("dibao", 3, None)


@pytest.mark.parametrize("amount", [None, 1, 3])
def test_a_region_that_does_not_offer_a_benefit_takes_it_from_no_other(amount: int | None) -> None:
    """OTHER, by category, offers only what tekun has there, which is no subsidy; COUNTY's for dibao stands."""
    known = {"amount": amount} if amount else {"determined": False, "undetermined_reason": "unknown"}
    rules = [
        rule("premium_subsidy", "dibao", **known),
        rule("medical_assistance", "tekun", ratio=5000, rank=1, rule_key="D2/tekun", **THERE),
        rule("premium_subsidy", "dibao", amount=2, rank=2, rule_key="D2/dibao", **THERE),
    ]
    found = in_two_counties(rules)
    (row,) = [row for row in found("entitlement", "li") if row["benefit"] == "premium_subsidy"]
    assert (row["category"], row["region"], row["annual_amount"]) == ("dibao", COUNTY, amount)
    assert row["determined"] == (amount is not None)


@settings(max_examples=9, **SLOW)
@given(st.data())
def test_entitlements_are_those_of_the_model_on_every_day(data: st.DataObject) -> None:
    held = one_of_each(everywhere(data, spells))
    paid_for = numbered(everywhere(data, lambda corner: costs(corner, least=0)))
    rules = everywhere(data, policies)
    where = {
        word: data.draw(st.sampled_from([(one, "390"), (other, "390"), (other, "310"), ("", "")]))
        for corner in CORNERS
        for one, other in [corner.counties]
        for word in corner.words
    }
    agree(held, rules, paid_for, where)


@pytest.mark.parametrize("seed", range(2))
def test_candidates_are_complete_and_in_one_order(seed: int) -> None:
    rng = random.Random(seed)
    lists, events = everything(rng)
    with tempfile.TemporaryDirectory() as folder:
        result = arrive(World(folder=Path(folder)), lists, events, None)
    for row in result("entitlement"):
        same = {key: row[key] for key in ("person_id", "benefit", "valid_from", "valid_until")}
        rivals = sorted(result("entitlement_candidate", **same), key=lambda r: r["place"])
        assert [r["place"] for r in rivals] == list(range(1, len(rivals) + 1))
        assert rivals[0]["reason"] == "winner"
        assert rivals[0]["rule_key"] == row["rule_key"]
        assert len({r["rule_key"] for r in rivals}) == len(rivals)
