"""What documents may not say against each other, and what nobody checked for a year."""

from __future__ import annotations

import pytest
from config_folders import INCOME, RULE

from hub import config


def overlapping(folder, second: str, region: str = "37", until: str = "") -> list[str]:
    folder.document("first", RULE, more=until)
    folder.document("second", second, region=region)
    return [problem.message for problem in folder.problems()]


def test_two_documents_of_one_region_that_decide_the_same_case_are_refused(folder):
    (message,) = overlapping(folder, RULE)
    assert message == (
        "second/ma and first/ma (policy/first.toml:10) both decide medical_assistance for dibao "
        "on the same days with equal rank"
    )
    assert folder.problems()[0].line == 13


@pytest.mark.parametrize(
    ("second", "region", "until"),
    [
        (RULE, "3703", ""),
        (RULE.replace('"dibao"', '"tekun"'), "37", ""),
        (RULE + "from = 2025-07-01\n", "37", "until = 2025-07-01\n"),
        (RULE.replace("medical_assistance", "tilt"), "37", ""),
    ],
)
def test_other_regions_categories_days_and_benefits_do_not_overlap(folder, second, region, until):
    assert overlapping(folder, second, region, until) == []


def test_settings_and_insurances_part_two_rules_of_one_document(folder):
    inpatient, chronic = RULE + 'settings = ["inpatient"]\n', RULE + 'settings = ["outpatient_chronic"]\n'
    folder.document("parted", inpatient, chronic.replace('"ma"', '"mb"'))
    assert folder.problems() == []
    folder.document("parted", inpatient, RULE.replace('"ma"', '"mb"'))
    assert "equal rank" in folder.problems()[0].message


def test_two_ranks_of_one_region_on_one_day_are_refused(folder):
    merge = '[merge]\nrank = ["tekun", "dibao"]\narticle = "二"\n'
    folder.document("first", merge)
    folder.document("second", merge)
    (problem,) = folder.problems()
    assert (problem.file, problem.line, problem.key) == ("policy/second.toml", 11, "rank")
    folder.document("second", merge, region="3703")
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("above", "below", "message"),
    [
        ("ratio = { floor = 0.80 }", RULE, "75 % breaks the bound of above/ma: not less than 80 % (一)"),
        ("ratio = { ceiling = 0.70 }", RULE, "75 % breaks the bound of above/ma: not more than 70 % (一)"),
    ],
)
def test_a_city_that_breaks_a_bound_of_its_province_is_refused(folder, above, below, message):
    folder.document("above", RULE.replace("ratio = 0.75", above))
    folder.document("below", below, region="3703")
    (problem,) = folder.problems()
    assert (problem.file, problem.line, problem.key, problem.message) == ("policy/below.toml", 16, "ratio", message)


@pytest.mark.parametrize(
    ("above", "below", "region"),
    [
        ("ratio = { floor = 0.75 }", RULE, "3703"),
        ("ratio = { floor = 0.80 }", RULE.replace('"dibao"', '"tekun"'), "3703"),
        ("ratio = { floor = 0.80 }", RULE, "6531"),
        ("ratio = { floor = 0.80 }", RULE.replace("ratio = 0.75", "ratio = { floor = 0.60 }"), "3703"),
        ("ratio = { floor = 0.80 }\nuntil = 2025-07-01", RULE + "from = 2025-07-01\n", "3703"),
    ],
)
def test_a_bound_binds_only_exact_values_of_the_same_case_below_it(folder, above, below, region):
    folder.document("above", RULE.replace("ratio = 0.75", above))
    folder.document("below", below, region=region)
    assert folder.problems() == []


def test_a_tier_below_the_floor_of_the_province_is_refused(folder):
    tiers = "tiers = [{ above = 0, ratio = 0.60 }, { above = 10000, ratio = 0.85 }]"
    folder.document("above", RULE.replace("ratio = 0.75", "ratio = { floor = 0.70 }"))
    folder.document("below", RULE.replace("ratio = 0.75", tiers), region="3703")
    (problem,) = folder.problems()
    assert (problem.key, problem.message) == ("tiers", "60 % breaks the bound of above/ma: not less than 70 % (一)")


