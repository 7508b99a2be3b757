"""Agreement files: what they may say, and what each mistake is answered with."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.policy.section import Section
from schema import agreement, grants
from schema.agreement import Limits, check, load_all
from schema.cli.token import token_app

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
certified_by = ["*"]

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
phone = "mask:last_four"
settlements = "show"

[fields.Settlement]
total = "mask:band"
"""


@pytest.fixture
def folder(tmp_path: Path, config_folder: Path) -> Path:
    (tmp_path / "agreements").mkdir()
    shutil.copyfile(config_folder / "categories.toml", tmp_path / "categories.toml")
    lines = (config_folder / "divisions.csv").read_text(encoding="utf-8").splitlines()
    few = [line for line in lines if line.split(",")[0] in {"code", "37", "3703", "370302", "65"}]
    (tmp_path / "divisions.csv").write_text("\n".join(few) + "\n", encoding="utf-8")
    return tmp_path


def write(folder: Path, text: str, name: str = "clinic") -> None:
    (folder / "agreements" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_a_good_file_is_read_whole(folder: Path) -> None:
    write(folder, GOOD)
    (found,) = load_all(folder)
    assert (found.id, found.purpose, found.get, found.browse) == ("clinic", "care", False, False)
    assert found.scope.divisions == ("370302", "65")
    assert (found.scope.findings, found.scope.certifiers, found.scope.referred_to) == (None, None, None)
    assert found.limits == Limits(page=7)
    assert found.fields["Person"]["birth"] == "mask:year"
    assert found.shows("Query.person")
    assert not found.shows("Person.birth")
    assert not found.shows("Person.token")


def test_own_referrals_are_those_addressed_to_the_department(folder: Path) -> None:
    text = GOOD.replace('department = "clinic"', 'department = "civil_affairs"')
    write(folder, text.replace('certified_by = ["*"]', 'certified_by = ["health"]\nown_referrals = true'))
    (found,) = load_all(folder)
    assert (found.scope.certifiers, found.scope.referred_to) == (("health",), "civil_affairs")


MISTAKES = [
    ('number = "1"\n', "", 1, "number", "is missing"),
    ('legal_basis = "条例"', 'legal_basis = ""', 7, "legal_basis", "is not text"),
    ("from = 2025-01-01", 'from = "2025-01-01"', 9, "from", "is not a day"),
    ("until = 2026-01-01", "until = 2024-01-01", 10, "until", "not after it began"),
    ("until = 2026-01-01\n", "", 1, "until", "is missing"),
    ('id = "clinic"', 'id = "other"', 2, "id", "is not the file's name"),
    ('id = "clinic"', 'id = "issue"', 2, "id", "issue is a verb of `aidgraph token`"),
    ('purpose = "care"', 'purpose = "Take Care"', 6, "purpose", "is not a code"),
    ('divisions = ["370302", "65"]', 'divisions = ["379999"]', 13, "divisions", "379999 is no division"),
    ('divisions = ["370302", "65"]', 'divisions = ["370302001"]', 13, "divisions", "is no division"),
    ('divisions = ["370302", "65"]', "divisions = []", 13, "divisions", "is not a list of text"),
    ('divisions = ["370302", "65"]\n', "", 12, "divisions", "is missing"),
    ('"dibao", "x_own"', '"dibaoo"', 14, "categories", "dibaoo is not known"),
    ('"dibao", "x_own"', '"dibao", "*"', 14, "categories", "* is not known"),
    ('benefits = ["tilt"]', 'benefits = ["all"]', 15, "benefits", "all is not known"),
    ("browse = false\n", "", 20, "browse", "is missing"),
    ("browse = false", 'browse = "no"', 21, "browse", "is neither true nor false"),
    ("introspection = true", "introspection = true\nget_all = true", 23, "get_all", "is not a known key"),
    ("page = 7", "page = 100000", 25, "page", "100000 is not a limit"),
    ("page = 7", "pages = 7", 25, "pages", "is not a known key"),
    ("[limits]", "[limts]", 24, "limts", "is not a known key"),
    ('name = "mask:surname"', 'name = "show"', 31, "name", "show is not known"),
    ('birth = "mask:year"', 'birth = "mask:band"', 32, "birth", "mask:band is not known"),
    ('birth = "mask:year"', "birth = true", 32, "birth", "is not text"),
    ('birth = "mask:year"', 'berth = "show"', 32, "berth", "is no field of this type"),
    ('settlements = "show"', 'categories = "show"', 34, "categories", "of which nothing is listed"),
    (
        "[fields.Person]",
        '[fields.PaidCount]\nmonth = "show"\namount = "show"\n\n[fields.Person]',
        32,
        "amount",
        "is made of Settlement.basicPaid, which is not shown in the clear",
    ),
    ("[fields.Settlement]", "[fields.Setlement]", 36, "Setlement", "is no type of the graph"),
    ('settlements = "show"\n', "", 35, "Settlement", "no listed field leads to Settlement"),
    ('person = "show"', 'person = "show"\npersons = "show"', 29, "persons", "lists persons, and browse is false"),
    ('addressees = ["*"]', 'addressees = ["civil_afairs"]', 17, "addressees", "civil_afairs is not known"),
    ('certified_by = ["*"]', 'certified_by = ["school"]', 18, "certified_by", "school is not known"),
    ('certified_by = ["*"]\n', "", 12, "certified_by", "is missing"),
    ('certified_by = ["*"]', 'certified_by = ["*"]\nown_referrals = true', 19, "own_referrals", "to clinic"),
    ('number = "1"', 'number = "1"\nretention_days = 0', 9, "retention_days", "0 is not a count"),
    ("browse = false", "browse = false\nsmallest_cell = -1", 22, "smallest_cell", "-1 is not a count"),
    ("browse = false", 'browse = false\ndocuments = "any"', 22, "documents", "any is not known"),
    ("browse = false", 'browse = false\nexport = "csv"', 22, "export", "is neither true nor false"),
    ('birth = "mask:year"', 'birth = "mask:year"\nidNumber = "mask:last_four"', 33, "idNumber", "tells too much"),
    ("browse = false", "browse = true", 33, "phone", "is opened for single persons only"),
    ("[agreement]", "[agrement]", 1, "agreement", "is missing"),
    ("[agreement]", "[agreement", 1, "-", "is not TOML"),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "words"), MISTAKES)
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


