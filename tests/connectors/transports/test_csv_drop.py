"""CSV drops: real files in a folder."""

from __future__ import annotations

import csv
import io
import os
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed, SourceSettingsError
from connectors.transports import csv_drop
from connectors.transports.csv_drop import CsvDrop

TRANSPORT = CsvDrop(pattern="people_*.csv")
STREAM = Stream(
    name="people",
    title="人员",
    title_en="people",
    key=("certno",),
    fields=(
        Field(name="certno", headers=("身份证号", "证件号码"), required=True),
        Field(name="psn_name", headers=("姓名",), required=True),
        Field(name="paid", headers=("发放日期",)),
    ),
    transport=TRANSPORT,
    semantics=Semantics.EVENT,
    complete=False,
    cadence_days=31,
    ignored=("序号", "务工时间（月）"),
)
GOOD = "序号,姓名,身份证号\r\n1,古丽·买买提,370302199001010014\r\n2,㐂三,370302199001010022\r\n"


BOTH: tuple[Literal["gb18030", "utf-8"], ...] = ("gb18030", "utf-8")


def deliveries(folder: Path, seen: frozenset[str] = frozenset(), transport: CsvDrop = TRANSPORT) -> list[Delivery]:
    return list(transport.deliveries(STREAM, Connection(folder=str(folder)), since=None, seen=seen))


def rows(folder: Path) -> list[tuple[int, dict[str, object]]]:
    return [(row.line, dict(row.values)) for d in deliveries(folder) for page in d.pages for row in page.rows()]


@pytest.mark.parametrize(
    "encoded", [GOOD.encode("gb18030"), ("\ufeff" + GOOD).encode("gb18030"), GOOD.encode("utf-8-sig")]
)
def test_encodings_with_and_without_a_byte_order_mark_read_the_same(tmp_path: Path, encoded: bytes) -> None:
    (tmp_path / "people_202510.csv").write_bytes(encoded)
    assert rows(tmp_path) == [
        (2, {"psn_name": "古丽·买买提", "certno": "370302199001010014"}),
        (3, {"psn_name": "㐂三", "certno": "370302199001010022"}),
    ]


def test_the_day_comes_from_the_name_and_files_come_oldest_first(tmp_path: Path) -> None:
    for name in ("people_202511.csv", "people_20251015.csv", "people_202402.csv"):
        (tmp_path / name).write_bytes(GOOD.encode("gb18030"))
    (tmp_path / "other_202501.csv").write_bytes(b"not ours")
    assert [(d.label, d.as_of) for d in deliveries(tmp_path)] == [
        ("people_202402.csv", date(2024, 2, 29)),
        ("people_20251015.csv", date(2025, 10, 15)),
        ("people_202511.csv", date(2025, 11, 30)),
    ]


def test_a_file_seen_before_is_skipped_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode("gb18030"))
    (first,) = deliveries(tmp_path)
    assert first.fingerprint is not None
    (tmp_path / "people_202510.csv").rename(tmp_path / "people_202511.csv")
    assert deliveries(tmp_path, frozenset({first.fingerprint})) == []


@pytest.mark.parametrize("name", ["people_202513.csv", "people_final.csv", "people_20251301.csv"])
def test_a_name_without_a_day_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(SourceMalformed, match=r"(?s)does not say .* Rename it"):
        deliveries(tmp_path)


def test_values_stay_as_text_and_lines_are_the_files_own(tmp_path: Path) -> None:
    text = '身份证号,姓名,发放日期\n"=""370302199001010014""",\'张三,\n\n３７０３０２,"李\n四",20251001\nx,y,z\n'
    (tmp_path / "people_202510.csv").write_bytes(text.encode("gb18030"))
    assert rows(tmp_path) == [
        (2, {"certno": '="370302199001010014"', "psn_name": "'张三", "paid": ""}),
        (4, {"certno": "３７０３０２", "psn_name": "李\n四", "paid": "20251001"}),
        (6, {"certno": "x", "psn_name": "y", "paid": "z"}),
    ]


