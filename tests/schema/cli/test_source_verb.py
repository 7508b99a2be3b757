"""`aidgraph source test`: what it prints, and how it exits."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

import hub
from connectors.base import discover
from connectors.kit import files, rows
from hub import config

NOW = datetime(2025, 10, 31, 22)  # noqa: DTZ001 - a department's wall clock
SOURCE = next(source for source in discover() if source.name == "civil_affairs")
DEATHS = SOURCE.stream("deaths")


@pytest.fixture
def drops(tmp_path) -> Path:
    codes = config.load(Path(hub.__file__).parents[1] / "config").codes
    known = {name: next(iter(listed)) for (name, _), listed in codes.lists.items()}
    made = [rows.make(DEATHS, known, n, NOW) for n in range(1, 4)]
    files.write(DEATHS, files.table(DEATHS, made), tmp_path / "drops" / files.name(DEATHS, "202510"))
    return tmp_path / "drops"


def test_a_good_stream_passes_in_both_languages_and_lands_nothing(run, tmp_path, drops) -> None:
    data = tmp_path / "data"
    code, out, err = run(
        "--data", data, "source", "test", "civil_affairs", "--stream", "deaths", "--folder", drops, "--json"
    )
    assert code == 0
    told = json.loads(out)
    assert (told["source"], told["failed"]) == ("civil_affairs", 0)
    assert {check["outcome"] for check in told["checks"]} <= {"ok", "note"}
    assert {check["stream"] for check in told["checks"]} == {"deaths"}
    assert "死亡信息" in err
    assert "Every check passed. 各项通过。" in err
    assert "3 rows read" in err
    assert not data.exists(), "no store, no lake, no key is needed"


def test_a_failed_check_exits_1(run, tmp_path, drops) -> None:
    (drops / files.name(DEATHS, "202511")).write_bytes(b"")
    code, out, err = run(
        "--data", tmp_path, "source", "test", "civil_affairs", "--stream", "deaths", "--folder", drops, "--json"
    )
    assert code == 1
    assert json.loads(out)["failed"] == 1
    assert "1 checks failed" in err


def test_the_declaration_alone_asks_nobody(run, tmp_path) -> None:
    code, out, _ = run("--data", tmp_path, "source", "test", "medical_insurance", "--declaration", "--json")
    assert code == 0
    assert len(json.loads(out)["checks"]) == 8 * 2


@pytest.mark.parametrize(
    "arguments", [("nobody",), ("civil_affairs", "--stream", "nothing", "--declaration"), ("civil_affairs",)]
)
def test_what_is_not_declared_or_not_connected_is_said(run, tmp_path, arguments) -> None:
    code, _, err = run("--data", tmp_path, "source", "test", *arguments)
    assert code == 4
    assert "error:" in err
