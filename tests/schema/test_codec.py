"""Tokens and cursors of an agreement: they open only where they were made, and say nothing to anyone else."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import keys
from schema.codec import NO_HOUSEHOLD, NOBODY, Codec
from schema.errors import CursorRefused

RING = keys.make()
NUMBER = "SETTLEMENT-0001"
ONE, TWO = Codec(RING, "one"), Codec(RING, "two")


@given(st.integers(0, 2**62))
def test_a_persons_token_opens_under_its_own_agreement_only(person_id: int) -> None:
    token = ONE.person(person_id)
    assert token.startswith("p_")
    assert len(token) == len(ONE.person(0))
    assert ONE.person_id(token) == person_id
    assert TWO.person_id(token) == NOBODY
    assert Codec(keys.make(), "one").person_id(token) == NOBODY


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
def test_a_households_token_opens_under_its_own_agreement_only(key: str) -> None:
    token = ONE.household(key)
    assert ONE.household_key(token) == key
    assert TWO.household_key(token) == NO_HOUSEHOLD
    assert ONE.person_id(token) == NOBODY
    assert len(ONE.household("a")) == len(ONE.household("a" * 32))


@given(st.text(max_size=80))
def test_what_is_no_token_finds_nobody(text: str) -> None:
    assert ONE.person_id(text) == NOBODY
    assert ONE.person_id("p_" + text) == NOBODY
    assert ONE.household_key("h_" + text) == NO_HOUSEHOLD


@given(
    st.binary(min_size=1, max_size=100).filter(lambda key: not key.endswith(b"\0")), st.binary(min_size=1, max_size=40)
)
def test_a_cursor_is_bound_to_its_connection_and_agreement(key: bytes, binding: bytes) -> None:
    cursor = ONE.cursor(binding, key)
    assert ONE.place(binding, cursor) == key
    for codec, bound, text in ((ONE, binding + b"x", cursor), (TWO, binding, cursor), (ONE, binding, cursor + "A")):
        with pytest.raises(CursorRefused):
            codec.place(bound, text)


def test_an_opaque_code_is_equal_for_equal_values_of_one_field_only() -> None:
    code = ONE.opaque("Settlement.number", NUMBER)
    assert code == ONE.opaque("Settlement.number", NUMBER)
    assert len({code, ONE.opaque("Settlement.visit", NUMBER), TWO.opaque("Settlement.number", NUMBER)}) == 3
    assert NUMBER not in code


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2**62), max_size=12))
def test_tokens_of_many_are_those_of_each(person_ids: list[int]) -> None:
    assert list(map(orjson.loads, ONE.persons(person_ids))) == [ONE.person(person_id) for person_id in person_ids]


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.binary(min_size=1, max_size=40))
def test_cursors_of_many_are_those_of_each(places: list[bytes], binding: bytes) -> None:
    assert list(map(orjson.loads, ONE.cursors(binding, places))) == [ONE.cursor(binding, place) for place in places]
