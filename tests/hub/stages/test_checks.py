"""Each check of hub/checks/ on a case that is a finding and on the nearest that is none."""

from __future__ import annotations

from datetime import date

import pytest
from world import COUNTY, FAR, NOVEMBER, OCTOBER, Row, World, grant, insured, mac, paid, relation, rule, stay

from connectors.base import Semantics


def monitored(word: str, number: str, household: str = "R1", **more: object) -> Row:
    values = {"household_number": household, "person_number": number, "identified": date(2024, 5, 6)}
    return {"id": word, **values, "monitored_type": "mon_edge", **more}


def tagged(word: str, code: str, **more: object) -> Row:
    return {**insured(word), "idetinfo": [{"psn_idet_type": code, "begntime": date(2025, 1, 1), **more}]}


def subsidised(word: str, *subsidies: Row, **more: object) -> Row:
    return {**insured(word, **more), "subsidyinfo": list(subsidies)}


def test_listed_not_insured(world: World) -> None:
    world.insure("insured", "employee", insutype="310")
    world.send("civil_affairs", "deaths", {"id": "dead", "died": date(2025, 11, 30)})
    ended = grant("ended", "dibao", end_month=date(2025, 10, 1))
    rows = [grant(w, "dibao") for w in ("li", "insured", "employee", "dead")]
    batch = world.send("civil_affairs", "recipients", *rows, grant("li", "illness_poor"), ended)
    result = world.compute()
    (row,) = result("finding", kind="listed_not_insured")
    assert row["person_id"] == world.person("li")
    assert (row["category"], row["county"], row["subject"]) == ("dibao", COUNTY, "")
    assert (row["severity"], row["addressee"], row["deadline"]) == ("high", "medical_insurance", date(2025, 12, 31))
    assert (row["batch_id"], row["line"]) == (batch, 1)
    assert row["record_digest"] == result("category_spell", "li", category="dibao")[0]["record_digest"]


def test_subsidy_missing(world: World) -> None:
    world.rules = [
        rule("premium_subsidy", "dibao", amount=150_00),
        rule("premium_subsidy", "tekun", amount=0),
        rule("premium_subsidy", "mon_edge", determined=False, undetermined_reason="unknown"),
    ]
    world.send(
        "medical_insurance",
        "persons",
        subsidised("li", paid(year=2024), paid(day=date(2025, 12, 1))),  # last year's, and one of next month
        subsidised("returned", paid(), paid(amount=-150_00)),
        subsidised("paid", paid(day=None)),
        subsidised("partly", paid(amount=1, payer="4")),
        insured("nothing"),
        insured("unknown"),
        insured("dead"),
    )
    world.send("civil_affairs", "deaths", {"id": "dead", "died": date(2025, 11, 1)})
    listed = ("li", "returned", "paid", "partly", "dead", "uninsured")
    batch = world.send("civil_affairs", "recipients", *(grant(w, "dibao") for w in listed), grant("nothing", "tekun"))
    world.send("rural_revitalization", "monitored", monitored("unknown", "1"))
    result = world.compute()
    found = {row["person_id"]: row for row in result("finding", kind="subsidy_missing")}
    assert set(found) == {world.person(w) for w in ("li", "returned", "unknown")}
    row = found[world.person("li")]
    assert (row["expected"], row["actual"], row["category"], row["batch_id"]) == (150_00, 0, "dibao", batch)
    assert found[world.person("unknown")]["expected"] is None


