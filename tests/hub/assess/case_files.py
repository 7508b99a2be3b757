"""Policy documents and case files as an outside tester writes them, from README's policy page and pins.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.assess import assess

CONFIG = Path(__file__).parents[3] / "config"
HEAD = """
number = "无文号"
title = "测试"
title_en = "Test"
issuer = "-"
region = "370302"
from = 2025-01-01
address = "https://example.test/"
grade = "R"
checked = 2026-11-21
"""
YEAR = ("2025-01-01", "2026-01-01")


def rule(benefit: str, category: str, body: str, name: str = "") -> str:
    """One rule of a document; `category` may be several, with commas."""
    known = name or f"{benefit}-{category}".replace("_", "-").replace(",", "-").replace("*", "all").replace("@", "")
    categories = ", ".join(f'"{code}"' for code in category.split(","))
    return f'[[rule]]\nid = "{known}"\nbenefit = "{benefit}"\ncategories = [{categories}]\narticle = "1"\n{body}\n'


def paying(category: str, ratio: str, benefit: str = "medical_assistance", more: str = "") -> str:
    """A rule that pays a share of all that is left."""
    return rule(benefit, category, f'line = 0\nratio = {ratio}\ncap = "none"\n{more}')


def stay(name: str, scope: int, day: str = "2025-03-01", more: str = "") -> str:
    """A settlement of which insurance paid nothing."""
    return bill(name, scope, day, f"basic_paid = 0\nserious_illness_paid = 0\n{more}")


def bill(name: str, scope: int, day: str = "2025-03-01", more: str = "") -> str:
    """A settlement of which the file does not say what insurance paid."""
    return f'[[settlement]]\nid = "{name}"\ndischarged = {day}\nscope = {scope}\n{more}\n'


def warn(category: str, line: str, base: str, more: str = "", name: str = "") -> str:
    """A warning line, told to two departments."""
    told = 'addressee = ["civil_affairs", "rural_revitalization"]'
    return rule("warning", category, f'line = {line}\nbase = "{base}"\n{told}\n{more}', name)


def ceiling(ratio: str, more: str = "") -> str:
    """A ceiling of what is paid for inpatient care."""
    return rule("ceiling", "dibao", f'ratio = {ratio}\nsettings = ["inpatient"]\n{more}')


def held(*spans: tuple[str, str, str]) -> str:
    """Categories held from a day until another."""
    items = ", ".join(f'{{ code = "{code}", from = {start}, until = {end} }}' for code, start, end in spans)
    return f"categories = [{items}]\n"


DIBAO = held(("dibao", *YEAR))


def given(answer: Any, benefit: str = "medical_assistance") -> list[Any]:
    """What a payer pays of each settlement."""
    return [row[benefit] for row in answer["settlements"]]


class Folder:
    """A folder with a case file and policy files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def ask(self, case: str, files: Mapping[str, str], policy: str = "policy") -> Any:
        """The answer to a case under policy files by name."""
        for name, text in files.items():
            self.write(f"{policy}/{name}", text)
        return assess(self.write("case.toml", case), CONFIG, self.path / policy)

    def alone(self, policy: str, case: str, region: str = "370302") -> Any:
        """The answer to a case under one document of these rules alone."""
        document = HEAD.replace("370302", region) + policy
        return self.ask('document = "test-2025"\n' + case, {"test-2025.toml": document})
