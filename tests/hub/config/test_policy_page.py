"""README's policy page explains each key of a document with an example, and nothing that is no key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from hub import config
from hub.policy.keys import CHOICES, OTHER_AID

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
PAGE = README.split("### A policy document")[1].split("### An agreement")[0]
ROWS = {
    name: (meaning, example)
    for name, meaning, example in re.findall(r"^\| `(\w+)` \| (.+?) \| `([^`]+)` \|$", PAGE, flags=re.MULTILINE)
}
SCHEMA = config.schema()["properties"]
RULES = SCHEMA["rule"]["items"]["oneOf"]
KEYS = {*SCHEMA, *(key for rule in RULES for key in rule["properties"])}


def test_every_key_stands_on_the_page():
    assert {
        key for key in KEYS if f"`{key}`" not in PAGE and f"\n{key} = " not in PAGE and f"[[{key}]]" not in PAGE
    } == set()
    assert set(ROWS) <= KEYS


@pytest.mark.parametrize("name", ROWS)
def test_each_example_is_toml_of_its_key(name):
    assert list(tomllib.loads(ROWS[name][1])) == [name]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_every_word_of_a_closed_list_is_explained(choice):
    meaning, example = ROWS[choice.name]
    told = ROWS["deducts"][0] if choice.choices == OTHER_AID else meaning
    assert [word for word in choice.choices if word not in told] == []
    said = tomllib.loads(example)[choice.name]
    assert set(said if choice.many else [said]) <= set(choice.choices)


def test_the_schema_describes_every_key_of_a_rule_that_is_no_citation():
    common = {"id", "benefit", "article", "from", "until", "note", "address", "grade", "checked"}
    told = {key: value for rule in RULES for key, value in rule["properties"].items() if key not in common}
    assert [key for key in told if key not in ROWS and key != "categories"] == []
