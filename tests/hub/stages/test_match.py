"""Match: whose rows are whose, and what they say as spells, enrolments, subsidies and settlements."""

from __future__ import annotations

from datetime import date

import pytest
from world import COUNTY, FAR, NOVEMBER, OCTOBER, OTHER, Result, Row, World, grant, insured, paid, rule, stay

from connectors.base import Semantics
from hub.errors import ConfigError, InputError
from hub.inputs import month_bounds, period

OPEN = date(9999, 12, 31)
SEPTEMBER = date(2025, 9, 30)


def spells(result: Result, word: str) -> set[tuple[str, date, date]]:
    return {(row["category"], row["valid_from"], row["valid_until"]) for row in result("category_spell", word)}


def monitored(word: str, **more: object) -> Row:
    values = {"household_number": "R1", "person_number": f"N{word}", "identified": date(2024, 5, 6)}
    return {"id": word, **values, **more}


# --- the month ---


def test_a_month_knows_its_bounds_its_last_day_and_its_year() -> None:
    (row,) = period("2025-12").to_pylist()
    assert row["month_end"] == date(2026, 1, 1)
    assert row["last_day"] == date(2025, 12, 31)
    assert (row["year"], row["year_start"], row["year_end"]) == (2025, date(2025, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize("word", ["2025-13", "2025", "11-2025", ""])
def test_what_is_no_month_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="is not a month"):
        month_bounds(word)


# --- identity ---


def test_a_row_under_another_name_counts_for_no_one(world: World) -> None:
    world.insure("li")
    world.send("civil_affairs", "recipients", grant("li", "dibao", name="zhang"))
    assert world.matched()("category_spell") == []


def test_the_most_trusted_source_anchors_the_name_however_many_rows_say_otherwise(world: World) -> None:
    for day in (SEPTEMBER, OCTOBER, NOVEMBER):
        rows = [grant("li", "dibao", name="zhang"), grant("li", "illness_poor", name="zhang")]
        world.send("civil_affairs", "recipients", *rows, as_of=day)
    world.insure("li")
    result = world.matched()
    assert result("category_spell", "li") == []
    assert result.one("person", "li")["name_masked"] == "l*"


def test_within_a_source_the_name_of_most_different_records_is_the_anchor(world: World) -> None:
    for day in (SEPTEMBER, OCTOBER, NOVEMBER):  # the same wrong record three times is one record
        rows = [grant("li", "dibao", name="zhang"), *([grant("li", "tekun", "H2")] if day == NOVEMBER else [])]
        world.send("civil_affairs", "recipients", *rows, as_of=day)
    world.send("civil_affairs", "relief", {"id": "li", "payment_number": "1"})
    assert spells(world.matched(), "li") == {("tekun", date(2025, 1, 1), OPEN)}


def test_a_name_that_two_sources_carry_is_one_name_beside_a_third(world: World) -> None:
    world.insure("li")
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("li", "illness_poor", name="zhang"))
    assert {name for name, _, _ in spells(world.matched(), "li")} == {"dibao"}


def test_a_row_without_a_name_follows_its_number(world: World) -> None:
    world.insure("li")
    world.send("medical_insurance", "settlements", stay("li", "S1", 100_00, name=None))
    assert world.matched().one("settlement", "li")["total"] == 100_00


def test_a_steward_s_same_frees_a_name_and_taking_it_back_holds_it_again(world: World) -> None:
    world.insure("li")
    world.send("civil_affairs", "recipients", grant("li", "dibao", name="zhang"))
    before = world.matched()
    world.decide("li", "zhang", "same")
    assert world.matched().words("category_spell") == {"li"}
    world.decisions[0]["judgement"] = "undecided"
    assert world.matched().tables == before.tables


