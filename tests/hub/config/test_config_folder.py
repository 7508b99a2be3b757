"""A configuration folder: its digest, its code lists, its pooling areas, its examples."""

from __future__ import annotations

from datetime import date

import pytest
from config_folders import RULE

from hub import config
from hub.config.pooling import Pooling, table
from hub.policy.keys import BENEFITS, NUMBERS


def test_the_digest_changes_with_every_byte_and_every_name(folder):
    digests = {config.load(folder.path).digest}
    assert config.load(folder.path).digest in digests
    folder.document("a", RULE)
    digests.add(config.load(folder.path).digest)
    (folder.path / "policy/a.toml").rename(folder.path / "policy/b.toml")
    digests.add(config.load(folder.path).digest)
    with (folder.path / "policy/b.toml").open("a") as file:
        file.write("# a comment\n")
    digests.add(config.load(folder.path).digest)
    folder.write("agreements/x.toml", "anything = 1\n")
    digests.add(config.load(folder.path).digest)
    assert len(digests) == 5
    folder.write("__pycache__/x.pyc", "not part of it")
    assert config.load(folder.path).digest in digests


def test_a_provinces_code_list_stands_before_the_nations(folder):
    codes = config.load(folder.path).codes
    assert codes.value("psn_idet_type", "37", "01") == "dibao"
    assert codes.value("psn_idet_type", "37", "9") is None, "the province's list is the whole list there"
    assert codes.value("psn_idet_type", "65", "9") == "none"
    assert codes.known("gend", "37", "1")
    assert not codes.known("gend", "37", "3")
    assert not codes.known("no_such_list", "37", "1")
    rows = config.load(folder.path).relations([], 2025)["code_map"].to_pylist()
    assert {"list": "psn_idet_type", "province": "37", "code": "02", "value": "tekun"} in rows


def test_no_county_gives_empty_relations_with_all_their_columns(folder):
    found = config.load(folder.path).relations([], 2025)
    assert set(found) == {
        "code_map", "category", "exclusion", "division", "pooling_area", "rule_in_force", "rule_tier", "premium",
    }  # fmt: skip
    assert found["rule_tier"].num_rows == 0
    assert found["rule_in_force"].num_rows == found["premium"].num_rows == found["pooling_area"].num_rows == 0
    assert found["rule_in_force"].column_names[:5] == ["region", "benefit", "category", "valid_from", "valid_until"]


def test_a_smaller_division_pools_before_a_larger_one():
    def pooling(within, start, end, *, area="", digits=6):
        return Pooling(within=within, area=area, digits=digits, valid_from=start, valid_until=end, citation="x")

    old, new, end = date(2020, 1, 1), date(2023, 1, 1), date(9999, 12, 31)
    known = [pooling("37", old, end, digits=4), pooling("370302", old, new, area="370303")]
    assert table(known, ["370302", "370902", "110101"]).to_pylist() == [
        {"county": "370302", "pooling_area": "370303", "valid_from": old, "valid_until": new},
        {"county": "370302", "pooling_area": "3703", "valid_from": new, "valid_until": end},
        {"county": "370902", "pooling_area": "3709", "valid_from": old, "valid_until": end},
    ]


def test_a_year_is_cut_where_a_document_changes(folder):
    folder.document("province", RULE.replace("0.75", "0.70"))
    folder.document("city", RULE + "from = 2025-03-01\nuntil = 2025-07-01\n", region="3703")
    rows = config.load(folder.path).relations(["370302", "370902"], 2025)["rule_in_force"].to_pylist()
    assert [(row["region"], str(row["valid_from"]), str(row["valid_until"]), row["ratio"]) for row in rows] == [
        ("370302", "2025-01-01", "2025-03-01", 7000),
        ("370302", "2025-03-01", "2025-07-01", 7500),
        ("370302", "2025-07-01", "2026-01-01", 7000),
        ("370902", "2025-01-01", "2026-01-01", 7000),
    ]


