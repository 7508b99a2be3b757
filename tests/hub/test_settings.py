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


def test_a_source_nobody_placed_says_where_to_place_it(tmp_path):
    with pytest.raises(InputError, match="AIDGRAPH_SOURCE_CIVIL_AFFAIRS_URL"):
        settings.load(data=tmp_path, environment={}).connection("civil_affairs")


@pytest.mark.parametrize("text", ["stor = 1", "[source.x]\npath = 1", "[source.x]\ntimeout = 'soon'", "store ="])
def test_settings_that_mean_nothing_are_refused(tmp_path, text):
    (tmp_path / "aidgraph.toml").write_text(text)
    with pytest.raises(ConfigError):
        settings.load(data=tmp_path, environment={})
