"""What the kit says of a live source: good ones pass, each misbehaviour is named, and no value is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import stamina
from kit_hub import Kit, make

from connectors.base import Connection, Stream, discover
from connectors.kit import endpoint, files, rows, storms
from connectors.kit.shapes import shape_of
from connectors.kit.storms import Answer, Interface, Storm
from connectors.kit.verdict import Outcome, Verdict
from schema.cli.source_test import reading

NOW = datetime(2025, 10, 31, 22)  # noqa: DTZ001 - a department's wall clock
TODAY = date(2025, 10, 31)
STREAMS = {f"{s.name}.{t.name}": t for s in discover() for t in s.streams}
SETTLEMENTS, RECIPIENTS = STREAMS["medical_insurance.settlements"], STREAMS["civil_affairs.recipients"]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture(scope="module")
def kit(tmp_path_factory) -> Kit:
    return make(tmp_path_factory.mktemp("kit"))


def interface(kit: Kit, stream: Stream = SETTLEMENTS) -> Interface:
    shape = shape_of(stream)
    assert shape is not None
    made = [rows.make(stream, kit.known, n, NOW - timedelta(days=10)) for n in range(1, 9)]
    paged = replace(stream, transport=shape.paged(stream.transport, 3))
    return Interface(stream=paged, shape=shape, rows=made, now=NOW)


def ask(kit: Kit, here: Interface, storm: Storm = storms.calm) -> list[Verdict]:
    with storms.weather(here, storm) as connection:
        return endpoint.check(
            here.stream, connection, reading(here.stream, kit.codes, kit.linkage.contract), today=TODAY, pages=3
        )


def told(verdicts: list[Verdict], outcome: Outcome) -> set[str]:
    return {v.check for v in verdicts if v.outcome is outcome}


def assert_no_value(verdicts: list[Verdict], made: list[rows.Row]) -> None:
    said = " ".join(v.said + v.said_en for v in verdicts)
    assert not any(str(row["certno"]) in said for row in made)
    assert not any(str(value) in said for value in rows.SEALED.values())


@pytest.mark.parametrize("name", [name for name, stream in STREAMS.items() if shape_of(stream)])
def test_a_good_interface_passes_every_check(kit, name) -> None:
    here = interface(kit, STREAMS[name])
    found = ask(kit, here)
    assert told(found, Outcome.FAIL) == set()
    good = {"answer", "columns", "types", "counts", "order", "clock", "time", "content", "compression"}
    assert told(found, Outcome.OK) >= good
    assert ("window" in told(found, Outcome.OK)) == any(question.window for question in here.overheard)
    assert_no_value(found, here.rows)


def test_at_most_so_many_pages_are_read(kit) -> None:
    here = interface(kit)
    here.rows = [rows.make(here.stream, kit.known, n, NOW - timedelta(days=10)) for n in range(1, 100)]
    ask(kit, here)
    assert max(question.first for question in here.overheard) == 2 * 3


def damaged(**values: object) -> Storm:
    """Every row says something else in some fields; None takes the field away."""

    def storm(here: Interface, question: storms.Question) -> Answer:
        whole = here.rows
        here.rows = [{k: v for k, v in (row | values).items() if v is not None} for row in whole]
        try:
            return here.answer(question)
        finally:
            here.rows = whole

    return storm


def unstable(here: Interface, question: storms.Question) -> Answer:
    if question.first == 0 and question.size == 3:
        here.rows[:3] = here.rows[2::-1]
    return here.answer(question)


def unwindowed(here: Interface, question: storms.Question) -> Answer:
    """It ignores the window that was asked for."""
    here.rows[0]["setl_time"] = "2025-10-31 21:59:59"
    return here.answer(replace(question, window=None))


@pytest.mark.parametrize(
    ("check", "storm"),
    [
        ("columns", damaged(setl_id=None)),
        ("types", damaged(medfee_sumamt="一百")),
        ("types", damaged(certno="370302199001010019")),
        ("types", damaged(med_type="9999")),
        ("types", damaged(setldetail="none")),
        ("order", unstable),
        ("window", unwindowed),
        ("clock", storms.PASSING["clock two days ahead"]),
        ("answer", storms.LASTING["503 for good"]),
        ("answer", storms.LASTING["a sign-in page"]),
    ],
)
def test_a_misbehaviour_fails_its_check(kit, check, storm) -> None:
    here = interface(kit)
    found = ask(kit, here, storm)
    assert check in told(found, Outcome.FAIL)
    assert_no_value(found, here.rows)


def test_what_nobody_declared_and_what_is_missing_are_noted_by_name(kit) -> None:
    found = ask(kit, interface(kit), damaged(brand_new="1", acct_pay=None))
    said = " ".join(v.said_en for v in found if v.check == "columns")
    assert "undeclared: brand_new" in said
    assert "optional, not there: acct_pay" in said
    assert told(found, Outcome.FAIL) == set()


def test_two_rows_of_one_key_are_noted(kit) -> None:
    here = interface(kit)
    here.rows[1]["setl_id"] = here.rows[0]["setl_id"]
    assert "counts" in told(ask(kit, here), Outcome.NOTE)


def test_nobody_listening_is_a_failure_and_not_a_crash(kit) -> None:
    read = reading(SETTLEMENTS, kit.codes, kit.linkage.contract)
    found = endpoint.check(SETTLEMENTS, Connection(url="http://127.0.0.1:9", timeout=1), read, today=TODAY)
    assert told(found, Outcome.FAIL) == {"answer"}


@pytest.mark.parametrize("name", [name for name, stream in STREAMS.items() if files.is_file(stream)])
def test_a_good_file_passes_and_the_newest_is_looked_at(kit, tmp_path, name) -> None:
    stream = STREAMS[name]
    made = [rows.make(stream, kit.known, n, NOW) for n in range(1, 5)]
    files.write(stream, files.table(stream, made), tmp_path / files.name(stream, "202510"))
    files.write(stream, files.table(stream, made)[:2], tmp_path / files.name(stream, "202509"))
    found = endpoint.check(
        stream, Connection(folder=str(tmp_path)), reading(stream, kit.codes, kit.linkage.contract), today=TODAY
    )
    assert told(found, Outcome.FAIL) == set()
    assert "4 rows read" in next(v.said_en for v in found if v.check == "answer")
    assert_no_value(found, made)


def test_a_spoilt_file_and_an_empty_folder_fail(kit, tmp_path) -> None:
    read, connection = reading(RECIPIENTS, kit.codes, kit.linkage.contract), Connection(folder=str(tmp_path))
    assert told(endpoint.check(RECIPIENTS, connection, read, today=TODAY), Outcome.FAIL) == {"answer"}
    (tmp_path / files.name(RECIPIENTS, "202510")).write_bytes(b"")
    assert told(endpoint.check(RECIPIENTS, connection, read, today=TODAY), Outcome.FAIL) == {"answer"}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("deaths_202510.csv", "younger than settle = 1:00:00 and wait"),
        (".deaths_202510.csv", "no file is named deaths_"),
        ("deaths_202510.csv.part", "no file is named deaths_"),
        ("list.csv", r"no file is named deaths_\*.csv \(1 other files are there\)"),
    ],
)
def test_a_folder_with_nothing_to_read_says_why(kit, tmp_path, file, said) -> None:
    (tmp_path / file).write_text("x")
    stream = next(s for source in discover() for s in source.streams if s.name == "deaths")
    waiting = replace(stream, transport=replace(stream.transport, settle=timedelta(hours=1)))
    connection = Connection(folder=str(tmp_path))
    (verdict,) = endpoint.check(waiting, connection, lambda *_: None, today=date(2025, 11, 1))
    assert (verdict.check, verdict.outcome) == ("answer", Outcome.FAIL)
    assert re.search(said, verdict.said_en)
