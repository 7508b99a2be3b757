"""Very many documents: what a contract remembers stays bounded, and what a normal client asks stays remembered."""

from __future__ import annotations

from typing import Any

import pytest

from schema import document
from schema.document import Library
from schema.shelf import TRIAL
from tests.schema.client import Client

NORMAL = "query Normal { agreement { id title } }"


@pytest.fixture
def library(client: Client, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(document, "REMEMBERED", 40_000)
    return Library(client.app.state.hub.contracts["civil-affairs"])


def remember(library: Library, text: str) -> bool:
    """Ask as an operation does: whether the document had to be prepared anew."""
    if library.known(text) is not None:
        return False
    prepared = library.parse(text)
    assert library.validate(prepared) == []
    library.remember(text, prepared)
    return True


def test_thousands_of_distinct_documents_do_not_push_out_the_one_in_use(library: Library) -> None:
    assert [remember(library, NORMAL) for _ in range(2)] == [True, False]
    for n in range(300):
        assert remember(library, f"query Hostile{n} {{ agreement {{ id }} }}")
    assert not remember(library, NORMAL)
    assert library._valid.weight <= 40_000


def test_large_documents_count_for_what_they_take(library: Library) -> None:
    padded = "{ agreement { id } }" + "#" * 400 * document.TOKEN_BYTES
    wide = "{ agreement { " + " ".join(f"a{n}: id" for n in range(600)) + " } }"
    for text in (padded, wide):
        prepared = library.parse(text)
        before = library._valid.weight
        library.remember(text, prepared)
        gained = library._valid.weight - before
        assert gained == max(document.LEAST, prepared.size + len(text) // document.TOKEN_BYTES)
        assert gained > document.LEAST
    assert library._valid._trial.room == 40_000 // TRIAL


def test_distinct_documents_make_no_plans_and_are_answered(client: Client) -> None:
    before = len(client.app.state.hub.operations.compilers["civil-affairs"]._kept)
    texts = [f"query Hostile{n} {{ agreement {{ id }} nope{n} }}" for n in range(20)]
    assert {client.ask("civil-affairs", text).code for text in texts} == {"DOCUMENT_REFUSED"}
    assert len(client.app.state.hub.operations.compilers["civil-affairs"]._kept) == before


def test_the_measures_of_a_document_are_bounded(library: Library) -> None:
    text = "query Q($n: Int) { persons(first: $n) { nodes { sex } } }"
    remember(library, text)
    prepared: Any = library.known(text)
    operation = document.operation_of(prepared.document, None)
    for size in range(1, 100):
        library.measure(prepared, operation, {"n": size})
    kept: Any = library._valid.get(prepared.key)
    assert len(kept.measures) == document.MEASURES
