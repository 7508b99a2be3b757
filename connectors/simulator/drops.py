"""The files that two departments drop: CSV from civil affairs, an XLSX export from rural revitalization.

Encodings, header synonyms, title and subtotal rows differ between the months, as they do between clerks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from connectors.simulator.deliveries import Deliveries
from connectors.simulator.making import OCTOBER
from connectors.simulator.present import Values
from connectors.simulator.soil import DEATHS, MONITORED, PAYMENTS, RECIPIENTS, RELIEF, StreamName

Columns = tuple[tuple[str, str], ...]  # header, field name ('' for a column nobody reads)

CIVIL: dict[StreamName, Columns] = {
    RECIPIENTS: (
        ("序号", ""), ("救助类别", "assistance_type"), ("城乡类别", "urban_rural"), ("救助证号", "household_number"),
        ("姓名", "psn_name"), ("身份证号", "certno"), ("与户主关系", "relation"), ("是否保障对象", "covered"),
        ("起始保障年月", "begin_month"), ("终止保障年月", "end_month"), ("认定日期", "certified"),
        ("区划代码", "division"), ("家庭地址", "address"), ("开户银行", ""), ("账号", "account"), ("联系电话", "phone"),
    ),
    PAYMENTS: (
        ("序号", ""), ("救助类别", "assistance_type"), ("救助证号", "household_number"), ("姓名", "psn_name"),
        ("身份证号", "certno"), ("发放年月", "paid_month"), ("发放金额", "amount"), ("发放日期", "paid"),
        ("区划代码", "division"), ("开户银行", ""), ("账号", "account"),
    ),
    RELIEF: (
        ("序号", ""), ("发放流水号", "payment_number"), ("姓名", "psn_name"), ("身份证号", "certno"),
        ("救助金额", "amount"), ("发放日期", "paid"), ("区划代码", "division"), ("救助原因", ""),
    ),
    DEATHS: (
        ("姓名", "psn_name"), ("身份证号", "certno"), ("死亡日期", "died"), ("登记日期", "registered"),
        ("区划代码", "division"),
    ),
}  # fmt: skip
RURAL: Columns = (
    ("序号", ""), ("县(市、区、旗)", ""), ("乡(镇)", ""), ("行政村", ""), ("行政区划代码", "division"),
    ("户编号", "household_number"), ("人编号", "person_number"), ("姓名", "psn_name"), ("证件号码", "certno"),
    ("与户主关系", "relation"), ("民族", "naty_name"), ("健康状况", ""), ("户类型", "household_type"),
    ("监测对象类型", "monitored_type"), ("风险是否消除", "risk_removed"), ("首次识别时间", ""),
    ("风险识别时间", "identified"), ("消除监测时间", "removed"), ("是否返贫致贫", "back_in_poverty"),
    ("脱贫年度", "out_of_poverty_year"), ("致贫原因1", ""), ("人联系电话", "phone"),
)  # fmt: skip
SYNONYMS = {  # what November's clerk writes instead
    "救助证号": "低保证号", "身份证号": "身份证号码", "起始保障年月": "保障起始年月", "区划代码": "行政区划代码",
    "监测对象类型": "检测对象类别", "风险是否消除": "风险是否已消除", "消除监测时间": "风险消除时间",
    "证件号码": "身份证号", "发放年月": "发放月份", "发放金额": "实发金额",
}  # fmt: skip
GROUPS = (("所在地", 1, 4), ("家庭成员", 5, 11), ("监测情况", 12, 19), ("其他", 20, 21))  # columns of RURAL, from 0
UNREAD = {
    "开户银行": "农村商业银行",
    "救助原因": "因病",
    "健康状况": "一般",
    "致贫原因1": "因病",
    "首次识别时间": "2014-03-01",
}
MADE = datetime(2025, 1, 1)  # noqa: DTZ001 - a workbook's date of making, fixed so that bytes repeat


def write(deliveries: Deliveries, folder: Path, month: str) -> list[Path]:
    """Write a month's files into `folder`/civil_affairs and `folder`/rural_revitalization. Returns them."""
    stamp = month.replace("-", "")
    late = month != OCTOBER
    written = []
    for stream, columns in CIVIL.items():
        path = folder / stream[0] / f"{stream[1]}_{stamp}.csv"
        text = _csv(deliveries.lines(stream, month), _headed(columns, late))
        path.parent.mkdir(parents=True, exist_ok=True)
        # October: GB18030 as it comes. November: with a byte-order mark, the deaths in UTF-8.
        encoding = "utf-8" if late and stream == DEATHS else "gb18030"
        path.write_bytes((("\ufeff" if late else "") + text).encode(encoding))
        written.append(path)
    path = folder / MONITORED[0] / f"{MONITORED[1]}_{stamp}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    _xlsx(path, deliveries.lines(MONITORED, month), _headed(RURAL, late), month)
    return [*written, path]


def _headed(columns: Columns, late: bool) -> Columns:
    return tuple((SYNONYMS.get(header, header) if late else header, name) for header, name in columns)


def _csv(lines: Iterable[Values], columns: Columns) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(header for header, _ in columns)
    for number, values in enumerate(lines, 1):
        writer.writerow(str(values[name]) if name else _unread(header, number) for header, name in columns)
    return file.getvalue()


def _unread(header: str, number: int) -> str:
    return str(number) if header == "序号" else UNREAD.get(header, "")


def _xlsx(path: Path, lines: Iterator[Values], columns: Columns, month: str) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"created": MADE})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("名单")
    sheet.write_string(0, 0, "防止返贫监测对象与脱贫人口名单")
    sheet.write_string(1, 0, f"截至{month}")
    row = 2
    if month != OCTOBER:  # November's clerk groups the columns under merged cells
        for title, first, last in GROUPS:
            sheet.merge_range(row, first, row, last, title)
        row += 1
    for place, (header, _) in enumerate(columns):
        sheet.write_string(row, place, header)
    row += 1
    for number, values in enumerate(lines, 1):
        for place, (header, name) in enumerate(columns):
            cell = values[name] if name else _unread(header, number)
            if isinstance(cell, date):
                sheet.write_datetime(row, place, cell, day)
            elif isinstance(cell, int | float):
                sheet.write_number(row, place, cell)
            elif cell:
                sheet.write_string(row, place, str(cell))
        row += 1
        if number % 1_000 == 0:
            sheet.write_string(row, 0, "小计")
            sheet.write_number(row, 1, 1_000)
            row += 1
    sheet.write_string(row, 0, "合计")
    book.close()
