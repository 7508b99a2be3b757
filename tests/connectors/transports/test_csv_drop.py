"""CSV drops: real files in a folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed, SourceSettingsError
from connectors.transports import drop
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


def deliveries(folder: Path, seen: frozenset[str] = frozenset()) -> list[Delivery]:
    return list(TRANSPORT.deliveries(STREAM, Connection(folder=str(folder)), since=None, seen=seen))


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


def test_a_missing_required_header_names_file_line_field_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes("姓名\n张三\n".encode("gb18030"))
    with pytest.raises(
        SourceMalformed, match=r"people_202510.csv, line 1: no column for 身份证号 \(certno\)\. .*headers"
    ):
        rows(tmp_path)


def test_an_undeclared_header_names_both_places_to_declare_it(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes("姓名,身份证号,血型\n张三,1,A\n".encode("gb18030"))
    with pytest.raises(SourceMalformed, match=r"line 1: column 3, headed 血型, .*`headers`.*`ignored`"):
        rows(tmp_path)


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


def test_utf_16_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(SourceMalformed, match="UTF-16"):
        rows(tmp_path)


def test_a_long_file_arrives_in_pages(tmp_path: Path) -> None:
    body = "".join(f"张三,{n}\n" for n in range(2 * drop.PAGE + 1))
    (tmp_path / "people_202510.csv").write_bytes(f"姓名,身份证号\n{body}".encode("gb18030"))
    (delivery,) = deliveries(tmp_path)
    pages = list(delivery.pages)
    assert [len(page.lines) for page in pages] == [drop.PAGE, drop.PAGE, 1]
    assert pages[-1].lines[-1] == 2 * drop.PAGE + 2


def test_a_source_without_a_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SourceSettingsError, match="Set the source's `folder`"):
        list(TRANSPORT.deliveries(STREAM, Connection(), since=None, seen=frozenset()))
    with pytest.raises(SourceSettingsError, match="is not a folder"):
        deliveries(tmp_path / "nowhere")
