"""A folder of policy files laid over a configuration: added, replaced or standing alone, and told by its own name."""

from __future__ import annotations

import pytest
from config_folders import INCOME, PREMIUM, RULE, Folder

from hub import config
from hub.errors import ConfigError


@pytest.fixture
def changes(folder, tmp_path) -> Folder:
    """An empty folder beside a configuration that has two documents."""
    folder.document("above", RULE)
    folder.document("below", RULE, region="3703")
    (tmp_path / "changes").mkdir()
    return Folder(tmp_path / "changes")


def ratios(loaded):
    return {name: rule.numbers["ratio"].value for name, document in loaded.documents.items() for rule in document.rules}


def draft(changes, name, ratio="0.80", region="3709"):
    changes.document("x", RULE.replace("0.75", ratio), region=region)
    (changes.path / "policy/x.toml").rename(changes.path / f"{name}.toml")


def test_a_document_is_added_and_one_of_the_same_name_replaces(folder, changes):
    before = config.load(folder.path)
    draft(changes, "new")
    draft(changes, "below", "0.90", "3703")
    laid = config.overlaid(folder.path, changes.path)
    assert ratios(laid) == {"above": 7500, "below": 9000, "new": 8000}
    assert (laid.path, laid.digest != before.digest) == (folder.path, True)
    assert config.load(folder.path) == before


def test_with_only_the_documents_stand_in_place_of_the_own(folder, changes):
    draft(changes, "new")
    assert ratios(config.overlaid(folder.path, changes.path, only=True)) == {"new": 8000}


def test_one_document_may_stand_alone(folder, changes):
    draft(changes, "new")
    draft(changes, "other", region="65")
    assert set(config.overlaid(folder.path, changes.path, alone="new").documents) == {"new"}
    assert set(config.overlaid(folder.path, changes.path, alone="above").documents) == {
        "above", "below", "new", "other",
    }  # fmt: skip


def test_a_table_alone_is_a_change(folder, changes):
    changes.write("tables/premium.toml", PREMIUM.replace("value = 400", "value = 420"))
    laid = config.overlaid(folder.path, changes.path)
    assert laid.tables["premium"] != config.load(folder.path).tables["premium"]
    assert laid.tables["income"] == config.load(folder.path).tables["income"]
    with pytest.raises(ConfigError, match="no policy file"):
        config.overlaid(folder.path, changes.path, only=True)


def test_an_error_names_the_file_it_stands_in_its_line_and_key(folder, changes):
    draft(changes, "below", "75", "3703")
    with pytest.raises(ConfigError) as refused:
        config.overlaid(folder.path, changes.path)
    assert refused.value.message.startswith(f"{changes.path}/below.toml:16: ratio: ")
    draft(changes, "below", "0.75", "3703")
    changes.write("tables/income.toml", INCOME.replace("2025", "2025.5"))
    with pytest.raises(ConfigError) as refused:
        config.overlaid(folder.path, changes.path)
    assert refused.value.message.startswith(f"{changes.path}/tables/income.toml:")


def test_a_change_that_breaks_one_of_the_own_documents_names_that_one(folder, changes):
    draft(changes, "above", "{ floor = 0.80 }", "37")
    with pytest.raises(ConfigError) as refused:
        config.overlaid(folder.path, changes.path)
    assert refused.value.message.startswith(f"{folder.path}/policy/below.toml:")


def test_no_folder_an_empty_one_and_a_whole_configuration_are_refused(folder, changes, tmp_path):
    with pytest.raises(ConfigError, match="whole configuration"):
        config.overlaid(folder.path, folder.path)
    with pytest.raises(ConfigError, match="no policy file"):
        config.overlaid(folder.path, changes.path)
    with pytest.raises(ConfigError, match="no policy folder"):
        config.overlaid(folder.path, tmp_path / "none")


def test_a_category_of_a_region_needs_no_declaration_to_be_tried(folder, changes):
    changes.document("x", RULE.replace('"dibao"', '"x_disabled"'), region="3709")
    laid = config.overlaid(folder.path, changes.path)
    assert "x_disabled" in laid.categories
    assert "x_disabled" not in config.load(folder.path).categories
    changes.write("policy/y.toml", "no TOML")
    with pytest.raises(ConfigError, match=r"y\.toml:1: -: is not TOML"):
        config.overlaid(folder.path, changes.path)