def test_subsidy_duplicated(world: World) -> None:
    world.premiums = [{"region": COUNTY, "year": 2025, "insutype": "390", "amount": 400_00}]
    world.send(
        "medical_insurance",
        "persons",
        subsidised("twice", paid(), paid(amount=100_00)),
        subsidised("sum", paid(amount=250_00), paid(payer="4", amount=150_01)),
        subsidised("lawful", paid(amount=250_00), paid(payer="4", amount=150_00)),
        subsidised("again", paid(), paid(amount=-150_00), paid()),
        subsidised("years", paid(), paid(year=2024)),
        subsidised("elsewhere", paid(amount=999_00), county=FAR),  # its premium is not known
    )
    result = world.compute()
    found = {(row["person_id"], row["subject"]): row for row in result("finding", kind="subsidy_duplicated")}
    assert set(found) == {(world.person("twice"), "medical_insurance"), (world.person("sum"), "sum")}
    row = found[world.person("twice"), "medical_insurance"]
    assert (row["expected"], row["actual"]) == (150_00, 250_00)
    row = found[world.person("sum"), "sum"]
    assert (row["expected"], row["actual"]) == (400_00, 400_01)


def test_category_conflict(world: World) -> None:
    rows = [
        grant("li", "dibao"), grant("li", "tekun", "H2"), grant("li", "dibao", "H3"),
        grant("after", "dibao", end_month=date(2025, 10, 1)), grant("after", "tekun"),
        grant("wang", "dibao"), grant("wang", "illness_poor"),
        grant("dead", "dibao"), grant("dead", "tekun"),
    ]  # fmt: skip
    world.send("civil_affairs", "recipients", *rows)
    world.send("civil_affairs", "deaths", {"id": "dead", "died": date(2025, 11, 1)})
    world.send(
        "rural_revitalization",
        "monitored",
        monitored("zhao", "1", household_type="脱贫户", monitored_type="mon_unstable"),
        monitored("zhao", "2", "R2", household_type="脱贫户", monitored_type="无"),
    )
    result = world.compute()
    found = {
        (row["person_id"], row["subject"], row["addressee"]) for row in result("finding", kind="category_conflict")
    }
    assert found == {
        (world.person("li"), "dibao+tekun", "civil_affairs"),
        (world.person("zhao"), "mon_unstable+stable_out", "rural_revitalization"),
    }


def test_tag_after_end(world: World) -> None:
    world.send(
        "medical_insurance",
        "persons",
        tagged("li", "04"),
        tagged("gone", "04"),
        tagged("held", "04"),
        tagged("never", "04"),
        tagged("untagged", "04", endtime=NOVEMBER),
        tagged("again", "04"),
        tagged("other", "01"),
    )
    ended = {"end_month": date(2025, 10, 1)}
    world.send("civil_affairs", "recipients", grant("gone", "dibao"), as_of=OCTOBER)
    world.send(
        "civil_affairs",
        "recipients",
        *(grant(word, "dibao", **ended) for word in ("li", "untagged", "again", "other")),
        grant("held", "dibao"),
        grant("again", "dibao", "H2", begin_month=date(2025, 11, 1)),
    )
    result = world.compute()
    assert result.words("finding", kind="tag_after_end") == {"li", "gone"}
    row = result.one("finding", "li", kind="tag_after_end")
    assert (row["subject"], row["category"]) == ("dibao", "dibao")
    assert result("enrolment", "li")[0]["record_digest"] == row["record_digest"]


def test_deceased_active(world: World) -> None:
    world.insure("both", "insured", "living", "tomorrow")
    world.send("civil_affairs", "recipients", *(grant(w, "dibao") for w in ("both", "listed", "living", "tomorrow")))
    deaths = [("both", 1), ("insured", 2), ("listed", 30), ("struck-off", 3)]
    rows = [{"id": word, "died": date(2025, 11, day)} for word, day in deaths]
    world.send("civil_affairs", "deaths", *rows, {"id": "tomorrow", "died": date(2025, 12, 1)})
    result = world.compute()
    found = {(r["person_id"], r["subject"], r["addressee"]) for r in result("finding", kind="deceased_active")}
    assert found == {
        (world.person("both"), "dibao", "civil_affairs"),
        (world.person("both"), "enrolment", "medical_insurance"),
        (world.person("insured"), "enrolment", "medical_insurance"),
        (world.person("listed"), "dibao", "civil_affairs"),
    }


