"""Quarantine, held batches and the state of the sources on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from connectors.base import discover
from hub import store
from hub.landing import returned
from hub.landing.reasons import ADVICE, TITLES, reason
from hub.reading import identity, values
from hub.reading.numbers import check_digit
from tests.hub.landing.lists import STRANGE, Lists, line, number
from tests.stores import a_store

WIDE = 100
ANYWHERE = pytest.mark.parametrize("lists", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def lists(request, postgres: str | None, tmp_path: Path, config_folder: Path) -> Iterator[Lists]:
    """On SQLite, or on the database that a test asks for."""
    with a_store(getattr(request, "param", "sqlite"), postgres, tmp_path) as url:
        made = Lists(tmp_path / "hub", config_folder, url)
        yield made
        made.close()


@pytest.fixture
def hub(run, lists, monkeypatch):
    """The command line on this deployment, on a screen of 100 columns."""
    monkeypatch.setattr("schema.cli.common.console.width", WIDE)

    def hub(*arguments: object) -> tuple[int, str, str]:
        return run("--data", lists.folder, *arguments)

    return hub


def fill(lists: Lists) -> None:
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE), line(4, certified="2025-02-30")])


def test_rows_are_listed_by_reason_and_by_place_and_the_filters_narrow_them(hub, lists):
    fill(lists)
    found = json.loads(hub("quarantine", "list", "--json")[1])["quarantine"]
    assert [(r["reason"], r["field"], r["state"], r["rows"]) for r in found] == [
        ("bad_date", "certified", "open", 1),
        ("unknown_code", "assistance_type", "open", 1),
    ]
    for option, value, lines in (
        ("--reason", "bad_date", [5]),
        ("--field", "assistance_type", [4]),
        ("--state", "waived", []),
        ("--batch", 1, [4, 5]),
        ("--source", "civil_affairs", [4, 5]),
        ("--stream", "relief", []),
    ):
        rows = json.loads(hub("quarantine", "list", "--rows", "--json", option, value)[1])["quarantine"]
        assert [row["line"] for row in rows] == lines
    for option, value in (("--source", "weather"), ("--stream", "rain"), ("--state", "lost")):
        assert hub("quarantine", "list", option, value)[0] == 4
    code, out, err = hub("quarantine", "list", "--rows")
    assert (code, out) == (0, "")
    assert "代码不在对照表中" in err
    assert "a code is not in the code list" in err


def test_a_row_shows_its_form_and_history_and_never_a_value(hub, lists):
    fill(lists)
    hub("quarantine", "waive", 1, 4, "--actor", "王", "--reason", "a test row")
    code, out, err = hub("quarantine", "show", 1, 4, "--json")
    row = json.loads(out)
    assert code == 0
    assert (row["reason"], row["field"], row["state"]) == ("unknown_code", "assistance_type", "waived")
    assert row["columns"]["certno"] == row["columns"]["psn_name"] == "filled"
    assert (row["columns"]["assistance_type"], row["columns"]["phone"]) == ("unknown_code", "absent")
    assert [(change["state"], change["actor"]) for change in row["history"]] == [("waived", "王")]
    told = out + err + "".join(hub("quarantine", "show", 1, 4)[1:]) + "".join(hub("quarantine", "show", 1)[1:])
    for value in (number(3), "张3", "Z3", STRANGE):
        assert value not in told
    assert hub("quarantine", "show", 1, 2)[0] == 4
    assert hub("quarantine", "show", 9)[0] == 4


@ANYWHERE
def test_values_are_shown_to_a_named_person_only_and_the_access_log_says_so(hub, lists):
    fill(lists)
    for more in ((), ("--actor", "王"), ("--reason", "asked"), ("--actor", " ", "--reason", "x")):
        code, out, err = hub("quarantine", "show", 1, 4, "--unseal", *more)
        assert (code, number(3) in out + err) == (4, False)
    seen = hub("quarantine", "show", 1, 4, "--unseal", "--actor", "王", "--reason", "the county asked", "--json")
    assert json.loads(seen[1])["values"]["certno"] == number(3)
    (leaf,) = lists.query(sa.select(store.access_log.c.leaf))
    entry = json.loads(leaf.leaf)
    assert (entry["client"], entry["purpose"], entry["operation"]) == ("王", "the county asked", "quarantine show 1 4")
    assert "civil_affairs.recipients.certno" in entry["fields"]
    assert number(3) not in leaf.leaf.decode()
    assert hub("log", "verify")[0] == 0


def test_no_log_no_look(hub, lists, monkeypatch):
    fill(lists)

    def broken(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hub.log.append", broken)
    code, out, err = hub("quarantine", "show", 1, 4, "--unseal", "--actor", "王", "--reason", "asked")
    assert (code, out) == (75, "")
    assert "disk is full" in err


@ANYWHERE
def test_rows_are_replayed_waived_fixed_and_opened_again(hub, lists):
    fill(lists)
    lists.learn()
    code, out, _ = hub("quarantine", "replay", "--json", "--actor", "李")
    assert code == 0
    (made,) = json.loads(out)["replays"]
    assert (made["replayed_batch"], made["batch_id"], made["read"], made["accepted"], made["still_open"]) == (
        1, 2, 2, 1, 1,
    )  # fmt: skip
    assert made["reasons"] == {"bad_date": 1}
    assert lists.states() == {(1, 4): "replayed", (1, 5): "open"}
    assert hub("quarantine", "fixed", 1, "--actor", "李", "--reason", "told by telephone")[0] == 0
    assert lists.states()[1, 5] == "fixed_at_source"
    assert hub("quarantine", "reopen", 1, 5, "--actor", "李", "--reason", "not yet")[0] == 0
    assert lists.states()[1, 5] == "open"
    assert hub("quarantine", "waive", 1, 4, "--actor", "李", "--reason", "x")[0] == 4
    assert hub("quarantine", "waive", 1, 5)[0] == 2
    assert "+ open" in hub("quarantine", "replay")[2]
    lists.conserved()


@ANYWHERE
def test_a_held_batch_is_told_confirmed_and_refused(hub, lists):
    lists.land("202508", [line(n) for n in range(20)])
    lists.drop("202509", [line(n) for n in range(10)])
    code, out, err = hub("pull", "civil_affairs", "--json")
    assert (code, json.loads(out)["batches"][0]["state"]) == (0, "held")
    assert "10 of 20 rows of batch 1 are missing" in err
    recipients = json.loads(hub("sources", "--json")[1])["streams"]
    (stream,) = [row for row in recipients if row["stream"] == "civil_affairs.recipients"]
    assert [(held["batch"], held["state"]) for held in stream["held"]] == [(2, "held")]
    code, _, err = hub("month", "compute", "2025-09")
    assert code == 0
    assert "without batch 2" in err
    assert hub("source", "confirm", 1, "--actor", "王", "--reason", "x")[0] == 4
    assert hub("source", "confirm", 2, "--actor", "", "--reason", "x")[0] == 4
    assert hub("source", "refuse", 2, "--actor", "王", "--reason", "the wrong county")[0] == 0
    assert hub("source", "confirm", 2, "--actor", "王", "--reason", "x")[0] == 4
    assert hub("source", "refuse", 9, "--actor", "王", "--reason", "x")[0] == 4


def test_the_sources_stand_with_their_last_batch_and_what_waits_the_late_ones_first(hub, lists):
    fill(lists)
    streams = json.loads(hub("sources", "--json")[1])["streams"]
    assert [row["state"] for row in streams] == ["never"] * 6 + ["late"]
    row = streams[-1]
    assert (row["department"], row["open"], row["last_batch"]["label"]) == ("civil_affairs", 2, "recipients_202508.csv")
    assert row["read"] == row["accepted"] + row["quarantined"] + row["duplicates"] == 4
    _, _, err = hub("sources")
    assert "recipients_202508.csv" in err
    assert "逾期" in err
    assert [row["connected"] for row in streams] == [row["stream"].startswith("civil") for row in streams]
    assert "[source.NAME] in aidgraph.toml): medical_insurance.persons" in " ".join(err.split())


def test_a_pull_of_all_leaves_out_what_is_not_connected_and_says_so(hub, lists):
    lists.drop("202508", [line(1)])
    code, _, err = hub("pull")
    assert code == 0
    assert "Not connected 未接入" in err
    assert "medical_insurance, rural_revitalization" in " ".join(err.split())
    assert hub("pull", "medical_insurance")[0] == 4


@ANYWHERE
def test_what_was_repaired_and_what_is_odd_stands_under_the_batches_where_there_is_any(hub, lists):
    lists.drop("202508", [line(1)])
    _, _, err = hub("pull", "civil_affairs")
    assert "repaired" not in err + hub("sources")[2]
    head = "37990119800101001"
    said = [line(1, certno=f"'{number(1)}"), line(2, certno=head + check_digit(head))]
    lists.drop("202509", said)
    for told in (hub("pull", "civil_affairs")[2], hub("sources")[2]):
        under = [row.rstrip() for row in told.splitlines()]
        assert sum(row.endswith("repaired 修复: spreadsheet_guard 1") for row in under) == 1
        assert sum(row.endswith("warnings 提示: county_unknown 1") for row in under) == 1
        assert all(len(row) <= WIDE for row in under)
    last = json.loads(hub("sources", "--json")[1])["streams"][-1]["last_batch"]
    assert (last["repairs"], last["warnings"]) == ({"spreadsheet_guard": 1}, {"county_unknown": 1})


def test_a_department_is_sent_places_reasons_and_remedies_and_no_value(hub, lists, tmp_path):
    fill(lists)
    code, out, _ = hub("quarantine", "report", "--source", "civil_affairs")
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert code == 0
    assert [(row["行号 line"], row["字段 field"], row["列名 column"]) for row in rows] == [
        ("4", "assistance_type", "救助类别"),
        ("5", "certified", "认定日期"),
    ]
    assert all(row["原因"] and row["reason"] and row["处理办法"] and row["what to do"] for row in rows)
    for name in ("r.csv", "r.xlsx", "r.md"):
        assert hub("quarantine", "report", "--source", "civil_affairs", "--out", tmp_path / name)[0] == 0
    assert (tmp_path / "r.csv").read_bytes().decode() == out
    sheet = CalamineWorkbook.from_path(tmp_path / "r.xlsx").get_sheet_by_index(0).to_python()
    assert [line[4] for line in sheet] == ["行号 line", "4", "5"]
    assert len((tmp_path / "r.md").read_text(encoding="utf-8").splitlines()) == 4
    for value in (number(3), number(4), "张3", STRANGE, "2025-02-30"):
        assert value not in out + (tmp_path / "r.md").read_text(encoding="utf-8")
    assert hub("quarantine", "report", "--source", "civil_affairs", "--out", tmp_path / "r.doc")[0] == 4
    assert hub("quarantine", "report", "--source", "civil_affairs", "--out", tmp_path / "no" / "r.xlsx")[0] == 4
    assert hub("quarantine", "report", "--source", "weather")[0] == 4


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=12))
def test_no_cell_of_a_report_is_a_formula(text):
    cell = returned.harmless(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert cell.removeprefix("'") == text or cell == text


def test_every_reason_is_told_in_both_languages_with_what_to_do():
    assert TITLES.keys() >= identity.REASONS.keys() | values.REASONS.keys()
    for code in ADVICE:
        told = reason(code)
        assert told.title.isascii() is False
        assert told.title_en.isascii()
        assert told.advice.isascii() is False
        assert told.advice_en[0].isascii()


def test_a_report_names_a_file_that_looks_like_a_formula_harmlessly():
    row = {
        "source": "civil_affairs", "stream": "recipients", "label": "=cmd|' /C calc'!A0.csv", "batch_id": 1, "line": 2,
        "as_of": date(2025, 8, 31), "reason": "bad_date", "field": "-x", "state": "open",
    }  # fmt: skip
    (line_,) = returned.cells([row], discover())
    assert line_[1].startswith("'=cmd")
    assert line_[7] == "'-x"