def test_a_steward_s_not_same_moves_the_anchor_to_the_next_name(world: World) -> None:
    world.send("medical_insurance", "persons", insured("li", name="wrong"))
    world.send("civil_affairs", "recipients", grant("li", "dibao"))
    assert world.matched().one("enrolment")["region"] == COUNTY
    world.decide("li", "wrong", "not_same")
    result = world.matched()
    assert result("enrolment") == []
    assert result.words("category_spell") == {"li"}


def test_two_numbers_with_one_alias_are_one_person(world: World) -> None:
    world.people = {"li": 7, "li-before-the-keys-were-changed": 7}
    world.send(
        "civil_affairs", "recipients", grant("li-before-the-keys-were-changed", "dibao", name="li"), as_of=OCTOBER
    )
    world.send("civil_affairs", "recipients", grant("li", "dibao"))
    result = world.matched()
    assert [row["person_id"] for row in result("person")] == [7]
    assert spells(result, "li") == {("dibao", date(2025, 1, 1), OPEN)}


def test_a_row_whose_number_has_no_alias_stops_the_month(world: World) -> None:
    world.insure("li")
    world.people.clear()
    with pytest.raises(ConfigError, match="1 rows: alias"):
        world.matched()


def test_a_code_that_vanished_from_the_mappings_stops_the_month_and_says_which(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("wang", "tekun"))
    monkeypatch.delitem(__import__("world").CODES["assistance_type", ""], "dibao")
    with pytest.raises(ConfigError, match="1 rows: assistance_type dibao of province 37"):
        world.matched()


def test_a_batch_of_a_stream_that_no_source_declares_stops_the_month(world: World) -> None:
    world.insure("li")
    world.landed.append(world.landed[0].__class__(relation="x_y", batch_id=9, as_of=NOVEMBER, path="x"))
    with pytest.raises(InputError, match="no source declares: x_y"):
        world.matched()


# --- certification: from when until when ---


def test_months_run_from_the_first_to_the_first_after_the_end_month(world: World) -> None:
    world.send(
        "civil_affairs",
        "recipients",
        grant("li", "dibao", begin_month=date(2024, 3, 1), end_month=date(2025, 12, 1)),
        grant("wang", "dibao", begin_month=date(2024, 3, 1)),
        grant("zhao", "dibao", begin_month=date(2025, 3, 1), end_month=date(2025, 2, 1)),
    )
    result = world.matched()
    assert spells(result, "li") == {("dibao", date(2024, 3, 1), date(2026, 1, 1))}
    assert spells(result, "wang") == {("dibao", date(2024, 3, 1), OPEN)}
    assert spells(result, "zhao") == set()


def test_only_the_covered_hold_the_category_and_all_are_members(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("son", "dibao", covered=False))
    result = world.matched()
    assert result.words("category_spell") == {"li"}
    members = {row["person_id"]: row["covered"] for row in result("household_member")}
    assert members == {world.person("li"): True, world.person("son"): False}
    assert result.one("household") == {
        "household_key": "civil_affairs:H1", "source": "civil_affairs", "residence": "370302001", "county": COUNTY,
    }  # fmt: skip


def test_a_member_whom_one_of_two_grants_covers_is_covered(world: World) -> None:
    rows = [grant("li", "dibao", covered=False), grant("li", "illness_poor"), grant("wang", "dibao", covered=False)]
    world.send("civil_affairs", "recipients", *rows)
    result = world.matched()
    assert result.one("household_member", "li")["covered"] is True
    assert result.one("household_member", "wang")["covered"] is False


def test_absence_from_a_later_complete_list_ends_the_spell_on_its_day(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("wang", "dibao"), as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("wang", "dibao"))
    result = world.matched()
    assert spells(result, "li") == {("dibao", date(2025, 1, 1), NOVEMBER)}
    assert spells(result, "wang") == {("dibao", date(2025, 1, 1), OPEN)}


