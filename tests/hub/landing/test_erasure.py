"""Erasure: the sealed part goes, everything it was copied into goes, nothing pseudonymous changes."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from hub import store
from hub.errors import InputError
from hub.landing.erasure import Eraser, due
from hub.sealing import Sealer
from tests.faults import Points
from tests.hub.test_land import STREAM, Hub, hub, number, row  # noqa: F401

WHY = {"actor": "李处长", "reason": "sent by mistake"}
PERSON = store.published["person"]


@pytest.fixture
def eraser(hub) -> Eraser:  # noqa: F811
    """Batch 1: persons 1 to 3 and a held row; batch 2: persons 1 and 2 with new telephones. Published from batch 1."""
    hub.land(*(row(n, phone=f"1380000000{n}") for n in (1, 2, 3)), row(4, kind="99"))
    hub.land(*(row(n, phone=f"1390000000{n}") for n in (1, 2)), row(4, kind="99"), as_of=date(2025, 11, 30))
    sealed = dict(zip(*hub.lake.read("sealed", part(hub, 1)).to_pydict().values(), strict=True))
    macs = hub.rows(batch=1).select(["line", "mac"]).to_pylist()
    with hub.engine.begin() as connection:
        for place in macs:
            person = {"person_id": place["line"], "name_masked": "张*", "batch_id": 1, "line": place["line"]}
            connection.execute(sa.insert(store.alias).values(mac=place["mac"], person_id=place["line"]))
            connection.execute(
                sa.insert(PERSON).values(
                    **person, identity_sealed=sealed[place["line"]], row_digest=b"d", pub_from=1, pub_until=None
                )
            )
    return Eraser(engine=hub.engine, lake=hub.lake, ring=hub.ring)


def part(hub: Hub, batch: int) -> str | None:  # noqa: F811
    with hub.engine.connect() as connection:
        b = store.batch.c
        found: str | None = connection.scalar(sa.select(b.sealed_part).where(b.batch_id == batch))
        return found


def identities(hub: Hub) -> dict[int, object]:  # noqa: F811
    """What each served person's sealed identity says."""
    sealer = Sealer(hub.ring, "office/people")
    with hub.engine.connect() as connection:
        rows = connection.execute(sa.select(PERSON.c.person_id, PERSON.c.identity_sealed)).all()
    return {row[0]: sealer.open(bytes(row[1])) if row[1] is not None else None for row in rows}


def held(hub: Hub) -> list[tuple[int, str, bool]]:  # noqa: F811
    q = store.quarantine.c
    with hub.engine.connect() as connection:
        rows = connection.execute(sa.select(q.batch_id, q.state, q.sealed).order_by(q.batch_id)).all()
    return [(row[0], row[1], bytes(row[2]) == b"") for row in rows]


def notes(hub: Hub) -> list[tuple[object, ...]]:  # noqa: F811
    e = store.erasure.c
    with hub.engine.connect() as connection:
        rows = connection.execute(sa.select(e.batch_id, e.step, e.sealed_part, e.actor, e.reason).order_by(e.seq)).all()
    return [tuple(row) for row in rows]


def after(hub: Hub) -> tuple[object, ...]:  # noqa: F811
    """All that an erasure of batch 1 is about."""
    files = sorted(path.name for path in hub.lake.root.rglob("*.parquet"))
    return part(hub, 1), part(hub, 2), identities(hub), held(hub), files


def test_the_sealed_part_and_its_copies_go_and_the_pseudonymous_rows_stay(hub, eraser):  # noqa: F811
    digest, rows = part(hub, 1), hub.rows(batch=1)
    (done,) = eraser.erase(1, **WHY)
    assert (done.quarantined, done.replaced, done.removed) == (1, 2, 1)
    assert part(hub, 1) is None
    assert not (hub.lake.root / "sealed" / f"{digest}.parquet").exists()
    assert hub.rows(batch=1) == rows
    assert held(hub) == [(1, "open", True), (2, "open", False)]
    newest = {n: {"certno": number(n), "psn_name": "张三", "phone": f"1390000000{n}"} for n in (1, 2)}
    assert identities(hub) == {**newest, 3: None}  # nobody else knows the third
    assert notes(hub) == [(1, step, digest, *WHY.values()) for step in ("destroying", "destroyed")]


def test_when_the_last_part_goes_nobody_is_known_by_name(hub, eraser):  # noqa: F811
    eraser.erase(2, **WHY)
    eraser.erase(1, **WHY)
    assert identities(hub) == {1: None, 2: None, 3: None}
    assert list((hub.lake.root / "sealed").iterdir()) == []


def test_rows_that_an_earlier_publication_showed_are_emptied_like_those_of_now(hub, eraser):  # noqa: F811
    with hub.engine.begin() as connection:
        connection.execute(sa.update(PERSON).values(pub_until=2))
    eraser.erase(2, **WHY)
    eraser.erase(1, **WHY)
    assert identities(hub) == {1: None, 2: None, 3: None}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # a server's files are its own