def test_mode_and_rank_come_from_the_region(folder):
    merge = '[merge]\nmode = "by_category"\nrank = ["dibao", "tekun"]\narticle = "二"\n'
    folder.document("city", merge, region="3703")
    folder.document("province", RULE.replace('"dibao"', '"tekun", "dibao"'))
    rows = config.load(folder.path).relations(["370302", "370902"], 2025)["rule_in_force"].to_pylist()
    assert [(row["region"], row["category"], row["mode"], row["rank"]) for row in rows] == [
        ("370302", "dibao", "by_category", 1),
        ("370302", "tekun", "by_category", 2),
        ("370902", "dibao", "per_benefit", 2),
        ("370902", "tekun", "per_benefit", 12),
    ]


SAMPLE = {
    "premium_subsidy": 'amount = "full"\ninsutypes = ["390"]',
    "basic_insurance": "ratio = 0.5",
    "serious_illness": "line = 1\nratio = 0.5\ncap = 1",
    "medical_assistance": "line = 1\nratio = 0.5\ncap = 1",
    "tilt": "line = 1\nratio = 0.5\ncap = 1",
    "warning": 'line = 1\nbase = "scope"\naddressee = ["finance"]',
    "ceiling": 'ratio = 0.5\nsettings = ["inpatient"]',
    "participation": "ratio = 0.5",
}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_the_example_of_every_parameter_is_accepted(folder, number):
    folder.write("tables/disposable_income.toml", (folder.path / "tables/income.toml").read_text(encoding="utf-8"))
    instead = {"line_factor": "line", "ratio_bonus": "ratio", "pay": "ratio", "pay_per_day": "ratio"}.get(
        number.name, number.name
    )
    for benefit in sorted(number.benefits & BENEFITS):
        lines = [line for line in SAMPLE[benefit].splitlines() if not line.startswith(f"{instead} =")]
        head = f'[[rule]]\nid = "r"\nbenefit = "{benefit}"\ncategories = ["dibao"]\narticle = "1"\n'
        folder.document("example", head + "\n".join([*lines, number.example]) + "\n")
        assert folder.problems() == [], benefit


SUBSIDIES = """[[rule]]
id = "stable"
benefit = "premium_subsidy"
categories = ["stable_out"]
insutypes = ["390"]
schedule = [{ year = 2025, share = 0.50 }, { year = 2026, amount = 100 }]
article = "1"
[[rule]]
id = "temporary"
benefit = "premium_subsidy"
categories = ["dibao_edge"]
insutypes = ["390"]
amount = 350
cap_by = "stable_out"
article = "2"
"""


def test_temporary_aid_follows_the_fading_amount_that_caps_it(folder):
    folder.document("subsidies", SUBSIDIES)
    loaded = config.load(folder.path)

    def told(year):
        rows = loaded.relations(["370302"], year)["rule_in_force"].to_pylist()
        return [(row["category"], row["amount"], row["undetermined_reason"]) for row in rows]

    assert told(2025) == [("dibao_edge", 20_000, None), ("stable_out", 20_000, None)]
    assert told(2026) == [("dibao_edge", 10_000, None), ("stable_out", 10_000, None)]
    assert told(2027) == [
        ("dibao_edge", None, "subsidies/stable: schedule: says nothing of 2027"),
        ("stable_out", None, "schedule: says nothing of 2027"),
    ]
    (shown,) = [row for row in config.show(loaded, "370302", date(2025, 3, 1)) if row.category == "stable_out"]
    assert shown.values == "2025 50 % of premium (local, same, 390), 2026 100.00"


def test_relations_of_a_city_by_itself_speak_of_its_rules_once(folder):
    folder.document("city", RULE, region="3703")
    rows = config.load(folder.path).relations(["3703"], 2025)["rule_in_force"].to_pylist()
    assert [(row["region"], row["rule_key"]) for row in rows] == [("3703", "city/ma")]


def test_look_back_and_the_end_with_the_risk_are_told_of_a_category(folder):
    held = {row["code"]: row for row in config.load(folder.path).relations([], 2025)["category"].to_pylist()}
    assert (held["illness_poor"]["look_back_months"], held["dibao"]["look_back_months"]) == (12, 0)
    assert held["mon_edge"]["ends_on_risk_removed"]
