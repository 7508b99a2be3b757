"""Counts and sums through the graph: an agreement's own cells, the same by both ways, logged, and nothing withheld."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub import store
from hub.engine import DuckDB
from hub.keys import KeyRing
from hub.rollup import cells
from schema.aggregate import demand, demands
from schema.agreement import Agreement
from schema.contract import Contract
from tests.hub.rollup.rows import MONTH, Naive, made, tables_of
from tests.schema.client import Client, serve
from tests.stores import a_store

TYPES = {
    "listed": ("listedCounts", "category", {"persons": "persons"}),
    "entitled": ("entitledCounts", "benefit", {"persons": "persons", "amount": "annualAmount"}),
    "paid": ("paidCounts", "benefit", {"persons": "persons", "amount": "amount"}),
    "subsidised": ("subsidisedCounts", "payer", {"persons": "persons", "amount": "amount"}),
    "finding": (
        "findingCounts", "kind",
        {"persons": "persons", "cases": "findings", "amount": "expected", "second": "actual"},
    ),
    "warning": ("warningCounts", "category", {"persons": "persons", "amount": "burden"}),
}  # fmt: skip
LEVELS = {"WHOLE": 0, "PROVINCE": 2, "CITY": 4, "COUNTY": 6}
ROWS = made(11)


@pytest.fixture(scope="module")
def some(agreements: tuple[Agreement, ...]) -> tuple[Agreement, ...]:
    """The auditor, with townships; one of a county and a category; one whose cells were never made."""
    (auditor,) = (item for item in agreements if item.id == "auditor")
    fields = {**auditor.fields}
    fields["Person"] = {**fields["Person"], "residence": "show"}
    for kind in ("ListedCount", "EntitledCount", "PaidCount", "SubsidisedCount"):
        fields[kind] = {**fields[kind], "township": "show"}
    wide = replace(auditor, id="wide", smallest_cell=3, fields=fields, purpose="wide")
    narrow = replace(wide.scope, divisions=("370302",), categories=("dibao", "tekun"))
    return auditor, wide, replace(wide, id="narrow", scope=narrow, purpose="narrow")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stores(
    request: pytest.FixtureRequest, postgres: str | None, some: tuple[Agreement, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[sa.Engine]:  # fmt: skip
    with ExitStack() as opened:
        url = opened.enter_context(a_store(request.param, postgres, tmp_path_factory.mktemp("store")))
        engine = store.connect(url)
        opened.callback(engine.dispose)
        store.metadata.create_all(engine)
        at = datetime(2025, 12, 5, tzinfo=UTC)
        with DuckDB() as duck, engine.begin() as connection:
            connection.execute(store.publication.insert().values(publication=1, month=MONTH, at=at, digest="d"))
            cells.replace(connection, duck, MONTH, tables_of(ROWS), demands(some))
        yield engine


@pytest.fixture(scope="module")
def ways(stores: sa.Engine, ring: KeyRing, some: tuple[Agreement, ...]) -> Iterator[Mapping[bool, Client]]:
    found = {compiled: serve(stores, ring, some, compiled=compiled) for compiled in (True, False)}
    yield found
    for client in found.values():
        client.app.state.hub.workers.close()


def asked(entry: str, body: str, arguments: str) -> str:
    return f'{{ {entry}(month: "{MONTH}", first: 500, {arguments}) {{ nodes {{ {body} }} }} }}'


def yuan(fen: int | None) -> str | None:
    return None if fen is None else f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def both(ways: Mapping[bool, Client], agreement: str, query: str) -> list[dict[str, Any]]:
    """The nodes, once both ways gave the same bytes and the same log entry."""
    replies = {compiled: client.ask(agreement, query) for compiled, client in ways.items()}
    assert replies[True].text == replies[False].text
    compiled, plain = (json.loads(entry.leaf) for entry in ways[True].entries()[-2:])
    for leaf in (compiled, plain):
        del leaf["at"], leaf["duration_us"], leaf["subjects"]  # of nobody, salted
    assert compiled == plain
    (nodes,) = (found["nodes"] for found in replies[True].data.values())
    assert (compiled["rows"], compiled["subject_count"]) == (len(nodes), 0)
    return nodes


@pytest.mark.parametrize("family", TYPES)
@pytest.mark.parametrize("name", ["auditor", "wide", "narrow"])
def test_an_agreement_gets_the_cells_of_its_own_scope(
    ways: Mapping[bool, Client], some: tuple[Agreement, ...], family: str, name: str
) -> None:
    (agreement,) = (item for item in some if item.id == name)
    entry, label, numbers = TYPES[family]
    expected = {
        cell[1:]: row for cell, row in Naive(ROWS, demand(agreement)).cells().items() if cell[0] == family
    }  # fmt: skip
    shown = 0
    body = f"month division {{ code }} {label} {' '.join(numbers.values())} suppressed"
    for level, digits in LEVELS.items():
        nodes = both(ways, name, asked(entry, body, f"level: {level}"))
        found = {((node["division"] or {"code": ""})["code"], node[label] or ""): node for node in nodes}
        assert len(found) == len(nodes)
        wanted = {(division, told(code)): row for (size, division, code), row in expected.items() if size == digits}
        assert set(wanted) <= set(found)
        assert all(found[cell]["suppressed"] for cell in set(found) - set(wanted))
        for cell, row in wanted.items():
            node = found[cell]
            assert node["month"] == MONTH
            if node["suppressed"]:
                assert not any(node[field] for column, field in numbers.items() if column in ("amount", "second"))
                assert node["persons"] is None or (node["persons"] == row["persons"] and not node[label])
                continue
            assert row["persons"] >= agreement.smallest_cell
            shown += 1
            for column, field in numbers.items():
                assert node[field] == (row[column] if column in ("persons", "cases") else yuan(row[column]))
    assert shown


def told(code: str) -> str:
    return {"*": "EVERYONE", "x_own": "REGIONAL"}.get(code, code.upper())


def test_townships_of_a_county_with_the_place_that_is_not_known(
    ways: Mapping[bool, Client], some: tuple[Agreement, ...]
) -> None:
    body = "division { code } township { code } category persons suppressed"
    nodes = both(ways, "wide", asked("listedCounts", body, 'townshipsOf: "370302"'))
    assert {node["division"]["code"] for node in nodes} == {"370302"}
    places = {node["township"] and node["township"]["code"] for node in nodes}
    assert places == {"370302001", "370302002", "370302003", None}
    cells = Naive(ROWS, demand(some[1])).cells()
    expected = {
        (division, told(label)): row["persons"]
        for (family, level, division, label), row in cells.items()
        if family == "listed" and level == 9 and division.startswith("370302")
    }
    found = {
        ((node["township"] or node["division"])["code"], node["category"] or ""): node["persons"] for node in nodes
    }  # fmt: skip
    assert set(expected) <= set(found)
    shown = {cell: persons for cell, persons in found.items() if persons is not None}
    assert len(shown) > 3
    assert shown.items() <= expected.items()


def test_conditions_choose_labels_and_places_and_pages_go_on(ways: Mapping[bool, Client]) -> None:
    every = both(ways, "wide", asked("listedCounts", "division { code } category persons", "level: COUNTY"))
    one = both(
        ways, "wide",
        asked("listedCounts", "division { code } category persons",
              'level: COUNTY, filter: {category: REGIONAL, within: "37"}'),
    )  # fmt: skip
    assert one == [
        node for node in every
        if node["category"] == "REGIONAL" and node["division"] and node["division"]["code"].startswith("37")
    ]  # fmt: skip
    assert one
    pages, after = [], None
    while True:
        cursor = f', after: "{after}"' if after else ""
        reply = ways[True].ask(
            "wide",
            f'{{ listedCounts(month: "{MONTH}", first: 4{cursor}) {{ nodes {{ division {{ code }} category persons }}'
            " pageInfo { hasNextPage endCursor } } }",
        )
        page = reply.data["listedCounts"]
        pages += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == every


def test_a_label_outside_the_scope_is_nowhere(ways: Mapping[bool, Client]) -> None:
    nodes = both(ways, "narrow", asked("listedCounts", "category", "level: WHOLE"))
    assert {node["category"] for node in nodes} == {None, "DIBAO", "TEKUN"}
    reply = ways[True].ask("narrow", asked("listedCounts", "persons", "filter: {category: MON_EDGE}"))
    assert reply.code == "DOCUMENT_REFUSED"


def test_without_a_granted_township_there_is_no_argument_for_it(ways: Mapping[bool, Client]) -> None:
    reply = ways[True].ask("auditor", asked("listedCounts", "persons", 'townshipsOf: "370302"'))
    assert (reply.code, "townshipsOf" in reply.text) == ("DOCUMENT_REFUSED", True)
    other = ways[True].ask("auditor", asked("listedCounts", "persons", 'townshipsXy: "370302"'))
    assert reply.text.replace("townshipsOf", "townshipsXy") == other.text
    assert ways[True].ask("auditor", asked("listedCounts", "township { code }", "level: WHOLE")).code == reply.code


def test_a_month_without_cells_has_not_even_its_whole(ways: Mapping[bool, Client]) -> None:
    query = asked("listedCounts", "persons", "level: WHOLE").replace(MONTH, "2025-10")
    assert both(ways, "wide", query) == []


@pytest.mark.parametrize(
    ("kind", "effect", "field", "refused"),
    [
        ("Finding", {"month": "show"}, ("FindingCount", "expected"), True),
        ("Finding", {"expected": "mask:band"}, ("FindingCount", "expected"), True),
        ("Finding", {"expected": "show"}, ("FindingCount", "expected"), False),
        ("Finding", {}, ("FindingCount", "expected"), False),
        ("Warning", {"burden": "mask:band"}, ("WarningCount", "burden"), True),
        ("Person", {"county": "show"}, ("ListedCount", "township"), True),
        ("Person", {"county": "show", "residence": "mask:county"}, ("ListedCount", "township"), True),
        ("Finding", {"month": "show"}, ("FindingCount", "persons"), False),
    ],
)
def test_what_is_not_shown_in_the_clear_is_not_aggregated(
    kind: str, effect: dict[str, str], field: tuple[str, str], refused: bool
) -> None:
    from schema.catalogue import catalogue
    from schema.graph.aggregate import Aggregate

    spec = catalogue()[field[0]][field[1]].spec
    assert isinstance(spec, Aggregate)
    assert bool(spec.unseen({kind: effect})) is refused


def test_a_file_that_sums_what_it_masks_is_refused_by_line(config_folder: Path, tmp_path: Path) -> None:
    from schema.agreement import check

    (tmp_path / "agreements").mkdir()
    (tmp_path / "divisions.csv").write_bytes((config_folder / "divisions.csv").read_bytes())
    text = (config_folder / "agreements" / "auditor.toml").read_text(encoding="utf-8")
    assert text.count('burden = "show"') == 2
    head, between, tail = text.split('burden = "show"')
    file = tmp_path / "agreements" / "auditor.toml"
    file.write_text(f'{head}burden = "mask:band"{between}burden = "show"{tail}', encoding="utf-8")
    (problem,) = check(tmp_path)
    assert (problem.key, "Warning.burden, which is not shown in the clear" in problem.message) == ("burden", True)


def test_only_agreements_that_list_an_aggregate_ask_for_cells(agreements: tuple[Agreement, ...]) -> None:
    by_id = {item.id: item for item in agreements}
    assert demands([by_id["hospital"]]) == []
    (found,) = demands([by_id["auditor"], replace(by_id["auditor"], id="other")])
    assert found.key == Contract(by_id["auditor"]).terms.cube
