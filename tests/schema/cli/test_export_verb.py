"""`aidgraph export`: a file that is whole or not there, under an agreement that allows it, logged page by page."""

from __future__ import annotations

import getpass
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub import keys, log, migrations, store
from schema.tokens import issue
from tests.schema import world
from tests.schema.client import broken_log

QUERY = "query Take($f: PersonFilter) { persons(filter: $f) { nodes { token county { code } } } }"


@pytest.fixture
def place(tmp_path: Path, config_folder: Path, monkeypatch: pytest.MonkeyPatch, run: Any) -> Path:
    """A deployment over the small world, named by the environment."""
    config = tmp_path / "config"
    shutil.copytree(config_folder, config)
    agreement = config / "agreements" / "civil-affairs.toml"
    told = agreement.read_text().replace("page = 1000", "page = 7")
    agreement.write_text(told)
    keys.save(keys.make(), tmp_path / "keys.json")
    engine = store.connect(f"sqlite:///{tmp_path / 'store.sqlite'}")
    migrations.ensure(engine)
    world.fill(engine, keys.load(str(tmp_path / "keys.json")))
    engine.dispose()
    named = {"DATA": tmp_path, "CONFIG": config, "STORE": engine.url, "KEYS": tmp_path / "keys.json"}
    for name, value in named.items():
        monkeypatch.setenv(f"AIDGRAPH_{name}", str(value))
    (tmp_path / "q.graphql").write_text(QUERY)
    return tmp_path


def leaves(place: Path) -> list[dict[str, Any]]:
    engine = store.connect(f"sqlite:///{place / 'store.sqlite'}")
    with engine.connect() as connection:
        found = connection.scalars(sa.select(store.access_log.c.leaf).order_by(store.access_log.c.seq)).all()
    assert log.verify(engine) == []
    engine.dispose()
    return [json.loads(leaf) for leaf in found]


def test_a_connection_becomes_a_file_and_its_pages_stand_in_the_log(run: Any, place: Path) -> None:
    out = place / "persons.csv"
    code, told, err = run("export", "civil-affairs", place / "q.graphql", "--out", out, "--json")
    assert (code, err.strip()) == (0, "")
    assert json.loads(told) == {"file": str(out), "rows": 32, "agreement": "civil-affairs"}
    head, *lines = out.read_bytes().decode("utf-8-sig").splitlines()
    assert head == "token,county.code"
    assert len(lines) == 32
    assert out.stat().st_mode & 0o077 == 0
    pages = leaves(place)
    assert [leaf["rows"] for leaf in pages] == [7, 7, 7, 7, 4]
    assert {(leaf["client"], leaf["role"], leaf["operation"]) for leaf in pages} == {
        (getpass.getuser(), "operator", "Take")
    }


def test_with_a_token_the_caller_is_who_it_names(run: Any, place: Path) -> None:
    ring = keys.load(str(place / "keys.json"))
    (place / "token").write_text(issue(ring, agreements=("civil-affairs",), client="the office"))
    (place / "v.json").write_text(json.dumps({"f": {"category": "TEKUN"}}))
    more = ("--token", place / "token", "--variables", place / "v.json")
    assert run("export", "civil-affairs", place / "q.graphql", "--out", place / "x.parquet", *more)[0] == 0
    (page,) = leaves(place)
    assert (page["client"], page["role"], page["rows"]) == ("the office", "client", 1)
    (place / "token").write_text(issue(ring, agreements=("auditor",), client="another"))
    code, _, err = run("export", "civil-affairs", place / "q.graphql", "--out", place / "y.csv", *more[:2])
    assert (code, "no agreement of the caller's" in err) == (4, True)


@pytest.mark.parametrize(
    ("agreement", "name", "query", "why"),
    [
        ("auditor", "x.csv", QUERY, "allows no exports"),
        ("nobody", "x.csv", QUERY, "no agreement of the caller's"),
        ("civil-affairs", "x.docx", QUERY, "no form of an export"),
        ("civil-affairs", "x.csv", "{ agreement { id } }", "connection at its root"),
        ("civil-affairs", "x.csv", "{", "Syntax Error"),
    ],
)
def test_what_is_refused_leaves_no_file(run: Any, place: Path, agreement: str, name: str, query: str, why: str) -> None:
    (place / "q.graphql").write_text(query)
    code, _, err = run("export", agreement, place / "q.graphql", "--out", place / name)
    assert (code, why in err.replace("\n", " ")) == (4, True)
    assert not (place / name).exists()


def test_what_breaks_off_leaves_no_file_and_the_last_one_stays(run: Any, place: Path) -> None:
    out = place / "persons.ndjson"
    out.write_text("the one before")
    with broken_log(after=2):
        code, _, err = run("export", "civil-affairs", place / "q.graphql", "--out", out)
    assert (code, "broke off" in err, "CANARY" in err) == (4, True, False)
    assert out.read_text() == "the one before"
    assert sorted(path.name for path in place.glob(".*")) == []
    assert len(leaves(place)) == 2
