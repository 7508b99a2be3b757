"""Assistance due against assistance paid: each check on a case that is a finding and on the nearest that is none."""

from __future__ import annotations

from datetime import date

from world import COUNTY, NOVEMBER, OCTOBER, OTHER, Result, Row, World, grant, insured, rule, stay

ASSISTANCE = rule("medical_assistance", "dibao", ratio=7_500)
TILT = rule("tilt", "dibao", ratio=5_000, line=100_00)
APPLIED = rule("medical_assistance", "tekun", ratio=9_000, on_application=True)
UNKNOWN = {"determined": False, "undetermined_reason": "unknown", "ratio": None}
KINDS = ("missing", "not_applied", "newly_due", "underpaid", "overpaid", "doubled")


def tilted(word: str, setl_id: str, scope: int, tilt: int, code: str = "610102", **more: object) -> Row:
    """A stay of which a fund line of its own pays."""
    line = {"fund_pay_type": code, "fund_payamt": tilt}
    return {**stay(word, setl_id, scope, **more), "setldetail": [line]}


def held(world: World, *words: str, category: str = "dibao", **more: object) -> None:
    """Insured in the county and certified there, all in one list."""
    world.insure(*words)
    world.send("civil_affairs", "recipients", *(grant(word, category, f"H{word}", **more) for word in words))


def settle(world: World, *rows: Row) -> Result:
    world.send("medical_insurance", "settlements", *rows)
    return world.compute()


def found(result: Result) -> dict[tuple[str, str], tuple[int, int]]:
    """(kind, settlement) -> (expected, actual), of every finding of assistance."""
    rows = [row for kind in KINDS for row in result("finding", kind=f"assistance_{kind}")]
    return {(row["kind"].removeprefix("assistance_"), row["subject"]): (row["expected"], row["actual"]) for row in rows}


def test_assistance_missing(world: World) -> None:
    world.rules = [ASSISTANCE]
    held(world, "li", "paid", "refunded", "ended", "nothing-left")
    world.send(
        "civil_affairs", "recipients", grant("ended", "dibao", "Hended", end_month=date(2025, 5, 1)), complete=False
    )
    batch = len(world.batches) + 1
    result = settle(
        world,
        stay("li", "S1", 1_000_00, 600_00),
        stay("paid", "S2", 1_000_00, 600_00, maf_pay=300_00),
        stay("refunded", "S3", 1_000_00),
        stay("refunded", "S4", -1_000_00, init_setl_id="S3"),
        stay("ended", "S5", 1_000_00),
        stay("nothing-left", "S6", 1_000_00, 1_000_00),
        stay("stranger", "S7", 1_000_00),
    )
    assert found(result) == {("missing", "S1"): (300_00, 0)}
    row = result.one("finding", "li", kind="assistance_missing")
    assert (row["category"], row["county"], row["severity"]) == ("dibao", COUNTY, "high")
    assert (row["addressee"], row["deadline"]) == ("medical_insurance", date(2025, 12, 31))
    assert (row["batch_id"], row["line"]) == (batch, 1)
    assert row["record_digest"] == result.one("settlement", setl_id="S1")["record_digest"]


def test_what_is_undetermined_is_not_missing(world: World) -> None:
    world.rules = [rule("medical_assistance", "dibao", **UNKNOWN), {**TILT, "line": 0}]
    held(world, "li")
    assert found(settle(world, stay("li", "S1", 1_000_00))) == {}


def test_assistance_and_tilt_of_a_settlement_are_one_finding(world: World) -> None:
    world.rules = [ASSISTANCE, TILT]
    held(world, "both", "tilt", "assistance")
    result = settle(
        world,
        stay("both", "S1", 1_000_00),  # 750 and half of what is left above 100
        stay("tilt", "S2", 1_000_00, maf_pay=750_00),
        tilted("assistance", "S3", 1_000_00, 75_00),
    )
    assert found(result) == {
        ("missing", "S1"): (825_00, 0),
        ("missing", "S2"): (75_00, 0),
        ("missing", "S3"): (750_00, 0),
    }


