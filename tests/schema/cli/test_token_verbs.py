"""`aidgraph token`: issue, list, revoke."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hub import keys


@pytest.fixture
def deployed(run: Any, tmp_path: Path) -> Any:
    """The command line in an empty deployment."""
    keys.save(keys.make(), tmp_path / "keys.json")
    (tmp_path / "aidgraph.toml").write_text(f'keys = "{tmp_path / "keys.json"}"\n')
    return lambda *arguments: run("--data", tmp_path, *arguments)


def test_the_verbs_issue_list_and_revoke(deployed: Any) -> None:
    code, text, _ = deployed("token", "auditor", "--client", "county", "--actor", "李")
    assert code == 0
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", text)
    code, told, _ = deployed("token", "--client", "town", "hospital", "--json")  # options first
    assert (code, json.loads(told)["client"]) == (0, "town")
    tokens = json.loads(deployed("token", "list", "--json")[1])["tokens"]
    assert {(t["client"], t["actor"], t["state"]) for t in tokens if t["client"] == "county"} == {
        ("county", "李", "valid")
    }
    assert text.strip() not in json.dumps(tokens)
    by_client = {t["client"]: t["id"] for t in tokens}
    assert deployed("token", "revoke", by_client["county"])[0] == 4  # neither actor nor reason
    said = ("--actor", "王", "--reason", "lost")
    assert deployed("token", "revoke", by_client["county"], *said)[0] == 0
    assert deployed("token", "revoke", "--client", "town", *said)[0] == 0
    assert deployed("token", "revoke", "nobody's", *said)[0] == 4
    assert deployed("token", "revoke", *said)[0] == 4
    listed = json.loads(deployed("token", "list", "--json")[1])["tokens"]
    assert {(t["state"], t["revoked_by"], t["reason"]) for t in listed} == {("revoked", "王", "lost")}
    assert "lost" in deployed("token", "list")[2]


def test_a_token_found_somewhere_is_revoked_from_standard_input(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = deployed("token", "auditor")[1]
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    said = ("--actor", "王", "--reason", "found in a mail")
    code, _, err = deployed("token", "revoke", "-", *said)
    assert (code, "1 tokens revoked" in err) == (0, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("no token\n"))
    assert deployed("token", "revoke", "-", *said)[0] == 4
