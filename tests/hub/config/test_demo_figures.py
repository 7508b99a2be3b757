"""The demonstration's assumed figures: said to be assumed wherever they are used, and warned of one by one."""

from __future__ import annotations

import shutil
from datetime import date

import pytest
from config_folders import SHIPPED, TODAY

from hub import config


@pytest.fixture
def demo(tmp_path):
    """The configuration as `aidgraph demo` lays it."""
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("demo"))
    shutil.copytree(SHIPPED / "demo", folder, dirs_exist_ok=True)
    return folder


def test_the_check_warns_of_every_assumed_figure(demo):
    problems = config.check(demo, TODAY)
    assert [(p.file, p.key, p.severity) for p in problems] == [
        ("tables/disposable_income.toml", "grade", "warning")
    ] * 3
    assert all(p.line > 1 and "assumed" in p.message for p in problems)


def test_a_share_of_income_is_determined_by_it_and_shown_as_assumed(demo):
    loaded = config.load(demo)
    rows = loaded.relations(["370302"], 2025)["rule_in_force"].to_pylist()
    (warning,) = [row for row in rows if row["benefit"] == "warning" and row["category"] == "*"]
    assert (warning["determined"], warning["line"]) == (True, 4_000_000)
    (line,) = [
        row["line"] for row in rows if row["benefit"] == "medical_assistance" and row["category"] == "expend_hard"
    ]
    assert line == 1_000_000
    shown = config.show(loaded, "370302", date(2025, 11, 30))
    assert any("assumed, published nowhere" in row.presumed for row in shown)


def test_the_shipped_configuration_assumes_nothing():
    loaded = config.load(SHIPPED)
    figures = [figure for table in loaded.tables.values() for figure in table.figures.values()]
    grades = {figure.citation.source.grade for figure in figures if figure.citation}
    grades |= {rule.citation.source.grade for document in loaded.documents.values() for rule in document.rules}
    assert grades <= {"G", "M", "R"}