def test_a_header_synonym_its_width_and_its_spaces_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes("姓 名,证件号码 ,务工时间(月)\n张三,1,2\n".encode("gb18030"))
    assert rows(tmp_path) == [(2, {"psn_name": "张三", "certno": "1"})]


def test_a_column_that_is_missing_or_undeclared_is_the_hubs_to_judge(tmp_path: Path) -> None:
    text = "姓名,发放日期,证件类型,血型,certno,370302199001\n张三,20251001,x,A,B,C\n"
    (tmp_path / "people_202510.csv").write_bytes(text.encode("gb18030"))
    ((_, values),) = rows(tmp_path)
    assert values == {
        "psn_name": "张三", "paid": "20251001", "证件类型": "x", "血型": "A",
        "column 5": "B",  # a header that is the name of a field, but none of its headers
        "column 6": "C",  # it may be a value that slipped into the header
    }  # fmt: skip


def test_a_file_without_a_header_row_is_refused_without_repeating_it(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes("张三,370302199001010014\n".encode("gb18030"))
    with pytest.raises(SourceMalformed) as caught:
        rows(tmp_path)
    assert "张三" not in str(caught.value)
    assert "3703021990" not in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (GOOD.encode("gb18030") + b"3,\xff\xff,1\n", 4),
        ("姓名,身份证号\n张\ufffd,1\n".encode("gb18030"), 2),
        ("\ufeff姓名,身份证号\n".encode() + b"\xd5\xc5,1\n", 2),
    ],
)
def test_a_character_that_cannot_be_read_refuses_the_file_by_line(tmp_path: Path, broken: bytes, line: int) -> None:
    (tmp_path / "people_202510.csv").write_bytes(broken)
    with pytest.raises(SourceMalformed, match=f"people_202510.csv, line {line}: a character"):
        rows(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("姓名,身份证号\n张三,李四,1\n", "line 2: 3 values under 2 headers"),
        ("姓名,身份证号\n张三\n", "line 2: 1 values under 2 headers"),
        ('姓名,身份证号\n"张三,1\n', "line 2: the quotes"),
    ],
)
def test_a_row_whose_values_have_shifted_refuses_the_file(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "people_202510.csv").write_bytes(text.encode("gb18030"))
    with pytest.raises(SourceMalformed, match=told):
        rows(tmp_path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('x"y,"z', "the quotes of this line do not close"),
        ('"x"y,z', "the quotes of this line do not close"),
        ("x,y,z", "3 values under 2 headers"),
        ("x", "1 values under 2 headers"),
        ("x\udcff,1", "a character is not gb18030"),
    ],
)
def test_a_line_deep_in_a_file_that_is_no_record_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    monkeypatch.setattr(csv_drop, "BLOCK", 64)
    lines = ["姓名,身份证号", *(f"张三,{n:08d}" for n in range(40))]
    lines[30] = line
    content = "\n".join(lines).encode("gb18030", "surrogateescape")
    (tmp_path / "people_202510.csv").write_bytes(content)
    with pytest.raises(SourceMalformed, match=f"people_202510.csv, line 31: {told}"):
        rows(tmp_path)


def test_values_beyond_the_header_that_are_empty_and_lines_of_nothing_are_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_drop, "BLOCK", 64)
    lines = ["姓名,身份证号", *(f'张{n},"{n:08d}",' for n in range(40))]
    lines[20:20] = ["", ",", '"",""', ",,,"]
    (tmp_path / "people_202510.csv").write_bytes("\r\n".join(lines).encode("gb18030"))
    found = rows(tmp_path)
    assert [line for line, _ in found] == [*range(2, 21), *range(25, 46)]
    assert [values for _, values in found] == [{"psn_name": f"张{n}", "certno": f"{n:08d}"} for n in range(40)]


def test_utf_16_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(SourceMalformed, match="UTF-16"):
        rows(tmp_path)