def test_absence_never_lengthens_a_spell_nor_makes_one_that_had_not_begun(world: World) -> None:
    rows = [
        grant("li", "dibao", end_month=date(2025, 3, 1)),
        grant("wang", "dibao", begin_month=date(2025, 12, 1)),
    ]
    world.send("civil_affairs", "recipients", *rows, as_of=OCTOBER)
    world.send("civil_affairs", "recipients")
    result = world.matched()
    assert spells(result, "li") == {("dibao", date(2025, 1, 1), date(2025, 4, 1))}
    assert spells(result, "wang") == set()


def test_absence_from_a_list_that_is_not_complete_ends_nothing(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("wang", "dibao"), complete=False)
    assert spells(world.matched(), "li") == {("dibao", date(2025, 1, 1), OPEN)}


def test_the_first_list_without_the_row_counts_and_coming_back_opens_it_again(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=SEPTEMBER)
    world.send("civil_affairs", "recipients", as_of=OCTOBER)
    world.send("civil_affairs", "recipients")
    assert spells(world.matched(), "li") == {("dibao", date(2025, 1, 1), OCTOBER)}
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=date(2025, 12, 2))
    assert spells(world.matched(), "li") == {("dibao", date(2025, 1, 1), OPEN)}


def test_a_list_sent_late_still_counts_in_its_place(world: World) -> None:
    world.send("civil_affairs", "recipients")
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=OCTOBER)
    assert spells(world.matched(), "li") == {("dibao", date(2025, 1, 1), NOVEMBER)}


def test_absence_from_a_payment_list_ends_nothing(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=OCTOBER, semantics=Semantics.PAYMENT)
    world.send("civil_affairs", "recipients", semantics=Semantics.PAYMENT)
    assert spells(world.matched(), "li") == {("dibao", date(2025, 1, 1), OPEN)}


def test_the_newest_version_of_a_grant_counts(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=OCTOBER)
    newest = world.send("civil_affairs", "recipients", grant("li", "dibao", end_month=date(2025, 12, 1)))
    row = world.matched().one("category_spell", "li")
    assert row["valid_until"] == date(2026, 1, 1)
    assert row["batch_id"] == newest


def test_a_grant_that_stands_on_the_list_under_another_name_is_not_absent(world: World) -> None:
    world.insure("li")
    world.send("civil_affairs", "recipients", grant("li", "dibao"), as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("li", "dibao", name="zhang"))
    result = world.compute()
    assert spells(result, "li") == {("dibao", date(2025, 1, 1), OPEN)}
    assert result.kinds("li") == {("name_conflict", "")}


def test_a_spell_is_of_the_county_and_of_town_or_country_as_its_file_says(world: World) -> None:
    rows = [
        grant("li", "dibao", division="653121105", urban_rural="城市", certified=date(2025, 1, 9)),
        grant("wang", "dibao", urban_rural=None),
    ]
    world.send("civil_affairs", "recipients", *rows)
    result = world.matched()
    row = result.one("category_spell", "li")
    assert (row["region"], row["rural"], row["certified"], row["certifier"]) == (
        FAR, False, date(2025, 1, 9), "civil_affairs",
    )  # fmt: skip
    assert result.one("category_spell", "wang")["rural"] is None


# --- the monitoring system ---


def test_a_monitored_type_holds_from_its_identification(world: World) -> None:
    world.send("rural_revitalization", "monitored", monitored("li", monitored_type="mon_edge"))
    row = world.matched().one("category_spell", "li")
    assert (row["category"], row["valid_from"], row["valid_until"]) == ("mon_edge", date(2024, 5, 6), OPEN)
    assert (row["household_key"], row["certifier"], row["rural"]) == (
        "rural_revitalization:R1", "rural_revitalization", True,
    )  # fmt: skip


