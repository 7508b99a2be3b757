"""`aidgraph access`: explain, diff and matrix, for people and for machines."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len


@pytest.fixture
def changed(config_folder: Path, tmp_path: Path) -> Path:
    """A copy of the shipped agreements, to be changed."""
    shutil.copytree(config_folder / "agreements", tmp_path / "agreements")
    return tmp_path / "agreements"


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_masked_field_is_explained(run) -> None:
    code, out, err = run("access", "explain", "--agreement", "civil-affairs", "--field", "Person.name")
    assert (code, out) == (0, "")
    for words in ("只见姓氏", "by persons > name", "retention_days: 730", "legal_basis: 政务数据共享条例"):
        assert words in err
    code, out, _ = run("access", "explain", "--agreement", "civil-affairs", "--field", "Person.name", "--json")
    told = json.loads(out)
    assert (code, told["effect"], told["said"]["retention_days"]) == (0, "mask:surname", 730)


def test_a_field_that_is_not_listed_is_explained(run) -> None:
    code, _, err = run("access", "explain", "--agreement", "finance", "--field", "Person.county")
    assert code == 0
    assert "not listed" in err
    assert "mask:province, 只到省" in err


@pytest.mark.parametrize(
    ("agreement", "field", "words"),
    [("nobody", "Person.name", "civil-affairs"), ("finance", "Person.nme", "Person.name"), ("finance", "x", "Person")],
)
def test_what_is_not_there_is_an_input_error_with_what_is(run, agreement, field, words) -> None:
    code, _, err = run("access", "explain", "--agreement", agreement, "--field", field)
    assert code == 4
    assert words in err


def test_nothing_changed_is_nothing_widened(run, config_folder, changed) -> None:
    code, out, _ = run("access", "diff", config_folder, changed, "--json")
    assert (code, json.loads(out)) == (0, {"changes": []})


def test_wider_access_exits_non_zero(run, config_folder, changed) -> None:
    rewrite(changed / "civil-affairs.toml", 'birth = "mask:year"', 'birth = "show"')
    rewrite(changed / "hospital.toml", "page = 10\n", "page = 5\n")
    code, out, err = run("access", "diff", config_folder / "agreements", changed)
    assert (code, out) == (1, "")
    assert "WIDENED civil-affairs fields.Person.birth" in err
    assert "narrowed hospital limits.page" in err
    code, out, _ = run("access", "diff", changed, config_folder, "--json")
    changes = {item["what"]: item["direction"] for item in json.loads(out)["changes"]}
    assert (code, changes) == (1, {"fields.Person.birth": "narrowed", "limits.page": "widened"})


def test_narrower_access_exits_zero(run, config_folder, changed) -> None:
    rewrite(changed / "hospital.toml", "page = 10\n", "page = 5\n")
    (changed / "charity.toml").unlink()
    code, _, err = run("access", "diff", config_folder, changed)
    assert code == 0
    assert "0 WIDENED" in err
    assert "narrowed charity agreement" in err


def test_two_files_are_compared_whatever_they_are_called(run, config_folder, tmp_path) -> None:
    old = shutil.copyfile(config_folder / "agreements" / "hospital.toml", tmp_path / "before.toml")
    new = shutil.copyfile(old, tmp_path / "after.toml")
    assert run("access", "diff", old, new)[0] == 0
    rewrite(new, "browse = false", "browse = true")
    code, _, err = run("access", "diff", old, new)
    assert code == 1
    assert "WIDENED hospital browse" in err


def test_files_that_are_wrong_or_not_there_are_told(run, changed, tmp_path) -> None:
    code, _, err = run("access", "diff", tmp_path / "nowhere", changed)
    assert code == 4
    assert "holds no agreements" in err
    rewrite(changed / "hospital.toml", "browse = false", "browse = maybe")
    code, _, err = run("access", "diff", changed, changed)
    assert code == 3
    assert "hospital.toml:" in err


def test_the_matrix_fits_a_terminal_of_a_hundred_columns(run, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    code, out, err = run("access", "matrix")
    assert (code, out) == (0, "")
    assert max(cell_len(text) for text in err.splitlines()) <= 100
    for words in ("1 auditor", "可保存天数 · days kept", "name 姓名", "姓氏 只见姓氏 · surname only"):
        assert words in err


def test_the_matrix_is_there_for_machines(run) -> None:
    _, out, _ = run("access", "matrix", "--json", "--agreement", "health", "--type", "Settlement")
    told = json.loads(out)
    assert [item["id"] for item in told["agreements"]] == ["health"]
    assert {item["field"]: item["effects"] for item in told["fields"]}["total"] == {"health": "mask:band"}
    _, out, _ = run("access", "matrix", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    name = next(row for row in rows if (row["type"], row["field"]) == ("Person", "name"))
    assert (name["zh"], name["civil-affairs"], name["hospital"]) == ("姓名", "mask:surname", "")
    assert run("access", "matrix", "--type", "Nope")[0] == 4
    assert run("access", "matrix", "--agreement", "nope")[0] == 4


ASKED = "query Today($number: String!) { personByIdNumber(idNumber: $number) { entitlements { benefit } } }"


def test_a_registered_document_that_comes_is_wider_access(run, config_folder, changed, tmp_path) -> None:
    rewrite(changed / "hospital.toml", "[access]\n", '[access]\ndocuments = "registered"\n')
    documents = changed / "hospital"
    documents.mkdir(exist_ok=True)
    (documents / "today.graphql").write_text(ASKED)
    code, _, err = run("access", "diff", config_folder, changed)
    assert (code, "narrowed hospital documents\n" in err) == (0, True)
    before = Path(shutil.copytree(changed, tmp_path / "before"))
    (documents / "more.graphql").write_text(ASKED.replace("benefit", "benefit category"))
    code, _, err = run("access", "diff", before, changed)
    assert code == 1
    assert "WIDENED hospital documents.more.graphql" in err
    assert "+ personByIdNumber(idNumber: $String!).entitlements.category" in err
    code, out, _ = run("access", "diff", changed, before, "--json")
    assert (code, [item["direction"] for item in json.loads(out)["changes"]]) == (0, ["narrowed"])
    code, _, err = run("access", "diff", before / "hospital.toml", changed / "hospital.toml")
    assert (code, "documents.more.graphql" in err) == (1, True)
    code, _, err = run("access", "diff", changed, config_folder)
    assert (code, "WIDENED hospital documents\n" in err) == (1, True)


def test_a_file_without_its_registered_documents_is_not_compared(run, changed, tmp_path) -> None:
    rewrite(changed / "hospital.toml", "[access]\n", '[access]\ndocuments = "registered"\n')
    alone = shutil.copyfile(changed / "hospital.toml", tmp_path / "alone.toml")
    code, _, err = run("access", "diff", alone, alone)
    assert (code, "Compare whole folders" in err) == (4, True)
