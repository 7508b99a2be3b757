"""`aidgraph log`: verified from where it was last, proved to outsiders, disclosed to the person on the record."""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hub import keys, log, store
from hub.reading import identity
from hub.reading.identity import check_digit
from hub.store import access_log
from schema.cli import common
from schema.codec import Codec
from tests.outsider import check_proof

NUMBER = "37030219600304123" + check_digit("37030219600304123")
PERSON, OTHER = 7, 8


@pytest.fixture
def hub(run, tmp_path, monkeypatch, config_folder):
    """A deployment with one known person and three entries, and its command line in a terminal of 100 columns."""
    folder = tmp_path / "data"
    folder.mkdir()
    ring = keys.make()
    keys.save(ring, folder / "keys.json")
    (folder / "aidgraph.toml").write_text(f'keys = "{folder / "keys.json"}"\n')
    monkeypatch.setattr(common.console, "_width", 100)

    def hub(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        return run("--data", folder, *arguments)

    assert hub("sources")[0] == 0
    engine = store.connect(f"sqlite:///{folder / 'store.sqlite'}")
    mac = identity.load(config_folder, "v1", ring).identify(NUMBER).mac
    with engine.begin() as connection:
        connection.execute(store.alias.insert().values(mac=mac, person_id=PERSON))
    for n, subject in enumerate((PERSON, OTHER, PERSON)):
        log.append(
            engine,
            log.Entry(
                at=datetime(2025, 11, 28 + n, tzinfo=UTC), client="ca-370302", role="clerk", agreement="civil-affairs",
                purpose="assistance-certification", outcome="answered", operation=f"Read{n}",
                fields=("Enrolment.status", "Person.name", "Query.person"), withheld=("Person.name mask:surname",),
                rows=2, subjects=frozenset({subject}),
            ),
        )  # fmt: skip
    hub.engine, hub.ring, hub.folder = engine, ring, folder
    yield hub
    engine.dispose()


def entries(hub):
    with hub.engine.connect() as connection:
        rows = connection.execute(sa.select(access_log).order_by(access_log.c.seq)).all()
    return [(json.loads(row.leaf), log.unpack(row.subjects)) for row in rows]


def test_a_person_learns_who_read_what_about_them_and_the_look_is_in_the_log(hub):
    code, out, err = hub("log", "person", "-", "--json", "--actor", "窗口 3", stdin=f"{NUMBER}\n")
    assert code == 0, err
    told = json.loads(out)["accesses"]
    assert [(item["operation"], item["sequence"]) for item in told] == [("Read2", 3), ("Read0", 1)]
    assert told[0]["fields"][1] == {"field": "Person.name", "zh": "姓名", "en": "name"}
    assert (told[0]["client"], told[0]["purpose"], told[0]["at"]) == (
        "ca-370302", "assistance-certification", "2025-11-30T00:00:00.000000Z",
    )  # fmt: skip
    leaf, subjects = entries(hub)[-1]
    assert (leaf["client"], leaf["purpose"], leaf["operation"]) == ("窗口 3", "disclosure to the person", "log person")
    assert (leaf["fields"], leaf["rows"], subjects) == (["Person.accessLog"], 2, (PERSON,))
    assert NUMBER not in out + err + str(entries(hub))
    again = json.loads(hub("log", "person", Codec(hub.ring, "hospital").person(PERSON), "--json")[1])["accesses"]
    assert [item["operation"] for item in again] == ["log person", "Read2", "Read0"]


def test_the_report_is_a_table_in_both_languages_within_100_columns(hub):
    code, out, err = hub("log", "person", "-", stdin=NUMBER)
    assert (code, out) == (0, "")
    words = (
        "时间 when",
        "ca-370302",
        "assistance-certification",
        "人员 Person: 姓名 name",
        "参保 Enrolment: 状态",
        "2 accesses",
    )
    text = "".join(err.split())
    for word in words:
        assert "".join(word.split()) in text, err
    wide = {"W", "F"}
    assert max(sum(1 + (unicodedata.east_asian_width(c) in wide) for c in text) for text in err.splitlines()) <= 100


def test_a_person_whom_nobody_read_or_whom_the_hub_does_not_know_has_an_empty_report(hub):
    unknown = hub("log", "person", "-", "--json", stdin="11010519491231002X")
    assert (unknown[0], json.loads(unknown[1])) == (0, {"accesses": []})
    assert entries(hub)[-1][1] == ()
    nobody = hub("log", "person", Codec(hub.ring, "auditor").person(99), "--json")
    assert json.loads(nobody[1]) == {"accesses": []}


@pytest.mark.parametrize("person", [NUMBER, "p_AAAA", "-"])
def test_a_number_as_an_argument_and_what_is_no_number_are_refused_without_being_repeated(hub, person):
    before = len(entries(hub))
    code, out, err = hub("log", "person", person, stdin="370302 nonsense")
    assert (code, out) == (4, "")
    assert NUMBER not in err
    assert "nonsense" not in err
    assert len(entries(hub)) == before


@pytest.mark.parametrize("verb", [("person", "-"), ("prove", "--entry", "2")])
def test_without_the_log_the_log_is_not_read(hub, verb):
    with hub.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER t BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'x'); END")
    code, out, err = hub("log", *verb, stdin=NUMBER)
    assert (code, out) == (75, "")
    assert "access log could not be written" in err
    assert "ca-370302" not in err


def test_verification_goes_on_from_the_last_one_and_the_whole_can_be_asked(hub):
    first = json.loads(hub("log", "verify", "--json")[1])
    assert (first["entries"], first["read"], first["problems"]) == (3, 3, [])
    with hub.engine.begin() as connection:
        connection.execute(sa.update(store.access_log_verified).values(size=2_000))
    code, out, _ = hub("log", "verify", "--json")
    assert (code, json.loads(out)["entries"]) == (0, 3)
    assert "3 entries holds" in hub("log", "verify", "--whole")[2]


def test_a_forged_verification_is_told_and_everything_is_read(hub):
    assert hub("log", "verify")[0] == 0
    with hub.engine.begin() as connection:
        connection.execute(sa.update(store.access_log_verified).values(note="forged"))
    code, out, err = hub("log", "verify", "--json")
    assert (code, json.loads(out)["read"]) == (1, 3)
    assert "not signed by this hub's key" in err


def test_proofs_are_for_others(hub, tmp_path):
    key = hub("log", "key")[1].strip()
    (tmp_path / "note").write_text(hub("log", "checkpoint")[1])
    assert hub("log", "prove", "--entry", "2", "--actor", "auditor")[0] == 0
    assert entries(hub)[-1][0]["client"] == "auditor"
    shown = hub("log", "prove", "--entry", "2")[1]
    assert "number 2 of the 4" in check_proof.check(key, shown)
    shown = hub("log", "prove", "--since", tmp_path / "note")[1]
    assert "5 entries begins with the 3" in check_proof.check(key, shown)
    assert hub("log", "prove")[0] == 4
    assert hub("log", "prove", "--entry", "77")[0] == 4
    (tmp_path / "note").write_text("no note")
    assert hub("log", "prove", "--since", tmp_path / "note")[0] == 4
    assert hub("log", "verify", tmp_path / "none")[0] == 4