def test_a_removed_risk_ends_the_category_where_the_category_ends_so(world: World) -> None:
    gone = {"risk_removed": True, "removed": date(2025, 7, 8)}
    world.send(
        "rural_revitalization",
        "monitored",
        monitored("li", monitored_type="mon_edge", **gone),
        monitored("wang", monitored_type="mon_sudden", **gone),
    )
    result = world.matched()
    assert spells(result, "li") == {("mon_edge", date(2024, 5, 6), date(2025, 7, 8))}
    assert spells(result, "wang") == {("mon_sudden", date(2024, 5, 6), OPEN)}


def test_a_removal_without_a_day_counts_from_the_first_list_that_says_so(world: World) -> None:
    row = monitored("li", monitored_type="mon_edge")
    world.send("rural_revitalization", "monitored", row, as_of=SEPTEMBER)
    for day in (OCTOBER, NOVEMBER):
        world.send("rural_revitalization", "monitored", {**row, "risk_removed": True}, as_of=day)
    assert spells(world.matched(), "li") == {("mon_edge", date(2024, 5, 6), OCTOBER)}


def test_a_household_out_of_poverty_and_not_monitored_is_stable_from_the_year_after(world: World) -> None:
    out = {"household_type": "脱贫户", "out_of_poverty_year": 2018, "identified": None}
    world.send(
        "rural_revitalization",
        "monitored",
        monitored("li", **out),
        monitored("wang", monitored_type="无", **out),
        monitored("zhao", identified=None),
    )
    result = world.matched()
    assert spells(result, "li") == spells(result, "wang") == {("stable_out", date(2019, 1, 1), OPEN)}
    assert spells(result, "zhao") == set()


def test_after_a_removed_risk_a_household_out_of_poverty_is_stable_from_that_day(world: World) -> None:
    row = {"household_type": "脱贫户", "out_of_poverty_year": 2018, "risk_removed": True, "removed": date(2025, 7, 8)}
    world.send(
        "rural_revitalization",
        "monitored",
        monitored("li", monitored_type="mon_unstable", **row),
        monitored("wang", monitored_type="mon_sudden", **row),
    )
    result = world.matched()
    assert spells(result, "li") == {
        ("mon_unstable", date(2024, 5, 6), date(2025, 7, 8)),
        ("stable_out", date(2025, 7, 8), OPEN),
    }
    assert spells(result, "wang") == {("mon_sudden", date(2024, 5, 6), OPEN)}  # its category did not end


def test_back_in_poverty_is_a_category_and_not_stable(world: World) -> None:
    out = {"household_type": "脱贫户", "out_of_poverty_year": 2018, "back_in_poverty": True}
    world.send(
        "rural_revitalization",
        "monitored",
        monitored("li", **out),
        monitored("wang", **out, risk_removed=True, removed=date(2025, 7, 8)),
    )
    result = world.matched()
    assert spells(result, "li") == {("fanpin_zhipin", date(2024, 5, 6), OPEN)}
    assert spells(result, "wang") == {("fanpin_zhipin", date(2024, 5, 6), date(2025, 7, 8))}


def test_a_monitored_person_without_days_counts_from_the_first_list(world: World) -> None:
    row = monitored("li", monitored_type="mon_edge", identified=None)
    for day in (OCTOBER, NOVEMBER):
        world.send("rural_revitalization", "monitored", row, as_of=day)
    assert spells(world.matched(), "li") == {("mon_edge", OCTOBER, OPEN)}


def test_one_person_may_hold_categories_of_both_departments(world: World) -> None:
    world.send("civil_affairs", "recipients", grant("li", "dibao"))
    world.send("rural_revitalization", "monitored", monitored("li", monitored_type="mon_edge"))
    assert {name for name, _, _ in spells(world.matched(), "li")} == {"dibao", "mon_edge"}


# --- persons ---


