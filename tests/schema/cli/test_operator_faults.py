"""What an operator mistypes or mislays is told in one line with a remedy; nothing is changed by it."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hub import keys, store
from hub.deployment import open_deployment
from hub.settings import load

MUCH = "9" * 23


@pytest.fixture
def hub(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    keys.save(keys.make(), tmp_path / "keys.json")
    (data / "aidgraph.toml").write_text(f'keys = "{tmp_path / "keys.json"}"\n')
    return data


@pytest.mark.parametrize(
    "verb", [("quarantine", "show", MUCH), ("log", "prove", "--entry", MUCH), ("serve", "--port", "99999")]
)
def test_a_number_that_nothing_has_is_a_matter_of_usage(run, hub, verb):
    assert run("--data", hub, *verb)[0] == 2


def test_keys_of_another_hub_are_refused_where_persons_are_known(run, hub, tmp_path):
    with open_deployment(load(data=hub)) as deployment, deployment.engine.begin() as connection:
        mac = deployment.linkage.contract.value.format(key_id=deployment.linkage.key_id, mac="00")
        connection.execute(sa.insert(store.alias).values(mac=mac, person_id=1))
    assert run("--data", hub, "sources")[0] == 0
    (tmp_path / "keys.json").unlink()
    keys.save(keys.make(), tmp_path / "keys.json")
    code, _, err = run("--data", hub, "sources")
    assert code == 5
    assert "other keys" in err


def test_a_month_to_come_is_refused(run, hub):
    code, _, err = run("--data", hub, "month", "compute", f"{datetime.now(UTC).year + 2}-01")
    assert code == 4
    assert "a month to come" in err


def test_brackets_are_told_as_they_are(run, hub):
    assert "write [retention] with" in run("--data", hub, "retain")[2]


def test_a_header_with_a_bracket_is_sealed_and_told(run, hub, tmp_path):
    public = run("--data", hub, "keys", "public")[1].strip()
    (tmp_path / "in.csv").write_text("姓名,x[note]/[/b]\n张三,1\n", encoding="utf-8")
    code, _, err = run("seal", tmp_path / "in.csv", tmp_path / "out.csv", "--to", public)
    assert code == 0, err
    assert "x[note]" in err


def test_settings_and_addresses_that_cannot_be_read_are_told(run, hub, monkeypatch):
    (hub / "aidgraph.toml").write_bytes("# 密钥".encode("gb18030"))
    assert run("--data", hub, "sources")[0] == 3
    (hub / "aidgraph.toml").unlink()
    monkeypatch.setenv("AIDGRAPH_KEYS", str(hub.parent / "keys.json"))
    monkeypatch.setenv("AIDGRAPH_STORE", "postgresql://u:secret@h:port/db")
    code, _, err = run("--data", hub, "sources")
    assert code == 3
    assert "secret" not in err


def test_an_id_number_in_a_reason_is_refused_and_not_repeated(run, hub):
    reason = "closed 370302197001010011"
    code, _, err = run("--data", hub, "quarantine", "waive", "1", "1", "--actor", "A", "--reason", reason)
    assert code == 4
    assert "370302" not in err


def test_settings_saved_with_a_mark_before_the_text_are_read(run, hub):
    text = (hub / "aidgraph.toml").read_text()
    (hub / "aidgraph.toml").write_text("\ufeff" + text)
    assert run("--data", hub, "sources")[0] == 0
