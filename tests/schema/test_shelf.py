"""What is remembered: within its room whatever comes, and a flood does not push out what is in use."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schema.shelf import Shelf


def test_a_flood_of_things_asked_once_does_not_push_out_what_is_asked_again() -> None:
    shelf: Shelf[str] = Shelf(100)
    shelf.put("normal", "document", 10)
    assert shelf.get("normal") == "document"
    for n in range(5_000):
        shelf.put(f"hostile {n}", "x", 10)
    assert shelf.get("normal") == "document"
    assert shelf.weight <= 100


def test_what_is_too_heavy_is_not_remembered() -> None:
    shelf: Shelf[int] = Shelf(100)
    shelf.put("heavy", 1, 26)
    shelf.put("light", 2, 25)
    assert (shelf.get("heavy"), shelf.get("light")) == (None, 2)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(1, 30)), max_size=120))
def test_it_answers_what_was_put_and_stays_within_its_room(steps: list[tuple[bool, int, int]]) -> None:
    shelf: Shelf[int] = Shelf(80)
    put: dict[str, int] = {}
    for putting, name, weight in steps:
        key = str(name)
        if putting:
            if shelf.get(key) is None:
                shelf.put(key, weight, weight)
                put[key] = weight
        else:
            assert shelf.get(key) in (None, put.get(key))
        assert shelf.weight <= 80
        assert shelf.weight == sum(weight for part in (shelf._trial, shelf._kept) for _, weight in part.items.values())