def test_paid_for_a_month_that_began_after_the_death(world: World) -> None:
    for day, months in ((OCTOBER, {"before": 10}), (NOVEMBER, {"before": 11, "within": 11, "living": 11})):
        rows = [{"id": word, "paid_month": date(2025, month, 1)} for word, month in months.items()]
        world.send("civil_affairs", "payments", *rows, as_of=day)
    died = [{"id": "before", "died": date(2025, 9, 30)}, {"id": "within", "died": date(2025, 11, 1)}]
    world.send("civil_affairs", "deaths", *died)
    (row,) = world.compute()("finding", kind="deceased_active")
    assert row["person_id"] == world.person("before")
    assert (row["subject"], row["addressee"], row["batch_id"]) == ("civil_affairs_payments", "civil_affairs", 2)


def test_name_conflict(world: World) -> None:
    world.insure("li", "corrected", "decided", "wang")
    rows = [grant(w, "dibao", name="zhang") for w in ("li", "corrected", "decided")]
    world.send("civil_affairs", "recipients", *rows, as_of=OCTOBER)
    batch = world.send(
        "civil_affairs",
        "recipients",
        grant("li", "dibao", name="zhang"),
        grant("li", "tekun", "H2", name="zhao"),
        grant("corrected", "dibao"),
        grant("decided", "dibao", name="zhang"),
        grant("wang", "dibao"),
    )
    world.decide("decided", "zhang", "same")
    result = world.compute()
    (row,) = result("finding", kind="name_conflict")
    assert row["person_id"] == world.person("li")
    assert (row["addressee"], row["batch_id"]) == ("civil_affairs", batch)
    assert all("zhang" not in str(value) for value in row.values())


def test_a_held_settlement_is_a_name_conflict_of_medical_insurance(world: World) -> None:
    world.insure("li", as_of=OCTOBER)
    world.insure("li")
    world.send("medical_insurance", "settlements", stay("li", "S1", 1, name="zhang"))
    assert world.compute().one("finding", kind="name_conflict")["addressee"] == "medical_insurance"


def test_person_number_on_two_ids(world: World) -> None:
    rows = [monitored("li", "N1"), monitored("wang", "N1", "R2"), monitored("zhao", "N2"), monitored("sun", "N3", "R3")]
    world.send("rural_revitalization", "monitored", *rows[2:], monitored("sun", "N2"), as_of=OCTOBER)
    world.send("rural_revitalization", "monitored", *rows)
    world.send("medical_insurance", "persons", insured("li", psn_no="P1"), insured("wang", psn_no="P1"))
    result = world.compute()
    found = {(r["subject"], r["addressee"]): r for r in result("finding", kind="person_number_on_two_ids")}
    assert set(found) == {("N1", "rural_revitalization"), ("P1", "medical_insurance")}
    row = found["N1", "rural_revitalization"]
    assert (row["person_id"], row["county"], row["actual"]) == (-1, COUNTY, 2)


def test_in_two_households(world: World) -> None:
    rows = [
        grant("li", "dibao", "H1"), grant("li", "dibao", "H2", begin_month=date(2025, 3, 1)),
        grant("wang", "dibao", "H1"), grant("wang", "illness_poor", "H9"),  # each grant has its own certificate
        grant("zhao", "dibao", "H3", end_month=date(2025, 10, 1)), grant("zhao", "dibao", "H4"),
        grant("sun", "dibao", "H5"), grant("son", "dibao", "H5"),  # a shared number is a household
    ]  # fmt: skip
    world.send("civil_affairs", "recipients", *rows)
    rural = [monitored("sun", "1"), monitored("qian", "2"), monitored("qian", "3", "R2"), monitored("zhou", "4")]
    world.send("rural_revitalization", "monitored", *rural, monitored("zhou", "5", "R2"), as_of=OCTOBER)
    world.send("rural_revitalization", "monitored", *rural)
    result = world.compute()
    found = {(r["person_id"], r["subject"], r["addressee"]) for r in result("finding", kind="in_two_households")}
    assert found == {
        (world.person("li"), "civil_affairs:H1+civil_affairs:H2", "civil_affairs"),
        (world.person("qian"), "rural_revitalization:R1+rural_revitalization:R2", "rural_revitalization"),
    }


