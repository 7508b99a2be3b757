"""A configuration with the policy files of another folder laid over it, for a case that tries them.

Files of the same name take the place of the shipped ones, in policy/ and in tables/. A region's own category (`x_`
and a name) needs no declaration here: a deployment that takes the policy file declares it in categories.toml.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hub import config
from hub.config.categories import EXTENSION
from hub.config.config import Config
from hub.errors import ConfigError

CATEGORY = """
[category.{code}]
title = "{code}"
title_en = "{code}"
level = "person"
certifier = [{{ department = "civil_affairs" }}]
ends_on_risk_removed = false
rural_low_income = false
out_of_poverty = false
citation = "[own] named by a policy file that is tried"
"""


def laid(folder: Path, policy: Path, document: str) -> Config:
    """The configuration in `folder` with the files of `policy`; with that document's file alone where it is there.

    Raises ConfigError with the first problem's file, line, key and remedy.
    """
    files = sorted([*policy.glob("*.toml"), *policy.glob("policy/*.toml")]) if policy.is_dir() else []
    if not files:
        raise ConfigError(f"There is no policy file in {policy}", remedy="Give a folder that holds *.toml")
    alone = [file for file in files if file.stem == document]
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "config"
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("__pycache__"))
        if alone:
            shutil.rmtree(root / "policy")
            (root / "policy").mkdir()
        for file in alone or files:
            shutil.copyfile(file, root / "policy" / file.name)
        for file in sorted(policy.glob("tables/*.toml")):
            shutil.copyfile(file, root / "tables" / file.name)
        _declare(root / "categories.toml", alone or files)
        try:
            return config.load(root)
        except ConfigError as error:
            raise ConfigError(error.message.replace(str(root), str(policy)), remedy=error.remedy) from None


def _declare(categories: Path, files: Iterable[Path]) -> None:
    """Adds the regions' own codes that the files name and the catalogue does not."""
    text = categories.read_text(encoding="utf-8")
    known = tomllib.loads(text).get("category", {})
    named = {code for file in files for code in _codes(_data(file))}
    added = "".join(CATEGORY.format(code=code) for code in sorted(named) if code not in known)
    categories.write_text(text + added, encoding="utf-8")


def _data(file: Path) -> dict[str, Any]:
    """What a file holds; of one that is no TOML nothing: it is refused where it is read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        return {}


def _codes(data: dict[str, Any]) -> set[str]:
    """The regions' own codes in `categories` of rules."""
    rules = data.get("rule")
    lists = [part.get("categories") for part in rules if isinstance(part, dict)] if isinstance(rules, list) else []
    words = [word for found in lists if isinstance(found, list) for word in found]
    return {word for word in words if isinstance(word, str) and EXTENSION.fullmatch(word)}
