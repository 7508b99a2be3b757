"""Archives and manifests of a drop: real files in a folder."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from test_csv_drop import GOOD, STREAM

from connectors.base import Connection
from connectors.errors import SourceMalformed, SourceUnavailable
from connectors.transports.csv_drop import CsvDrop

ZIPPED = CsvDrop(pattern="人员*.csv", archive="sent_*.zip")
LISTED = CsvDrop(pattern="people_*.csv", manifest="manifest_*.json")


def read(folder: Path, transport: CsvDrop) -> list[tuple[str, str, int]]:
    found = transport.deliveries(STREAM, Connection(folder=str(folder)), since=None, seen=frozenset())
    return [(d.label, str(d.as_of), sum(len(page.lines) for page in d.pages)) for d in found]


def windows_zip(path: Path, members: dict[str, bytes]) -> None:
    """An archive as Windows writes it in China: names in GB18030, not marked as UTF-8."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr("?" * len(name.encode("gb18030")), data)
    raw = path.read_bytes()
    for name in members:
        raw = raw.replace(b"?" * len(name.encode("gb18030")), name.encode("gb18030"))
    path.write_bytes(raw)


def test_members_that_match_are_deliveries_whatever_their_names_are_written_in(tmp_path: Path) -> None:
    body = GOOD.encode("gb18030")
    windows_zip(tmp_path / "sent_202510.zip", {"下发/人员名单.csv": body, "说明材料一.txt": b"x"})
    with zipfile.ZipFile(tmp_path / "sent_202511.zip", "w") as archive:
        archive.writestr("人员_20251115.csv", body)
    assert read(tmp_path, ZIPPED) == [
        ("sent_202510.zip/人员名单.csv", "2025-10-31", 2),
        ("sent_202511.zip/人员_20251115.csv", "2025-11-15", 2),
    ]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sent_202510.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("人员.csv", bytes(8 * 1024**2))
    with pytest.raises(SourceMalformed, match="would unpack to 8,388,608 bytes"):
        read(tmp_path, ZIPPED)


def test_a_locked_a_damaged_and_a_false_archive_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sent_202510.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("人员.csv", GOOD.encode("gb18030"))
    raw = path.read_bytes()
    path.write_bytes(raw.replace("姓名".encode("gb18030"), b"abcd"))
    with pytest.raises(SourceMalformed, match="is damaged"):
        read(tmp_path, ZIPPED)
    at = raw.index(b"PK\x01\x02") + 8
    path.write_bytes(raw[:at] + bytes([raw[at] | 1]) + raw[at + 1 :])
    with pytest.raises(SourceMalformed, match="locked with a password"):
        read(tmp_path, ZIPPED)
    path.write_bytes(b"PK cut short")
    with pytest.raises(SourceMalformed, match="not a readable ZIP"):
        read(tmp_path, ZIPPED)


def manifest(folder: Path, **entry: Any) -> None:
    (folder / "manifest_202510.json").write_text(json.dumps({"files": [entry]}))


def test_a_file_that_is_what_the_manifest_says_is_read(tmp_path: Path) -> None:
    body = GOOD.encode("gb18030")
    (tmp_path / "people_202510.csv").write_bytes(body)
    with pytest.raises(SourceUnavailable, match="no manifest names the file yet"):
        read(tmp_path, LISTED)
    manifest(tmp_path, file="people_202510.csv", rows=2, sha256=hashlib.sha256(body).hexdigest())
    assert read(tmp_path, LISTED) == [("people_202510.csv", "2025-10-31", 2)]
    text = f"文件名,记录数,校验值\r\npeople_202510.csv,2,{hashlib.sha256(body).hexdigest().upper()}\r\n"
    (tmp_path / "清单.csv").write_bytes(text.encode("gb18030"))
    told = CsvDrop(pattern="people_*.csv", manifest="清单*.csv")
    assert read(tmp_path, told) == [("people_202510.csv", "2025-10-31", 2)]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"rows": 3}, "2 rows, and the manifest says 3"),
        ({"sha256": "0" * 64}, "SHA-256 is not the one"),
        ({"rows": "many"}, "no count of rows in entry 1"),
        ({"sha256": "abc"}, "no SHA-256 of 64 digits"),
    ],
)
def test_a_file_that_differs_from_its_manifest_is_refused(tmp_path: Path, entry: dict[str, Any], told: str) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode("gb18030"))
    manifest(tmp_path, file="people_202510.csv", **entry)
    with pytest.raises(SourceMalformed, match=told):
        read(tmp_path, LISTED)


def test_a_manifest_that_names_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "people_202510.csv").write_bytes(GOOD.encode("gb18030"))
    for text in ("[1]", "{", '[{"rows": 1}]'):
        (tmp_path / "manifest_202510.json").write_text(text)
        with pytest.raises(SourceMalformed, match=r"manifest_202510\.json: the manifest"):
            read(tmp_path, LISTED)
