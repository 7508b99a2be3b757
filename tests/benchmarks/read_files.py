"""How fast files are read into pages, each against its own limit: `python tests/benchmarks/read_files.py [ROWS]`.

CSV (GB18030, with and without quotes) beside Python's csv module over the same decoded text; XLSX beside calamine
alone; answers kept for going on beside the JSON decoding of the same answers. Rounds are interleaved; medians of this
process's own CPU time are shown, because other work on the machine is not the reader's.
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson
import xlsxwriter
from python_calamine import CalamineWorkbook

from connectors.base import Connection, Stream
from connectors.sources.civil_affairs import RECIPIENTS
from connectors.sources.rural_revitalization import MONITORED
from connectors.transports.csv_drop import CsvDrop
from connectors.transports.xlsx_drop import XlsxDrop
from hub import keys
from hub.landing.spool import Spool

ROUNDS = 5
PAGE = 1_000


def recipients(rows: int, *, quoted: bool) -> bytes:
    """A 低保 file of civil affairs."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerow([field.names[0] for field in RECIPIENTS.fields])
    for n in range(rows):
        person = [
            f"370302{n:07d}",
            "古丽·买买提" if n % 9 == 0 else "张三",
            f"37030219800101{n % 10000:04d}",
            "户主",
            "是",
        ]
        told = [
            "2025-01",
            "3000-12",
            "2025-01-05",
            "370302001",
            f"淄川区般阳路街道{n}号",
            f"62284{n:014d}",
            "13800000000",
        ]
        writer.writerow(["农村低保", "农村", *person, *told])
    return text.getvalue().encode("gb18030")


def monitored(path: Path, rows: int) -> None:
    """An export of the monitoring system."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, "名单")
    for column, field in enumerate(MONITORED.fields):
        sheet.write_string(1, column, field.names[0])
    for n in range(rows):
        cells = ["370302001", f"H{n // 3}", f"P{n}", "张三", f"37030219800101{n % 10000:04d}", "户主", "汉族", "脱贫户"]
        for column, cell in enumerate([*cells, "边缘易致贫户", "否"]):
            sheet.write_string(n + 2, column, cell)
        sheet.write_datetime(n + 2, 10, date(2024, 3, 5), day)  # type: ignore[arg-type]
        sheet.write_number(n + 2, 13, 2017)
    book.close()


def pages(stream: Stream, transport: CsvDrop | XlsxDrop, folder: Path) -> int:
    """Rows read by a transport."""
    found = transport.deliveries(stream, Connection(folder=str(folder)), since=None, seen=frozenset())
    return sum(len(page.lines) for delivery in found for page in delivery.pages)


def bare_csv(raw: bytes) -> int:
    return sum(1 for _ in csv.reader(io.StringIO(raw.decode("gb18030"), newline="\n")))


def bare_xlsx(path: Path) -> int:
    with CalamineWorkbook.from_path(path) as book:
        return sum(1 for _ in book.get_sheet_by_index(0).iter_rows())


def keep(folder: Path, answers: list[bytes]) -> None:
    spool = Spool(folder / "spool" / "a.b", RING, after=0)
    spool.open("bench", until=60)
    for answer in answers:
        spool.keep(answer)
    spool.clear()


RING = keys.make()


def main(rows: int) -> None:
    """Print a table of rows a second."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, quoted = recipients(rows, quoted=False), recipients(rows, quoted=True)
        (folder / "plain_202511.csv").write_bytes(plain)
        (folder / "quoted_202511.csv").write_bytes(quoted)
        some = max(rows // 10, 1)
        monitored(folder / "list_202511.xlsx", some)
        record = {f"field_{n}": "x" * 14 for n in range(20)}  # about 550 bytes
        answers = [orjson.dumps([record] * PAGE)] * max(rows // PAGE, 1)
        kept = len(answers) * PAGE
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            "csv: module alone": (rows, lambda: bare_csv(plain)),
            "csv: pages": (rows, lambda: pages(RECIPIENTS, CsvDrop(pattern="plain_*.csv"), folder)),
            "csv, quoted: module alone": (rows, lambda: bare_csv(quoted)),
            "csv, quoted: pages": (rows, lambda: pages(RECIPIENTS, CsvDrop(pattern="quoted_*.csv"), folder)),
            "xlsx: calamine alone": (some, lambda: bare_xlsx(folder / "list_202511.xlsx")),
            "xlsx: pages": (some, lambda: pages(MONITORED, XlsxDrop(pattern="list_*.xlsx"), folder)),
            "json: decoded": (kept, lambda: [orjson.loads(answer) for answer in answers]),
            "json: kept sealed": (kept, lambda: keep(folder, answers)),
        }
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, (_count, run) in ways.items():
                began = time.process_time()
                run()
                taken[way].append(time.process_time() - began)
    for way, (count, _run) in ways.items():
        median = statistics.median(taken[way])
        sys.stdout.write(f"{way:30} {count / median:12,.0f} rows/s {median / count * 1e6:8.2f} us a row\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