def test_no_agreement_is_called_like_a_verb_of_token(folder: Path) -> None:
    """`aidgraph token list` lists tokens; for an agreement of that name it could issue none."""
    assert set(agreement.VERBS) == {command.name for command in token_app.registered_commands}
    for verb in agreement.VERBS:
        write(folder, GOOD.replace('id = "clinic"', f'id = "{verb}"'), verb)
        (problem,) = check(folder)
        assert (problem.file, problem.line, problem.key) == (f"agreements/{verb}.toml", 2, "id")
        assert problem.remedy
        (folder / "agreements" / f"{verb}.toml").unlink()


def second(until: str) -> str:
    """Another agreement of the same department for the same purpose, which the first one meets on 2025-07-01."""
    renamed = GOOD.replace('id = "clinic"', 'id = "clinic-two"')
    return renamed.replace("from = 2025-01-01", "from = 2024-01-01").replace("until = 2026-01-01", f"until = {until}")


def test_a_department_has_one_agreement_for_a_purpose_at_a_time(folder: Path) -> None:
    write(folder, GOOD)
    write(folder, second("2025-01-01"), "clinic-two")
    assert len(load_all(folder)) == 2
    write(folder, second("2025-01-02"), "clinic-two")
    (problem,) = check(folder)
    assert (problem.file, problem.line, problem.key) == ("agreements/clinic.toml", 6, "purpose")
    assert "clinic-two is this department's agreement for care" in problem.message
    assert problem.remedy


def refusals() -> set[tuple[str, int]]:
    """Where the code that reads agreements refuses something: file and first line of the call."""
    return {
        (module.__name__, node.lineno)
        for module in (agreement, grants)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "refuse"
    }


def test_every_refusal_has_its_mistake_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[str, int]] = set()
    refuse = Section.refuse

    def noted(section: Section, *args: str, **more: Any) -> None:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        seen.add((frame.f_back.f_globals["__name__"], frame.f_back.f_lineno))
        refuse(section, *args, **more)

    monkeypatch.setattr(Section, "refuse", noted)
    for old, new, *_ in MISTAKES:
        write(folder, GOOD.replace(old, new))
        check(folder)
    write(folder, GOOD)
    write(folder, second("2026-01-01"), "clinic-two")
    check(folder)
    assert refusals() - seen == set()


def test_the_shipped_agreements_are_right(config_folder: Path) -> None:
    assert check(config_folder) == []
    named = [agreement.id for agreement in load_all(config_folder)]
    assert named == sorted(path.stem for path in (config_folder / "agreements").glob("*.toml"))
    assert {"auditor", "civil-affairs", "hospital", "rural-revitalization"} <= set(named)


def test_every_shipped_agreement_says_how_long_a_department_may_keep_what_it_is_given(config_folder: Path) -> None:
    for shipped in load_all(config_folder):
        assert shipped.retention_days is not None, shipped.id
        assert "示范" in shipped.number, shipped.id  # they are examples, and say so


def test_the_shipped_agreements_keep_their_promises(config_folder: Path) -> None:
    by_id = {agreement.id: agreement for agreement in load_all(config_folder)}
    assert "name" not in by_id["auditor"].fields["Person"]
    assert by_id["civil-affairs"].fields["Person"]["name"] == "mask:surname"
    assert set(by_id["hospital"].fields["Query"]) == {"agreement", "personByIdNumber"}
    assert not by_id["hospital"].browse
