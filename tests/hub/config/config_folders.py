"""A small configuration folder that is in order, to be spoilt by a test one file at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub import config
from hub.config import Problem

SHIPPED = Path(__file__).parents[3] / "config"
TODAY = date(2026, 11, 22)
DIVISIONS = """# source: a test
code,name,parent
37,山东省,
3703,淄博市,37
370302,淄川区,3703
370302001,某街道,370302
370303,张店区,3703
3709,泰安市,37
370902,泰山区,3709
65,新疆维吾尔自治区,
6531,喀什地区,65
653121,疏附县,6531
"""
PREMIUM = """title = "保费"
title_en = "premium"
by = ["insutype"]
[[row]]
area = "nation"
year = 2025
insutype = "390"
value = 400
article = "1"
address = "http://example.test"
grade = "G"
checked = 2026-01-01
"""
INCOME = PREMIUM.replace('by = ["insutype"]', 'by = ["population"]').replace('insutype = "390"', 'population = "all"')
HEAD = """number = "文〔2025〕1号"
title = "某文"
title_en = "a document"
issuer = "某局"
region = "{region}"
from = 2025-01-01
address = "http://example.test"
grade = "G"
checked = 2026-01-01
"""
RULE = """[[rule]]
id = "ma"
benefit = "medical_assistance"
categories = ["dibao"]
article = "一"
line = 0
ratio = 0.75
cap = 30000
"""


@dataclass(frozen=True)
class Folder:
    """A config folder."""

    path: Path

    def write(self, name: str, text: str) -> None:
        """Put a file there, in place of what was."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def document(self, name: str, *rules: str, region: str = "37", more: str = "") -> None:
        """A policy document with these rules."""
        self.write(f"policy/{name}.toml", HEAD.format(region=region) + more + "".join(rules))

    def problems(self, severity: str = "error") -> list[Problem]:
        return [problem for problem in config.check(self.path, TODAY) if problem.severity == severity]
