"""TOML sources: read with the same keys as the Python ones, and refused by file, line, key and remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import FieldType, Sealed, Semantics, discover
from connectors.errors import DeclarationError
from connectors.transports.csv_drop import CsvDrop
from connectors.transports.http.answer import Accepted
from connectors.transports.http.paging import Cursor
from connectors.transports.http.signing import Signed
from connectors.transports.http_json import HttpJson, Window

HEAD = """name = "jiangyin"
title = "江阴市民政局"
title_en = "Jiangyin"
department = "civil_affairs"
legal_basis = "医保办发〔2022〕21号"
"""
FEEDING = (
    HEAD
    + """
[[streams]]
name = "recipients"
feeds = "civil_affairs.recipients"
transport = { kind = "csv", pattern = "dibao_*.csv", encoding = "auto", settle = "5m" }
fields = [{ name = "household_number", headers = ["证编号"] }]
"""
)
WHOLE = (
    HEAD
    + """
[[streams]]
name = "disabled"
title = "残疾人"
title_en = "disabled persons"
key = ["mac", "since"]
semantics = "register"
complete = true
cadence_days = 31
expected = [1, 5000]
legal_basis = "政务数据共享条例"
ignored = ["序号"]

[streams.transport]
kind = "http"
path = "/api/list"
rows = "data.rows"
method = "POST"
body = { page = { after = "{cursor}", size = "{size}" }, from = "{begin}" }
accepted = { path = "code", codes = ["200"] }
paging = { kind = "cursor", next_at = "data.next" }
auth = { kind = "hmac", unit = "s" }
window = { overlap = "30d", lag = "90m" }

[[streams.fields]]
name = "certno"
headers = ["身份证号"]
sealed = "id_number"
required = true