def test_money_in_the_other_line_is_money_paid(world: World) -> None:
    world.rules = [ASSISTANCE, TILT]
    held(world, "hidden", "reversed", "elsewhere", "almost", "short", "more")
    result = settle(
        world,
        stay("hidden", "S1", 1_000_00, maf_pay=825_00),  # tilt stands in the line of assistance
        tilted("reversed", "S2", 1_000_00, 825_00),
        tilted("elsewhere", "S3", 1_000_00, 75_00, "999996", maf_pay=750_00),  # a line whose purpose nobody tells
        stay("almost", "S4", 1_000_00, maf_pay=800_00),
        tilted("short", "S5", 1_000_00, 75_00, maf_pay=700_00),
        stay("more", "S6", 1_000_00, maf_pay=825_01),
    )
    assert found(result) == {
        ("underpaid", "S4"): (75_00, 50_00),
        ("underpaid", "S5"): (750_00, 700_00),
        ("overpaid", "S6"): (825_00, 825_01),
    }


def test_where_tilt_is_unknown_assistance_is_judged_by_what_is_certain(world: World) -> None:
    world.rules = [ASSISTANCE, rule("tilt", "dibao", **UNKNOWN)]
    held(world, "missing", "short", "covered", "more")
    result = settle(
        world,
        stay("missing", "S1", 1_000_00),
        stay("short", "S2", 1_000_00, maf_pay=740_00),
        tilted("covered", "S3", 1_000_00, 10_00, maf_pay=740_00),
        stay("more", "S4", 1_000_00, maf_pay=900_00),  # its excess may be tilt
    )
    assert found(result) == {("missing", "S1"): (750_00, 0), ("underpaid", "S2"): (750_00, 740_00)}


def test_assistance_not_applied(world: World) -> None:
    world.rules = [APPLIED, ASSISTANCE, rule("medical_assistance", "orphan", ratio=5_000, on_application=True)]
    held(world, "li", "paid", "late", category="tekun")
    world.send(
        "civil_affairs",
        "recipients",
        *(grant(word, "tekun", f"H{word}") for word in ("li", "paid")),
        grant("late", "tekun", "Hlate", certified=date(2025, 9, 1)),
        grant("both", "tekun", "Hboth"),
        grant("both", "dibao", "Hboth"),
        grant("applied", "tekun", "Happlied"),
        grant("applied", "orphan", "Happlied"),
    )
    world.insure("li", "paid", "late", "both", "applied")
    result = settle(
        world,
        stay("li", "S1", 1_000_00),
        stay("paid", "S2", 1_000_00, maf_pay=900_00),
        stay("late", "S3", 1_000_00),
        stay("both", "S4", 1_000_00, maf_pay=750_00),  # by the rule that asks for no application
        stay("applied", "S5", 1_000_00, maf_pay=500_00),  # somebody applied: no rule gives without
    )
    assert found(result) == {
        ("not_applied", "S1"): (900_00, 0),
        ("not_applied", "S3"): (900_00, 0),
        ("not_applied", "S4"): (900_00, 750_00),
        ("underpaid", "S5"): (900_00, 500_00),
    }
    assert {r["addressee"] for r in result("finding", kind="assistance_not_applied")} == {"civil_affairs"}


def test_assistance_newly_due(world: World) -> None:
    world.rules = [ASSISTANCE, rule("medical_assistance", "dibao_edge", ratio=5_000)]
    world.insure("late", "lower", "repaid", "in-time", "unsaid", "again")
    late = {"begin_month": date(2025, 5, 1), "certified": date(2025, 6, 11)}  # the day after the settlement
    world.send(
        "civil_affairs",
        "recipients",
        *(grant(word, "dibao", f"H{word}", **late) for word in ("late", "lower", "repaid")),
        grant("lower", "dibao_edge", "Elower"),
        grant("in-time", "dibao", "Hin", begin_month=date(2025, 5, 1), certified=date(2025, 6, 10)),
        grant("unsaid", "dibao", "Hun", begin_month=date(2025, 5, 1)),
        grant("again", "dibao", "Hold", end_month=date(2025, 3, 1), certified=date(2025, 1, 3)),
        grant("again", "dibao", "Hnew", **late),
    )
    result = settle(
        world,
        stay("late", "S1", 1_000_00),
        stay("lower", "S2", 1_000_00, maf_pay=500_00),
        stay("repaid", "S3", 1_000_00, maf_pay=750_00),
        stay("in-time", "S4", 1_000_00),
        stay("unsaid", "S5", 1_000_00),  # nobody says when: from the day it holds
        stay("late", "S6", 1_000_00, on=date(2025, 4, 30)),  # before it holds
        stay("again", "S7", 1_000_00),  # what was certified in time had ended
    )
    assert found(result) == {
        ("newly_due", "S1"): (750_00, 0),
        ("newly_due", "S2"): (750_00, 500_00),
        ("newly_due", "S7"): (750_00, 0),
        ("missing", "S4"): (750_00, 0),
        ("missing", "S5"): (750_00, 0),
    }