def test_ceiling_exceeded(world: World) -> None:
    world.rules = [rule("ceiling", "dibao", ratio=9_500, settings="inpatient")]
    words = ("li", "at", "under", "chronic", "before", "refunded", "two")
    world.insure(*words, "nobody", "afar")
    world.send(
        "civil_affairs",
        "recipients",
        *(grant(word, "dibao", begin_month=date(2025, 3, 1)) for word in words),
        grant("afar", "dibao", begin_month=date(2025, 3, 1)),
    )
    over = {"scope": 1_000_00, "basic": 700_00, "maf_pay": 250_01}
    world.send(
        "medical_insurance",
        "settlements",
        stay("li", "S1", **over),
        stay("at", "S2", 1_000_00, 700_00, maf_pay=250_00),
        stay("under", "S3", **over),
        stay("under", "S4", 100_00),
        stay("chronic", "S5", **over, med_type="14"),
        stay("before", "S6", **over, on=date(2025, 2, 28)),
        stay("refunded", "S7", **over),
        stay("refunded", "S8", -1_000_00, init_setl_id="S7"),
        stay("nobody", "S9", **over),
        stay("two", "T1", 1_000_00, 960_00),
        stay("two", "T2", 1_000_00, 941_00),
    )
    result = world.compute()
    found = {r["person_id"]: (r["expected"], r["actual"]) for r in result("finding", kind="ceiling_exceeded")}
    assert found == {
        world.person("li"): (950_00, 950_01),
        world.person("two"): (1_900_00, 1_901_00),
    }


def test_of_several_ceilings_the_most_generous_counts(world: World) -> None:
    world.rules = [rule("ceiling", "dibao", ratio=9_000), rule("ceiling", "tekun", ratio=10_000)]
    world.insure("li", "wang")
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("li", "tekun"), grant("wang", "dibao"))
    world.send("medical_insurance", "settlements", stay("li", "S1", 100, 100), stay("wang", "S2", 100, 100))
    assert world.compute().words("finding", kind="ceiling_exceeded") == {"wang"}


def test_a_ceiling_may_be_of_the_whole_bill_or_of_each_stay(world: World) -> None:
    world.insure("li", "wang")
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("wang", "dibao"))
    bill = {"inscp_scp_amt": 900_00}
    world.send(
        "medical_insurance",
        "settlements",
        stay("li", "S1", 1_000_00, 850_00, **bill),
        stay("wang", "S2", 1_000_00, 750_00, **bill),
        stay("wang", "S3", 1_000_00, 900_00, **bill),
    )
    found = {}
    for name, more in (("whole", {"denominator": "total"}), ("stay", {"period": "stay"}), ("year", {})):
        world.rules = [rule("ceiling", "dibao", ratio=8_400 if more else 9_400, **more)]
        rows = world.compute()("finding", kind="ceiling_exceeded")
        found[name] = {(r["person_id"], r["expected"], r["actual"]) for r in rows}
    assert found == {
        "whole": {(world.person("li"), 840_00, 850_00)},
        "stay": {(world.person("li"), 756_00, 850_00), (world.person("wang"), 756_00, 900_00)},
        "year": {(world.person("li"), 846_00, 850_00)},
    }


