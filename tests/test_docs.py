"""The documents are true: every verb, setting, category and finding is written down; the two lines are as pinned."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest
import typer

from hub.reconcile import checks
from schema.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
RUN = (
    "python3 -m venv --without-pip .venv && python3 -m pip --python .venv/bin/python install -q -c constraints.txt "
    "-e . && .venv/bin/aidgraph demo"
)
TEST = (
    "python3 -m venv --without-pip .venv && python3 -m pip --python .venv/bin/python install -q -c constraints.txt "
    "-e '.[test]' && .venv/bin/python -m pytest"
)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every leaf verb of the command line."""
    children = getattr(command, "commands", None)
    if children is None:
        return [path]
    return [leaf for name, child in children.items() for leaf in commands(child, (*path, name))]


def fenced(heading: str) -> str:
    """The first fenced block under a heading."""
    section = README.split(f"\n## {heading}\n", 1)[1]
    return section.split("```", 2)[1].split("\n", 1)[1].strip()


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_the_two_lines_are_the_pinned_ones_and_ci_calls_the_second():
    assert fenced("Run it") == RUN
    assert fenced("Test it") == TEST
    assert "## Test it" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("path", commands(typer.main.get_command(app)), ids=" ".join)
def test_every_verb_has_help_and_stands_in_readme(path):
    assert f"aidgraph {' '.join(path)}" in README


def test_every_setting_of_the_environment_stands_in_readme():
    code = "".join(
        file.read_text(encoding="utf-8") for room in ("hub", "schema") for file in (ROOT / room).rglob("*.py")
    )
    named = set(re.findall(r"AIDGRAPH_[A-Z]+(?:_[A-Z]+)*", code))
    assert {name for name in named if name not in README and not name.startswith("AIDGRAPH_SOURCE_")} == set()
    assert "AIDGRAPH_SOURCE_" in README


def test_every_category_stands_in_the_glossary():
    told = tomllib.loads((ROOT / "config" / "categories.toml").read_text(encoding="utf-8"))
    assert {code for code in told["category"] if f"`{code}`" not in GLOSSARY} == set()


def test_every_finding_stands_in_readme_with_its_chinese_title():
    missing = [check.kind for check in checks() if f"`{check.kind}`" not in README or check.title not in README]
    assert missing == []


def test_the_changelog_knows_this_release():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_dependency_owns_the_names_of_the_rooms():
    owners = packages_distributions()
    assert {name: set(owners[name]) for name in ("hub", "connectors", "schema", "config") if name in owners} in (
        {},
        {name: {"aidgraph"} for name in ("hub", "connectors", "schema", "config")},
    )


def test_nothing_committed_names_a_machine_s_path_or_a_package_host():
    forbidden = re.compile(
        rb"(?<![\w.~-])/(?:work|root|farm)/|/opt/pypi|pypi\.org/simple|registry\.npmjs|files\.pythonhosted"
    )
    here = Path(__file__).resolve()
    found = [path for path in tracked() if path.resolve() != here and forbidden.search(path.read_bytes())]
    assert found == []
