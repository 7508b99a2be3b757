"""The documents of regions beside the demo's: their numbers are those of design/policy-parameters.md."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from config_folders import SHIPPED

from hub import config
from hub.config import Config

NO_CAP = None
CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def shipped() -> Config:
    return config.load(SHIPPED)


def found(shipped: Config, region: str, year: int, benefit: str, category: str, **reach: str) -> list[dict]:
    rows = shipped.relations([region], year)["rule_in_force"].to_pylist()
    return [
        row
        for row in rows
        if (row["benefit"], row["category"]) == (benefit, category)
        and all(value in row[name].split(",") for name, value in reach.items())
    ]


INPATIENT, CHRONIC, OUTPATIENT = ({"settings": name} for name in ("inpatient", "outpatient_chronic", "outpatient"))
AID = [
    ("3213", 2024, ("tekun", "orphan", "defacto_orphan"), INPATIENT, 0, 10_000, 9_000_000),
    ("3213", 2024, ("dibao",), INPATIENT, 0, 8000, 9_000_000),
    ("3213", 2024, ("dibao_edge", "expend_hard"), INPATIENT, 300_000, 7000, 9_000_000),
    ("3213", 2024, ("dibao_edge", "expend_hard"), OUTPATIENT, 300_000, 7000, 1_000_000),
    ("360402", 2023, ("tekun",), CHRONIC, 0, 10_000, NO_CAP),
    ("360402", 2023, ("dibao", "fanpin_zhipin"), CHRONIC, 0, 7500, 5_000_000),
    ("360402", 2023, ("mon_unstable", "mon_edge", "dibao_edge"), INPATIENT, 287_530, 6000, 3_000_000),
    ("360402", 2023, ("mon_sudden", "expend_hard"), INPATIENT, 718_825, 5000, 2_000_000),
    ("500112", 2023, ("tekun", "dibao", "fanpin_zhipin"), {}, 0, 7500, 6_000_000),
    ("500112", 2023, ("dibao_edge", "mon_unstable", "mon_edge", "mon_sudden", "illness_poor"), {}, 0, 7000, 6_000_000),
    ("320281", 2023, ("dibao",), INPATIENT, 0, 7000, NO_CAP),
    ("320281", 2023, ("dibao",), CHRONIC, 0, 8500, NO_CAP),
    ("320281", 2023, ("dibao",), OUTPATIENT, 0, 8000, 80_000),
]


@pytest.mark.parametrize(("region", "year", "categories", "reach", "line", "ratio", "cap"), AID)
def test_medical_assistance_is_as_published(shipped, region, year, categories, reach, line, ratio, cap):
    for category in categories:
        (row,) = found(shipped, region, year, "medical_assistance", category, **reach)
        assert (row["determined"], row["line"], row["ratio"], row["cap"]) == (True, line, ratio, cap)


def test_jiangyin_shares_a_cap_between_settings(shipped):
    rows = found(shipped, "320281", 2023, "medical_assistance", "dibao")
    assert {(row["cap_group"], row["group_cap"]) for row in rows} == {("year", 30_000_000)}


def test_linyi_pays_a_part_of_the_premium_and_the_county_the_rest(shipped):
    (tekun,) = found(shipped, "371302", 2023, "premium_subsidy", "tekun")
    assert (tekun["amount"], tekun["full"]) == (35_000, True)
    for category in ("dibao", "fanpin_zhipin", "dibao_edge", "mon_unstable", "mon_edge", "mon_sudden"):
        rows = found(shipped, "371302", 2023, "premium_subsidy", category)
        assert {(row["amount"], row["tops_up"], row["determined"]) for row in rows} == {(15_000, "finance", True)}


def test_lanshan_of_2019_still_resolves_on_its_days(shipped):
    cii, drugs = found(shipped, "371302", 2019, "serious_illness", "stable_out")
    assert (drugs["base"], drugs["line"], drugs["ratio"], drugs["cap"]) == ("special_drugs", 0, 6000, 20_000_000)
    assert (cii["line"], cii["cap"]) == (500_000, NO_CAP)
    tiers = shipped.relations(["371302"], 2019)["rule_tier"].to_pylist()
    assert [(row["above"], row["ratio"]) for row in tiers if row["benefit"] == "serious_illness"] == [
        (0, 6500),
        (10_000_000, 7500),
        (30_000_000, 8500),
    ]
    levels = found(shipped, "371302", 2019, "medical_assistance", "tekun")
    assert {(row["hospital_levels"], row["ratio"]) for row in levels} == {("1,2", 10_000), ("3", 7000)}
    assert [tier.bp for tier in shipped.rule("lanshan-2019/tilt").tiers] == [2000, 3000, 4000, 5000]
    assert found(shipped, "371302", 2021, "serious_illness", "stable_out") == []


def test_yubei_halves_the_line_for_the_key_three(shipped):
    lines = [found(shipped, "500112", 2023, "serious_illness", who)[0]["line"] for who in ("*", "dibao")]
    assert lines == [1_690_100, 845_050]
    (tilt,) = found(shipped, "500112", 2023, "tilt", "dibao_edge")
    assert (tilt["line"], tilt["ratio"], tilt["undetermined_reason"]) == (
        300_000,
        6000,
        "cap: unknown: the page gives no cap",
    )


def test_jiangmen_has_basic_insurance_of_employees_per_stay(shipped):
    (row,) = found(shipped, "440703", 2024, "basic_insurance", "*", hospital_levels="2")
    assert (row["insutypes"], row["period"], row["line"], row["ratio"], row["cap"], row["determined"]) == (
        "310", "stay", 60_000, 9000, NO_CAP, True,
    )  # fmt: skip
    (other,) = found(shipped, "440703", 2024, "basic_insurance", "*", hospital_levels="3")
    assert not other["determined"]


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/policy")))
def test_the_policy_of_a_worked_case_is_in_order(case):
    for file in (CASES / case / "policy").glob("*.toml"):
        known = config.overlaid(SHIPPED, file.parent, alone=file.stem)
        assert list(known.documents) == [file.stem]
        assert known.documents[file.stem].rules


WARNINGS = [
    ("130727", 2022, "mon_unstable", None, "after_basic_and_serious_illness", "ten_days"),
    ("130727", 2022, "*", None, "after_basic_and_serious_illness", "monthly"),
    ("630102", 2022, "*", 617_100, "after_basic_and_serious_illness", "real_time"),
    ("610102", 2025, "dibao", 1_000_000, "after_all_three", "monthly"),
    ("610102", 2025, "*", 2_600_000, "after_all_three", "monthly"),
]


@pytest.mark.parametrize(("county", "year", "category", "line", "base", "cadence"), WARNINGS)
def test_warning_lines_are_as_published(shipped, county, year, category, line, base, cadence):
    (row,) = found(shipped, county, year, "warning", category)
    assert (row["line"], row["base"], row["cadence"], row["determined"]) == (line, base, cadence, line is not None)


def test_documents_end_and_begin_with_their_years(shipped):
    days = {
        name: (shipped.documents[name].valid_from, shipped.documents[name].valid_until) for name in shipped.documents
    }
    assert days["lanshan-2019"] == (date(2019, 1, 1), date(2021, 1, 1))
    assert days["linyi-2023"] == (date(2023, 1, 1), date(2024, 1, 1))
