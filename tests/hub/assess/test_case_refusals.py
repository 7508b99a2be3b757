"""A bad case file is refused by file, line and key, with a remedy and without a value of the person."""

from __future__ import annotations

from typing import Any

import pytest
from case_files import CONFIG, Folder, paying

from hub.assess import assess
from hub.errors import InputError

STAY = '[[settlement]]\nid = "A"\ndischarged = 2025-03-01\nscope = 10\n'  # lines 2 to 5, after the document's


@pytest.mark.parametrize(
    ("case", "line", "key", "told"),
    [
        ("", 1, "settlement", "neither a settlement nor a category"),
        ("colour = 1\n", 2, "colour", "Use: region, document, insutype"),
        ("person = { age = 3 }\n" + STAY, 2, "age", "Use: birth, rural"),
        (STAY + "colour = 1\n", 6, "colour", "Use: id, admitted"),
        ('insutype = "999"\n', 2, "insutype", "Use one of: 310, 390"),
        ("insutype = 390\n" + STAY, 2, "insutype", 'insutype = "390"'),
        ('applied = "no"\n' + STAY, 2, "applied", "neither true nor false"),
        ("region = 370302\n" + STAY, 2, "region", "quotation marks"),
        ('region = "37030"\n' + STAY, 2, "region", "2, 4 or 6 digits"),
        ('region = "999999"\n' + STAY, 2, "region", "no such division"),
        ('region = "653121"\n' + STAY, 1, "document", "the case is elsewhere"),
        ("[[settlement]]\n= 3\n", 3, "-", "is not TOML"),
        ('[settlement]\nid = "A"\n', 2, "settlement", "[[settlement]]"),
        (STAY.replace('id = "A"\n', ""), 2, "id", "is missing"),
        (STAY + STAY, 7, "id", "stands twice"),
        (STAY.replace("discharged = 2025-03-01\n", ""), 2, "discharged", "Add discharged = 2025-03-09"),
        (STAY.replace("2025-03-01", '"2025-03-01"'), 4, "discharged", "without quotation marks"),
        (STAY.replace("2025-03-01", "2025-03-01T00:00:00"), 4, "discharged", "is no day"),
        (STAY.replace("2025", "9999"), 4, "discharged", "is no day"),
        (STAY + "admitted = 2025-03-02\n", 6, "admitted", "is after discharged"),
        (STAY.replace("scope = 10\n", ""), 2, "scope", "Add scope = 1234.56"),
        (STAY.replace("10", '"10"'), 5, "scope", "is no amount"),
        (STAY.replace("10", "true"), 5, "scope", "is no amount"),
        (STAY.replace("10", "nan"), 5, "scope", "is no amount"),
        (STAY.replace("10", "1.001"), 5, "scope", "not in whole fen"),
        (STAY.replace("10", "1e-99999999"), 5, "scope", "not in whole fen"),
        (STAY.replace("10", "1e99999999"), 5, "scope", "beyond any bill"),
        (STAY.replace("10", "9" * 5000), 1, "-", "no file of this kind can hold"),
        ("a = " + "[" * 3000 + "]" * 3000 + "\n", 1, "-", "no file of this kind can hold"),
        (STAY.replace("10", "-10"), 5, "scope", "of a refund give total"),
        (STAY + "total = 9.99\n", 5, "scope", "is more than total"),
        (STAY + "total = -10\n", 6, "total", "both are negative"),
        (STAY + "basic_paid = -1\n", 6, "basic_paid", "is negative"),
        (STAY + "basic_paid = 11\n", 6, "basic_paid", "more than scope"),
        (STAY + "basic_paid = 6\nserious_illness_paid = 5\n", 7, "serious_illness_paid", "more than scope"),
        (STAY + 'setting = "ward"\n', 6, "setting", "Use one of: inpatient"),
        (STAY + "hospital_level = 5\n", 6, "hospital_level", "Write one of 0, 1, 2, 3, 4"),
        (STAY + 'referral = "yes"\n', 6, "referral", "neither true nor false"),
        (STAY + 'other_aid = [{ kind = "gift", amount = 1 }]\n', 6, "kind", "Use one of: temporary_relief"),
        (STAY + 'other_aid = [{ kind = "charity" }]\n', 6, "amount", "is missing"),
        (STAY + 'other_aid = [{ kind = "charity", amount = -1 }]\n', 6, "amount", "is negative"),
        (STAY + 'other_aid = [{ kind = "charity", amount = 1, total = 2 }]\n', 6, "total", "Use: kind, amount"),
        ('categories = ["dibao"]\n' + STAY, 2, "categories", "[[categories]]"),
        ('categories = [{ code = "nobody", from = 2025-01-01 }]\n', 2, "categories", "Use one of: defacto_orphan"),
        (STAY + '[[categories]]\nfrom = 2025-01-01\ncode = "nobody"\n', 6, "categories", "a code is no category"),
        ('categories = [{ code = "dibao" }]\n' + STAY, 2, "from", "is missing"),
        ('categories = [{ code = "dibao", from = 2025-01-01, until = 2025-01-01 }]\n', 2, "until", "not after from"),
        ('categories = [{ code = "dibao", from = 2025-01-01, region = "99" }]\n', 2, "categories", "no division"),
        ('categories = [{ code = "dibao", from = 2025-01-01, region = "37x" }]\n', 2, "region", "no division"),
        ('person = { birth = "1960" }\n' + STAY, 2, "birth", "is no day"),
    ],
)
def test_a_bad_case_file_is_refused_with_line_key_and_remedy(
    run: Any, case: str, line: int, key: str, told: str
) -> None:
    with pytest.raises(InputError) as refused:
        run(paying("dibao", "0.50"), case)
    assert f"case.toml:{line}: {key}: " in refused.value.message
    assert told in str(refused.value)
    assert refused.value.exit_code == 4
    assert "nobody" not in str(refused.value)


def test_a_case_needs_a_place(folder: Folder) -> None:
    with pytest.raises(InputError, match=r"case\.toml:1: region: is missing"):
        folder.ask(STAY, {"test-2025.toml": ""})


def test_an_unknown_document_is_named_by_its_line(run: Any, folder: Folder) -> None:
    run(paying("dibao", "0.50"), STAY)
    case = folder.write("case.toml", '# a comment\ndocument = "nowhere"\n' + STAY)
    with pytest.raises(InputError, match=r"case\.toml:2: document: no such document"):
        assess(case, CONFIG, folder.path / "policy")


def test_a_case_file_that_cannot_be_read_is_refused(folder: Folder) -> None:
    for path in (folder.path / "none.toml", folder.path):
        with pytest.raises(InputError, match="cannot be read"):
            assess(path, CONFIG)
    (folder.path / "gbk.toml").write_bytes("# 低保".encode("gb18030"))
    with pytest.raises(InputError, match="is not UTF-8"):
        assess(folder.path / "gbk.toml", CONFIG)
