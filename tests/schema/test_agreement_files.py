"""Agreement files: what they may say, and what each mistake is answered with."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hub.errors import ConfigError
from schema.agreement import Limits, check, load_all

GOOD = """[agreement]
id = "clinic"
department = "clinic"
title = "门诊"
title_en = "Clinic"
purpose = "care"
legal_basis = "条例"
number = "1"
from = 2025-01-01
until = 2026-01-01

[scope]
divisions = ["370302", "65"]
categories = ["dibao", "x_own"]
benefits = ["tilt"]
findings = ["*"]
addressees = ["*"]

[access]
browse = false
introspection = true

[limits]
page = 7

[fields.Query]
person = "show"

[fields.Person]
name = "mask:surname"
birth = "mask:year"
settlements = "show"

[fields.Settlement]
total = "mask:band"
"""


@pytest.fixture
def folder(tmp_path: Path, config_folder: Path) -> Path:
    (tmp_path / "agreements").mkdir()
    shutil.copyfile(config_folder / "divisions.csv", tmp_path / "divisions.csv")
    return tmp_path


def write(folder: Path, text: str, name: str = "clinic") -> None:
    (folder / "agreements" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_a_good_file_is_read_whole(folder: Path) -> None:
    write(folder, GOOD)
    (agreement,) = load_all(folder)
    assert (agreement.id, agreement.purpose, agreement.get, agreement.browse) == ("clinic", "care", False, False)
    assert agreement.scope.divisions == ("370302", "65")
    assert agreement.scope.findings is None
    assert agreement.limits == Limits(page=7)
    assert agreement.fields["Person"]["birth"] == "mask:year"
    assert agreement.shows("Query.person")
    assert not agreement.shows("Person.birth")
    assert not agreement.shows("Person.token")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ('number = "1"\n', "", 1, "number", "is missing"),
        ('legal_basis = "条例"', 'legal_basis = ""', 7, "legal_basis", "is not text"),
        ("from = 2025-01-01", 'from = "2025-01-01"', 9, "from", "is not a day"),
        ("until = 2026-01-01", "until = 2024-01-01", 10, "until", "not after it began"),
        ("until = 2026-01-01\n", "", 1, "until", "is missing"),
        ('id = "clinic"', 'id = "other"', 2, "id", "is not the file's name"),
        ('purpose = "care"', 'purpose = "Take Care"', 6, "purpose", "is not a code"),
        ('divisions = ["370302", "65"]', 'divisions = ["379999"]', 13, "divisions", "379999 is no division"),
        ('divisions = ["370302", "65"]', 'divisions = ["370302001"]', 13, "divisions", "is no division"),
        ('divisions = ["370302", "65"]', "divisions = []", 13, "divisions", "is not a list of text"),
        ('divisions = ["370302", "65"]\n', "", 12, "divisions", "is missing"),
        ('"dibao", "x_own"', '"dibaoo"', 14, "categories", "dibaoo is not known"),
        ('"dibao", "x_own"', '"dibao", "*"', 14, "categories", "* is not known"),
        ('benefits = ["tilt"]', 'benefits = ["all"]', 15, "benefits", "all is not known"),
        ("browse = false\n", "", 19, "browse", "is missing"),
        ("browse = false", 'browse = "no"', 20, "browse", "is neither true nor false"),
        ("introspection = true", "introspection = true\nget_all = true", 22, "get_all", "is not a known key"),
        ("page = 7", "page = 100000", 24, "page", "100000 is not a limit"),
        ("page = 7", "pages = 7", 24, "pages", "is not a known key"),
        ("[limits]", "[limts]", 23, "limts", "is not a known key"),
        ('name = "mask:surname"', 'name = "show"', 30, "name", "show is not known"),
        ('birth = "mask:year"', 'birth = "mask:band"', 31, "birth", "mask:band is not known"),
        ('birth = "mask:year"', "birth = true", 31, "birth", "is not text"),
        ('birth = "mask:year"', 'berth = "show"', 31, "berth", "is no field of this type"),
        ('settlements = "show"', 'categories = "show"', 32, "categories", "of which nothing is listed"),
        ("[fields.Settlement]", "[fields.Setlement]", 34, "Setlement", "is no type of the graph"),
        ('settlements = "show"\n', "", 33, "Settlement", "no listed field leads to Settlement"),
        ('person = "show"', 'person = "show"\npersons = "show"', 28, "persons", "lists persons, and browse is false"),
        ("[agreement]", "[agrement]", 1, "agreement", "is missing"),
        ("[agreement]", "[agreement", 1, "-", "is not TOML"),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_remedy(
    folder: Path, old: str, new: str, line: int, key: str, words: str
) -> None:
    assert old in GOOD
    write(folder, GOOD.replace(old, new))
    problems = check(folder)
    assert any(
        problem.line == line and problem.key == key and words in problem.message and problem.remedy
        for problem in problems
    ), [f"{problem} | {problem.remedy}" for problem in problems]
    with pytest.raises(ConfigError, match=re.escape("agreements/clinic.toml:")):
        load_all(folder)


def test_the_shipped_agreements_are_right(config_folder: Path) -> None:
    assert check(config_folder) == []
    assert [agreement.id for agreement in load_all(config_folder)] == [
        "auditor",
        "civil-affairs",
        "hospital",
        "rural-revitalization",
    ]


def test_the_shipped_agreements_keep_their_promises(config_folder: Path) -> None:
    by_id = {agreement.id: agreement for agreement in load_all(config_folder)}
    assert "name" not in by_id["auditor"].fields["Person"]
    assert by_id["civil-affairs"].fields["Person"]["name"] == "mask:surname"
    assert set(by_id["hospital"].fields["Query"]) == {"agreement", "personByIdNumber"}
    assert not by_id["hospital"].browse
