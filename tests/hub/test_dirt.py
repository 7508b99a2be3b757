"""Dirt of domain.md D that only a hub can name: what it must record beside a row, and how it must name a refusal.

What the simulator plants is compared with the truth in tests/test_main_job.py. Here stand the cases that are read
wrongly still; each says what is right, and fails when it has become so, to be moved among the tests that hold.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import hub
from connectors.simulator.people import check_character
from hub import identity
from hub.identity import Identity, Refused, normalise
from hub.rows import IDENTITY

SEVENTEEN = "37030219620214301"
GOOD = SEVENTEEN + check_character(SEVENTEEN)
CONFIG = Path(hub.__file__).parents[1] / "config"


@pytest.mark.xfail(
    strict=True, reason="no warning of a number is recorded: county unknown, birth to come, sex or birth at odds"
)
def test_a_number_that_is_odd_and_right_is_accepted_with_a_warning() -> None:
    assert "id_warnings" in {name for name, _ in IDENTITY}
    assert "warnings" in {f.name for f in fields(Identity)}


@pytest.mark.xfail(strict=True, reason="what was repaired in a name (its dot, white space, width) is not recorded")
def test_a_repair_of_a_name_is_recorded() -> None:
    assert "name_repairs" in {name for name, _ in IDENTITY}


@pytest.mark.parametrize("tail", ["（有效期2015.01.01-2035.01.01）", "(有效期：长期)", "，有效期至2030年"])
@pytest.mark.xfail(strict=True, reason="the bracket or comma before 有效期 stays behind: refused as id_length")
def test_a_validity_tail_in_brackets_is_cut_off_with_its_bracket(tail: str) -> None:
    number = normalise(GOOD + tail)
    assert number.number == GOOD
    assert "validity_tail" in number.repairs


@pytest.mark.parametrize("tail", [".0", "00", "93", "A1", "85B1"])
@pytest.mark.xfail(strict=True, reason="whatever stands behind an ID number passes for a disability certificate")
def test_a_disability_certificate_ends_in_a_type_and_a_level(tail: str) -> None:
    with pytest.raises(Refused):
        normalise(GOOD + tail)


@pytest.mark.parametrize("word", ["无", "--", "不详", "暂无", "NULL"])
@pytest.mark.xfail(strict=True, reason="a word for nothing is told as a wrong length")
def test_a_word_for_no_number_is_told_as_no_number(word: str) -> None:
    with pytest.raises(Refused) as refused:
        normalise(word)
    assert refused.value.reason == "id_absent"


@pytest.mark.xfail(strict=True, reason="an end of folding: a no-break space is told as full width")
def test_a_no_break_space_is_white_space_and_nothing_else() -> None:
    assert normalise(f"{GOOD}\u00a0").repairs == ("white_space",)


@pytest.mark.xfail(
    strict=True, reason="contract v1 does not know the private places of older GB18030: a new version is due"
)
def test_a_character_at_its_private_place_is_the_character(ring) -> None:
    linkage = identity.load(CONFIG, "v1", ring)
    old = b"\xfe\x59".decode("gb18030")  # 龴 in files of 2000's mapping: U+E81E
    assert linkage.name("张" + old) == linkage.name("张\u9fb4")
