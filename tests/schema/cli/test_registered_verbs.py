"""Registered documents at the command line: `check` finds what is wrong, `access documents` prints their hashes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

ONE = "query One { agreement { id } }\n"


@pytest.fixture
def config(config_folder: Path, tmp_path: Path) -> Path:
    made = tmp_path / "config"
    shutil.copytree(config_folder, made, ignore=shutil.ignore_patterns("__pycache__"))
    file = made / "agreements" / "auditor.toml"
    file.write_text(file.read_text().replace("[access]\n", '[access]\ndocuments = "registered"\n'))
    (made / "agreements" / "auditor").mkdir()
    return made


def test_check_and_documents(run: Any, config: Path) -> None:
    folder = config / "agreements" / "auditor"
    (folder / "one.graphql").write_text(ONE)
    assert run("--config", config, "check")[0] == 0
    code, out, _ = run("--config", config, "access", "documents", "auditor")
    assert (code, out) == (0, f"{hashlib.sha256(ONE.encode()).hexdigest()}  agreements/auditor/one.graphql\n")
    assert (
        hashlib.sha256(ONE.encode()).hexdigest()
        in run("--config", config, "access", "documents", "auditor", "--json")[1]
    )
    (folder / "two.graphql").write_text("\n{ nope }")
    code, _, err = run("--config", config, "check")
    assert (code, "agreements/auditor/two.graphql:2" in err) == (1, True)
    assert run("--config", config, "access", "documents", "nobody")[0] == 4