def test_residence_is_civil_affairs_newest_else_the_monitoring_system_s_else_the_insured_place(world: World) -> None:
    world.insure("li", "wang", "zhao", county=OTHER)
    world.send("rural_revitalization", "monitored", monitored("li"), monitored("wang"))
    world.send("civil_affairs", "recipients", grant("li", "dibao", division="370302003"), as_of=OCTOBER)
    world.send("civil_affairs", "recipients", grant("li", "dibao", division="653121105", urban_rural="城市"))
    world.send("civil_affairs", "relief", {"id": "sun", "payment_number": "1"})
    result = world.matched()
    where = {word: result.one("person", word) for word in ("li", "wang", "zhao", "sun")}
    assert [where[w]["residence"] for w in where] == ["653121105", "370302002", OTHER, COUNTY]
    assert [where[w]["county"] for w in where] == [FAR, COUNTY, OTHER, COUNTY]
    assert [where[w]["rural"] for w in where] == [False, True, None, None]


def test_sex_and_birth_are_the_number_s_else_medical_insurance_s(world: World) -> None:
    world.send(
        "medical_insurance",
        "persons",
        insured("li", sex="2", birth=date(1960, 1, 2), gend="1", brdy=date(1999, 9, 9), naty="01"),
        insured("permit", gend="2", brdy=date(1970, 3, 4)),
        insured("unknown", gend="0"),
    )
    result = world.matched()
    found = {w: result.one("person", w) for w in ("li", "permit", "unknown")}
    assert [(p["sex"], p["birth"]) for p in found.values()] == [
        ("2", date(1960, 1, 2)), ("2", date(1970, 3, 4)), (None, None),
    ]  # fmt: skip
    assert found["li"]["ethnic"] == "01"


def test_a_person_s_record_is_the_newest_of_the_most_trusted_stream(world: World) -> None:
    world.insure("li", as_of=OCTOBER)
    newest = world.send("medical_insurance", "persons", insured("li"))
    world.send("civil_affairs", "recipients", grant("li", "dibao"))
    world.send("medical_insurance", "settlements", stay("wang", "S1", 1, name=None))
    result = world.matched()
    assert result.one("person", "li")["batch_id"] == newest
    assert result.one("person", "wang")["name_masked"] is None


def test_a_death_is_known_in_its_newest_version(world: World) -> None:
    world.send("civil_affairs", "deaths", {"id": "li", "died": date(2025, 10, 9)}, as_of=OCTOBER)
    world.send("civil_affairs", "deaths", {"id": "li", "died": date(2025, 10, 8)})
    assert world.matched().one("person", "li")["death"] == date(2025, 10, 8)


# --- medical insurance ---


def cover(**more: object) -> Row:
    values = {"insutype": "390", "psn_insu_stas": "1", "psn_insu_date": date(2024, 1, 1), "insuplc_admdvs": COUNTY}
    return {**values, **more}


def test_an_enrolment_runs_from_joining_to_pausing(world: World) -> None:
    paused = cover(psn_insu_stas="2", paus_insu_date=date(2025, 11, 15))
    world.send("medical_insurance", "persons", insured("li"), {**insured("wang"), "insuinfo": [paused]})
    result = world.matched()
    row = result.one("enrolment", "li")
    assert (row["status"], row["valid_from"], row["valid_until"]) == ("normal", date(2020, 1, 1), OPEN)
    assert (row["region"], row["pooling_area"]) == (COUNTY, "3703")
    row = result.one("enrolment", "wang")
    assert (row["status"], row["valid_until"]) == ("paused", date(2025, 11, 15))


ENROLLED = [
    (cover(), True),
    (cover(insutype="310"), True),
    (cover(insutype="392"), False),  # serious-illness cover alone
    (cover(psn_insu_date=date(2025, 12, 1)), False),
    (cover(psn_insu_date=NOVEMBER), True),
    (cover(psn_insu_stas="2"), False),  # paused, and nobody says since when
    (cover(psn_insu_stas="3", paus_insu_date=NOVEMBER), False),
    (cover(psn_insu_stas="3", paus_insu_date=date(2025, 12, 1)), True),
]