def test_nothing_of_it_is_left_on_disk(hub, eraser, tmp_path):  # noqa: F811
    with hub.engine.connect() as connection:
        blobs = [
            bytes(b)
            for b in connection.scalars(sa.select(store.quarantine.c.sealed).where(store.quarantine.c.batch_id == 1))
        ]
        blobs += [bytes(b) for b in connection.scalars(sa.select(PERSON.c.identity_sealed))]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(any(blob[-40:] in path.read_bytes() for path in files) for blob in blobs)
    eraser.erase(1, **WHY)
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(blob[-40:] in content for blob in blobs for content in left)


@pytest.mark.parametrize(
    ("batch", "why", "message"), [(9, WHY, "no batch 9"), (1, {"actor": " ", "reason": "x"}, "who and why")]
)
def test_what_cannot_be_erased_is_refused(eraser, batch, why, message):
    with pytest.raises(InputError, match=message):
        eraser.erase(batch, **why)


def test_a_part_is_destroyed_once(hub, eraser):  # noqa: F811
    eraser.erase(1, **WHY)
    with pytest.raises(InputError, match="already"):
        eraser.erase(1, **WHY)
    assert len(notes(hub)) == 2
    assert eraser.resume() == []


def test_parts_without_a_row_are_one_file_and_stay_while_another_batch_names_it(hub, eraser):  # noqa: F811
    hub.land(row(7, kind="99"))
    hub.land(row(8, kind="99"))
    shared = part(hub, 3)
    assert shared == part(hub, 4)
    eraser.erase(3, **WHY)
    assert hub.lake.read("sealed", part(hub, 4)).num_rows == 0
    eraser.erase(4, **WHY)
    assert not (hub.lake.root / "sealed" / f"{shared}.parquet").exists()


def test_sealed_files_that_a_crash_left_go_and_named_ones_stay(hub, eraser):  # noqa: F811
    orphan = hub.lake.write("sealed", hub.lake.read("sealed", part(hub, 1)).slice(0, 1))
    assert eraser.resume() == []
    assert sorted(path.stem for path in (hub.lake.root / "sealed").iterdir()) == sorted([part(hub, 1), part(hub, 2)])
    assert orphan not in {part(hub, 1), part(hub, 2)}


@pytest.mark.parametrize("fail", range(1, 12))
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_erasure_that_fails_anywhere_is_finished_by_the_next_one(hub, eraser, fail):  # noqa: F811
    with Points(fail=fail) as points:
        try:
            eraser.erase(1, **WHY)
        except (OSError, sa.exc.OperationalError):
            assert points.names
    if not [note for note in notes(hub) if note[1] == "destroying"]:
        assert part(hub, 1) is not None  # nothing has begun
        eraser.erase(1, **WHY)
    eraser.resume()
    assert [note[1] for note in notes(hub)] == ["destroying", "destroyed"]
    gone, kept, known, rows, files = after(hub)
    assert gone is None
    assert known[3] is None
    assert rows == [(1, "open", True), (2, "open", False)]
    assert f"{kept}.parquet" in files
    assert len(files) == 4  # the rows of two, their spells (without any, one file), one sealed part


def test_what_is_due_follows_the_source_s_months_else_everybody_s(hub, eraser):  # noqa: F811
    def listed(retention: dict[str, int], month: str) -> list[int]:
        with hub.engine.connect() as connection:
            return [d.batch_id for d in due(connection, retention, month)]

    assert listed({}, "2099-01") == []
    assert listed({"months": 1}, "2025-11") == []
    assert listed({"months": 1}, "2025-12") == [1]  # as of 2025-10-31: before the first of November
    assert listed({"months": 1, "office": 2}, "2025-12") == []
    assert listed({"months": 1}, "2026-01") == [1, 2]
    assert listed({"other": 1}, "2099-01") == []
    assert listed({"months": 100_000}, "2025-12") == []


def test_a_snapshot_that_others_lean_on_stays_until_they_are_due(hub, eraser):  # noqa: F811
    with hub.engine.begin() as connection:
        connection.execute(sa.update(store.batch).where(store.batch.c.batch_id == 2).values(base=1))
    with hub.engine.connect() as connection:
        assert due(connection, {"months": 1}, "2025-12") == []
        assert [d.batch_id for d in due(connection, {"months": 1}, "2026-01")] == [1, 2]


def test_with_a_delivery_go_the_replays_of_its_rows(hub, eraser):  # noqa: F811
    with hub.engine.begin() as connection:
        connection.execute(sa.update(store.batch).where(store.batch.c.batch_id == 2).values(part_of=1))
    assert [done.batch_id for done in eraser.erase(2, **WHY)] == [1, 2]
    assert identities(hub) == {1: None, 2: None, 3: None}


def test_the_day_a_part_is_due_is_the_first_after_its_months(hub, eraser):  # noqa: F811
    with hub.engine.begin() as connection:
        connection.execute(sa.update(store.batch).where(store.batch.c.batch_id == 1).values(as_of=date(2025, 11, 1)))
    with hub.engine.connect() as connection:
        assert due(connection, {"months": 1}, "2025-12") == []
        assert [d.batch_id for d in due(connection, {"months": 1}, "2026-01")] == [1, 2]
