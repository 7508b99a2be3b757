"""XLSX drops: real workbooks in a folder."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed
from connectors.transports.xlsx_drop import XlsxDrop
from tests.connectors.transports import old_excel

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


def test_a_column_that_is_missing_or_undeclared_is_the_hubs_to_judge(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [["题"], ["人编号", "姓名", "备用"], ["P1", "张三", "x"]])
    assert rows(tmp_path) == [(3, {"person_number": "P1", "psn_name": "张三", "备用": "x"})]


def test_a_sheet_without_a_header_is_refused_without_repeating_it(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [["没有表头"], ["张三"]])
    with pytest.raises(SourceMalformed, match="none of the first 20 rows") as caught:
        rows(tmp_path)
    assert "张三" not in str(caught.value)


def grouped(path: Path) -> None:
    """Headers in two rows, a title above, a column left empty, a household's number merged beside its members."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("封面")
    sheet = book.add_worksheet("名单")
    sheet.merge_range(1, 1, 1, 6, "监测对象名单")
    sheet.merge_range(2, 1, 3, 1, "序号")
    sheet.merge_range(2, 2, 2, 4, "基本信息")
    sheet.merge_range(2, 5, 2, 6, "监测")
    for column, word in enumerate(("人编号", "姓名", "证件号码", "风险识别时间", "脱贫年度"), 2):
        sheet.write_string(3, column, word)
    for row, cells in enumerate(((1, "P1", "张三", "A", 45356, 2017), (2, "P1", "李四", "B", None, None)), 4):
        for column, value in enumerate(cells, 1):
            if value is not None:
                sheet.write(row, column, value)
    sheet.merge_range(4, 2, 5, 2, "P1")
    sheet.merge_range(6, 1, 6, 3, "合计")
    sheet.write(6, 4, 2)
    book.close()


def test_headers_in_several_rows_and_merged_cells_are_read_as_they_look(tmp_path: Path) -> None:
    grouped(tmp_path / "monitored_202510.xlsx")
    expected = [
        (5, {"person_number": "P1", "psn_name": "张三", "certno": "A", "identified": 45356.0, "year": 2017.0}),
        (6, {"person_number": "P1", "psn_name": "李四", "certno": "B", "identified": "", "year": ""}),
    ]
    for transport in (
        XlsxDrop(pattern="monitored_*.xlsx", sheet="名单"),
        XlsxDrop(pattern="monitored_*.xlsx", number=2),
    ):
        (delivery,) = transport.deliveries(STREAM, Connection(folder=str(tmp_path)), since=None, seen=frozenset())
        assert [(row.line, dict(row.values)) for page in delivery.pages for row in page.rows()] == expected


def test_a_group_tells_two_columns_of_one_name_apart(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "monitored_202510.xlsx")
    sheet = book.add_worksheet()
    for column, word in enumerate(("人编号", "姓名", "证件号码")):
        sheet.merge_range(0, column, 1, column, word)
    sheet.merge_range(0, 3, 0, 4, "识别")
    sheet.merge_range(0, 5, 0, 6, "脱贫")
    for column, word in enumerate(("时间", "年度", "时间", "年度"), 3):
        sheet.write_string(1, column, word)
    for column, value in enumerate(("P1", "张三", "A", "2024-01-02", "x", "y", 2017)):
        sheet.write(2, column, value)
    book.close()
    told = (Field(name="identified", headers=("识别时间",)), Field(name="year", headers=("脱贫年度",)))
    stream = replace(STREAM, fields=(*STREAM.fields[:3], *told), ignored=("时间", "识别年度"))
    (delivery,) = TRANSPORT.deliveries(stream, Connection(folder=str(tmp_path)), since=None, seen=frozenset())
    ((row,),) = [list(page.rows()) for page in delivery.pages]
    assert (row.values["identified"], row.values["year"]) == ("2024-01-02", 2017.0)


