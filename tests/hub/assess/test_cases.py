"""Every folder of tests/cases/ comes out to the fen: what its expected.toml does not name must be no rule (null).

`[settlement.ID]` names amounts of one settlement; of those it does not name only the totals are compared.
"""

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
    settlements = {row["id"]: row for row in answer["settlements"]}
    for name, amounts in expected.get("settlement", {}).items():
        assert {key: settlements[name][key] for key in amounts} == amounts
    premium = answer["premium_subsidy"]
    assert (premium and premium["amount"]) == expected.get("premium_subsidy")
    passed = [{"line": warning["line"], "burden": warning["burden"]} for warning in answer["warnings"]]
    assert passed == expected.get("warnings", [])
    cited = (
        [premium] * bool(premium)
        + answer["warnings"]
        + [layer for row in settlements.values() for layer in row["layers"]]
    )
    assert all(part["document"] and part["article"] for part in cited)
