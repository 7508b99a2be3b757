"""A region's own categories (`x_` and a name) that policy files being tried speak of: they need no declaration.

A deployment that takes such a file declares them in categories.toml, with their certifiers; the check asks for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hub.config.categories import EXTENSION

DECLARED = """
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


def declare(categories: Path, files: Iterable[Path]) -> None:
    """Adds to a copy of categories.toml the regions' own codes that the files name and it does not."""
    text = categories.read_text(encoding="utf-8")
    known = _data(text).get("category", {})
    named = {code for file in files for code in _codes(_data(file.read_bytes().decode("utf-8", "replace")))}
    added = "".join(DECLARED.format(code=code) for code in sorted(named) if code not in known)
    categories.write_text(text + added, encoding="utf-8")


def _data(text: str) -> dict[str, Any]:
    """What a text holds; of one that is no TOML nothing: it is refused where it is read."""
    try:
        return tomllib.loads(text)
    except (ValueError, ArithmeticError, RecursionError):  # the reader of documents says what is wrong
        return {}


def _codes(data: dict[str, Any]) -> set[str]:
    """The regions' own codes in `categories` of rules."""
    rules = data.get("rule")
    lists = [part.get("categories") for part in rules if isinstance(part, dict)] if isinstance(rules, list) else []
    words = [word for found in lists if isinstance(found, list) for word in found]
    return {word for word in words if isinstance(word, str) and EXTENSION.fullmatch(word)}
