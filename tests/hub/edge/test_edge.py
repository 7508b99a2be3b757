"""Sealed at the edge: opens only in its file, column and line; what does not open is held, never shown."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.pages import Page, RawRow
from hub import keys, store
from hub.edge.envelope import FILE_KEY, NONCE, SEALED, Envelope, Opener, PublicKey, is_sealed
from hub.errors import InputError, KeysError
from hub.keys import KeyRing
from hub.sealing import Sealer
from tests.hub.test_land import CANARY, CANARY_NAME, STREAM, Given, Hub, hub, number, row  # noqa: F401

FIELDS = tuple(
    replace(f, headers={"certno": ("证件号码", "身份证号"), "psn_name": ("姓名",)}.get(f.name, ()))
    for f in STREAM.fields
)
PEOPLE = replace(STREAM, fields=FIELDS)
PUBLIC = PublicKey.of(bytes(range(32)))


def other(ring: KeyRing) -> PublicKey:
    return PublicKey.of(keys.make().edge[0])


def public(ring: KeyRing) -> PublicKey:
    return PublicKey.of(ring.edge[0])


def sealed(envelope: Envelope, line: int, *, last: bool = False, **values: object) -> dict[str, object]:
    """A row with its identifiers sealed, as a department's file holds it."""
    headers = {"certno": "身份证号", "psn_name": "姓名", "phone": "phone", "kind": "kind"}
    told = row(line) | values
    named = {name for name in ("certno", "psn_name", "phone", *values) if name in told and name in headers}
    return told | {name: envelope.seal(told[name], headers[name], line, last=last) for name in named}


def opening(ring: KeyRing, *rows: dict[str, object]) -> tuple[Page, list[tuple[int, str, str]]]:
    refused: list[tuple[int, str, str]] = []

    def refuse(raw: RawRow, reason: str, field: str, clear: object) -> None:
        refused.append((raw.line, reason, field))

    page = Opener(ring, PEOPLE, refuse).opened(Page.of(rows, range(1, len(rows) + 1)))
    return page, refused


values = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
)


@settings(max_examples=30, deadline=None)
@given(values, st.text(st.characters(codec="utf-8"), max_size=20), st.integers(1, 10**7))
def test_any_value_comes_back_as_it_was_and_its_length_is_hidden(ring, value, header, line):
    envelope = Envelope(public(ring))
    told = envelope.seal(value, header, line)
    opened = Opener(ring, PEOPLE, lambda *_: pytest.fail("refused"))._open(told, [header], line)
    assert (opened, type(opened)) == (value, type(value))
    blob = base64.urlsafe_b64decode(told.removeprefix(f"{SEALED}{public(ring).key_id}:") + "==")
    size = len(blob) - FILE_KEY - NONCE - 16
    assert size >= 64
    assert size & (size - 1) == 0


def test_equal_values_do_not_give_equal_texts(ring):
    envelope = Envelope(public(ring))
    assert envelope.seal(CANARY, "a", 1) != envelope.seal(CANARY, "a", 1)
    assert CANARY not in envelope.seal(CANARY, "a", 1)


def test_a_page_opens_under_any_of_its_fields_headers_and_other_pages_pass_untouched(ring):
    envelope = Envelope(public(ring))
    page, refused = opening(ring, sealed(envelope, 1), sealed(envelope, 2))
    assert refused == []
    assert [r.values for r in page.rows()] == [row(1), row(2)]
    clear = Page.of([row(1), row(2, psn_name=None)], [1, 2])
    assert Opener(ring, PEOPLE, lambda *_: None).opened(clear) is clear


def test_a_value_moved_copied_damaged_or_of_another_key_or_file_refuses_its_row_only(ring):
    envelope, foreign = Envelope(public(ring)), Envelope(public(ring))
    rows = [sealed(envelope, line) for line in range(1, 9)]
    rows[1] = rows[1] | {"certno": rows[0]["certno"]}  # another person's number in this row
    rows[2] = rows[2] | {"psn_name": rows[2]["certno"]}  # another column
    rows[3] = rows[3] | {"certno": str(rows[3]["certno"])[:-9]}
    rows[4] = sealed(Envelope(other(ring)), 5)
    rows[5] = sealed(foreign, 6)
    rows[6] = rows[6] | {"psn_name": "aidsealed:v2:x"}
    page, refused = opening(ring, *rows)
    assert list(page.lines) == [1, 8]
    assert sorted(refused) == [
        (2, "edge_damaged", "certno"),
        (3, "edge_damaged", "psn_name"),
        (4, "edge_damaged", "certno"),
        (5, "edge_key_unknown", "certno"),
        (6, "edge_damaged", "certno"),
        (7, "edge_damaged", "psn_name"),
    ]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.characters(codec="utf-8"))
