"""The shipped configuration: in order, cited, and its numbers those of design/policy-parameters.md."""

from __future__ import annotations

from datetime import date

import pytest
from config_folders import SHIPPED, TODAY

from hub import config
from hub.config import Config
from hub.errors import InputError
from hub.inputs import CONFIG
from hub.policy.keys import BENEFITS, CALCULATED, CHOICES, NEEDED, NUMBERS, PAID
from hub.policy.toml import read
from hub.policy.values import Ceiling, Exact, Floor, Unknown, Word

COUNTIES = ("370302", "370902", "370911", "653121")
KEY_THREE = ("tekun", "dibao", "fanpin_zhipin")
MARGIN = ("dibao_edge", "mon_unstable", "mon_edge", "mon_sudden")


@pytest.fixture(scope="module")
def shipped() -> Config:
    return config.load(SHIPPED)


@pytest.fixture(scope="module")
def rows(shipped) -> dict:
    """(county, benefit, category) -> the one row of rule_in_force in 2025."""
    found = shipped.relations(COUNTIES, 2025)["rule_in_force"].to_pylist()
    found = [row for row in found if not row["rule_key"].endswith("+none")]  # an insurance without everyone's rule
    keyed = {(row["region"], row["benefit"], row["category"]): row for row in found}
    assert len(keyed) == len(found), "nothing changes within 2025, and no rule is parted"
    return keyed


def test_there_is_nothing_to_say_against_it():
    assert config.check(SHIPPED, TODAY) == []


def test_every_rule_and_figure_is_cited(shipped):
    for document in shipped.documents.values():
        for rule in document.rules:
            assert rule.citation.article
            assert rule.citation.source.address.startswith("http")
            assert rule.citation.source.checked >= date(2026, 11, 21)
    for table in shipped.tables.values():
        for figure in table.figures.values():
            assert isinstance(figure.value, Unknown) or figure.citation


def test_every_pinned_document_is_there(shipped):
    regions = {document.region for document in shipped.documents.values()}
    assert regions == {
        "", "37", "370302", "3709", "65", "3713", "371302", "3213", "3604", "500112", "320281", "4407",
        "130727", "63", "6101",
    }  # fmt: skip
    assert shipped.rule("zichuan-2025/ma-margin").numbers["line"] == Exact(value=300_000)


ZICHUAN = [
    ("medical_assistance", KEY_THREE, 0, 7500, 3_000_000),
    ("medical_assistance", MARGIN, 300_000, 5000, 2_000_000),
    ("tilt", KEY_THREE, 500_000, 7000, 2_000_000),
    ("tilt", MARGIN, 1_000_000, 7000, 2_000_000),
]


@pytest.mark.parametrize(("benefit", "categories", "line", "ratio", "cap"), ZICHUAN)
def test_zichuan_is_p04(rows, benefit, categories, line, ratio, cap):
    for category in categories:
        row = rows["370302", benefit, category]
        assert (row["line"], row["ratio"], row["cap"], row["determined"]) == (line, ratio, cap, True)
        assert (row["document"], row["valid_from"], row["valid_until"]) == (
            "zichuan-2025",
            date(2025, 1, 1),
            date(2026, 1, 1),
        )
        assert row["base"] == ("after_all_three" if benefit == "tilt" else "after_basic_and_serious_illness")


def test_zichuan_waits_for_the_citys_income(rows):
    row = rows["370302", "medical_assistance", "expend_hard"]
    assert (row["determined"], row["line"], row["ratio"], row["cap"]) == (False, None, 6000, 2_000_000)
    assert row["undetermined_reason"].startswith("line: disposable_income of 3703 (2024, all) is unknown")
    assert row["on_application"] is True


def test_taian_has_a_tilt_of_its_own_and_only_the_provinces_floors_of_assistance(rows):
    for county in ("370902", "370911"):
        tilt = rows[county, "tilt", "dibao"]
        assert (tilt["line"], tilt["ratio"], tilt["cap"], tilt["document"]) == (
            500_000,
            7000,
            2_000_000,
            "taian-2022-14",
        )
        aid = rows[county, "medical_assistance", "dibao"]
        assert (aid["determined"], aid["line"], aid["ratio"], aid["cap"]) == (False, 0, None, None)
        assert aid["undetermined_reason"] == (
            "ratio: not less than 70 %, and no rule gives the value itself; "
            "cap: not less than 30000.00, and no rule gives the value itself"
        )


def test_taian_serious_illness_is_p05(shipped):
    everyone, key = (shipped.rule(f"taian-2022-14/{name}") for name in ("cii-everyone", "cii-tekun-dibao"))
    assert everyone.numbers == {"line": Exact(value=1_400_000), "cap": Exact(value=40_000_000)}
    assert key.numbers == {"line": Exact(value=700_000), "cap": Exact(value=Word.NO_CAP)}
    assert [tier.bp for tier in everyone.tiers] == [6000, 6500, 7000, 7500]
    assert [tier.bp for tier in key.tiers] == [6500, 7000, 7500, 8000]
    assert [tier.above for tier in key.tiers] == [0, 10_000_000, 20_000_000, 30_000_000]