def test_a_long_file_arrives_in_pages_of_a_block_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_drop, "BLOCK", 64)
    body = "".join(f"张三,{n}\n" for n in range(40))
    (tmp_path / "people_202510.csv").write_bytes(f"姓名,身份证号\n{body}".encode("gb18030"))
    (delivery,) = deliveries(tmp_path)
    pages = list(delivery.pages)
    assert len(pages) > 4
    assert [line for page in pages for line in page.lines] == list(range(2, 42))
    assert [value for page in pages for value in page.columns["certno"]] == [str(n) for n in range(40)]


cell = st.text(st.sampled_from('张㐂a1", \t\n·'), max_size=6)


@settings(max_examples=60, deadline=None)
@given(table=st.lists(st.tuples(cell, cell), max_size=12), block=st.integers(1, 40), encoding=st.sampled_from(BOTH))
def test_whatever_a_file_holds_it_reads_block_by_block_as_python_reads_it_whole(
    table: list[tuple[str, str]], block: int, encoding: Literal["gb18030", "utf-8"]
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([("姓名", "身份证号"), *table])
    whole = csv.reader(io.StringIO(text.getvalue(), newline="\n"), strict=True)
    next(whole)
    expected, begins = [], whole.line_num + 1
    for cells in whole:
        if any(cells):
            expected.append((begins, {"psn_name": cells[0], "certno": cells[1]}))
        begins = whole.line_num + 1
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(csv_drop, "BLOCK", block)
        (Path(folder) / "people_202510.csv").write_bytes(text.getvalue().encode(encoding))
        found = deliveries(Path(folder), transport=CsvDrop(pattern="people_*.csv", encoding=encoding))
        assert [(row.line, dict(row.values)) for d in found for page in d.pages for row in page.rows()] == expected


@pytest.mark.parametrize("encoding", BOTH)
def test_an_encoding_that_was_not_told_is_found(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode(encoding))
    (delivery,) = deliveries(tmp_path, transport=CsvDrop(pattern="people_*.csv", encoding="auto"))
    assert [row.values["psn_name"] for page in delivery.pages for row in page.rows()] == ["古丽·买买提", "㐂三"]


def test_utf_8_read_as_gb18030_is_refused_and_not_misread(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode())
    with pytest.raises(SourceMalformed):
        rows(tmp_path)


def test_values_parted_by_tabs(tmp_path: Path) -> None:
    (tmp_path / "people_202510.tsv").write_bytes("姓名\t身份证号\n张,三\t1\n".encode("gb18030"))
    (delivery,) = deliveries(tmp_path, transport=CsvDrop(pattern="people_*.tsv", delimiter="\t"))
    assert [dict(row.values) for page in delivery.pages for row in page.rows()] == [
        {"psn_name": "张,三", "certno": "1"}
    ]


@pytest.mark.parametrize("name", ["people_202510.csv.part", ".people_202510.csv", "~people_202510.csv"])
def test_a_file_still_being_written_is_left_for_the_next_pull(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GOOD.encode("gb18030"))
    assert deliveries(tmp_path, transport=CsvDrop(pattern="*people_*")) == []


def test_a_file_younger_than_the_declared_time_is_left_for_the_next_pull(tmp_path: Path) -> None:
    path = tmp_path / "people_202510.csv"
    path.write_bytes(GOOD.encode("gb18030"))
    settled = CsvDrop(pattern="people_*.csv", settle=timedelta(minutes=5))
    assert deliveries(tmp_path, transport=settled) == []
    old = path.stat().st_mtime - 301
    os.utime(path, (old, old))
    assert len(deliveries(tmp_path, transport=settled)) == 1


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people_202510.csv"
    path.write_bytes(GOOD.encode("gb18030"))
    (delivery,) = deliveries(tmp_path)
    path.write_bytes(GOOD.encode("gb18030") + "3,王五,370302199001010030\r\n".encode("gb18030"))
    with pytest.raises(SourceMalformed, match="changed while it was read"):
        list(delivery.pages)


def test_a_source_without_a_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SourceSettingsError, match="Set the source's `folder`"):
        list(TRANSPORT.deliveries(STREAM, Connection(), since=None, seen=frozenset()))
    with pytest.raises(SourceSettingsError, match="is not a folder"):
        deliveries(tmp_path / "nowhere")