def test_a_stay_over_the_turn_of_the_year_is_under_the_ceiling_of_its_admission(world: World) -> None:
    world.rules = [rule("ceiling", "dibao", ratio=9_500)]
    world.insure("li", "late")
    world.send(
        "civil_affairs",
        "recipients",
        grant("li", "dibao", begin_month=date(2024, 12, 1)),
        grant("late", "dibao", begin_month=date(2025, 1, 1)),
    )
    over = {"scope": 100, "basic": 100, "on": date(2025, 1, 5), "begndate": date(2024, 12, 20)}
    world.send("medical_insurance", "settlements", stay("li", "S1", **over), stay("late", "S2", **over))
    assert world.compute().words("finding", kind="ceiling_exceeded") == {"li"}


def test_an_unknown_ceiling_finds_nothing(world: World) -> None:
    world.rules = [rule("ceiling", "dibao", determined=False)]
    world.insure("li")
    world.send("civil_affairs", "recipients", grant("li", "dibao"))
    world.send("medical_insurance", "settlements", stay("li", "S1", 100, 100))
    assert world.compute()("finding", kind="ceiling_exceeded") == []


def test_absent_from_payment(world: World) -> None:
    rows = [grant(w, "dibao") for w in ("li", "stays", "dead")]
    world.send(
        "civil_affairs", "recipients", grant("long-gone", "dibao"), as_of=date(2025, 9, 30), semantics=Semantics.PAYMENT
    )
    world.send("civil_affairs", "recipients", *rows, as_of=OCTOBER, semantics=Semantics.PAYMENT)
    world.send("civil_affairs", "recipients", grant("stays", "dibao"), semantics=Semantics.PAYMENT)
    world.send("civil_affairs", "deaths", {"id": "dead", "died": date(2025, 11, 1)})
    (row,) = world.compute()("finding", kind="absent_from_payment")
    assert row["person_id"] == world.person("li")
    assert (row["subject"], row["addressee"], row["batch_id"]) == ("civil_affairs_recipients", "civil_affairs", 2)


def test_absence_from_payment_is_explained_by_the_certification_that_ended_or_by_a_row_that_waits(world: World) -> None:
    month = date(2025, 10, 1)
    words = ("ended", "going-on", "elsewhere", "waiting", "never")
    world.send("civil_affairs", "payments", *({"id": w, "paid_month": month} for w in words), as_of=OCTOBER)
    newest = world.send("civil_affairs", "payments")
    held = relation({"batch_id": "BIGINT", "mac": "VARCHAR"}, [{"batch_id": newest, "mac": mac("waiting")}])
    world.send(
        "civil_affairs", "recipients", grant("ended", "dibao", end_month=month), grant("going-on", "dibao"),
        grant("waiting", "dibao"), grant("elsewhere", "dibao", end_month=month),
        grant("elsewhere", "dibao_edge", number="H2"),
    )  # fmt: skip
    found = world.compute(quarantined=held).words("finding", kind="absent_from_payment")
    assert found == {"going-on", "elsewhere", "never"}


@pytest.mark.parametrize("lists", [(), ("one",)])
def test_absence_is_not_told_of_the_first_list_nor_of_certification(world: World, lists: tuple[str, ...]) -> None:
    for _ in lists:
        world.send("civil_affairs", "recipients", grant("li", "dibao"), semantics=Semantics.PAYMENT)
    world.send("rural_revitalization", "monitored", monitored("wang", "1"), as_of=OCTOBER)
    world.send("rural_revitalization", "monitored")
    assert world.compute()("finding", kind="absent_from_payment") == []


def test_a_quiet_world_has_no_findings(world: World) -> None:
    world.rules = [rule("premium_subsidy", "dibao", amount=150_00)]
    world.send("medical_insurance", "persons", subsidised("li", paid()), insured("wang"))
    world.send("civil_affairs", "recipients", grant("li", "dibao"))
    world.send("medical_insurance", "settlements", stay("li", "S1", 100, 60))
    result = world.compute()
    assert result("finding") == []
    assert result("warning") == []
