"""Settings: flags before the environment before the data folder's file."""

from __future__ import annotations

import pytest

from hub import settings
from hub.errors import ConfigError, InputError


def test_flags_come_before_the_environment_and_that_before_the_file(tmp_path):
    (tmp_path / "aidgraph.toml").write_text('store = "sqlite:///told"\nlake = "/told"\nkeys = "/told"\n')
    told = settings.load(data=tmp_path, environment={"AIDGRAPH_LAKE": "/env", "AIDGRAPH_DATA": "/elsewhere"})
    assert (told.data, told.store, str(told.lake), told.keys) == (tmp_path, "sqlite:///told", "/env", "/told")


def test_sources_come_from_the_file_and_the_environment(tmp_path):
    (tmp_path / "aidgraph.toml").write_text('[source.civil_affairs]\nfolder = "/drop"\n')
    told = settings.load(
        data=tmp_path,
        environment={
            "AIDGRAPH_SOURCE_MEDICAL_INSURANCE_URL": "http://127.0.0.1:1",
            "AIDGRAPH_SOURCE_MEDICAL_INSURANCE_TOKEN": "s3cret",
        },
    )
    assert told.connection("civil_affairs").folder == "/drop"
    assert told.connection("medical_insurance").url == "http://127.0.0.1:1"
    assert "s3cret" not in repr(told)


def test_every_setting_of_a_connection_may_come_from_the_environment_and_no_secret_prints(tmp_path):
    given = {
        "url": "https://x", "folder": "/f", "database": "sqlite:///canary", "token": "canary", "client_id": "canary",
        "secret": "canary", "token_url": "https://t", "certificate": "c", "certificate_key": "k", "ca": "a",
    }  # fmt: skip
    numbers = {"timeout": 3.0, "overall": 4.0, "rate": 0.5, "concurrency": 2}
    env = {f"AIDGRAPH_SOURCE_MY_COUNTY_{name.upper()}": str(value) for name, value in (given | numbers).items()}
    told = settings.load(data=tmp_path, environment=env)
    found = told.connection("my_county")
    assert {name: getattr(found, name) for name in given | numbers} == given | numbers
    assert set(given | numbers) == set(settings.CONNECTION)
    assert "canary" not in repr(told)


@pytest.mark.parametrize("value", ["0", "-1", "soon"])
def test_a_number_of_a_connection_that_is_none_is_refused(tmp_path, value):
    with pytest.raises(ConfigError, match="rate is not"):
        settings.load(data=tmp_path, environment={"AIDGRAPH_SOURCE_X_RATE": value})


def test_a_source_nobody_placed_says_where_to_place_it(tmp_path):
    with pytest.raises(InputError, match="AIDGRAPH_SOURCE_CIVIL_AFFAIRS_URL"):
        settings.load(data=tmp_path, environment={}).connection("civil_affairs")


@pytest.mark.parametrize("text", ["stor = 1", "[source.x]\npath = 1", "[source.x]\ntimeout = 'soon'", "store ="])
def test_settings_that_mean_nothing_are_refused(tmp_path, text):
    (tmp_path / "aidgraph.toml").write_text(text)
    with pytest.raises(ConfigError):
        settings.load(data=tmp_path, environment={})
