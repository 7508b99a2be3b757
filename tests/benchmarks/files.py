"""Files of many rows for the landing's benchmark, made of the simulator's, and reading them without a hub."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

from connectors.base import Connection, Stream
from connectors.simulator.world import World

NUMBERED = {"救助证号", "户编号", "人编号"}  # these get a copy's own number, so that no two rows are the same


def write(folder: Path, kind: str, rows: int) -> tuple[int, Path]:
    """One file of some `rows` rows. Returns how many, and where it is."""
    made = World(20_000).write_drops(folder / "made", "2025-10")
    path = next(p for p in made if p.name.startswith("recipients" if kind == "csv" else "monitored"))
    target = folder / kind / path.name
    target.parent.mkdir()
    head, data = _csv(path) if kind == "csv" else _xlsx(path)
    named = [at for at, name in enumerate(head[-1]) if name in NUMBERED]
    copies = (
        [f"{cell}{copy}" if copy and at in named else cell for at, cell in enumerate(cells)]
        for copy in range(-(-rows // len(data)))
        for cells in data
    )
    many = [cells for cells, _ in zip(copies, range(rows), strict=False)]
    if kind == "csv":
        with target.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([*head, *many])
    else:
        with xlsxwriter.Workbook(str(target), {"constant_memory": True}) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            sheet = book.add_worksheet()
            for at, cells in enumerate([*head, *many]):
                for place, cell in enumerate(cells):
                    sheet.write_datetime(at, place, cell, day) if isinstance(cell, date) else sheet.write(
                        at, place, cell
                    )
    return rows, target


def _csv(path: Path) -> tuple[list[list[str]], list[list[str]]]:
    with path.open(encoding="gb18030", newline="") as file:
        cells = list(csv.reader(file))
    return cells[:1], cells[1:]


def _xlsx(path: Path) -> tuple[list[list[object]], list[list[object]]]:
    cells: list[list[object]] = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return cells[:3], [row for row in cells[3:] if row[0] not in ("小计", "合计")]


def csv_alone(path: Path) -> int:
    """The csv module over a decoded file."""
    with path.open(encoding="gb18030", newline="") as file:
        return sum(1 for _ in csv.reader(file))


def xlsx_alone(path: Path) -> int:
    """python-calamine over the first sheet."""
    with CalamineWorkbook.from_path(path) as book:
        return sum(1 for _ in book.get_sheet_by_index(0).iter_rows())


def transport_alone(stream: Stream, connection: Connection) -> int:
    """Every page as the transport hands it over."""
    (delivery,) = stream.transport.deliveries(stream, connection, since=None, seen=frozenset())
    return sum(len(page.lines) for page in delivery.pages)