def test_assistance_underpaid_and_overpaid(world: World) -> None:
    world.rules = [ASSISTANCE]
    held(world, "exact", "less", "more")
    result = settle(
        world,
        stay("exact", "S1", 1_000_00, maf_pay=750_00),
        stay("less", "S2", 1_000_00, maf_pay=749_99),
        stay("more", "S3", 1_000_00, maf_pay=750_01),
    )
    assert found(result) == {("underpaid", "S2"): (750_00, 749_99), ("overpaid", "S3"): (750_00, 750_01)}


def test_where_another_rule_may_give_more_only_nothing_at_all_is_certain(world: World) -> None:
    world.rules = [ASSISTANCE, rule("medical_assistance", "illness_poor", **UNKNOWN)]
    words = ("nothing", "less", "more", "later")
    world.insure(*words)
    world.send(
        "civil_affairs",
        "recipients",
        *(grant(word, "dibao", f"H{word}") for word in words),
        *(grant(word, "illness_poor", f"I{word}") for word in words[:3]),
        grant("later", "illness_poor", "Ilater", begin_month=date(2025, 10, 1)),
    )
    result = settle(
        world,
        stay("nothing", "S1", 1_000_00),
        stay("less", "S2", 1_000_00, maf_pay=700_00),
        stay("more", "S3", 1_000_00, maf_pay=800_00),
        stay("later", "S4", 1_000_00, maf_pay=700_00),  # before anything was doubtful
    )
    assert found(result) == {("missing", "S1"): (750_00, 0), ("underpaid", "S4"): (750_00, 700_00)}


DAYS = {"begndate": date(2025, 6, 1), "enddate": date(2025, 6, 10)}
AIDED = {"maf_pay": 100_00}


TWICE = [
    ({}, {}, True),  # two visits alike in days and amounts
    ({}, {"insuplc_admdvs": OTHER}, True),  # in another region
    ({}, {"maf_pay": 0}, False),
    ({}, {"medfee_sumamt": 1_000_01, "begndate": date(2025, 6, 10), "enddate": date(2025, 6, 20)}, False),
    ({}, {"medfee_sumamt": 1_000_01, "begndate": date(2025, 6, 9), "enddate": date(2025, 6, 20)}, True),
    ({}, {"medfee_sumamt": 1_000_01, "begndate": date(2025, 6, 3), "enddate": date(2025, 6, 3)}, True),
    (
        {},
        {"medfee_sumamt": 1_000_01, "begndate": date(2025, 6, 3), "enddate": date(2025, 6, 3), "med_type": "14"},
        False,
    ),
    ({}, {"medfee_sumamt": 1_000_01, "begndate": date(2025, 5, 1), "enddate": date(2025, 5, 9)}, False),
    ({"med_type": "14"}, {"med_type": "14", "medfee_sumamt": 1_000_01}, False),
    ({"mdtrt_id": "M"}, {"mdtrt_id": "M", "medfee_sumamt": 2_000_00}, True),  # the days of one visit, twice
    ({"mdtrt_id": "M"}, {"mdtrt_id": "M", "medfee_sumamt": 2_000_00, "enddate": date(2025, 6, 20)}, False),
    ({"mdtrt_id": "M"}, {"mdtrt_id": "M", "enddate": date(2025, 6, 20)}, True),  # the sum of one visit, twice
]


