"""A delivery in doubt as a whole: held until somebody confirms it, or in quarantine with all its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import store, tables
from hub.errors import InputError
from hub.landing import doubt, ledger
from hub.landing.confirm import confirm, refuse
from hub.landing.ledger import Last
from hub.reading import held_rows
from tests.hub.landing.lists import STRANGE, Lists, line
from tests.hub.test_land import STREAM, Hub, row

OPEN = date.fromisoformat(tables.OPEN)
BEGIN = date(2025, 1, 1)
END = date(2025, 9, 30)


@pytest.fixture
def hub(engine, tmp_path, config_folder, ring) -> Hub:
    return Hub(engine, tmp_path, config_folder, ring)


def say(lists: Lists, verb, batch: int) -> None:
    with lists.open() as deployment:
        verb(deployment, batch, actor="王", reason="asked the county")


def test_a_list_that_lost_its_rows_is_held_and_the_earlier_one_stays_in_force_until_it_is_confirmed(lists):
    lists.land("202508", [line(n) for n in range(20)])
    report = lists.land("202509", [line(n) for n in range(10)])
    assert report.state == "held"
    assert "10 of 20 rows of batch 1 are missing; at most 10% may go at once" in report.notes[0]
    assert lists.spells() == dict.fromkeys(range(20), (BEGIN, OPEN))
    say(lists, confirm, 2)
    assert lists.spells() == {n: (BEGIN, OPEN if n < 10 else END) for n in range(20)}
    with lists.open() as deployment, deployment.engine.connect() as connection:
        told = ledger.history(connection, [2])[2]
    assert [(change["state"], change["actor"]) for change in told] == [("held", "hub"), ("landed", "王")]


def test_a_list_of_other_persons_is_held_however_many_they_are(anywhere):
    few, waiting = [line(order) for order in range(8)], line(8, kind=STRANGE)
    anywhere.land("202508", [*few, waiting, line(9)])
    lost = [*few[:4], waiting, *(line(order) for order in range(20, 25))]
    report = anywhere.land("202509", lost)  # as many rows; of ten persons five
    assert report.state == "held"
    assert "5 of 10 persons of batch 1 are missing" in report.notes[0]
    assert anywhere.spells()[5][1] == OPEN
    within = [*few[:7], waiting, *(line(order) for order in range(20, 25))]
    assert anywhere.land("202510", within).state == "landed"  # two are gone, and so many may always go
    anywhere.conserved()


def test_persons_are_compared_whether_a_list_is_kept_whole_or_against_a_base(lists):
    many = [line(order) for order in range(30)]
    lists.land("202506", many)
    lists.land("202507", [*many[:29], line(40)])
    assert lists.land("202508", [*many[:27], line(40), *(line(order) for order in range(50, 53))]).state == "landed"
    report = lists.land("202509", [*many[5:27], line(40), *(line(order) for order in range(60, 69))])
    assert "8 of 31 persons of batch 3 are missing" in report.notes[0]
    again = lists.land("202510", [*many[:26], *(line(order) for order in range(50, 53))])
    assert again.state == "landed"
    lists.conserved()


def test_after_a_rotation_of_the_key_only_rows_are_compared(lists, monkeypatch):
    many = [line(order) for order in range(10)]
    lists.land("202508", many)
    with lists.open() as deployment:
        monkeypatch.setattr(deployment.linkage, "key_id", "another")
    assert lists.land("202509", [line(order) for order in range(20, 30)]).state == "landed"


def test_a_refused_list_never_counts_and_its_waiting_rows_are_waived_with_it(lists):
    lists.land("202508", [line(n) for n in range(20)])
    lists.land("202509", [line(1), line(2, kind=STRANGE), line(3)])
    say(lists, refuse, 2)
    assert set(lists.spells().values()) == {(BEGIN, OPEN)}
    assert lists.states() == {(2, 3): "waived"}
    with pytest.raises(InputError, match="Batch 2 is refused"):
        say(lists, confirm, 2)
    assert lists.land("202510", [line(n) for n in range(1, 20)]).state == "landed"  # against August's, not this one


def test_a_held_list_must_be_confirmed_before_its_rows_are_replayed(lists):
    lists.land("202508", [line(n) for n in range(20)])
    lists.land("202509", [line(1), line(2, kind=STRANGE), line(3)])
    assert lists.replay() == []
    with pytest.raises(InputError, match="Batch 2 is held"):
        lists.replay(batch=2)


def test_rows_that_name_nobody_count_as_missing(lists):
    lists.land("202508", [line(n) for n in range(20)])
    bad = [line(n, certno="3.70302E+17") for n in range(8)]
    assert lists.land("202509", [*bad, *(line(n) for n in range(8, 20))]).state == "held"
    assert lists.land("202510", [line(n, kind=STRANGE) if n < 8 else line(n) for n in range(20)]).state == "landed"


def test_a_column_that_changed_its_form_quarantines_the_whole_list_and_ends_nobody_s_spell(lists):
    lists.land("202508", [line(n) for n in range(8)])
    lost = [*(line(n, kind=STRANGE) for n in range(5)), line(5), line(6)]
    report = lists.land("202509", lost)
    assert (report.state, report.accepted, report.reasons) == ("quarantined", 0, {"column_retyped": 7})
    assert "5 of 7 values of assistance_type cannot be read" in report.notes[0]
    assert lists.spells() == dict.fromkeys(range(8), (BEGIN, OPEN))
    lists.learn()
    (replayed,) = lists.replay(reason="column_retyped")
    assert (replayed.accepted, replayed.still_open, replayed.state) == (7, 0, "landed")
    assert lists.spells() == {n: (BEGIN, OPEN if n < 7 else END) for n in range(8)}
    lists.conserved()


@pytest.mark.parametrize("kept", [1, held_rows.KEPT])
def test_a_list_quarantined_whole_is_replayed_whole_and_held_where_too_much_is_missing(anywhere, monkeypatch, kept):
    monkeypatch.setattr(held_rows, "KEPT", kept)
    lists = anywhere
    lists.land("202508", [line(n) for n in range(20)])
    lists.land("202509", [line(n, kind=STRANGE) for n in range(7)])
    lists.learn()
    with lists.open() as deployment, deployment.engine.connect() as connection:
        assert ledger.visible(connection, date(2026, 1, 1)) == [1]
    (report,) = lists.replay(batch=2, field="assistance_type")
    assert (report.accepted, report.state) == (7, "held")
    assert set(lists.spells().values()) == {(BEGIN, OPEN)}
    say(lists, refuse, 3)
    assert set(lists.states().values()) == {"open"}
    (report,) = lists.replay(batch=2)
    say(lists, confirm, report.batch_id)
    assert lists.spells() == {n: (BEGIN, OPEN if n < 7 else END) for n in range(20)}
    lists.conserved()


def test_a_list_quarantined_whole_may_be_replayed_in_two_steps(lists):
    lists.land("202508", [line(n) for n in range(20)])
    lists.land("202509", [line(n, kind=STRANGE if n < 12 else "另一个类别") for n in range(20)])
    lists.learn()
    assert [(r.state, r.accepted, r.still_open) for r in lists.replay()] == [("landed", 12, 8)]
    assert lists.spells() == dict.fromkeys(range(20), (BEGIN, OPEN))
    lists.learn("另一个类别")
    assert [(r.state, r.accepted, r.still_open) for r in lists.replay()] == [("landed", 8, 0)]
    assert lists.spells() == dict.fromkeys(range(20), (BEGIN, OPEN))
    lists.conserved()


def test_a_required_column_that_no_row_has_quarantines_every_row_with_its_content(hub):
    rows = [{name: value for name, value in row(n).items() if name != "psn_name"} for n in range(1, 5)]
    report = hub.land(*rows, rows[0])
    assert (report.state, report.read, report.quarantined, report.duplicates) == ("quarantined", 5, 4, 1)
    assert report.reasons == {"column_missing": 4}
    with hub.engine.connect() as connection:
        held = connection.execute(sa.select(store.quarantine).order_by(store.quarantine.c.line)).all()
    assert {(r.reason, r.field) for r in held} == {("column_missing", "psn_name")}
    assert len({r.mac for r in held}) == 4
    assert "linkage v1 " in held[0].contract


def test_a_column_seldom_filled_stops_its_own_rows_only(hub):
    report = hub.land(*(row(n) for n in range(1, 12)), row(20, amount="many"))
    assert (report.state, report.reasons) == ("landed", {"bad_amount": 1})
    sparse = [{name: value for name, value in row(n).items() if name != "amount"} for n in range(30, 50)]
    assert hub.land(*sparse, row(21, amount="many"), stream=replace(STREAM, shrink=1.0)).state == "landed"


def test_one_value_is_no_column(hub):
    assert hub.land(row(1, amount="many")).state == "landed"
    assert hub.land(row(1, amount="many"), row(2, amount="several"), stream=replace(STREAM, name="b")).state == (
        "quarantined"
    )


def test_what_shows_only_after_the_opening_holds_the_delivery(hub, monkeypatch):
    monkeypatch.setattr(doubt, "OPENING", 3)
    report = hub.land(*(row(n) for n in range(1, 4)), *(row(n, kind="99") for n in range(4, 9)))
    assert (report.state, report.accepted, report.quarantined) == ("held", 3, 5)
    assert "5 of 8 rows were refused for kind" in report.notes[0]
    event = replace(STREAM, name="events", complete=False)
    report = hub.land(*(row(n) for n in range(1, 4)), *(row(n, kind="99") for n in range(4, 9)), stream=event)
    assert (report.state, report.notes) == ("landed", ("5 of 8 rows were refused for kind",))


def test_a_declared_share_may_be_wider_and_an_incremental_stream_never_shrinks(hub):
    hub.land(*(row(n) for n in range(1, 21)))
    assert hub.land(*(row(n) for n in range(1, 11)), stream=replace(STREAM, shrink=0.5)).state == "landed"
    event = replace(STREAM, name="events", complete=False)
    hub.land(*(row(n) for n in range(1, 21)), stream=event)
    assert hub.land(row(50), stream=event).state == "landed"


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 5_000), st.integers(0, 5_000), st.floats(0, 1))
def test_more_rows_never_make_a_list_doubtful_and_none_at_all_always_does(before, now, share):
    stream = replace(STREAM, shrink=share)
    last = Last(batch_id=1, present=before)
    doubtful = doubt.shrunk(stream, last, now)
    assert doubtful is None or doubt.shrunk(stream, last, max(0, now - 1)) is not None
    assert (doubt.shrunk(stream, last, 0) is not None) == (before > 0)
    assert doubtful is None or now < before
    assert doubt.shrunk(stream, None, now) is None
