"""What a department's file must be to be sealed."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from hub.edge import sheet
from hub.errors import InputError


def test_a_workbook_too_large_for_memory_is_refused_before_it_is_read(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, ["姓名", "身份证号"])
    assert [cells for _, cells in sheet.rows(path)] == [["姓名", "身份证号"]]
    monkeypatch.setattr(sheet, "MOST", 1_000)
    with pytest.raises(InputError, match=r"list.xlsx unpacks to .* 1,000 at most.*Save it as CSV"):
        list(sheet.rows(path))