[[streams.fields]]
name = "since"
type = "day"
"""
)


def told(folder: Path, text: str, name: str = "own.toml") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_stream_that_feeds_another_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    told(tmp_path, FEEDING)
    (own,) = [source for source in discover(tmp_path) if source.name == "jiangyin"]
    fed = next(source for source in discover() if source.name == "civil_affairs").stream("recipients")
    stream = own.stream("recipients")
    assert stream.transport == CsvDrop(pattern="dibao_*.csv", encoding="auto", settle=timedelta(minutes=5))
    assert stream.field("household_number").headers == ("证编号",)
    assert [f for f in stream.fields if f.name != "household_number"] == [
        f for f in fed.fields if f.name != "household_number"
    ]
    assert (stream.key, stream.semantics, stream.complete, stream.title) == (
        fed.key, fed.semantics, fed.complete, fed.title,
    )  # fmt: skip
    assert stream.relation("jiangyin") == fed.relation("civil_affairs") == "civil_affairs_recipients"


def test_a_stream_of_its_own_says_everything_in_the_keys_of_the_python_declaration(tmp_path: Path) -> None:
    told(tmp_path, WHOLE)
    (own,) = [source for source in discover(tmp_path) if source.name == "jiangyin"]
    (stream,) = own.streams
    assert stream.transport == HttpJson(
        path="/api/list",
        rows="data.rows",
        method="POST",
        body={"page": {"after": "{cursor}", "size": "{size}"}, "from": "{begin}"},
        accepted=Accepted(path="code", codes=("200",)),
        paging=Cursor(next_at="data.next"),
        auth=Signed(unit="s"),
        window=Window(overlap=timedelta(days=30), lag=timedelta(minutes=90)),
    )
    assert (stream.semantics, stream.expected, stream.ignored) == (Semantics.REGISTER, (1, 5000), ("序号",))
    assert (stream.field("certno").sealed, stream.field("since").type) == (Sealed.ID_NUMBER, FieldType.DAY)
    assert stream.legal_basis == "政务数据共享条例"


def test_without_a_folder_there_are_the_shipped_sources(tmp_path: Path) -> None:
    assert discover(tmp_path / "sources") == discover()


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (
            FEEDING,
            'name = "jiangyin"\n',
            'name = "jiangyin"\ncolour = 1\n',
            "line 2, colour: unknown key. Use one of: ",
        ),
        (FEEDING, "settle", "setle", "line 10, streams.0.transport.setle: unknown key"),
        (FEEDING, '"5m"', "5", 'line 10, streams.0.transport.settle: is not a stretch of time. Write it as "30s"'),
        (FEEDING, '"csv"', '"xml"', "transport.kind: is not a known word. Use one of: csv, http, national_platform"),
        (FEEDING, "dibao_*", "../dibao_*", "transport: a pattern stays inside the source's folder"),
        (FEEDING, '"auto"', '"gbk"', "encoding: is not a known word. Use one of: gb18030, utf-8, auto"),
        (FEEDING, "civil_affairs.recipients", "civil_affairs.pensions", "line 9, streams.0.feeds: names no stream"),
        (FEEDING, '"household_number"', '"card"', "line 11, streams.0.fields.0.name: is no field of the stream"),
        (FEEDING, '["证编号"] }', '["证编号"], type = "day" }', "is not a name with its headers"),
        (FEEDING, '["证编号"]', '["姓名"]', "the header 姓名 names two fields"),
        (FEEDING, '"jiangyin"', '"civil_affairs"', "line 1, name: a source civil_affairs is declared already"),
        (FEEDING, '"jiangyin"', '"x; DROP"', "name: is not a name"),
        (FEEDING, 'department = "civil_affairs"\n', "", "department: is missing. Add department"),
        (FEEDING, "[[streams]]", "[[stream]]", "streams: no stream is declared"),
        (FEEDING, 'name = "recipients"', 'name = ["recipients"]', "line 8, streams.0.name: is of another type"),
        (FEEDING, "transport = {", "transport = [", "is not TOML"),
        (WHOLE, "{cursor}", "{curser}", r"{curser} stands for nothing"),
        (WHOLE, 'sealed = "id_number"\n', "", "fields: 0 fields are sealed as id_number"),
        (WHOLE, '["mac", "since"]', '["mac", "until"]', "key: until is no field that may be in a key"),
        (WHOLE, 'name = "since"', 'name = "select"', "'select' cannot be a name"),
        (WHOLE, 'name = "since"', 'name = "line"', "'line' cannot be a name"),
        (WHOLE, "[1, 5000]", "[1]", "expected: has 1 values. Give 2"),
        (WHOLE, "cadence_days = 31", "cadence_days = 0", "cadence_days: is not a number of days"),
        (WHOLE, "complete = true", "complete = 1", "complete: is of another type. Give true or false"),
        (WHOLE, 'kind = "hmac"', 'secret = "x"', "auth: does not say its kind"),
        (WHOLE, 'unit = "s"', 'secret = "x"', "auth.secret: unknown key"),
    ],
)
def test_what_is_not_a_declaration_is_refused_by_line_and_key(
    tmp_path: Path, text: str, old: str, new: str, message: str
) -> None:
    assert old in text
    told(tmp_path, text.replace(old, new, 1))
    with pytest.raises(DeclarationError) as caught:
        discover(tmp_path)
    assert str(tmp_path / "own.toml") in str(caught.value)
    assert message in str(caught.value)


def test_two_streams_that_would_land_in_one_relation_are_refused(tmp_path: Path) -> None:
    told(tmp_path, WHOLE)
    told(tmp_path, WHOLE.replace('"jiangyin"', '"jiangyin_disabled"').replace('"disabled"', '"x"'), "second.toml")
    assert len(discover(tmp_path)) == len(discover()) + 2
    clashing = WHOLE.replace('"jiangyin"', '"jiang"').replace('"disabled"', '"yin_disabled"')
    told(tmp_path, clashing.replace("jiangyin", "jiang"), "second.toml")
    told(tmp_path, WHOLE.replace('"jiangyin"', '"jiang_yin"'))
    with pytest.raises(DeclarationError, match="would land in one relation"):
        discover(tmp_path)
