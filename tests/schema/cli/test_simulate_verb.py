"""`aidgraph simulate`: one object for machines, tables that fit a terminal for people, errors with file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.cells import cell_len

from connectors.simulator.server import Departments
from connectors.simulator.world import World
from hub import months, store
from schema.cli.common import console
from tests.test_main_job import deploy, pull, quiet

MONTH = "2025-11"
COUNTS = [
    "all", "lifted", "lowered", "newly_reached", "no_longer_reached", "unchanged", "undetermined",
    "undetermined_before", "undetermined_after",
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Iterator[Path]:
    """A data folder with a computed month."""
    folder = tmp_path_factory.mktemp("simulated")
    world = World(600, seed=5)
    with ExitStack() as stack:
        departments = stack.enter_context(Departments(world, folder=folder / "departments"))
        url = f"sqlite:///{folder / 'store.sqlite'}"
        deployment = stack.enter_context(deploy(folder / "data", url, departments))
        departments.show(MONTH)
        pull(deployment)
        months.compute(deployment, MONTH, quiet)
    return folder / "data"


@pytest.fixture
def draft(tmp_path, config_folder):
    """A draft of Zichuan's document in a folder of its own: `draft(found, written)`."""

    def write(found: str = "", written: str = "") -> Path:
        text = (config_folder / "policy" / "zichuan-2025.toml").read_text(encoding="utf-8")
        assert found in text
        folder = tmp_path / "draft"
        folder.mkdir(exist_ok=True)
        (folder / "zichuan-2025.toml").write_text(text.replace(found, written, 1), encoding="utf-8")
        return folder

    return write


def test_one_object_says_the_change_the_costs_and_the_persons(run, data, draft):
    folder = draft("ratio = 0.75", "ratio = 0.85")
    code, out, err = run("--data", data, "simulate", "--policy", folder, "--month", MONTH, "--json")
    assert (code, err.strip()) == (0, "")
    found = json.loads(out)
    assert list(found) == [
        "month", "policy", "only", "by", "changes", "changes_outside_the_year", "benefits", "categories", "divisions",
        "own_in_scope",
    ]  # fmt: skip
    assert (found["month"], found["policy"], found["only"], found["by"]) == (MONTH, str(folder), False, "county")
    (change,) = found["changes"]
    assert change["categories"] == ["dibao", "fanpin_zhipin", "tekun"]
    whole = {row["benefit"]: row for row in found["benefits"]}
    assert list(whole) == ["premium_subsidy", "medical_assistance", "tilt"]
    cost, persons = whole["medical_assistance"]["cost"], whole["medical_assistance"]["persons"]
    assert list(cost) == ["before", "after", "difference", "known_only_before", "known_only_after"]
    assert list(persons) == COUNTS
    assert cost["difference"] == cost["after"] - cost["before"] > 0 < persons["lifted"]
    own = found["own_in_scope"]
    assert own["difference"] == own["after"] - own["before"] < 0 < own["persons"]["lifted"]
    moved = {(row["benefit"], row["division"], row["name"]) for row in found["divisions"] if row["cost"]["difference"]}
    assert moved == {(benefit, "370302", "淄川区") for benefit in ("medical_assistance", "tilt")}
    assert whole["tilt"]["cost"]["difference"] < 0  # assistance leaves less to it


def test_no_person_is_in_the_answer(run, data, draft):
    _, out, _ = run(
        "--data", data, "simulate", "--policy", draft("ratio = 0.75", "ratio = 0.85"), "--month", MONTH, "--json"
    )
    assert "person_id" not in out
    engine = store.connect(f"sqlite:///{data.parent / 'store.sqlite'}")
    with engine.connect() as connection:
        settlements = connection.scalars(sa.select(store.published["settlement"].c.setl_id)).all()
    engine.dispose()
    assert len(settlements) > 100
    assert not set(re.findall(r"\w+", out)) & set(settlements)


def test_tables_fit_a_terminal_of_a_hundred_columns(run, data, draft, monkeypatch):
    monkeypatch.setattr(console, "width", 100)
    code, out, err = run(
        "--data", data, "simulate", "--policy", draft("ratio = 0.75", "ratio = 0.85"), "--month", MONTH
    )
    assert (code, out) == (0, "")
    assert max(cell_len(text) for text in err.splitlines()) <= 100
    rows = [text for text in err.splitlines() if text.startswith("│")]
    assert all(text.split("│")[1].strip() for text in rows), "a row was folded"
    for told in (
        "提高",
        "lifted",
        "现行",
        "before",
        "按类别 by category",
        "按地区 by county",
        "370302 淄川区",
        "个人负担",
    ):
        assert told in err
    assert "75 %" in err
    assert "85 %" in err
    assert err.count("费用 Cost") == 5  # the whole; of medical assistance and of tilt by category and county


def test_only_the_folder_s_documents_stand_where_it_is_said(run, data, draft):
    folder = draft()
    code, out, _ = run(
        "--data", data, "simulate", "--policy", folder, "--month", MONTH, "--only", "--by", "city", "--json"
    )
    assert code == 0
    found = json.loads(out)
    assert found["only"] is True
    premium = next(row for row in found["benefits"] if row["benefit"] == "premium_subsidy")
    assert premium["persons"]["no_longer_reached"] == premium["persons"]["all"] > 0
    assert premium["cost"]["after"] == 0 < premium["cost"]["before"]
    assert {row["division"] for row in found["divisions"]} >= {"3703", "3709"}


def test_what_the_figures_cannot_show_is_told(run, data, draft):
    warning = """[[rule]]
id = "warning"
benefit = "warning"
categories = ["dibao"]
line = 9000
base = "after_all_three"
addressee = ["civil_affairs"]
article = "1"

[[rule]]
id = "next-year"
benefit = "medical_assistance"
categories = ["stable_out"]
from = 2026-01-01
line = 0
ratio = 0.5
cap = 1000
article = "1"

[[rule]]
id = "ma-margin\""""
    folder = draft('[[rule]]\nid = "ma-margin"', warning)
    code, _, err = run("--data", data, "simulate", "--policy", folder, "--month", MONTH)
    assert code == 0
    assert "warning: not computed here 不在测算内" in err
    assert "Changes outside 2025, which cannot show in its months 非本年度变动: 1" in err
    assert err.count("费用 Cost") == 1  # nothing is touched


def test_an_unknown_month_an_empty_folder_and_a_broken_file_are_refused(run, data, draft, tmp_path):
    folder = draft()
    code, out, err = run("--data", data, "simulate", "--policy", folder, "--month", "2025-09")
    assert (code, out) == (4, "")
    assert "2025-09 has not been computed" in err
    assert "aidgraph month list" in err
    assert run("--data", data, "simulate", "--policy", folder, "--month", "November")[0] == 4
    assert run("--data", data, "simulate", "--month", MONTH)[0] == 2
    (tmp_path / "empty").mkdir()
    code, _, err = run("--data", data, "simulate", "--policy", tmp_path / "empty", "--month", MONTH)
    assert code == 3
    assert "no policy file" in err
    code, out, err = run("--data", data, "simulate", "--policy", draft("ratio = 0.75", "ratio = 75"), "--month", MONTH)
    assert (code, out) == (3, "")
    assert re.search(r"draft/zichuan-2025\.toml:\d+: ratio: .+Write 70 % as 0\.70", err)