def test_no_change_of_a_sealed_text_opens_or_crashes(ring, at, character):
    envelope = Envelope(public(ring))
    whole = str(envelope.seal(CANARY, "身份证号", 1))
    at %= len(whole)
    changed = whole[:at] + character + whole[at + 1 :]
    page, _ = opening(ring, row(1, certno=changed))
    came = [r.values["certno"] for r in page.rows()]
    assert came in ([], [changed]) if changed != whole else came == [CANARY]
    assert came == [] or changed == whole or not is_sealed(changed)


def test_a_text_that_says_the_same_bytes_in_another_way_does_not_open(ring):
    whole = str(Envelope(public(ring)).seal(CANARY, "身份证号", 1))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    opened = []
    for last in letters:
        page, _ = opening(ring, row(1, certno=whole[:-1] + last))
        opened += [last for r in page.rows() if r.values["certno"] == CANARY]
    assert opened == [whole[-1]]


def test_what_was_sealed_to_an_older_key_opens_after_rotation(tmp_path):
    path = tmp_path / "keys.json"
    keys.save(keys.make(), path)
    before = keys.load(str(path))
    told = sealed(Envelope(public(before)), 1)
    after = keys.rotate_edge(path)
    assert after == keys.load(str(path))
    assert public(after) != public(before)
    assert replace(after, edge=before.edge) == before
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]
    page, refused = opening(after, told)
    assert (len(page.lines), refused) == (1, [])


def test_keys_from_before_the_edge_load_and_open_nothing(ring):
    old = keys.load(ring.dump().replace('"edge"', '"unused"'))
    assert old.edge == ()
    _, refused = opening(old, sealed(Envelope(public(ring)), 1))
    assert refused == [(1, "edge_key_unknown", "certno")]


@pytest.mark.parametrize("text", ["", "x", PUBLIC.text[:-1], PUBLIC.text.replace(":e", ":f"), PUBLIC.text[:-3] + "AAA"])
def test_a_public_key_that_is_not_whole_is_refused(text):
    assert PublicKey.parse(f" {PUBLIC.text}\n") == PUBLIC
    with pytest.raises(KeysError, match="keys public"):
        PublicKey.parse(text)


def test_sealed_rows_land_as_the_same_persons_and_what_does_not_open_is_held_sealed(hub, ring):  # noqa: F811
    envelope = Envelope(public(ring))
    damaged = sealed(envelope, 4) | {"psn_name": sealed(envelope, 4)["certno"]}
    foreign = sealed(Envelope(other(ring)), 5)
    clear = hub.land(row(1), row(2), row(3, kind="99"), stream=PEOPLE)
    report = hub.land(
        *(sealed(envelope, 1), sealed(envelope, 2), sealed(envelope, 3, kind="99"), damaged, foreign),
        sealed(envelope, 6, last=True, certno="12"),
        stream=PEOPLE,
    )
    assert (report.read, report.accepted) == (6, clear.accepted)
    assert report.reasons == {"unknown_code": 1, "edge_damaged": 1, "edge_key_unknown": 1, "id_length": 1}
    assert hub.rows(batch=2).drop_columns("line") == hub.rows(batch=1).drop_columns("line")
    with hub.engine.connect() as connection:
        held = {
            r.line: r for r in connection.execute(sa.select(store.quarantine).where(store.quarantine.c.batch_id == 2))
        }
    assert Sealer(ring, "office/people").open(held[4].sealed) == damaged  # as it came: replayed, it is opened again
    assert held[4].mac == hub.landing._linkage.identify(number(4)).mac
    assert held[5].mac is None


def test_a_column_that_is_no_identifier_is_opened_too(ring):
    envelope = Envelope(public(ring))
    page, refused = opening(ring, sealed(envelope, 1) | {"kind": ""}, sealed(envelope, 2, kind="01"))
    assert ([r.values["kind"] for r in page.rows()], refused) == (["", "01"], [])


def test_a_sealed_file_without_its_end_lands_nothing(hub, ring):  # noqa: F811
    envelope = Envelope(public(ring))
    rows = [sealed(envelope, line, last=line == 3) for line in (1, 2, 3)]
    with pytest.raises(InputError, match="the end of the sealed file is missing"):
        hub.land(*rows[:2], stream=PEOPLE)
    assert hub.land(*rows, stream=PEOPLE).batch_id == 1
    assert hub.land(*(sealed(Envelope(other(ring)), line) for line in (1, 2)), stream=PEOPLE).quarantined == 2
