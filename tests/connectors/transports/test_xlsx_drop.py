"""XLSX drops: real workbooks in a folder."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed
from connectors.transports.xlsx_drop import XlsxDrop

TRANSPORT = XlsxDrop(pattern="monitored_*.xlsx")
STREAM = Stream(
    name="monitored",
    title="监测对象",
    title_en="monitored",
    key=("person_number",),
    fields=(
        Field(name="person_number", headers=("人编号",), required=True),
        Field(name="psn_name", headers=("姓名",), required=True),
        Field(name="certno", headers=("证件号码",), required=True),
        Field(name="identified", headers=("识别监测时间", "风险识别时间", "首次识别时间")),
        Field(name="year", headers=("脱贫年度",)),
    ),
    transport=TRANSPORT,
    semantics=Semantics.CERTIFICATION,
    complete=True,
    cadence_days=31,
    ignored=("序号",),
)
NOON = datetime(2024, 3, 6, 12)  # noqa: DTZ001 - a cell has no zone
HEADER = ["序号", "人编号", "姓名", "证件号码", "风险识别时间", "脱贫年度"]


def write(path: Path, table: list[list[object]]) -> None:
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for r, cells in enumerate(table):
        for c, cell in enumerate(cells):
            if isinstance(cell, (date, datetime)):
                sheet.write_datetime(r, c, cell, day)
            elif isinstance(cell, str):
                sheet.write_string(r, c, cell)
            elif cell is not None:
                sheet.write(r, c, cell)
    book.close()


def deliveries(folder: Path, seen: frozenset[str] = frozenset()) -> list[Delivery]:
    return list(TRANSPORT.deliveries(STREAM, Connection(folder=str(folder)), since=None, seen=seen))


def rows(folder: Path) -> list[tuple[int, dict[str, object]]]:
    return [(row.line, dict(row.values)) for d in deliveries(folder) for page in d.pages for row in page.rows()]


def test_title_rows_subtotals_and_empty_rows_are_not_rows_of_the_stream(tmp_path: Path) -> None:
    write(
        tmp_path / "monitored_202510.xlsx",
        [
            ["防止返贫监测对象名单"],
            ["单位：淄川区", None, "2025年10月"],
            HEADER,
            [1, "P1", "张三", "370302199001010014", date(2024, 3, 5), 2017],
            ["小 计", None, None, None, None, 1],
            [],
            [2, "P2", "小计", "370302199001010022", NOON, None],
            ["合计：2人"],
        ],
    )
    assert rows(tmp_path) == [
        (4, {"person_number": "P1", "psn_name": "张三", "certno": "370302199001010014",
             "identified": date(2024, 3, 5), "year": 2017}),
        (7, {"person_number": "P2", "psn_name": "小计", "certno": "370302199001010022",
             "identified": date(2024, 3, 6), "year": ""}),
    ]  # fmt: skip


def test_a_number_cell_stays_a_number_so_that_a_damaged_id_can_be_refused(tmp_path: Path) -> None:
    write(
        tmp_path / "monitored_202510.xlsx",
        [HEADER, [1, "P1", "张三", 370302199001015432, "2024-03-05", 2017]],
    )
    ((_, values),) = rows(tmp_path)
    assert isinstance(values["certno"], float)
    assert values["identified"] == "2024-03-05"


def test_of_two_columns_for_one_field_the_one_declared_first_wins(tmp_path: Path) -> None:
    header = ["首次识别时间", "人编号", "姓名", "证件号码", "风险识别时间"]
    write(tmp_path / "monitored_202510.xlsx", [header, ["2019-01-01", "P1", "张三", "1", "2024-03-05"]])
    ((_, values),) = rows(tmp_path)
    assert values["identified"] == "2024-03-05"


def test_the_same_header_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [["人编号", "姓名", "证件号码", "姓名"]])
    with pytest.raises(SourceMalformed, match="line 1: two columns are headed 姓名"):
        rows(tmp_path)


def test_headers_are_held_to_the_declaration(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [["题"], ["人编号", "姓名"]])
    with pytest.raises(SourceMalformed, match=r"line 2: no column for 证件号码 \(certno\)"):
        rows(tmp_path)
    write(tmp_path / "monitored_202510.xlsx", [[*HEADER, "备用"]])
    with pytest.raises(SourceMalformed, match="headed 备用, is not declared"):
        rows(tmp_path)
    write(tmp_path / "monitored_202510.xlsx", [[*HEADER, "370302199001010014"]])
    with pytest.raises(SourceMalformed, match="column 7 is not declared"):
        rows(tmp_path)
    write(tmp_path / "monitored_202510.xlsx", [["没有表头"], ["张三"]])
    with pytest.raises(SourceMalformed, match="none of the first 20 rows") as caught:
        rows(tmp_path)
    assert "张三" not in str(caught.value)


def test_a_value_under_no_header_refuses_the_file(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [HEADER, [1, "P1", "张三", "1", None, None, "多"]])
    with pytest.raises(SourceMalformed, match="line 2: a value stands in a column without a header"):
        rows(tmp_path)


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "monitored_202510.xlsx").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(SourceMalformed, match="not a readable XLSX workbook"):
        rows(tmp_path)


def test_a_file_seen_before_is_skipped(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [HEADER])
    (first,) = deliveries(tmp_path)
    assert first.as_of == date(2025, 10, 31)
    assert first.fingerprint is not None
    assert deliveries(tmp_path, frozenset({first.fingerprint})) == []
