"""The compiled answer is the plain executor's, byte for byte, and so is what the log keeps of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.base import discover
from hub import log, store
from hub.keys import KeyRing
from schema.agreement import MOST, Agreement
from schema.answer import Answer, Request
from schema.contract import Contract
from schema.execution import Executor
from schema.identities import Identities
from schema.operation import Operations
from schema.read.reference import Reference
from schema.tokens import Claims
from schema.workers import Workers
from tests.schema import world
from tests.schema.client import lookup
from tests.schema.compile.documents import Document, documents
from tests.schema.compile.made_up import HOUSEHOLDS, PERSONS, MadeUp
from tests.stores import a_store

NAMES = (
    "auditor",
    "charity",
    "civil-affairs",
    "health",
    "hospital",
    "rural-revitalization",
)  # those with persons' rows
PLAIN_SEED, ODD_SEED = 1, 2
CLAIMS = Claims(client="tester", role="client", agreements=NAMES, expires=2**40)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # documents are small as drawn
CURSOR = re.compile(r'"(?:cursor|startCursor|endCursor)":"([^"]+)"')


@pytest.fixture(scope="module")
def contracts(agreements: tuple[Agreement, ...]) -> Mapping[str, Contract]:
    wide = (replace(agreement, limits=MOST, history=True) for agreement in agreements)
    return {agreement.id: Contract(agreement) for agreement in wide}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stores(
    request: pytest.FixtureRequest, postgres: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[int, sa.Engine]]:
    """Stores of made-up rows; the odd one holds codes and amounts that the graph cannot write."""
    made: dict[int, sa.Engine] = {}
    with ExitStack() as opened:
        for seed in (PLAIN_SEED, ODD_SEED):
            url = opened.enter_context(a_store(request.param, postgres, tmp_path_factory.mktemp("store")))
            made[seed] = store.connect(url)
            store.metadata.create_all(made[seed])
            MadeUp(seed, odd=seed == ODD_SEED).fill(made[seed])
        yield made
        for engine in made.values():
            engine.dispose()


class Both:
    """Answers each document both ways, and compares."""

    def __init__(self, stores: Mapping[int, sa.Engine], contracts: Mapping[str, Contract], ring: KeyRing) -> None:
        self.contracts = contracts
        reference = Reference(world.config(), discover())
        self.ways = {
            (seed, compiled): Operations(
                engine=engine,
                ring=ring,
                contracts=contracts,
                reference=reference,
                lookup=lookup,
                identities=Identities(ring, discover()),
                compiled=compiled,
                patience=0,
            )
            for seed, engine in stores.items()
            for compiled in (True, False)
        }
        self.workers = Workers(threads=1, waiting=1)
        self.loop = asyncio.new_event_loop()
        self.entries: list[log.Entry] = []
        self.fell_back = 0

    def answer(self, seed: int, compiled: bool, name: str, document: Document) -> tuple[Answer, log.Entry]:
        way = self.ways[seed, compiled]
        request = Request(query=document.text, operation_name="Q", variables=document.variables)
        answer = self.loop.run_until_complete(
            self.workers.run(partial(way.answer, self.contracts[name], CLAIMS, request))
        )
        return answer, replace(self.entries.pop(), at=datetime(2025, 1, 1, tzinfo=UTC), duration_us=0)

    def compare(self, seed: int, name: str, document: Document) -> str:
        """The answer's body, once both are equal; what holds no error must have been compiled.

        A foreign cursor is for the plain executor, which may find that nothing leads to it.
        """
        expected, plain_entry = self.answer(seed, False, name, document)
        self.fell_back = 0
        answer, entry = self.answer(seed, True, name, document)
        assert (answer.body.decode(), answer.status) == (expected.body.decode(), expected.status)
        assert (answer.outcome, answer.code, entry) == (expected.outcome, expected.code, plain_entry)
        behind = any(document.variables.get(key) for key in document.cursors)
        assert not self.fell_back or behind or "errors" in json.loads(expected.body)
        return answer.body.decode()

    def close(self) -> None:
        self.workers.close()
        self.loop.close()
        for way in self.ways.values():
            way.close()


@pytest.fixture(scope="module")
def both(stores: Mapping[int, sa.Engine], contracts: Mapping[str, Contract], ring: KeyRing) -> Iterator[Both]:
    made = Both(stores, contracts, ring)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log.Keeper, "append", lambda _keeper, entry: made.entries.append(entry))
        plain = Executor._plain

        def noted(*args: Any) -> Any:
            made.fell_back += 1
            return plain(*args)

        patch.setattr(Executor, "_plain", noted)
        yield made
    made.close()


def check(both: Both, name: str, seed: int, data: st.DataObject) -> None:
    """One drawn document, then the same behind a cursor that its first answer held."""
    contract, codec = both.contracts[name], both.ways[seed, True].codecs[name]
    persons = (*(codec.person(MadeUp.person(n)) for n in PERSONS), "p_none")
    households = tuple(codec.household(key) for key in HOUSEHOLDS)
    document = data.draw(documents(contract.schema, persons, households))
    assert not validate(contract.schema, parse(document.text)), document.text
    body = both.compare(seed, name, document)
    cursors = sorted(set(CURSOR.findall(body)))
    if cursors and document.cursors:
        told = {key: data.draw(st.sampled_from([None, *cursors])) for key in document.cursors}
        both.compare(seed, name, replace(document, variables={**document.variables, **told}))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(data=st.data(), seed=st.sampled_from((PLAIN_SEED, PLAIN_SEED, ODD_SEED)))
def test_a_document_has_one_answer_whichever_way_it_takes(
    both: Both, name: str, seed: int, data: st.DataObject
) -> None:
    check(both, name, seed, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(data=st.data(), seed=st.sampled_from((PLAIN_SEED, PLAIN_SEED, ODD_SEED)))
def test_many_documents_have_one_answer_whichever_way_they_take(
    both: Both, name: str, seed: int, data: st.DataObject
) -> None:
    check(both, name, seed, data)