def test_who_is_insured_on_the_last_day(world: World) -> None:
    """Each entry is a person's own."""
    words = [f"p{place}" for place in range(len(ENROLLED))]
    people = [{**insured(word), "insuinfo": [entry]} for word, (entry, _) in zip(words, ENROLLED, strict=True)]
    world.send("medical_insurance", "persons", *people)
    world.send("civil_affairs", "recipients", *(grant(word, "dibao", f"H{word}") for word in words))
    result = world.compute()
    for word, (entry, insured_on_the_last_day) in zip(words, ENROLLED, strict=True):
        uninsured = ("listed_not_insured", "") in result.kinds(word)
        assert uninsured is not insured_on_the_last_day, entry


def test_of_two_insurances_the_one_joined_last_says_where_and_how_a_person_is_insured(world: World) -> None:
    world.rules = [rule("premium_subsidy", "dibao", amount=1, insutypes="390")]
    covers = [cover(), cover(insutype="310", psn_insu_date=date(2025, 9, 1))]
    world.send("medical_insurance", "persons", {**insured("li"), "insuinfo": covers}, insured("wang"))
    world.send("civil_affairs", "recipients", grant("li", "dibao"), grant("wang", "dibao", "H2"))
    assert world.compute().words("entitlement") == {"wang"}


def test_absence_from_a_register_is_no_end(world: World) -> None:
    world.insure("li", as_of=OCTOBER)
    world.insure("wang")
    assert world.matched().words("enrolment") == {"li", "wang"}


def test_a_person_number_whose_id_was_corrected_counts_for_the_right_person_only(world: World) -> None:
    world.send("medical_insurance", "persons", insured("wrong", psn_no="P9"), as_of=OCTOBER)
    world.send("medical_insurance", "persons", insured("right", psn_no="P9"))
    assert world.matched().words("enrolment") == {"right"}


def test_codes_are_read_by_the_province_s_own_list_and_then_by_the_nation_s(world: World) -> None:
    def tag(code: str) -> Row:
        return {"idetinfo": [{"psn_idet_type": code, "begntime": date(2025, 1, 1)}]}

    rows = [
        {**insured("li"), **tag("01")},
        {**insured("wang", FAR), **tag("01")},
        {**insured("zhao", FAR), **tag("99")},
    ]
    world.send("medical_insurance", "persons", *rows)
    result = world.matched()
    assert [result.one("identity_tag", w)["category"] for w in ("li", "wang", "zhao")] == ["tekun", "dibao", "orphan"]


def test_a_person_insured_in_two_places_is_read_by_the_first(world: World) -> None:
    tag = {"psn_idet_type": "01", "begntime": date(2025, 1, 1)}
    covers = [cover(), cover(insutype="310", insuplc_admdvs=FAR)]
    world.send("medical_insurance", "persons", {**insured("li"), "insuinfo": covers, "idetinfo": [tag]})
    result = world.matched()
    assert (result.one("identity_tag")["category"], result.one("identity_tag")["region"]) == ("tekun", COUNTY)
    assert result.one("person")["residence"] == COUNTY
    assert len(result("enrolment")) == 2


def test_a_tag_that_says_none_is_no_tag(world: World) -> None:
    tags = [{"psn_idet_type": code, "begntime": date(2025, 1, 1), "endtime": date(2025, 6, 1)} for code in ("00", "04")]
    world.send("medical_insurance", "persons", {**insured("li"), "idetinfo": tags})
    row = world.matched().one("identity_tag", "li")
    assert (row["category"], row["valid_until"]) == ("dibao", date(2025, 6, 1))


def test_two_equal_subsidies_are_two(world: World) -> None:
    world.send("medical_insurance", "persons", {**insured("li"), "subsidyinfo": [paid(), paid(), paid(payer="4")]})
    rows = world.matched()("subsidy", "li")
    assert [(row["payer"], row["amount"], row["ordinal"]) for row in rows] == [
        ("medical_insurance", 150_00, 0), ("medical_insurance", 150_00, 1), ("finance", 150_00, 2),
    ]  # fmt: skip


