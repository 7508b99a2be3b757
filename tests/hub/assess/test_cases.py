"""Every folder of tests/cases/ comes out to the fen: what its expected.toml does not name must be no rule (null)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hub.assess import assess

ROOT = Path(__file__).parents[3]
FOLDERS = sorted(path for path in (ROOT / "tests" / "cases").iterdir() if path.is_dir())
AMOUNTS = ("basic_paid", "serious_illness_paid", "medical_assistance", "tilt", "self_in_scope", "self_total")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_published_case_is_reproduced_to_the_fen(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    answer = assess(folder / "case.toml", ROOT / "config", folder / "policy")
    assert answer["totals"] == {name: expected.get(name) for name in AMOUNTS}
    for layer in answer["settlements"][0]["layers"]:
        assert layer["document"]
        assert layer["article"]