def gap(folder, *rules, **given):
    folder.document("some", *rules, **given)
    return [(problem.key, problem.message) for problem in folder.problems()]


def test_a_document_that_forgets_one_of_those_it_serves_is_refused(folder):
    serves = 'serves = ["tekun", "dibao"]\n'
    assert gap(folder, RULE, more=serves) == [
        ("serves", "medical_assistance is given to dibao and says nothing of tekun from 2025-01-01")
    ]
    assert gap(folder, RULE.replace('["dibao"]', '["dibao", "tekun"]'), more=serves) == []
    late = RULE.replace('"ma"', '"mb"').replace('"dibao"', '"tekun"') + "until = 2025-07-01\n"
    assert gap(folder, RULE, late, more=serves) == [
        ("serves", "medical_assistance is given to dibao, tekun and says nothing of tekun from 2025-07-01")
    ]
    silent = late.replace("until = 2025-07-01\n", "").replace("ratio = 0.75", 'ratio = { unknown = "silent" }')
    assert gap(folder, RULE, silent, more=serves) == []
    assert gap(folder, more='serves = ["poor"]\n') == [("serves", "poor is no category")]


def test_a_rule_of_some_hospital_levels_that_leaves_another_unsaid_is_warned_of(folder):
    low = RULE + "hospital_levels = [1, 2]\n"  # a number is read as the level
    high = RULE.replace('"ma"', '"mb"') + 'hospital_levels = ["3"]\n'
    assert gap(folder, low) == []
    assert [(problem.key, problem.message) for problem in folder.problems("warning")] == [
        ("hospital_levels", "some/ma leaves a gap: medical_assistance in hospitals of level 3 for dibao")
    ]
    assert gap(folder, low, high) == folder.problems("warning") == []
    assert gap(folder, low, high + "until = 2025-07-01\n") == []
    assert len(folder.problems("warning")) == 1


def test_days_between_two_rules_of_a_region_are_a_gap_unless_a_document_above_speaks(folder):
    first, second = RULE + "until = 2025-03-01\n", RULE.replace('"ma"', '"mb"') + "from = 2025-04-01\n"
    told = [("from", "some/mb leaves a gap: no rule of medical_assistance from 2025-03-01 to 2025-04-01 for dibao")]
    assert gap(folder, first, second, region="3703") == told
    folder.document("above", RULE)
    assert gap(folder, first, second, region="3703") == []
    folder.document("above", RULE + 'settings = ["inpatient"]\n')
    assert gap(folder, first, second, region="3703") == told


def test_no_cap_is_above_every_floor_and_every_ceiling(folder):
    folder.document("above", RULE.replace("cap = 30000", "cap = { floor = 30000 }"))
    folder.document("below", RULE.replace("cap = 30000", 'cap = "none"'), region="3703")
    assert folder.problems() == []
    folder.document("above", RULE.replace("cap = 30000", "cap = { ceiling = 30000 }"))
    assert folder.problems()[0].message.startswith("no cap breaks the bound of above/ma: not more than 30000.00")


def test_what_nobody_checked_for_a_year_is_a_warning_and_does_not_stop_the_hub(folder):
    folder.document("old", RULE + "checked = 2025-11-20\n")
    folder.write("tables/income.toml", INCOME.replace("2026-01-01", "2027-01-01"))
    assert folder.problems() == []
    assert [(p.file, p.line, p.key, p.message) for p in folder.problems("warning")] == [
        ("policy/old.toml", 18, "checked", "nobody has checked it since 2025-11-20"),
        ("tables/income.toml", 12, "checked", "2027-01-01 is in the future"),
    ]
    assert config.load(folder.path).documents["old"]
