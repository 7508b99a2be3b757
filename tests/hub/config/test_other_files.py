"""What the catalogue, tables, divisions, code lists and pooling areas may not say."""

from __future__ import annotations

import re

import pytest
from config_folders import PREMIUM, RULE, SHIPPED

from hub import config

FILES = {
    "tables/premium.toml": [
        (PREMIUM + PREMIUM[PREMIUM.index("[[row]]") :], "area", "stands twice"),
        (PREMIUM.replace('"nation"', '"99"'), "area", "99 is no division"),
        (PREMIUM.replace("value = 400", "value = 400.005"), "value", "part of a fen"),
        (
            PREMIUM.replace("value = 400", 'value = { share = 1, of = "income", area = "37", year = 2024 }'),
            "value",
            "share of a share",
        ),
        (PREMIUM.replace('article = "1"\n', ""), "article", "is missing"),
        (PREMIUM.replace('insutype = "390"\n', ""), "insutype", "is missing"),
        (PREMIUM.replace('by = ["insutype"]', "floor_counts = true"), "floor_counts_reason", "is missing"),
        (PREMIUM.replace("year = 2025", 'year = "2025"'), "year", "not a whole number"),
    ],
    "divisions.csv": [
        ("code,title\n37,x\n", "code", "lacks code or name"),
        ("code,name\n37,x\n37,y\n", "code", "37 stands twice"),
        ("code,name\n37030,x\n", "code", "37030 is not 2, 4, 6 or 9 digits"),
    ],
    "mappings/shandong/a.toml": [
        ('province = "99"\n', "province", "is no province"),
        ('[psn_idet_type]\n"01" = "dibao"\n', "province", "is missing"),
        ('province = "37"\n[psn_idet_type]\n"01" = "poor"\n', "01", "poor is not known"),
        ('province = "37"\n[unheard_of]\n"01" = "x"\n', "unheard_of", "is no code list"),
        ('province = ""\n[gend]\n"2" = "2"\n', "gend", "stands in two files"),
    ],
    "pooling_areas.toml": [
        ('[[pooling]]\nwithin = "37"\nfrom = 2020-01-01\ncitation = "x"\n', "by", "or neither"),
        (
            '[[pooling]]\nwithin = "99"\nby = "county"\nfrom = 2020-01-01\ncitation = "x"\n',
            "within",
            "99 is no division",
        ),
        ('[[pooling]]\nwithin = "37"\nby = "county"\nfrom = 2020-01-01\n', "citation", "is missing"),
        (2 * '[[pooling]]\nwithin = "37"\nby = "county"\nfrom = 2020-01-01\ncitation = "x"\n', "within", "in two ways"),
    ],
}
CASES = [(name, *case) for name, cases in FILES.items() for case in cases]


@pytest.mark.parametrize(("name", "text", "key", "message"), CASES, ids=[f"{c[0]} {c[3]}" for c in CASES])
def test_every_other_file_is_refused_in_the_same_way(folder, name, text, key, message):
    folder.write(name, text)
    problems = [problem for problem in folder.problems() if problem.file == name]
    assert any(problem.key == key and message in problem.message and problem.remedy for problem in problems), problems


CATALOGUE = {
    "a benefit left out": (
        '[benefit.tilt]\ntitle = "倾斜救助（再救助）"\ntitle_en = "tilted assistance (re-assistance)"\n',
        "",
        "tilt is missing",
    ),
    "an unknown benefit": ("[benefit.tilt]", "[benefit.loan]", "loan is no benefit"),
    "an unknown category": ("[category.tekun]", "[category.poor]", "poor is no category"),
    "an unknown certifier": (
        'certifier = [{ department = "rural_revitalization" }]\nends_on_risk_removed = false',
        'certifier = [{ department = "school" }]\nends_on_risk_removed = false',
        "school is not known",
    ),
    "certifiers that overlap": ("until = 2021-02-25 }, # [own]", "until = 2021-03-01 },", "overlap in time"),
    "a level nobody knows": (
        '[category.tekun]\ntitle = "特困人员"\ntitle_en = "person in extreme difficulty"\nlevel = "person"',
        '[category.tekun]\ntitle = "特困人员"\ntitle_en = "x"\nlevel = "village"',
        "village is not known",
    ),
    "an exclusion of one": ('between = ["tekun", "dibao"]', 'between = ["tekun"]', "does not name two"),
    "an exclusion of nobody": ('between = ["tekun", "dibao"]', 'between = ["tekun", "poor"]', "poor is not known"),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_is_refused(folder, name):
    old, new, message = CATALOGUE[name]
    path = folder.path / "categories.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    folder.write("categories.toml", text.replace(old, new))
    assert any(message in problem.message for problem in folder.problems() if problem.file == "categories.toml")


def test_a_region_may_add_a_category_of_its_own(folder):
    text = (folder.path / "categories.toml").read_text(encoding="utf-8")
    own = text[text.index("[category.expend_hard]") : text.index("# --- 互斥")].replace("expend_hard", "x_youfu")
    folder.write("categories.toml", text + own)
    folder.document("own", RULE.replace('"dibao"', '"x_youfu"'))
    assert folder.problems() == []
    assert config.load(folder.path).categories["x_youfu"].level == "household"


WEIRD = (
    "1",
    "-1",
    "1.5",
    "true",
    '""',
    '"x"',
    "[]",
    "{}",
    "[1]",
    "[{}]",
    '{ floor = "x" }',
    "2025-01-01",
    "nan",
    "[[]]",
)
SPOILT = (
    "categories.toml",
    "pooling_areas.toml",
    "tables/premium.toml",
    "mappings/nation/a.toml",
    "policy/shipped.toml",
)


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("weird", WEIRD)
def test_whatever_a_value_is_the_check_tells_and_never_breaks(folder, name, weird):
    folder.write("policy/shipped.toml", (SHIPPED / "policy/shandong-2022-12.toml").read_text(encoding="utf-8"))
    folder.write("tables/disposable_income.toml", (folder.path / "tables/income.toml").read_text(encoding="utf-8"))
    assert folder.problems() == []
    lines = (folder.path / name).read_text(encoding="utf-8").splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r"\w+ = .*[^\[{(,]$", line)]
    for number in keys[:: max(1, len(keys) // 12)]:
        key = lines[number].split(" = ")[0]
        folder.write(name, "\n".join([*lines[:number], f"{key} = {weird}", *lines[number + 1 :]]))
        for problem in folder.problems():
            assert problem.line >= 1
            assert problem.remedy