# --- settlements ---


def test_a_settlement_s_payers_and_what_is_left_in_scope(world: World) -> None:
    lines = [
        {"fund_pay_type": code, "fund_payamt": fen} for code, fen in (("390100", 600), ("610102", 30), ("610102", 5))
    ]
    row = stay("li", "S1", 1_000, 600, hifmi_pay=100, maf_pay=50, medfee_sumamt=1_200, setldetail=lines)
    world.send("medical_insurance", "settlements", row)
    found = world.matched().one("settlement", "li")
    names = (
        "total",
        "scope",
        "basic_paid",
        "serious_illness_paid",
        "medical_assistance_paid",
        "tilt_paid",
        "self_in_scope",
    )
    assert [found[name] for name in names] == [1_200, 1_000, 600, 100, 50, 35, 215]
    assert (found["setting"], found["hospital_level"], found["cancelled"]) == ("inpatient", "2", False)


def cancelled(result: Result) -> set[str]:
    return {row["setl_id"] for row in result("settlement") if row["cancelled"]}


def test_a_refund_that_names_its_settlement_cancels_both(world: World) -> None:
    world.send("medical_insurance", "settlements", stay("li", "S1", 1_000), stay("li", "S2", 1_000))
    world.send("medical_insurance", "settlements", stay("li", "S3", -1_000, mdtrt_id="other", init_setl_id="S1"))
    assert cancelled(world.matched()) == {"S1", "S3"}


def test_a_refund_without_a_name_cancels_one_of_the_same_visit_and_total(world: World) -> None:
    world.send(
        "medical_insurance",
        "settlements",
        stay("li", "S1", 1_000, mdtrt_id="V"),
        stay("li", "S2", 1_000, mdtrt_id="V", on=date(2025, 6, 11)),
        stay("li", "S3", 1_000),
        stay("li", "S4", 999, mdtrt_id="V"),
        stay("wang", "S5", 1_000, mdtrt_id="V"),
        stay("li", "S6", -1_000, mdtrt_id="V", on=date(2025, 6, 12)),
    )
    assert cancelled(world.matched()) == {"S1", "S6"}


def test_what_a_named_refund_took_back_is_not_taken_back_twice(world: World) -> None:
    world.send(
        "medical_insurance",
        "settlements",
        stay("li", "S1", 1_000, mdtrt_id="V"),
        stay("li", "S2", 1_000, mdtrt_id="V"),
        stay("li", "S3", -1_000, mdtrt_id="V", init_setl_id="S1"),
        stay("li", "S4", -1_000, mdtrt_id="V"),
    )
    assert cancelled(world.matched()) == {"S1", "S2", "S3", "S4"}


def test_a_refund_of_what_was_never_seen_counts_for_nothing(world: World) -> None:
    world.send(
        "medical_insurance", "settlements", stay("li", "S1", -1_000, init_setl_id="S0"), stay("wang", "S2", -1_000)
    )
    assert cancelled(world.matched()) == {"S1", "S2"}


def test_a_refund_names_only_a_settlement_of_the_same_person(world: World) -> None:
    world.send(
        "medical_insurance", "settlements", stay("li", "S1", 1_000), stay("wang", "S2", -1_000, init_setl_id="S1")
    )
    assert cancelled(world.matched()) == {"S2"}


def test_a_settlement_taken_back_after_the_month_still_counts_in_it(world: World) -> None:
    world.send(
        "medical_insurance",
        "settlements",
        stay("li", "S1", 1_000),
        stay("li", "S2", -1_000, init_setl_id="S1", on=date(2025, 12, 2)),
    )
    assert cancelled(world.matched()) == {"S2"}
    assert cancelled(world.matched("2025-12")) == {"S1", "S2"}
