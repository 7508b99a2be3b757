"""Every source that speaks HTTP, found by walking the folder, in every storm.

The right outcome is always one of two: every row has landed once, or the pull is refused with a remedy and nothing of
it has landed; and the next pull, in calm weather, brings whatever is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import stamina
from kit_hub import Hub, Kit, make

from connectors.base import Stream, discover
from connectors.errors import SourceMalformed, SourceRefused, SourceUnavailable
from connectors.kit import rows, storms
from connectors.kit.shapes import shape_of
from connectors.kit.storms import Interface, Storm
from connectors.transports.http.paging import Cursor, LinkHeader, NextUrl, Offset, PageNumber
from connectors.transports.http_json import HttpJson

NOW = datetime(2025, 10, 31, 22)  # noqa: DTZ001 - the wall clock of a platform
PAGE, ROWS = 3, 8
OVER_HTTP = {
    f"{source.name}.{stream.name}": (source, stream)
    for source in discover()
    for stream in source.streams
    if not hasattr(stream.transport, "pattern")  # what is no file
}
BASE: dict[str, Any] = {"path": "/rows", "rows": "data.list", "count": "data.total", "clock": "at"}
BY_AFTER = {"size": "{size}"}
WAYS: dict[str, HttpJson] = {  # every way of paging, with a stream of whatever source
    "page": HttpJson(**BASE, query={"page": "{page}", "size": "{size}"}, paging=PageNumber(begin=0)),
    "offset": HttpJson(**BASE, method="POST", body={"from": "{offset}", "n": "{size}"}, paging=Offset()),
    "cursor": HttpJson(**BASE, query={"c": "{cursor}", "n": "{size}"}, paging=Cursor(next_at="data.next")),
    "next_url": HttpJson(**BASE, query=BY_AFTER, paging=NextUrl(next_at="data.next")),
    "link": HttpJson(**BASE, query=BY_AFTER, paging=LinkHeader()),
}
if OVER_HTTP:
    someone, whatever = next(iter(OVER_HTTP.values()))
    OVER_HTTP |= {f"by {name}": (someone, replace(whatever, transport=way)) for name, way in WAYS.items()}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(scope="module")
def kit(tmp_path_factory) -> Kit:
    return make(tmp_path_factory.mktemp("kit"))


def department(stream: Stream, kit: Kit) -> Interface:
    """An interface with three pages of rows, and two rows more up its sleeve."""
    shape = shape_of(stream)
    assert shape is not None, f"nobody has seen {stream.name} in a storm: write its shape in connectors/kit/shapes.py"
    made = [rows.make(stream, kit.known, n, NOW - timedelta(days=10)) for n in range(1, ROWS + 3)]
    paged = replace(stream, transport=shape.paged(stream.transport, PAGE))
    return Interface(stream=paged, shape=shape, rows=made[:ROWS], spare=made[ROWS:], now=NOW)


def pull(hub: Hub, here: Interface, storm: Storm = storms.calm, **more: object) -> Exception | None:
    with storms.weather(here, storm) as connection:
        return hub.pull(replace(connection, **more))


def there(here: Interface) -> set[tuple[str, ...]]:
    names = [name for name in here.stream.key if name != "mac"]
    return {tuple(str(row[name]) for name in names) for row in here.rows}


def assert_nothing_lost_or_doubled(hub: Hub, here: Interface) -> None:
    """A complete snapshot holds each row once; of an incremental stream all batches together do."""
    found = hub.batches()
    if here.stream.complete:
        assert found[-1] == dict.fromkeys(there(here), 1)
    else:
        together = sum(found[1:], start=found[0])
        assert there(here) <= together.keys()
        assert set(together.values()) == {1}


def assert_refused(hub: Hub, error: Exception | None) -> None:
    """With a remedy, no value in the message, and nothing visible."""
    assert error is not None
    assert error.remedy
    assert not any(word in str(error) for word in ("19500101", "19510101", *map(str, rows.SEALED.values())))
    assert hub.batches() == []
    assert hub.held() == 0


def calm_again(hub: Hub, here: Interface) -> None:
    """The next day the department answers as it should."""
    here.now += timedelta(days=1)
    here.again = 0
    assert pull(hub, here) is None
    assert_nothing_lost_or_doubled(hub, here)


@pytest.fixture(params=OVER_HTTP.values(), ids=OVER_HTTP.keys())
def caught(request, kit, tmp_path) -> Iterator[tuple[Hub, Interface]]:
    """A hub and an interface of each stream that speaks HTTP."""
    source, stream = request.param
    here = department(stream, kit)
    hub = Hub(kit, source, here.stream, tmp_path)
    yield hub, here
    hub.engine.dispose()


def test_in_calm_weather_every_row_lands_once_and_again(caught) -> None:
    hub, here = caught
    assert pull(hub, here) is None
    assert len(there(here)) == ROWS
    assert_nothing_lost_or_doubled(hub, here)
    assert max(question.first for question in here.overheard) >= 2 * PAGE, "the storms strike beyond the first page"
    calm_again(hub, here)


@pytest.mark.parametrize("name", [*storms.MOVING, *storms.PASSING])
def test_a_storm_is_lived_through_or_refused_whole(caught, name) -> None:
    hub, here = caught
    error = pull(hub, here, (storms.MOVING | storms.PASSING)[name])
    if error is not None:
        assert_refused(hub, error)
    calm_again(hub, here)


@pytest.mark.parametrize("name", ["429 with Retry-After", "500 twice", "body cut off once", "page served twice"])
def test_what_passes_is_lived_through(caught, name) -> None:
    hub, here = caught
    assert pull(hub, here, (storms.MOVING | storms.PASSING)[name]) is None
    assert_nothing_lost_or_doubled(hub, here)


@pytest.mark.parametrize("name", storms.LASTING)
def test_what_lasts_is_refused_by_its_kind_and_nothing_lands(caught, name) -> None:
    hub, here = caught
    error = pull(hub, here, storms.LASTING[name])
    assert_refused(hub, error)
    kind = SourceUnavailable if "for good" in name and "cut" not in name else SourceMalformed
    assert isinstance(error, kind)
    calm_again(hub, here)


def test_a_token_that_expired_is_renewed_or_the_department_is_asked(caught) -> None:
    hub, here = caught
    error = pull(hub, here, storms.PASSING["token expired once"])
    assert error is None or isinstance(error, SourceRefused)


def test_a_required_column_under_another_name_certifies_nothing(caught) -> None:
    hub, here = caught
    error = pull(hub, here, storms.COLUMN_RENAMED)
    if error is not None:
        assert_refused(hub, error)
    else:
        assert sum(report.accepted for report in hub.reports) == 0
        assert hub.held() == ROWS
    calm_again(hub, here)


def test_an_empty_answer_after_a_full_one_ends_nothing(caught) -> None:
    hub, here = caught
    assert pull(hub, here) is None
    pull(hub, here, storms.NOTHING)
    assert_nothing_lost_or_doubled(hub, here)


def test_a_clock_years_ahead_loses_nothing_once_it_is_right(caught) -> None:
    hub, here = caught
    pull(hub, here, storms.CLOCK_YEARS_AHEAD)
    here.rows.append(here.spare.pop())
    calm_again(hub, here)


def test_an_answer_that_drips_is_given_up(caught) -> None:
    hub, here = caught
    assert_refused(hub, pull(hub, here, storms.SLOW_DRIP, overall=0.3))
    calm_again(hub, here)


def test_an_answer_without_end_is_given_up(caught) -> None:
    hub, here = caught
    error = pull(hub, here, storms.NEVER_ENDS)
    assert here.passed < storms.ENOUGH, "it took whatever came"
    assert_refused(hub, error)