def test_assistance_doubled(world: World) -> None:
    """Each pair of stays is a person's own."""
    words = [f"p{place}" for place in range(len(TWICE))]
    world.insure(*words)
    pairs = [
        [
            stay(word, f"{word}-2", 1_000_00, **{**DAYS, **AIDED, **second}),
            stay(word, f"{word}-1", 1_000_00, **{**DAYS, **AIDED, **first}),
        ]
        for word, (first, second, _) in zip(words, TWICE, strict=True)
    ]
    result = settle(world, *(bill for pair in pairs for bill in pair))
    assert found(result) == {
        ("doubled", f"{word}-2"): (0, 100_00) for word, (*_, doubled) in zip(words, TWICE, strict=True) if doubled
    }


def test_what_was_taken_back_is_not_doubled(world: World) -> None:
    world.insure("li", "wang")
    again = [stay("li", name, 1_000_00, maf_pay=100_00, **DAYS) for name in ("S1", "S3")]
    others = stay("wang", "S4", 1_000_00, maf_pay=100_00, **DAYS)
    back = stay("li", "S2", -1_000_00, maf_pay=-100_00, init_setl_id="S1", **DAYS)
    assert found(settle(world, *again, back, others)) == {}


def test_payers_above_the_scope_have_assisted_it_twice(world: World) -> None:
    world.insure("li", "at", "insurance")
    result = settle(
        world,
        stay("li", "S1", 1_000_00, 700_00, maf_pay=300_01),
        stay("at", "S2", 1_000_00, 700_00, maf_pay=300_00),
        stay("insurance", "S3", 1_000_00, 1_100_00),  # no assistance
    )
    assert found(result) == {("doubled", "S1"): (300_00, 300_01)}


def test_two_regions(world: World) -> None:
    there = {"rule_key": "D2/medical_assistance-dibao", "document": "D2", "whose_region": "certified"}
    world.rules = [
        {**ASSISTANCE, "whose_region": "certified"},
        {**ASSISTANCE, "region": OTHER, **there, "ratio": 6_000},
    ]
    world.insure("li", "moved", "one", "afar", "dead")
    ended = {"end_month": date(2025, 10, 1)}
    world.send("civil_affairs", "deaths", {"id": "dead", "died": date(2025, 11, 1)})
    batch = world.send(
        "civil_affairs",
        "recipients",
        grant("li", "dibao"),
        grant("li", "dibao", "H2", division=OTHER),
        grant("moved", "dibao", "H3", **ended),
        grant("moved", "dibao", "H4", division=OTHER, begin_month=date(2025, 11, 1)),
        grant("one", "dibao", "H5"),
        grant("afar", "dibao", "H6", division=OTHER),  # insured in one county, certified in another
        grant("dead", "dibao", "H7"),
        grant("dead", "dibao", "H8", division=OTHER),
    )
    result = settle(world, stay("li", "S1", 1_000_00, maf_pay=750_00))
    (row,) = result("finding", kind="two_regions")
    assert row["person_id"] == world.person("li")
    assert (row["subject"], row["category"]) == ("medical_assistance", "dibao")
    assert (row["addressee"], row["expected"]) == ("civil_affairs", 750_00)
    assert (row["batch_id"], row["line"]) == (batch, 2)  # what was set aside
    assert found(result) == {}


def test_assistance_is_judged_as_the_month_knows_it(world: World) -> None:
    """A certification that arrives in November makes newly due what October had nothing to say of."""
    world.rules = [ASSISTANCE]
    world.send("civil_affairs", "recipients", as_of=OCTOBER)
    world.send("medical_insurance", "persons", insured("li"), as_of=OCTOBER)
    world.send("medical_insurance", "settlements", stay("li", "S1", 1_000_00), as_of=OCTOBER)
    late = {"begin_month": date(2025, 6, 1), "certified": date(2025, 11, 20)}
    world.send("civil_affairs", "recipients", grant("li", "dibao", **late), as_of=NOVEMBER)
    assert found(world.upto(OCTOBER).compute("2025-10")) == {}
    assert found(world.compute()) == {("newly_due", "S1"): (750_00, 0)}
