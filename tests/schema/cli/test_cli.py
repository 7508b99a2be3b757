"""The command line: exit codes by kind of error, one line with a remedy, results on standard output only."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from hub import keys, log, store
from hub.lake import Lake


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with keys and no sources."""
    folder = tmp_path / "data"
    folder.mkdir()
    keys.save(keys.make(), folder / "keys.json")
    (folder / "aidgraph.toml").write_text(f'keys = "{folder / "keys.json"}"\n')
    return folder


def test_without_keys_nothing_starts_and_the_remedy_is_told(run, tmp_path):
    code, out, err = run("--data", tmp_path / "new", "pull")
    assert (code, out) == (5, "")
    assert "aidgraph keys make" in err
    assert not (tmp_path / "new").exists()


def test_an_unknown_verb_is_a_usage_error(run):
    assert run("pulll")[0] == 2


def test_an_unknown_source_is_an_input_error(run, data):
    code, _, err = run("--data", data, "pull", "weather")
    assert code == 4
    assert "civil_affairs" in err


def test_a_source_nobody_placed_fails_with_its_name(run, data):
    code, _, err = run("--data", data, "pull", "civil_affairs")
    assert code == 4
    assert "AIDGRAPH_SOURCE_CIVIL_AFFAIRS_URL" in err
    assert "[source.civil_affairs]" in err


def test_a_source_that_does_not_answer_is_to_be_tried_again(run, data, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("AIDGRAPH_SOURCE_MEDICAL_INSURANCE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AIDGRAPH_SOURCE_MEDICAL_INSURANCE_TOKEN", "t")
    assert run("--data", data, "pull", "medical_insurance")[0] == 75


def test_a_broken_configuration_is_told_with_file_and_line(run, data, config_folder, tmp_path):
    broken = tmp_path / "config"
    shutil.copytree(config_folder, broken)
    path = broken / "policy" / "zichuan-2025.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("ratio = 0.75", "ratio = 7.5", 1), encoding="utf-8")
    code, _, err = run("--data", data, "--config", broken, "pull", "civil_affairs")
    assert code == 3
    assert "zichuan-2025.toml:" in err
    code, out, _ = run("--config", broken, "check", "--json")
    assert code == 1
    (problem,) = json.loads(out)["problems"]
    assert (problem["key"], problem["severity"]) == ("ratio", "error")
    assert problem["line"] > 1


def test_the_shipped_configuration_checks_clean(run):
    code, out, err = run("check")
    assert (code, out) == (0, "")
    assert "0 errors" in err


def test_a_lake_at_work_refuses_a_second_run(run, data):
    with Lake(data / "lake").lock():
        assert run("--data", data, "pull", "civil_affairs")[0] == 6


def test_a_month_without_batches_and_a_month_that_is_none_are_refused(run, data):
    assert run("--data", data, "month", "compute", "2025-11")[0] == 4
    assert run("--data", data, "month", "compute", "2025-13")[0] == 4
    assert run("--data", data, "month", "show", "2025-11")[0] == 4


def test_sources_that_never_sent_stand_first_as_late(run, data):
    code, out, _ = run("--data", data, "sources", "--json")
    assert code == 0
    streams = json.loads(out)["streams"]
    assert len(streams) == 7
    assert all(stream["late"] and stream["as_of"] is None for stream in streams)


def test_keys_are_made_once(run, tmp_path):
    assert run("keys", "make", tmp_path / "k.json")[0] == 0
    assert run("keys", "make", tmp_path / "k.json")[0] == 5


def test_a_token_is_for_an_agreement_that_exists(run, data):
    code, out, _ = run("--data", data, "token", "civil-affairs")
    assert code == 0
    assert out.count(".") == 2
    assert run("--data", data, "token", "tax")[0] == 4


def test_policy_show_prints_what_is_in_force(run):
    code, out, _ = run("policy", "show", "--region", "370302", "--on", "2025-11-30", "--json")
    assert code == 0
    rules = {(rule["benefit"], rule["category"]): rule for rule in json.loads(out)["rules"]}
    assert rules["medical_assistance", "dibao"]["rule"] == "zichuan-2025/ma-key-three"
    assert run("policy", "show", "--region", "370302", "--on", "soon")[0] == 4
    assert run("policy", "show", "--region", "999999", "--on", "2025-11-30")[0] == 4


def test_the_schema_of_a_policy_document_is_json_schema(run):
    code, out, _ = run("policy", "schema")
    assert code == 0
    assert "$schema" in json.loads(out)


def test_a_demo_never_touches_a_folder_that_is_not_its_own(run, data):
    code, _, err = run("--data", data, "demo", "--no-serve")
    assert code == 4
    assert "--data" in err
    assert (data / "keys.json").exists()


def test_a_store_of_a_newer_release_is_refused(run, data):
    import sqlite3

    assert run("--data", data, "sources")[0] == 0
    with sqlite3.connect(data / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of tomorrow'")
    connection.close()
    code, _, err = run("--data", data, "sources")
    assert code == 3
    assert "newer release" in err


def test_the_log_verifies_and_a_changed_entry_does_not(run, data, tmp_path):
    import sqlite3
    from datetime import UTC, datetime

    assert run("--data", data, "sources")[0] == 0
    entry = log.Entry(
        at=datetime(2025, 11, 30, tzinfo=UTC), client="c", agreement="a", purpose="p", outcome="answered", role="client"
    )
    engine = store.connect(f"sqlite:///{data / 'store.sqlite'}")
    log.append(engine, entry)
    log.append(engine, entry)
    engine.dispose()
    code, note, _ = run("--data", data, "log", "checkpoint")
    assert code == 0
    (tmp_path / "note").write_text(note)
    assert run("--data", data, "log", "verify", tmp_path / "note")[0] == 0
    with sqlite3.connect(data / "store.sqlite") as connection:
        connection.execute("DELETE FROM access_log WHERE seq = 2")
    connection.close()
    assert run("--data", data, "log", "verify", tmp_path / "note")[0] == 1


def test_the_schema_of_an_agreement_is_the_committed_one(run):
    code, out, _ = run("access", "sdl", "hospital")
    assert code == 0
    assert out == (Path(__file__).parents[3] / "schema" / "sdl" / "hospital.graphql").read_text(encoding="utf-8")
    assert run("access", "sdl", "tax")[0] == 4
