"""Somebody's word on rows of quarantine: on some of them, or on all of a batch, however many."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from hub import store
from hub.errors import InputError
from hub.landing import quarantine
from hub.landing.quarantine import State

ROWS = 3 * quarantine.CHUNK // 2


@pytest.fixture
def landed(engine: sa.Engine) -> sa.Engine:
    """A batch of many open rows, one of them replayed, and another's row."""
    held = (
        {"line": line, "reason": "bad_date", "field": "brdy", "digest": f"{line:032d}", "mac": None, "sealed": b"x"}
        for line in range(1, ROWS + 1)
    )
    with engine.begin() as connection:
        told = {"source": "a", "stream": "b", "label": "c", "as_of": date(2025, 1, 1), "parts": {"": "d"}}
        counts = {"read": ROWS, "accepted": 0, "quarantined": ROWS, "duplicates": 0, "unchanged": 0, "present": ROWS}
        for batch in (1, 2):
            row = told | counts | {"batch_id": batch, "state": "landed", "sealed_part": "e", "contract": "v1"}
            connection.execute(sa.insert(store.batch), row | {"received_at": datetime.now(UTC)})
        quarantine.land(connection, 1, "v1", held)
        quarantine.land(connection, 2, "v1", [{"line": 1, "reason": "x", "field": "", "digest": "0", "sealed": b""}])
        quarantine.record(connection, [(1, 2)], State.REPLAYED, actor="hub", reason="again")
    return engine


def states(engine: sa.Engine) -> dict[tuple[int, str], int]:
    q = store.quarantine.c
    by = sa.select(q.batch_id, q.state, sa.func.count()).group_by(q.batch_id, q.state)
    with engine.connect() as connection:
        return {(batch, state): count for batch, state, count in connection.execute(by)}


def test_a_word_on_a_batch_is_a_word_on_each_row_that_it_may_concern(landed: sa.Engine) -> None:
    assert quarantine.decide(landed, 1, [], State.WAIVED, actor="李", reason="旧档") == ROWS - 1
    assert states(landed) == {(1, "waived"): ROWS - 1, (1, "replayed"): 1, (2, "open"): 1}
    with landed.connect() as connection:
        (told,) = quarantine.history(connection, (1, 7))
        assert (told["state"], told["actor"], told["reason"], told["by_batch"]) == ("waived", "李", "旧档", None)
        assert [change["state"] for change in quarantine.history(connection, (1, 2))] == ["replayed"]
        assert not quarantine.history(connection, (2, 1))
    assert quarantine.decide(landed, 1, [], State.OPEN, actor="李", reason="误") == ROWS - 1
    assert quarantine.decide(landed, 1, [], State.OPEN, actor="李", reason="误") == 0


def test_a_word_on_lines_changes_all_of_them_or_none(landed: sa.Engine) -> None:
    with pytest.raises(InputError, match="Batch 1 holds no line 999999"):
        quarantine.decide(landed, 1, [1, 999_999], State.WAIVED, actor="a", reason="b")
    with pytest.raises(InputError, match="Line 2 of batch 1 is replayed"):
        quarantine.decide(landed, 1, [1, 2], State.WAIVED, actor="a", reason="b")
    with pytest.raises(InputError, match="needs an actor"):
        quarantine.decide(landed, 1, [], State.WAIVED, actor=" ", reason="b")
    assert states(landed)[1, "open"] == ROWS - 1
    assert quarantine.decide(landed, 1, [5, 5, 9], State.FIXED, actor="a", reason="b") == 2
    assert states(landed)[1, "fixed_at_source"] == 2
