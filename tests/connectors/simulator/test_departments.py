"""The departments, reached as the hub reaches them: real HTTP, real files, the declared streams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import orjson
import pytest

from connectors.base import Source, Stream, discover
from connectors.errors import SourceRefused
from connectors.pages import RawRow
from connectors.simulator.server import Departments
from connectors.simulator.truth import Truth
from connectors.simulator.world import World
from connectors.transports.http_envelope import HttpEnvelope


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """A delivery and its rows."""

    as_of: date
    declared: int | None
    fingerprint: str | None
    rows: list[RawRow]


def pull(departments: Departments, source: Source, stream: Stream, landed: list[Pulled]) -> list[Pulled]:
    since = landed[-1].as_of if landed else None
    seen = frozenset(p.fingerprint for p in landed if p.fingerprint)
    return [
        Pulled(
            as_of=d.as_of,
            declared=d.declared_rows,
            fingerprint=d.fingerprint,
            rows=[row for page in d.pages for row in page.rows()],
        )
        for d in stream.transport.deliveries(stream, departments.connections()[source.name], since=since, seen=seen)
    ]


@pytest.fixture(scope="module")
def pulled(world: World) -> dict[tuple[str, str, str], Pulled]:
    """(source, stream, month) -> what arrived, month after month."""
    found: dict[tuple[str, str, str], Pulled] = {}
    landed: dict[str, list[Pulled]] = {}
    with Departments(world) as departments:
        for month in world.months:
            departments.show(month)
            for source in discover():
                for stream in source.streams:
                    new = pull(departments, source, stream, landed.setdefault(stream.name, []))
                    assert len(new) == 1, "one delivery a month, and no file twice"
                    landed[stream.name] += new
                    found[source.name, stream.name, month] = new[0]
    return found


def test_every_stream_delivers_the_rows_that_the_truth_counts(
    pulled: dict[tuple[str, str, str], Pulled], truths: dict[str, Truth]
) -> None:
    for month, truth in truths.items():
        for d in truth.deliveries:
            arrived = pulled[d.source, d.stream, month]
            assert arrived.as_of == {"2025-10": date(2025, 10, 31), "2025-11": date(2025, 11, 30)}[month]
            assert len(arrived.rows) == d.read, (d.source, d.stream)
            assert len({row.line for row in arrived.rows}) == d.read


def test_a_page_comes_twice_and_the_platform_counts_different_rows(
    pulled: dict[tuple[str, str, str], Pulled],
) -> None:
    for (source, stream, _), arrived in pulled.items():
        if source == "medical_insurance":
            different = {orjson.dumps(row.values) for row in arrived.rows}
            assert len(different) == arrived.declared < len(arrived.rows), stream


def test_novembers_window_reads_settlements_again_and_finds_the_late_ones(
    pulled: dict[tuple[str, str, str], Pulled],
) -> None:
    october, november = (
        {row.values["setl_id"]: row.values for row in pulled["medical_insurance", "settlements", month].rows}
        for month in ("2025-10", "2025-11")
    )
    again = october.keys() & november.keys()
    assert again
    assert all(october[key] == november[key] for key in again)
    assert any(str(november[key]["setl_time"]) < "2025-11" for key in november.keys() - october.keys())


def test_a_spreadsheet_number_arrives_as_a_number_and_days_as_days(
    pulled: dict[tuple[str, str, str], Pulled],
) -> None:
    rows = pulled["rural_revitalization", "monitored", "2025-11"].rows
    numbers = [number for row in rows if isinstance(number := row.values["certno"], float)]
    assert sorted(number > 10**15 for number in numbers) == [False, True], "of 15 digits exactly, of 18 not"
    assert any(isinstance(row.values["identified"], date) for row in rows)
    assert rows[0].line == 5, "below a title, a date, merged group titles and the header"
    assert pulled["rural_revitalization", "monitored", "2025-10"].rows[0].line == 4


def test_a_wrong_token_is_refused(world: World) -> None:
    with Departments(world) as departments:
        stream = discover()[1].stream("persons")
        connection = replace(departments.connections()["medical_insurance"], token="another")
        with pytest.raises(SourceRefused, match="HTTP 401"):
            list(stream.transport.deliveries(stream, connection, since=None, seen=frozenset()))


def test_another_interface_is_refused_by_infcode(world: World) -> None:
    with Departments(world) as departments:
        stream = discover()[1].stream("persons")
        assert isinstance(stream.transport, HttpEnvelope)
        wrong = replace(stream.transport, infno="9999")
        connection = departments.connections()["medical_insurance"]
        with pytest.raises(SourceRefused, match="infcode -1"):
            list(wrong.deliveries(stream, connection, since=None, seen=frozenset()))


def test_the_departments_know_two_months(world: World) -> None:
    with Departments(world) as departments, pytest.raises(ValueError, match="2025-10, 2025-11"):
        departments.show("2025-12")
