"""What a change of policy files touches: benefits, categories, regions and days, with old and new values."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from config_folders import PREMIUM, RULE, Folder
from typer.testing import CliRunner

from hub import config
from hub.errors import ConfigError
from hub.policy.section import OPEN
from schema.cli import app

START = date(2025, 1, 1)


@pytest.fixture
def changed(folder, tmp_path) -> Folder:
    """A second folder, which is a copy of the first when it is made."""
    folder.document("above", RULE)
    folder.document("below", RULE, region="3703")
    shutil.copytree(folder.path, tmp_path / "changed")
    return Folder(tmp_path / "changed")


def told(folder, changed):
    found = config.diff(config.load(folder.path), config.load(changed.path))
    return [(c.region, c.benefit, c.categories, c.valid_from, c.valid_until, c.before, c.after) for c in found]


def said(cap="30000.00", ratio="75 %"):
    comes = f"comes to line 0.00, cap {cap}, {ratio} above 0.00"
    return f"line 0.00, ratio {ratio}, cap {cap}; {comes}"


def test_nothing_changed_is_nothing_said(folder, changed):
    assert told(folder, changed) == []


def test_a_changed_cap_names_the_region_and_not_the_city_that_has_its_own(folder, changed):
    changed.document("above", RULE.replace("30000", "40000"))
    assert told(folder, changed) == [("37", "medical_assistance", ("dibao",), START, OPEN, said(), said("40000.00"))]


def test_a_rule_that_ends_early_leaves_the_city_what_the_province_says(folder, changed):
    changed.document("above", RULE.replace("0.75", "0.70"))
    folder.document("above", RULE.replace("0.75", "0.70"))
    changed.document("below", RULE + "until = 2025-07-01\n", region="3703")
    assert told(folder, changed) == [
        ("3703", "medical_assistance", ("dibao",), date(2025, 7, 1), OPEN, said(), said(ratio="70 %"))
    ]


def test_a_new_category_and_a_dropped_document(folder, changed):
    changed.document("above", RULE.replace('["dibao"]', '["dibao", "tekun", "orphan"]'))
    (changed.path / "policy/below.toml").unlink()
    assert told(folder, changed) == [("37", "medical_assistance", ("orphan", "tekun"), START, OPEN, "", said())]


def test_a_changed_figure_touches_what_is_a_share_of_it_in_its_year(folder, changed):
    subsidy = """[[rule]]
id = "p"
benefit = "premium_subsidy"
categories = ["tekun"]
insutypes = ["390"]
amount = "full"
article = "1"
"""
    for one in (folder, changed):
        one.document("above", subsidy)
    changed.write("tables/premium.toml", PREMIUM.replace("400", "420"))
    (change,) = told(folder, changed)
    assert change[:5] == ("37", "premium_subsidy", ("tekun",), START, date(2026, 1, 1))
    assert ("comes to amount 400.00" in change[5], "comes to amount 420.00" in change[6]) == (True, True)


def test_a_changed_step_of_a_schedule_touches_its_year(folder, changed):
    subsidy = RULE.partition("line")[0].replace("medical_assistance", "premium_subsidy") + 'insutypes = ["390"]\n'
    steps = "schedule = [{ year = 2025, amount = 200 }, { year = 2026, amount = 100 }]\n"
    folder.document("above", subsidy + steps)
    changed.document("above", subsidy + steps.replace("100", "120"))
    for one in (folder, changed):
        (one.path / "policy/below.toml").unlink()
    changes = [change for change in told(folder, changed) if change[3] == date(2026, 1, 1)]
    assert [(change[4], change[6].rpartition("; ")[2]) for change in changes] == [
        (date(2027, 1, 1), "comes to amount 120.00")
    ]


def test_a_changed_rank_is_a_change(folder, changed):
    merge = '[merge]\nrank = ["tekun", "orphan", "dibao"]\narticle = "1"\n'
    changed.document("above", RULE, more=merge)
    changes = told(folder, changed)
    assert {change[0] for change in changes} == {"37", "3703"}
    assert changes[0][6].endswith("(rank 3, per_benefit)")


def run(folder, *arguments):
    return CliRunner().invoke(app, ["--config", str(folder.path), "policy", "diff", *map(str, arguments)])


def test_the_verb_takes_config_folders_or_policy_folders(folder, changed):
    changed.document("above", RULE.replace("30000", "40000"))
    whole = run(folder, folder.path, changed.path, "--json")
    parts = run(folder, folder.path / "policy", changed.path / "policy", "--json")
    assert whole.exit_code == parts.exit_code == 0
    (change,) = json.loads(whole.stdout)["changes"]
    assert json.loads(whole.stdout) == json.loads(parts.stdout)
    assert (change["region"], change["categories"], change["rules_after"]) == ("37", ["dibao"], ["above/ma"])
    assert (change["valid_from"], change["valid_until"]) == ("2025-01-01", "9999-12-31")


def test_another_policy_folder_stands_in_place_of_the_configurations_own(folder, tmp_path):
    other = Folder(tmp_path / "other")
    other.document("own", RULE.replace("0.75", "75"))
    with pytest.raises(ConfigError) as refused:
        config.load(folder.path, other.path / "policy")
    assert refused.value.message.startswith(f"{other.path}/policy/own.toml:16: ratio: ")
    other.document("own", RULE)
    loaded = config.load(folder.path, other.path / "policy")
    assert set(loaded.documents) == {"own"}
    assert loaded.digest != config.load(folder.path).digest
    with pytest.raises(ConfigError, match="no policy folder"):
        config.load(folder.path, Path("nowhere"))