def test_a_header_merged_downwards_beside_groups_of_two_more_rows_is_one_header(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "monitored_202510.xlsx")
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 0, 4, "监测对象名单")
    for column, word in enumerate(("人编号", "姓名", "证件号码")):
        sheet.merge_range(1, column, 3, column, word)
    sheet.merge_range(1, 3, 1, 4, "监测")
    for column, word in ((3, "风险识别时间"), (4, "脱贫年度")):
        sheet.merge_range(2, column, 3, column, word)
    for column, value in enumerate(("P1", "张三", "A", "2024-01-02", 2017)):
        sheet.write(4, column, value)
    book.close()
    assert rows(tmp_path) == [
        (5, {"person_number": "P1", "psn_name": "张三", "certno": "A", "identified": "2024-01-02", "year": 2017})
    ]


def test_an_old_binary_workbook_is_read_and_one_that_is_damaged_says_how_to_send_it(tmp_path: Path) -> None:
    old, folder, path = XlsxDrop(pattern="*.xls"), Connection(folder=str(tmp_path)), tmp_path / "monitored_202510.xls"
    table = [["防止返贫监测对象名单"], HEADER, [1, "P1", "张三", "370302199001010014", "2024-03-05", 2017], ["合计", 1]]
    old_excel.write(path, table)
    (delivery,) = old.deliveries(STREAM, folder, since=None, seen=frozenset())
    ((row,),) = [list(page.rows()) for page in delivery.pages]
    assert (row.line, row.values["certno"], row.values["year"]) == (3, "370302199001010014", 2017)
    path.write_bytes(path.read_bytes()[:700])
    (delivery,) = old.deliveries(STREAM, folder, since=None, seen=frozenset())
    with pytest.raises(SourceMalformed, match=r"not a readable XLSX workbook.*saved as XLSX"):
        list(delivery.pages)


@pytest.mark.parametrize("transport", [{"sheet": "汇总"}, {"number": 2}])
def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path, transport: dict[str, Any]) -> None:
    write(tmp_path / "monitored_202510.xlsx", [HEADER])
    told = XlsxDrop(pattern="monitored_*.xlsx", **transport)
    (delivery,) = told.deliveries(STREAM, Connection(folder=str(tmp_path)), since=None, seen=frozenset())
    with pytest.raises(SourceMalformed, match="has no sheet"):
        list(delivery.pages)


def test_a_value_under_no_header_refuses_the_file(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [HEADER, [1, "P1", "张三", "1", None, None, "多"]])
    with pytest.raises(SourceMalformed, match="line 2: a value stands in a column without a header"):
        rows(tmp_path)


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "monitored_202510.xlsx").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(SourceMalformed, match="not a readable XLSX workbook"):
        rows(tmp_path)


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "monitored_202510.xlsx"
    write(path, [HEADER])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/x.bin", bytes(8 * 1024**2))
    with pytest.raises(SourceMalformed, match="would unpack to"):
        rows(tmp_path)


def test_a_stray_cell_far_from_the_list_is_refused_before_its_rectangle_is_made(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "monitored_202510.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_string(1_048_575, 16_383, "x")
    book.close()
    with pytest.raises(SourceMalformed, match=r"column 16,384 and row 1,048,576"):
        rows(tmp_path)


def test_a_list_over_two_sheets_is_not_its_first(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "monitored_202510.xlsx")
    for _ in range(2):
        book.add_worksheet().write_row(0, 0, HEADER)
    book.close()
    with pytest.raises(SourceMalformed, match=r"not only the sheet Sheet1 .* Sheet2 too"):
        rows(tmp_path)


def test_a_file_seen_before_is_skipped(tmp_path: Path) -> None:
    write(tmp_path / "monitored_202510.xlsx", [HEADER])
    (first,) = deliveries(tmp_path)
    assert first.as_of == date(2025, 10, 31)
    assert first.fingerprint is not None
    assert deliveries(tmp_path, frozenset({first.fingerprint})) == []