def test_the_relations_have_every_column_that_the_stages_read(shipped):
    found = shipped.relations(["370302"], 2025)
    for name, columns in CONFIG.items():
        assert set(columns) <= set(found[name].column_names)


def test_every_determined_paying_rule_has_a_tier_and_no_other(shipped):
    found = shipped.relations(COUNTIES, 2025)
    key = ("region", "benefit", "category", "valid_from", "rule_key")
    rules = [row for row in found["rule_in_force"].to_pylist() if row["benefit"] in PAID]
    tiers = found["rule_tier"].to_pylist()
    paying = [tuple(row[name] for name in key) for row in rules if row["determined"]]
    assert len(set(paying)) == len(paying)
    assert {tuple(row[name] for name in key) for row in tiers} == set(paying)
    assert [
        (row["above"], row["ratio"])
        for row in tiers
        if (row["region"], row["benefit"], row["category"]) == ("370902", "serious_illness", "tekun")
    ] == [(0, 6500), (10_000_000, 7000), (20_000_000, 7500), (30_000_000, 8000)]


def test_a_special_category_has_everyones_rule_of_the_place_changed_by_the_provinces(shipped):
    found = shipped.relations(["370902"], 2025)["rule_in_force"].to_pylist()
    fanpin = [row for row in found if (row["benefit"], row["category"]) == ("serious_illness", "fanpin_zhipin")]
    assert [(row["rule_key"], row["insutypes"], row["line"], row["determined"]) for row in fanpin] == [
        ("shandong-2022-12/cii-key-three+cii-everyone", "390", 700_000, False),
        ("shandong-2022-12/cii-key-three+none", "310", None, False),
    ]
    assert fanpin[0]["undetermined_reason"].startswith("ratio_bonus: unknown")
    assert fanpin[1]["undetermined_reason"].startswith("line_factor and ratio_bonus: no rule for everyone")
    assert shipped.rule(fanpin[0]["rule_key"]) == shipped.rule("shandong-2022-12/cii-key-three")


def test_shandong_keeps_floors_floors_and_lost_words_unknown(shipped):
    def numbers(name):
        return shipped.rule(f"shandong-2022-12/{name}").numbers

    assert numbers("ma-key-three") == {
        "line": Exact(value=0),
        "ratio": Floor(value=7000),
        "cap": Floor(value=3_000_000),
    }
    assert (numbers("ma-margin")["line"], numbers("ma-margin")["ratio"]) == (Exact(value=300_000), Floor(value=5000))
    assert numbers("ma-illness-poor")["ratio"] == Floor(value=6000)
    assert (numbers("tilt")["ratio"], numbers("tilt")["cap"]) == (Floor(value=7000), Ceiling(value=2_000_000))
    serious = numbers("cii-key-three")
    assert (serious["line_factor"], serious["cap"]) == (Exact(value=5000), Exact(value=Word.NO_CAP))
    for name, key in (
        ("cii-key-three", "ratio_bonus"),
        ("tilt", "line"),
        ("warning-margin", "line"),
        ("premium-fixed", "amount"),
    ):
        assert isinstance(numbers(name)[key], Unknown)


def test_premiums(rows):
    for county in COUNTIES:
        tekun = rows[county, "premium_subsidy", "tekun"]
        assert (tekun["amount"], tekun["full"], tekun["insutypes"], tekun["determined"]) == (40_000, True, "390", True)
        assert not rows[county, "premium_subsidy", "dibao"]["determined"]
    assert rows["653121", "premium_subsidy", "orphan"]["full"]
    assert ("370302", "premium_subsidy", "stable_out") not in rows


def test_xinjiang_is_s3(rows, shipped):
    for category in MARGIN:
        warning = rows["653121", "warning", category]
        assert (warning["line"], warning["base"]) == (200_000, "after_basic_and_serious_illness")
        assert warning["addressee"] == "civil_affairs,rural_revitalization"
    ceiling = rows["653121", "ceiling", "dibao"]
    assert (ceiling["ratio"], ceiling["settings"]) == (9500, "inpatient")
    assert ("370302", "ceiling", "dibao") not in rows
    assert shipped.rule("xinjiang-2023/ceiling").effect == "finding"


def test_the_transition_period_ends_with_2025(shipped):
    found = shipped.relations(["653121"], 2026)["rule_in_force"].to_pylist()
    premiums = {row["category"] for row in found if row["benefit"] == "premium_subsidy"}
    assert premiums == {"tekun", "orphan", "dibao", "fanpin_zhipin"}


def test_participation_is_99_percent_of_both_groups_everywhere(rows, shipped):
    groups = [code for code, c in shipped.categories.items() if c.rural_low_income or c.out_of_poverty]
    for county in COUNTIES:
        assert {rows[county, "participation", category]["ratio"] for category in groups} == {9900}


