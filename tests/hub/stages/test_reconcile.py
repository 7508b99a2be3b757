"""A month against the months before; warnings; participation; the whole computation."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from world import COUNTY, FAR, OCTOBER, OTHER, Result, Row, World, grant, insured, rule, stay

from hub import tables
from hub.engine import DuckDB, digest
from hub.errors import AuditFailed
from hub.reconcile import compute_month

WARN = {"line": 2_000_00, "addressee": "civil_affairs"}


def months(world: World, **days: date) -> list[Result]:
    """Compute several months in order, each knowing all before it. `m2025_10=day`: what had arrived by that day."""
    results: list[Result] = []
    taken: dict[str, tuple[int, ...]] = {}
    for name, day in days.items():
        before = {
            f"previous_{table}s": pa.concat_tables([r.tables[table] for r in results]) if results else None
            for table in ("finding", "warning")
        }
        had = world.upto(day)
        results.append(had.compute(name[1:].replace("_", "-"), earlier_batches=dict(taken), **before))
        taken[name[1:].replace("_", "-")] = tuple(batch["batch_id"] for batch in had.batches)
    return results


def states(results: list[Result], word: str, table: str = "finding") -> list[list[tuple[str, str]]]:
    return [[(row["state"], row["first_month"]) for row in result(table, word)] for result in results]


def lists(world: World, *on: bool) -> None:
    """Months from August in which li is listed, or not; li is never insured."""
    for month, listed in enumerate(on, 8):
        rows = [grant("li", "dibao")] if listed else []
        world.send("civil_affairs", "recipients", grant("other", "tekun"), *rows, as_of=date(2025, month, 28))


# --- states ---


def test_a_finding_is_new_persists_is_cleared_once_and_reopens(world: World) -> None:
    lists(world, True, True, False, False, True)
    found = months(
        world,
        m2025_08=date(2025, 8, 31),
        m2025_09=date(2025, 9, 30),
        m2025_10=date(2025, 10, 31),
        m2025_11=date(2025, 11, 30),
        m2025_12=date(2025, 12, 31),
    )
    assert states(found, "li") == [
        [("new", "2025-08")],
        [("persisting", "2025-08")],
        [("cleared", "2025-08")],
        [],
        [("reopened", "2025-08")],
    ]
    assert {row["month"] for row in found[2]("finding")} == {"2025-10"}


def test_a_persisting_finding_keeps_its_deadline_and_a_reopened_one_gets_another(world: World) -> None:
    lists(world, True, True, False, True)
    found = months(
        world,
        m2025_08=date(2025, 8, 31),
        m2025_09=date(2025, 9, 30),
        m2025_10=date(2025, 10, 31),
        m2025_11=date(2025, 11, 30),
    )
    due = [result.one("finding", "li")["deadline"] for result in found]
    assert due == [date(2025, 10, 1), date(2025, 10, 1), date(2025, 10, 1), date(2025, 12, 31)]


def test_a_finding_of_another_subject_is_another_finding(world: World) -> None:
    world.insure("li", as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("li", "tekun"), as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("li", "dibao_edge"))
    october, november = months(world, m2025_10=date(2025, 10, 31), m2025_11=date(2025, 11, 30))
    assert october.kinds("li") == {("category_conflict", "dibao+tekun")}
    assert {(row["subject"], row["state"]) for row in november("finding", "li")} == {
        ("dibao+tekun", "cleared"), ("dibao+dibao_edge", "new"),
    }  # fmt: skip


def test_a_finding_of_a_person_whom_a_decision_has_undone_is_told_no_more(world: World) -> None:
    world.rules = [rule("warning", "*", line=0, addressee="civil_affairs")]
    world.send("medical_insurance", "persons", insured("li", name="wrong"), insured("wang"), as_of=OCTOBER)
    world.send(
        "civil_affairs", "recipients", *(grant("li", c, name="wrong") for c in ("dibao", "tekun")), as_of=OCTOBER
    )
    world.send("medical_insurance", "settlements", stay("li", "S1", 100, name="wrong"), as_of=OCTOBER)
    (october,) = months(world, m2025_10=date(2025, 10, 31))
    assert [len(october(table, "li")) for table in ("finding", "warning")] == [1, 1]
    world.decide("li", "wrong", "not_same")
    november = world.compute(previous_findings=october.tables["finding"], previous_warnings=october.tables["warning"])
    assert [november(table, "li") for table in ("person", "finding", "warning")] == [[], [], []]


def test_computing_a_month_again_over_its_own_findings_changes_nothing(world: World) -> None:
    lists(world, True, True)
    august, september = months(world, m2025_08=date(2025, 8, 31), m2025_09=date(2025, 9, 30))
    both = pa.concat_tables([august.tables["finding"], september.tables["finding"]])
    for month, result, day in (("2025-08", august, date(2025, 8, 31)), ("2025-09", september, date(2025, 9, 30))):
        again = world.upto(day).compute(month, previous_findings=both)
        assert again.tables["finding"] == result.tables["finding"]


def test_a_finding_of_no_person_is_compared_too(world: World) -> None:
    def rows(second: str) -> list[Row]:
        return [
            {"id": word, "household_number": "R1", "person_number": number, "identified": date(2024, 1, 1)}
            for word, number in (("li", "N1"), ("wang", second))
        ]

    world.send("rural_revitalization", "monitored", *rows("N1"), as_of=OCTOBER)
    world.send("rural_revitalization", "monitored", *rows("N2"))
    october, november = months(world, m2025_10=date(2025, 10, 31), m2025_11=date(2025, 11, 30))
    assert october.one("finding")["state"] == "new"
    assert november.one("finding")["state"] == "cleared"


# --- warnings ---


def heavy(world: World, *words: str, scope: int = 10_000_00, basic: int = 5_000_00) -> None:
    world.insure(*words, as_of=OCTOBER)
    rows = [stay(word, f"S-{word}", scope, basic) for word in words]
    world.send("medical_insurance", "settlements", *rows, as_of=OCTOBER)


def test_who_bears_more_than_the_line_is_warned_of(world: World) -> None:
    world.rules = [rule("warning", "dibao_edge", **WARN)]
    heavy(world, "li", "wang", "ordinary")
    world.send("medical_insurance", "settlements", stay("at", "S9", 5_000_00, 3_000_00))
    world.insure("at")
    world.send(
        "civil_affairs", "recipients", *(grant(w, "dibao_edge", f"H{w}") for w in ("li", "at")), grant("wang", "dibao")
    )
    (row,) = world.compute()("warning")
    assert row == {
        "month": "2025-11", "case_key": "civil_affairs:Hli", "person_id": world.person("li"),
        "household_key": "civil_affairs:Hli", "county": COUNTY, "category": "dibao_edge", "addressee": "civil_affairs",
        "burden": 5_000_00, "threshold": 2_000_00, "rule_key": "D1/warning-dibao_edge", "document": "D1",
        "article": "1", "state": "new", "first_month": "2025-11",
    }  # fmt: skip


def test_one_case_is_open_per_household_addressee_and_line(world: World) -> None:
    world.rules = [
        rule("warning", "dibao_edge", line=2_000_00, addressee="civil_affairs,rural_revitalization", rule_key="D1/low"),
        rule("warning", "mon_edge", line=2_000_00, addressee="civil_affairs,rural_revitalization", rule_key="D1/low"),
        rule("warning", "*", line=4_000_00, addressee="civil_affairs", rule_key="D1/all"),
    ]
    world.insure("li", "wife")
    world.send("medical_insurance", "settlements", stay("li", "S1", 3_000_00), stay("wife", "S2", 9_000_00))
    world.send("civil_affairs", "recipients", grant("li", "dibao_edge"), grant("wife", "dibao_edge"))
    world.send(
        "rural_revitalization",
        "monitored",
        {"id": "li", "household_number": "R", "person_number": "N", "monitored_type": "mon_edge"},
    )
    result = world.compute()
    assert {(r["case_key"], r["addressee"], r["rule_key"], r["burden"]) for r in result("warning")} == {
        ("civil_affairs:H1", "civil_affairs", "D1/low", 9_000_00),
        ("civil_affairs:H1", "rural_revitalization", "D1/low", 9_000_00),
        (f"person:{world.person('wife')}", "civil_affairs", "D1/all", 9_000_00),
    }


def test_a_category_of_persons_makes_a_case_of_the_person(world: World) -> None:
    world.rules = [rule("warning", "tekun", **WARN)]
    heavy(world, "li")
    world.send("civil_affairs", "recipients", grant("li", "tekun"))
    row = world.compute().one("warning")
    assert (row["case_key"], row["household_key"]) == (f"person:{world.person('li')}", "")


@pytest.mark.parametrize(
    ("period", "burdens"),
    [
        ("year", {"scope": 1_500, "after_basic_and_serious_illness": 700, "after_all_three": 545}),
        ("stay", {"scope": 1_000, "after_basic_and_serious_illness": 400, "after_all_three": 300}),
    ],
)
def test_the_burden_is_after_the_layers_that_the_rule_names(world: World, period: str, burdens: dict[str, int]) -> None:
    """Each base is the rule of a county with one person."""
    places = dict(zip(burdens, (COUNTY, OTHER, FAR), strict=True))
    warning = {"line": 0, "addressee": "civil_affairs", "period": period}
    world.rules = [
        rule("warning", "*", region=county, rule_key=base, base=base, **warning) for base, county in places.items()
    ]
    world.send("medical_insurance", "persons", *(insured(base, county) for base, county in places.items()))
    tilted = [{"fund_pay_type": "610102", "fund_payamt": 55}]
    for base, county in places.items():
        at = {"insuplc_admdvs": county}
        world.send(
            "medical_insurance",
            "settlements",
            stay(base, f"S1{base}", 1_000, 500, hifmi_pay=100, maf_pay=100, setldetail=tilted, **at),
            stay(base, f"S2{base}", 500, 200, on=date(2025, 11, 30), **at),
            stay(base, f"S3{base}", 70_000, on=date(2025, 12, 1), **at),
            stay(base, f"S4{base}", 70_000, **at),
            stay(base, f"S5{base}", -70_000, init_setl_id=f"S4{base}", **at),
        )
    result = world.compute()
    assert {base: result.one("warning", base)["burden"] for base in burdens} == burdens


def test_a_line_looks_at_its_own_care_and_region(world: World) -> None:
    world.rules = [
        rule("warning", "*", **WARN, settings="inpatient"),
        rule("warning", "dibao", **WARN, region=FAR, whose_region="certified", rule_key="D2/far"),
    ]
    world.insure("li", "far")
    world.send("medical_insurance", "persons", insured("other", OTHER), insured("li"), insured("far"))
    rows = [stay("li", "S1", 9_000_00, med_type="14"), stay("other", "S2", 9_000_00), stay("far", "S3", 9_000_00)]
    world.send("medical_insurance", "settlements", *rows)
    world.send("civil_affairs", "recipients", grant("far", "dibao", division="653121105"), grant("li", "dibao", "H2"))
    result = world.compute()
    assert {(r["person_id"], r["rule_key"]) for r in result("warning")} == {
        (world.person("far"), "D2/far"), (world.person("far"), "D1/warning-*"),
    }  # fmt: skip


def test_an_unknown_line_and_a_line_not_in_force_warn_of_nobody(world: World) -> None:
    world.rules = [
        rule("warning", "*", **WARN, determined=False),
        rule("warning", "*", **WARN, rule_key="D1/old", valid_until=date(2025, 11, 30)),
    ]
    heavy(world, "li")
    assert world.compute()("warning") == []


def test_a_case_persists_whoever_of_the_household_bears_most_and_is_cleared_with_the_cost(world: World) -> None:
    world.rules = [rule("warning", "dibao_edge", **WARN)]
    heavy(world, "li", "wife", scope=3_000_00, basic=0)
    heavy(world, "alone")
    rows = [grant("li", "dibao_edge"), grant("wife", "dibao_edge"), grant("alone", "dibao_edge", "H2")]
    world.send("civil_affairs", "recipients", *rows, as_of=OCTOBER)
    late = [stay("wife", "S7", 1_00, on=date(2025, 11, 3)), stay("alone", "S8", -10_000_00, init_setl_id="S-alone")]
    world.send("medical_insurance", "settlements", *late)
    october, november = months(world, m2025_10=date(2025, 10, 31), m2025_11=date(2025, 11, 30))
    assert [r["person_id"] for r in october("warning", case_key="civil_affairs:H1")] == [world.person("li")]
    row = november.one("warning", case_key="civil_affairs:H1")
    assert (row["person_id"], row["state"], row["first_month"]) == (world.person("wife"), "persisting", "2025-10")
    row = november.one("warning", case_key="civil_affairs:H2")
    assert (row["state"], row["first_month"], row["burden"]) == ("cleared", "2025-10", 5_000_00)


# --- participation ---


def participation(result: Result) -> dict[tuple[str, str], tuple[int, int, int, int | None, bool | None]]:
    return {
        (r["pooling_area"], r["population"]): (r["listed"], r["insured"], r["rate"], r["target"], r["met"])
        for r in result("participation")
    }


def test_participation_counts_distinct_living_listed_persons(world: World) -> None:
    world.rules = [rule("participation", c, ratio=9_900) for c in ("dibao", "mon_unstable")]
    world.insure("a", "b", "dead", "ended", "urban")
    world.send("medical_insurance", "persons", insured("c", FAR, "310"))
    world.send(
        "civil_affairs",
        "recipients",
        *(grant(w, "dibao") for w in ("a", "c", "dead", "poor")),
        grant("a", "illness_poor"),
        grant("ended", "dibao", end_month=date(2025, 10, 1)),
        grant("urban", "dibao", urban_rural="城市"),
        grant("untold", "dibao", urban_rural=None),
        grant("covered-not", "dibao", covered=False),
        grant("far", "dibao", division="653121105"),
    )
    world.send("civil_affairs", "deaths", {"id": "dead", "died": date(2025, 11, 1)})
    out = {"household_type": "脱贫户", "out_of_poverty_year": 2018}
    world.send(
        "rural_revitalization",
        "monitored",
        {"id": "b", "household_number": "R", "person_number": "N1", "monitored_type": "mon_unstable", **out},
        {"id": "d", "household_number": "R", "person_number": "N2", **out},
    )
    found = participation(world.compute())
    assert found == {
        ("3703", "rural_low_income"): (5, 3, 6_000, 9_900, False),  # a, b, c insured; poor, untold not
        ("3703", "out_of_poverty"): (2, 1, 5_000, 9_900, False),  # b, d
        ("6531", "rural_low_income"): (1, 0, 0, None, None),  # no rule speaks of that county
    }


def test_a_rate_just_below_the_target_does_not_meet_it(world: World) -> None:
    world.rules = [rule("participation", "*", ratio=9_900)]
    words = [f"p{n}" for n in range(101)]
    world.send("civil_affairs", "recipients", *(grant(word, "dibao") for word in words))
    world.insure(*words[:99], as_of=OCTOBER)
    assert participation(world.compute())["3703", "rural_low_income"] == (101, 99, 9_801, 9_900, False)
    world.insure(*words[:100])
    assert participation(world.compute())["3703", "rural_low_income"] == (101, 100, 9_900, 9_900, True)


# --- the whole ---


def test_a_month_of_no_rows_at_all_is_empty_and_typed(world: World) -> None:
    result = world.compute()
    assert set(result.tables) == set(tables.PUBLISHED)
    assert all(rows.num_rows == 0 for rows in result.tables.values())
    for name, rows in result.tables.items():
        assert rows.schema.names == list(tables.PUBLISHED[name].columns)


def test_an_engine_may_compute_one_month_after_another(world: World) -> None:
    lists(world, True, True)
    with DuckDB(threads=1) as engine:
        first = compute_month(engine, world.upto(date(2025, 8, 31)).inputs("2025-08"))
        second = compute_month(engine, world.inputs("2025-09", previous_findings=first["finding"]))
    alone = world.compute("2025-09", previous_findings=first["finding"])
    for name, table in tables.PUBLISHED.items():
        assert digest(table, second[name]) == digest(table, alone.tables[name])


def test_progress_tells_each_stage_from_its_first_to_its_last_step(world: World) -> None:
    seen: list[tuple[str, int, int]] = []
    world.compute(progress=lambda stage, done, total: seen.append((stage, done, total)))
    for stage in ("match", "merge", "reconcile"):
        steps = [(done, total) for name, done, total in seen if name == stage]
        assert steps == [(n, len(steps)) for n in range(1, len(steps) + 1)]
    assert [name for name, _, _ in seen] == sorted(
        (name for name, _, _ in seen), key=("match", "merge", "reconcile").index
    )


def test_a_check_that_yields_what_no_finding_has_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from hub import reconcile

    first = reconcile.checks()[0]
    odd = replace(first, sql="SELECT CAST(1 AS BIGINT) AS person_id, 2 AS shoe_size")
    monkeypatch.setattr(reconcile, "checks", lambda: (odd,))
    with pytest.raises(AuditFailed, match=f"hub/checks/{first.kind}.sql yields shoe_size"):
        world.compute()


# --- adjustment lines ---


def test_a_settlement_received_after_its_month_adjusts_that_month(world: World) -> None:
    world.rules = [rule("medical_assistance", "dibao", ratio=7_500)]
    world.insure("li", "wang", as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("wang", "dibao", "H2"), as_of=OCTOBER)
    world.send("medical_insurance", "settlements", stay("li", "S1", 1_000_00, on=date(2025, 10, 3)), as_of=OCTOBER)
    came = [
        stay("wang", "S2", 1_000_00, on=date(2025, 10, 30)),
        stay("wang", "S3", 1_000_00, on=date(2025, 11, 5)),
        stay("wang", "S4", 1_000_00, on=date(2025, 9, 5)),  # no month before October was computed
    ]
    world.send("medical_insurance", "settlements", *came, as_of=date(2025, 11, 29))
    found = months(world, m2025_10=OCTOBER, m2025_11=date(2025, 11, 30), m2025_12=date(2025, 12, 31))
    told = [{r["subject"]: r["adjusts_month"] for r in f("finding", kind="assistance_missing")} for f in found]
    assert told == [
        {"S1": None},
        {"S1": None, "S2": "2025-10", "S3": None, "S4": None},
        {"S1": None, "S2": "2025-10", "S3": None, "S4": None},
    ]
