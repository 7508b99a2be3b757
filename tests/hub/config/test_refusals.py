"""What a policy document may not say: each refusal names file, line, key and what to do instead."""

from __future__ import annotations

import pytest
from config_folders import HEAD, RULE

from hub import config
from hub.errors import ConfigError

HERE = "  # here"
SHARE = '{{ share = {share}, of = "{table}", area = "{area}", year = "previous"{rest} }}'


def share(share="0.25", table="income", area="prefecture", rest=', population = "all"'):
    return SHARE.format(share=share, table=table, area=area, rest=rest)


def changed(old: str, new: str, text: str = RULE) -> str:
    """The text with one line changed, and marked as the place of the problem."""
    assert text.count(old) == 1
    return text.replace(old, new + HERE)


SUBSIDY = """[[rule]]
id = "p"
benefit = "premium_subsidy"
categories = ["dibao"]
article = "1"
insutypes = ["390"]
"""

RULES = {
    "an unknown key": (RULE + "rate = 0.7" + HERE, "rate", "is not a known key"),
    "a key of another benefit": (RULE + 'addressee = ["finance"]' + HERE, "addressee", "is not a known key"),
    "no article": (changed("[[rule]]", "[[rule]]").replace('article = "一"\n', ""), "article", "is missing"),
    "an empty article": (changed('article = "一"', 'article = " "'), "article", "is not text"),
    "an unknown benefit": (changed('"medical_assistance"', '"medical_help"'), "benefit", "medical_help is not known"),
    "an unknown category": (changed('["dibao"]', '["dibao", "poor"]'), "categories", "poor is no category"),
    "an unknown group": (changed('["dibao"]', '["@poor"]'), "categories", "@poor is no category"),
    "a category twice": (changed('["dibao"]', '["dibao", "dibao"]'), "categories", "dibao stands twice"),
    "no category": (changed('["dibao"]', "[]"), "categories", "is not a list of text"),
    "everyone, where the benefit is for categories": (
        changed('["dibao"]', '["*"]'),
        "categories",
        "is not for everyone",
    ),
    "a ratio above 1": (changed("0.75", "75"), "ratio", "fraction from 0 to 1"),
    "a ratio too fine": (changed("0.75", "0.66667"), "ratio", "hundredth of a percent"),
    "a part of a fen": (changed("30000", "30000.005"), "cap", "part of a fen"),
    "no cap, unsaid": (changed("[[rule]]", "[[rule]]").replace("cap = 30000\n", ""), "cap", "needs cap"),
    "an amount beyond any": (changed("30000", "1e4000"), "cap", "is more than any amount"),
    "a ceiling's base, which nothing counts": (
        RULE + '[[rule]]\nid = "c"\nbenefit = "ceiling"\ncategories = ["tekun"]\narticle = "1"\nratio = 0.9\n'
        'settings = ["inpatient"]\nbase = "scope"' + HERE,
        "base",
        "is not a known key",
    ),
    "a band that ends before it begins": (
        RULE + "cost_from = 20000\ncost_below = 20000" + HERE,
        "cost_below",
        "is not above cost_from",
    ),
    "an age that nobody reaches": (RULE + "age_from = 200" + HERE, "age_from", "whole number from 0 to 150"),
    "half a month": (RULE + "look_back = 1.5" + HERE, "look_back", "whole number from 0 to 60"),
    "a band beside lines that do not add up": (
        RULE + "lines_most = 9\ncost_from = 1" + HERE,
        "cost_from",
        "do not add up",
    ),
    "bands that meet": (
        RULE
        + "cost_below = 9\n"
        + RULE.replace('"ma"', '"mb"').replace('categories = ["dibao"]', 'categories = ["dibao"]' + HERE)
        + "cost_from = 8\n",
        "categories",
        "both decide medical_assistance for dibao",
    ),
    "an unknown hospital level": (RULE + "hospital_levels = [1, 5]" + HERE, "hospital_levels", "5 is not known"),
    "ratio and tiers": (RULE + "tiers = [{ above = 0, ratio = 0.6 }]" + HERE, "tiers", "stand together"),
    "a bad tier": (changed("ratio = 0.75", "tiers = [{ above = 0, ratio = 6 }]"), "tiers", "fraction from 0 to 1"),
    "tiers that do not rise": (
        changed("ratio = 0.75", "tiers = [{ above = 9, ratio = 0.6 }, { above = 9, ratio = 0.7 }]"),
        "tiers",
        "do not rise",
    ),
    "an unknown word": (RULE + 'period = "month"' + HERE, "period", "month is not known"),
    "dates out of order": (RULE + "from = 2026-01-01\nuntil = 2025-06-01" + HERE, "until", "not after it began"),
    "a date before the document": (RULE + "from = 2024-12-31" + HERE, "from", "reaches beyond"),
    "a date in quotation marks": (RULE + 'from = "2025-06-01"' + HERE, "from", "is not a day"),
    "a grade nobody knows": (RULE + 'grade = "Z"' + HERE, "grade", "Z is not known"),
    "unknown without a reason": (changed("0.75", '{ unknown = "" }'), "ratio", "without a reason"),
    "a share of no table": (
        changed("line = 0", f"line = {share(table='gdp')}"),
        "line",
        "is a share of gdp, which is no table",
    ),
    "a share of no row": (changed("line = 0", f"line = {share(rest='')}"), "line", "does not name one row of income"),
    "a share of no area": (changed("line = 0", f"line = {share(area='village')}"), "line", "village is no area"),
    "a share finer than a basis point": (
        changed("line = 0", f"line = {share(share='0.33333')}"),
        "line",
        "hundredth of a percent",
    ),
    "an id that is none": (changed('"ma"', '"MA 1"'), "id", "MA 1 is no id"),
    "a subsidy of two insurances": (
        '[[rule]]\nid = "p"\nbenefit = "premium_subsidy"\ncategories = ["dibao"]\narticle = "1"\namount = "full"\n'
        'insutypes = ["310", "390"]' + HERE,
        "insutypes",
        "is of one insurance",
    ),
    "a schedule out of order": (
        SUBSIDY + "schedule = [{ year = 2026, share = 0.3 }, { year = 2025, share = 0.5 }]" + HERE,
        "schedule",
        "years are out of order",
    ),
    "a schedule beside an amount": (
        SUBSIDY + 'amount = "full"\nschedule = [{ year = 2026, share = 0.3 }]' + HERE,
        "schedule",
        "amount and schedule stand together",
    ),
    "a year without an amount": (SUBSIDY + "schedule = [{ year = 2026 }]" + HERE, "amount", "is missing"),
    "a share of the premium above 1": (
        SUBSIDY + "schedule = [{ year = 2026, share = 1.1 }]" + HERE,
        "share",
        "is not a fraction from 0 to 1",
    ),
    "a category that caps itself": (
        SUBSIDY + 'amount = "full"\ncap_by = "dibao"' + HERE,
        "cap_by",
        "dibao would cap itself",
    ),
    "everyone's rule that changes everyone's": (
        '[[rule]]\nid = "c"\nbenefit = "serious_illness"\ncategories = ["*"]\narticle = "1"\nline_factor = 0.5'
        + HERE
        + "\nratio = 0.6\ncap = 1\n",
        "line_factor",
        "is for everyone itself",
    ),
    "a shared cap without its amount": (RULE + 'cap_group = "both"' + HERE, "cap_group", "stands without group_cap"),
    "an amount of no shared cap": (RULE + "group_cap = 9" + HERE, "group_cap", "stands without cap_group"),
    "a line of the year and lines of stays": (
        changed("line = 0", "stay_lines = [900, 450]") + 'line_period = "year"' + HERE,
        "line_period",
        "stay_lines gives a line for each",
    ),
    "a line beside lines of stays": (RULE + "stay_lines = [900]" + HERE, "stay_lines", "stand together"),
    "lines of stays that are no list": (changed("line = 0", "stay_lines = 900"), "stay_lines", "is no list of lines"),
    "a line of a stay that is none": (changed("line = 0", "stay_lines = [900, -1]"), "stay_lines", "0 yuan or more"),
    "a period nobody knows": (RULE + 'cap_period = "week"' + HERE, "cap_period", "week is not known"),
    "tiers of a period without tiers": (RULE + 'tiers_period = "stay"' + HERE, "tiers_period", "there are no tiers"),
    "a period of no shared cap": (RULE + 'group_cap_period = "stay"' + HERE, "group_cap_period", "no cap_group"),
    "conditions that are never met": (
        RULE + 'conditions = ["referral", "no_referral"]' + HERE,
        "conditions",
        "referral and no_referral are never both met",
    ),
    "a cap that is a share of the cost": (
        changed("cap = 30000", 'cap = { share = 0.10, of = "scope" }'),
        "cap",
        "is a share of the cost",
    ),
    "a share of the cost with a year": (
        changed("line = 0", 'line = { share = 0.10, of = "scope", year = "same" }'),
        "line",
        "is a share of the cost with year",
    ),
    "a least line above the most": (
        changed("line = 0", 'line = { share = 0.10, of = "total", least = 2, most = 1 }'),
        "line",
        "has a least above its most",
    ),
    "a fixed amount beside a ratio": (RULE + "pay = 2000" + HERE, "pay", "ratio and pay stand together"),
    "other aid nobody knows": (RULE + 'deducts = ["loan"]' + HERE, "deducts", "loan is not known"),
    "other aid that counts and is not deducted": (
        RULE + 'deducts = ["charity"]\ncounts = ["commercial"]' + HERE,
        "counts",
        "commercial counts as paid but is not deducted",
    ),
    "a warning nobody gets": (
        f'[[rule]]{HERE}\nid = "w"\nbenefit = "warning"\ncategories = ["*"]\narticle = "1"\nline = 2000\n'
        'base = "scope"\n',
        "addressee",
        "needs addressee",
    ),
    "everyone beside a category": (
        '[[rule]]\nid = "w"\nbenefit = "warning"\narticle = "1"\nline = 2000\nbase = "scope"\naddressee = ["finance"]\n'
        'categories = ["*", "dibao"]' + HERE,
        "categories",
        "everyone stands beside",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_refused_with_file_line_key_and_remedy(folder, name):
    text, key, message = RULES[name]
    folder.document("spoilt", text)
    problem = folder.problems()[0]
    lines = (folder.path / "policy/spoilt.toml").read_text(encoding="utf-8").splitlines()
    assert (problem.file, problem.key) == ("policy/spoilt.toml", key)
    assert lines[problem.line - 1].endswith(HERE)
    assert message in problem.message
    assert problem.remedy


HEADS = {
    "no address": ('address = "http://example.test"\n', "", "address", "is missing"),
    "no grade": ('grade = "G"\n', "", "grade", "is missing"),
    "no day of checking": ("checked = 2026-01-01\n", "", "checked", "is missing"),
    "no number": ('number = "文〔2025〕1号"\n', "", "number", "is missing"),
    "no beginning": ("from = 2025-01-01\n", "", "from", "is missing"),
    "an end before the beginning": (
        "from = 2025-01-01\n",
        "from = 2025-01-01\nuntil = 2025-01-01\n",
        "until",
        "not after it began",
    ),
    "an unknown region": ('region = "37"', 'region = "99"', "region", "99 is no province"),
    "a township": ('region = "37"', 'region = "370302001"', "region", "370302001 is no province"),
    "an unknown key": ('issuer = "某局"', 'issuer = "某局"\nauthor = "x"', "author", "is not a known key"),
}


@pytest.mark.parametrize("name", HEADS)
def test_the_head_of_a_document_is_refused(folder, name):
    old, new, key, message = HEADS[name]
    text = HEAD.format(region="37") + RULE
    assert old in text
    folder.write("policy/spoilt.toml", text.replace(old, new))
    problem = folder.problems()[0]
    assert (problem.file, problem.key) == ("policy/spoilt.toml", key)
    assert message in problem.message


@pytest.mark.parametrize("text", ["cap = " + "9" * 5000, "x = " + "[" * 3000 + "]" * 3000, "x = 1e9999999999999999999"])
def test_a_file_that_holds_what_no_reader_can_hold_is_refused(folder, text):
    folder.write("policy/vast.toml", HEAD.format(region="37") + text + "\n")
    problem = next(problem for problem in folder.problems() if problem.file == "policy/vast.toml")
    assert "no file of this kind can hold" in problem.message or problem.key == "x"
    assert problem.remedy


def test_a_file_that_is_no_toml_and_a_file_name_that_is_no_id_are_refused(folder):
    folder.write("policy/broken.toml", "number = \n")
    folder.write("policy/Not An Id.toml", HEAD.format(region="37"))
    told = {
        problem.file: problem for problem in folder.problems() if "TOML" in problem.message or "id" in problem.message
    }
    assert told["policy/broken.toml"].line == 1
    assert "no id" in told["policy/Not An Id.toml"].message


def test_rules_that_share_a_cap_say_the_same_amount(folder):
    one, two = (f'cap_group = "both"\ngroup_cap = {amount}\n' for amount in (90_000, 90_001))
    folder.document("shared", RULE + one, RULE.replace('"ma"', '"mb"').replace('"dibao"', '"tekun"') + two)
    (problem,) = folder.problems()
    assert (problem.key, problem.message) == ("group_cap", "both has another cap in shared/ma")


def test_two_rules_of_one_id_are_refused(folder):
    folder.document("twice", RULE, RULE.replace('"dibao"', '"tekun"'))
    (problem,) = folder.problems()
    assert (problem.key, problem.message) == ("id", "twice/ma stands twice")
    assert problem.line == 10 + len(RULE.splitlines()) + 1


def test_load_stops_at_the_first_problem_and_counts_the_rest(folder):
    folder.document("a", RULE.replace("0.75", "75"))
    folder.document("b", RULE.replace("0.75", "75"))
    with pytest.raises(ConfigError) as refused:
        config.load(folder.path)
    where = folder.path / "policy/a.toml"
    assert refused.value.message == f"{where}:16: ratio: is not a fraction from 0 to 1 (1 more: run `aidgraph check`)"
    assert refused.value.remedy == "Write 70 % as 0.70"
    assert refused.value.exit_code == 3


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no config folder"):
        config.load(tmp_path / "none")


@pytest.mark.parametrize(("key", "none"), [("line = 0\n", "line = 0"), ("cap = 30000\n", 'cap = "none"')])
def test_who_leaves_out_a_line_or_a_cap_is_told_how_to_say_that_there_is_none(folder, key, none):
    folder.document("some", RULE.replace(key, ""))
    with pytest.raises(ConfigError) as refused:
        config.load(folder.path)
    assert refused.value.remedy.startswith(f"Add {none} where there is none; if the source is silent: ")