def test_ranks_are_regional(rows):
    shandong, xinjiang = (
        [rows[county, "warning", category]["rank"] for category in MARGIN] for county in ("370302", "653121")
    )
    assert shandong == [6, 8, 9, 7], "the margin first, then sudden, unstable and edge"
    assert xinjiang == [9, 6, 7, 8], "the monitored first, in the order of the notice"
    assert all(row["mode"] == "per_benefit" for row in rows.values())


def test_the_other_relations(shipped):
    found = shipped.relations(COUNTIES, 2025)
    assert found["pooling_area"].to_pydict()["pooling_area"] == ["3703", "3709", "3709", "6531"]
    assert {(row["region"], row["amount"]) for row in found["premium"].to_pylist()} == {(c, 40_000) for c in COUNTIES}
    pairs = {(row["category_a"], row["category_b"]) for row in found["exclusion"].to_pylist()}
    assert pairs == {
        ("dibao", "tekun"),
        ("dibao", "dibao_edge"),
        ("mon_edge", "mon_unstable"),
        ("mon_unstable", "stable_out"),
    }
    held = {row["code"]: row for row in found["category"].to_pylist()}
    assert held["mon_edge"]["certifier"] == "rural_revitalization"
    assert held["dibao"]["level"] == "household"
    place = {row["code"]: row for row in found["division"].slice(0, 5).to_pylist()}
    assert place["11"] == {
        "code": "11",
        "name": "北京市",
        "level": 1,
        "parent": None,
        "county": None,
        "city": None,
        "province": "11",
    }


def test_a_departments_name_is_dated(shipped):
    names = shipped.departments["rural_revitalization"]
    assert [names.title(date(year, 6, 1)) for year in (2020, 2022, 2025)] == [
        "扶贫开发办公室",
        "乡村振兴局",
        "农业农村局（乡村振兴）",
    ]


def test_show_says_what_is_in_force_and_what_it_overrides(shipped):
    shown = {(row.benefit, row.category): row for row in config.show(shipped, "370302", date(2025, 11, 30))}
    aid = shown["medical_assistance", "dibao"]
    assert (aid.values, aid.undetermined) == ("line 0.00, ratio 75 %, cap 30000.00", "")
    assert [other.partition(" ")[0] for other in aid.overrides] == [
        "shandong-2022-12/ma-key-three",
        "nation-2021-42/ma-tekun-dibao",
    ]
    assert (
        shown["premium_subsidy", "tekun"].presumed
        == "premium of nation (2025, 390) is presumed to be the minimum, 400.00"
    )
    assert shown["serious_illness", "tekun"].values.startswith("line_factor 50 %, ratio_bonus unknown")
    assert "is unknown" in shown["warning", "*"].undetermined
    assert config.show(shipped, "370302", date(2020, 1, 1)) == []
    assert {row.category for row in config.show(shipped, "65", date(2025, 1, 1)) if row.benefit == "ceiling"} == {
        *KEY_THREE,
        "orphan",
    }
    with pytest.raises(InputError, match="no province"):
        config.show(shipped, "990000", date(2025, 1, 1))


def test_the_whole_nation_resolves(shipped):
    nation = shipped.relations(shipped.divisions.counties, 2025)["rule_in_force"]
    assert len(set(nation["region"].to_pylist())) == len(shipped.divisions.counties)


def test_a_county_has_the_same_rows_alone_and_among_all(shipped):
    nation = shipped.relations(shipped.divisions.counties, 2025)["rule_in_force"].to_pylist()
    alone = shipped.relations(["370302"], 2025)["rule_in_force"].to_pylist()
    assert [row for row in nation if row["region"] == "370302"] == alone


def test_the_schema_knows_the_keys_that_the_reader_knows(shipped):
    made = config.schema()
    branches = {
        branch["properties"]["benefit"]["const"]: branch for branch in made["properties"]["rule"]["items"]["oneOf"]
    }
    assert set(branches) == BENEFITS == set(NEEDED) >= set(CALCULATED)
    for document in shipped.documents.values():
        data = read(SHIPPED, SHIPPED / document.file, []).data
        assert set(data) <= set(made["properties"])
        assert set(made["required"]) <= set(data)
        for rule in data["rule"]:
            branch = branches[rule["benefit"]]
            assert set(rule) <= set(branch["properties"])
            assert set(branch["required"]) <= set(rule)
            for alternatives in branch["allOf"]:
                assert sum(set(one["required"]) <= set(rule) for one in alternatives["oneOf"]) == 1
    having: dict[str, set[str]] = {}
    for key in (*NUMBERS, *CHOICES):
        having[key.name] = having.get(key.name, set()) | key.benefits
    for name, benefits in having.items():
        assert {benefit for benefit in BENEFITS if name in branches[benefit]["properties"]} == benefits
