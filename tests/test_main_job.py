"""The main job on simulated departments: what the hub publishes is what the simulator planted, exactly.

Two months are pulled, matched, merged, reconciled and published on each database; then persons, spells, enrolments,
settlements, findings, participation and every batch's counts are compared with the simulator's truth.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import hub
from connectors.base import discover
from connectors.simulator.server import Departments
from connectors.simulator.truth import Truth
from connectors.simulator.world import World
from hub import held, keys, months, publish, settings, store, tables
from hub.deployment import Deployment, open_deployment
from hub.land import BatchReport, Landing
from hub.landing import snapshot
from hub.months import MonthReport
from tests.oracle import on
from tests.stores import a_store

CONFIG = Path(hub.__file__).parents[1] / "config"
ECHO = "line sent twice, once under a guard"
OPEN = date.fromisoformat(tables.OPEN)


def quiet(_stage: str, _done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


def deploy(folder: Path, url: str, departments: Departments) -> Deployment:
    """A deployment in a folder, pointed at the departments, with fresh keys and the demo's own figures."""
    folder.mkdir(parents=True, exist_ok=True)
    keys.save(keys.make(), folder / "keys.json")
    shutil.copytree(CONFIG, folder / "config", ignore=shutil.ignore_patterns("demo"))
    shutil.copytree(CONFIG / "demo", folder / "config", dirs_exist_ok=True)
    lines = [f'store = "{url}"', f'keys = "{folder / "keys.json"}"', f'config = "{folder / "config"}"']
    for name, connection in departments.connections().items():
        lines.append(f"[source.{name}]")
        lines += [f'{key} = "{value}"' for key in ("url", "folder", "token") if (value := getattr(connection, key))]
    (folder / "aidgraph.toml").write_text("\n".join(lines))
    return open_deployment(settings.load(data=folder, environment={}))


def pull(deployment: Deployment) -> list[BatchReport]:
    landing = Landing(
        engine=deployment.engine,
        lake=deployment.lake,
        linkage=deployment.linkage,
        codes=deployment.config.codes,
        ring=deployment.ring,
    )
    return [
        report
        for source in discover()
        for report in landing.pull(source, deployment.settings.connection(source.name), quiet)
    ]


@dataclass
class Played:
    """A played world: what was reported, and how to read what was published."""

    deployment: Deployment
    world: World
    batches: dict[str, list[BatchReport]]
    months: dict[str, MonthReport]

    def rows(self, table: str, **where: object) -> list[dict[str, object]]:
        """Current published rows."""
        t = store.published[table]
        query = sa.select(t).where(t.c.pub_until.is_(None), *(t.c[name] == value for name, value in where.items()))
        with self.deployment.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def persons(self) -> dict[str, int]:
        """person_id by ID number, through the keyed hash that the hub made."""
        with self.deployment.engine.connect() as connection:
            known = dict(connection.execute(sa.select(store.alias.c.mac, store.alias.c.person_id)).all())
        truth = self.world.truth("2025-11")
        macs = {person.id_number: self.deployment.linkage.identify(person.id_number).mac for person in truth.persons}
        return {number: known[mac] for number, mac in macs.items()}


WORLDS = [
    pytest.param(("sqlite", 1_500, 7), id="sqlite"),
    pytest.param(("postgresql", 1_500, 7), id="postgresql"),
    pytest.param(("sqlite", 8_000, 11), id="larger", marks=pytest.mark.slow),  # has stays that began the year before
]


@pytest.fixture(scope="module", params=WORLDS)
def played(request: pytest.FixtureRequest, postgres: str | None, tmp_path_factory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    kind, persons, seed = request.param
    world = World(persons, seed=seed)
    with ExitStack() as stack:
        url = stack.enter_context(a_store(kind, postgres, folder))
        departments = stack.enter_context(Departments(world, folder=folder / "departments"))
        deployment = stack.enter_context(deploy(folder / "data", url, departments))
        batches, computed = {}, {}
        for month in world.months:
            departments.show(month)
            batches[month] = pull(deployment)
            computed[month] = months.compute(deployment, month, quiet)
        yield Played(deployment, world, batches, computed)


@pytest.fixture
def truth(played) -> Truth:
    return played.world.truth("2025-11")


def test_every_batch_adds_up_and_is_what_was_planted(played):
    for month, reports in played.batches.items():
        landed = {(r.source, r.stream): (r.read, r.accepted, r.duplicates, r.reasons) for r in reports}
        planted = {
            (d.source, d.stream): (d.read, d.accepted, d.duplicates, dict(d.quarantined))
            for d in played.world.truth(month).deliveries
        }
        assert landed == planted
        assert all(r.read == r.accepted + r.quarantined + r.duplicates for r in reports)
        assert all(r.notes == () for r in reports)


def words(told: Mapping[str, int], before: str = "") -> Counter[str]:
    """How often each word comes among some that are joined by commas."""
    found = Counter()
    for joined, count in told.items():
        found.update({before + word: count for word in joined.split(",")})
    return found


def test_the_grade_of_every_number_each_repair_and_each_warning_are_recorded(played):
    """A repair that nobody can see is a guess; each is beside the row it made readable, and only there."""
    deployment = played.deployment
    told = {"id_grade": "grades", "id_repairs": "repairs", "name_repairs": "name_repairs", "id_warnings": "warnings"}
    for month, reports in played.batches.items():
        truth = played.world.truth(month)
        deliveries = {(d.source, d.stream): d for d in truth.deliveries}
        echoes = {(d.source, d.stream): d.count for d in truth.dirt if d.kind == ECHO}
        for r in reports:
            planted = deliveries[r.source, r.stream]
            with deployment.engine.connect() as connection:
                batch = connection.execute(sa.select(store.batch).where(store.batch.c.batch_id == r.batch_id)).one()
                files = snapshot.files(connection, deployment.lake, r.batch_id)
            parts = [deployment.lake.read("rows", part, columns=["line", *told]).to_pylist() for part in files]
            gone = zip(parts, files.values(), strict=True)
            rows = [row for part, lines in gone for row in part if row["line"] not in lines]
            found = {column: Counter(row[column] for row in rows if row[column]) for column in told}
            said = {column: Counter(getattr(planted, name)) for column, name in told.items()}
            kept = (found["id_repairs"] - said["id_repairs"])["spreadsheet_guard"]
            assert kept <= echoes.get((r.source, r.stream), 0)  # of a line sent twice in two forms either may be kept
            found["id_repairs"] -= Counter(spreadsheet_guard=kept)
            assert found == said, (r.source, r.stream)
            repairs = words(planted.repairs) + words(planted.name_repairs, "name_") + Counter(spreadsheet_guard=kept)
            assert (r.repairs, r.warnings) == (+repairs, words(planted.warnings))
            assert (batch.repairs or {}, batch.warnings or {}) == (r.repairs, r.warnings)


def test_persons_are_who_they_are(played, truth):
    ids = played.persons()
    published = {
        (row["person_id"], row["sex"], row["birth"], row["residence"], row["rural"], row["death"], row["name_masked"])
        for row in played.rows("person")
    }
    assert published == {
        (ids[p.id_number], p.sex, p.birth, p.residence, p.rural, p.death, f"{p.name[0]}*") for p in truth.persons
    }


def test_category_spells_are_what_departments_certified(played, truth):
    ids = played.persons()
    columns = ("person_id", "category", "valid_from", "valid_until", "region", "certifier", "household_key")
    published = sorted(tuple(row[c] for c in columns) for row in played.rows("category_spell"))
    assert published == sorted(
        (ids[s.id_number], s.category, s.valid_from, s.valid_until or OPEN, s.region, s.certifier, s.household_key)
        for s in truth.spells
    )


def test_what_persons_hold_in_the_year_stands_in_their_rows(played):
    p = store.published["person"].c
    with played.deployment.engine.connect() as connection:
        found = dict(connection.execute(sa.select(p.person_id, p.held).where(p.pub_until.is_(None))).all())
        told = held.bits(held.current(connection), date(2025, 1, 1)).to_pylist()
    assert found == dict.fromkeys(found, 0) | {row["person_id"]: row["held"] for row in told}
    assert len(set(found.values())) > 3


def test_enrolments_are_what_medical_insurance_says(played, truth):
    ids = played.persons()
    columns = ("person_id", "insutype", "status", "valid_from", "valid_until", "region")
    published = sorted(tuple(row[c] for c in columns) for row in played.rows("enrolment"))
    assert published == sorted(
        (ids[e.id_number], e.insutype, e.status, e.valid_from, e.valid_until or OPEN, e.region)
        for e in truth.enrolments
    )


def test_settlements_that_count_are_all_there_to_the_fen(played, truth):
    ids = played.persons()
    columns = (
        "setl_id", "person_id", "settled", "setting", "total", "scope", "basic_paid", "serious_illness_paid",
        "medical_assistance_paid", "tilt_paid",
    )  # fmt: skip
    published = sorted(tuple(row[c] for c in columns) for row in played.rows("settlement", cancelled=False))
    assert published == sorted(
        tuple(ids[s.id_number] if c == "person_id" else getattr(s, c) for c in columns) for s in truth.settlements
    )
    assert played.rows("settlement", cancelled=True)  # refund pairs stay visible


def test_entitlements_are_those_of_the_naive_model_on_every_day_that_matters(played, truth):
    """Winner and amount of each benefit, for every person, on each day on which a spell or a rule begins or ends."""
    ids = played.persons()
    last = date(2025, 11, 30)
    spells = [{"id": s.id_number, **asdict(s), "valid_until": s.valid_until or OPEN} for s in truth.spells]
    counties = {spell["region"] for spell in spells} | {e.region for e in truth.enrolments}
    rules = played.deployment.config.relations(counties, 2025)["rule_in_force"].to_pylist()
    enrolled = {
        e.id_number: (e.region, e.insutype)
        for e in truth.enrolments
        if e.status == "normal" and e.valid_from <= last < (e.valid_until or OPEN)
    }
    told = ("admitted", "discharged", "visit_id")
    days_of = {row["setl_id"]: {name: row[name] for name in told} for row in played.rows("settlement")}
    costs: dict[str, list[dict[str, object]]] = {}
    for s in truth.settlements:
        insutype = enrolled.get(s.id_number, ("", "390"))[1]
        cost = {"id": s.id_number, **asdict(s), "cancelled": False, "insutype": insutype, **days_of[s.setl_id]}
        costs.setdefault(s.id_number, []).append(cost)
    held: dict[str, list[dict[str, object]]] = {}
    for spell in spells:
        held.setdefault(str(spell["id"]), []).append(spell)
    published: dict[int, list[dict[str, object]]] = {}
    for row in played.rows("entitlement"):
        published.setdefault(row["person_id"], []).append(row)
    edges = {rule[name] for rule in rules for name in ("valid_from", "valid_until")}
    compared = 0
    for number, mine in held.items():
        days = edges | {spell[name] for spell in mine for name in ("valid_from", "valid_until")} | {date(2025, 1, 1)}
        for day in sorted(d for d in days if date(2025, 1, 1) <= d <= date(2025, 12, 31)):
            model = on(day, number, mine, rules, costs.get(number, []), enrolled.get(number))
            shown = {
                row["benefit"]: (row["category"], row["region"], row["annual_amount"])
                for row in published.get(ids[number], [])
                if row["valid_from"] <= day < row["valid_until"]
            }
            assert shown == {benefit: (won.category, won.region, won.amount) for benefit, won in model.items()}
            compared += len(model)
    assert compared > 1_000


def test_what_is_due_is_what_the_departments_gave_where_no_finding_says_otherwise(played, truth):
    """Zichuan's page says what is due; for the other counties no document does, and nothing is made up."""
    due: dict[tuple[str, str], list[int | None]] = {}
    for row in played.rows("payment"):
        due.setdefault((row["setl_id"], row["benefit"]), []).append(row["amount"])
    region = {row["setl_id"]: row["region"] for row in played.rows("settlement")}
    assert {region[setl_id] for (setl_id, _), amounts in due.items() if None not in amounts} == {"370302"}
    odd = {f.subject for f in truth.findings if f.kind.startswith("assistance_")}
    lines = {"medical_assistance": "medical_assistance_paid", "tilt": "tilt_paid"}
    known = {key: sum(amounts) for key, amounts in due.items() if None not in amounts}
    compared = {
        (s.setl_id, benefit): (known[s.setl_id, benefit], getattr(s, line))
        for s in truth.settlements
        for benefit, line in lines.items()
        if (s.setl_id, benefit) in known and s.setl_id not in odd
    }
    assert sum(amount for amount, _ in compared.values()) > 0
    apart = {setl_id for (setl_id, _), (amount, paid) in compared.items() if amount != paid}
    for setl_id in apart:  # the scenario that shows tilt in the line of assistance
        both = [compared[setl_id, benefit] for benefit in lines]
        assert sum(amount for amount, _ in both) == sum(paid for _, paid in both)
        assert both[1][1] == 0
    assert 2 * len(apart) == sum(f.kind == "assistance_missing" for f in truth.findings)  # planted once, and twice


@pytest.mark.parametrize("month", ["2025-10", "2025-11"])
def test_findings_are_the_planted_ones_and_no_other(played, month):
    ids = played.persons()
    published = sorted(
        (row["kind"], row["person_id"], row["household_key"], row["subject"])
        for row in played.rows("finding", month=month)
        if row["state"] != "cleared"
    )
    assert published == sorted(
        (f.kind, -1 if f.id_number is None else ids[f.id_number], f.household_key, f.subject)
        for f in played.world.truth(month).findings
    )


def test_findings_are_new_persisting_or_cleared_against_the_month_before(played):
    october, november = (set(played.world.truth(month).findings) for month in ("2025-10", "2025-11"))
    ids = played.persons()

    def named(findings: set[object]) -> set[tuple[object, ...]]:
        return {(f.kind, -1 if f.id_number is None else ids[f.id_number], f.household_key, f.subject) for f in findings}

    by_state: dict[str, set[tuple[object, ...]]] = {
        "new": set(),
        "persisting": set(),
        "cleared": set(),
        "reopened": set(),
    }
    for row in played.rows("finding", month="2025-11"):
        by_state[str(row["state"])].add((row["kind"], row["person_id"], row["household_key"], row["subject"]))
    assert by_state == {
        "new": named(november - october),
        "persisting": named(november & october),
        "cleared": named(october - november),
        "reopened": set(),
    }


@pytest.mark.parametrize("month", ["2025-10", "2025-11"])
def test_participation_counts_living_listed_persons_by_pooling_area(played, month):
    area = {"370302": "3703", "370902": "3709", "370911": "3709", "653121": "6531"}
    expected: dict[tuple[str, str], list[int]] = {}
    for p in played.world.truth(month).participation:
        cell = expected.setdefault((area[p.county], p.population), [0, 0])
        cell[0] += p.listed
        cell[1] += p.insured
    published = {
        (row["pooling_area"], row["population"]): [row["listed"], row["insured"]]
        for row in played.rows("participation", month=month)
    }
    assert published == {key: cell for key, cell in expected.items() if cell[0]}
    for row in played.rows("participation", month=month):
        assert row["rate"] == row["insured"] * 10_000 // row["listed"]
        assert row["met"] == (row["rate"] >= row["target"] == 9_900)


def test_lineage_leads_to_the_row_that_brought_the_content(played):
    with played.deployment.engine.connect() as connection:
        parts = dict(connection.execute(sa.select(store.batch.c.batch_id, store.batch.c.parts)).all())
    landed = {
        batch: {row["line"]: row["record_digest"] for row in played.deployment.lake.read("rows", part[""]).to_pylist()}
        for batch, part in parts.items()
    }
    for table in ("person", "category_spell", "enrolment", "settlement", "subsidy", "identity_tag", "household_member"):
        rows = played.rows(table)
        assert rows
        assert all(landed[row["batch_id"]][row["line"]] == row["record_digest"] for row in rows)


def test_no_clear_identifier_is_in_the_store_or_in_the_open_part_of_the_lake(played, truth):
    texts = {
        str(value)
        for path in played.deployment.lake.root.glob("*/*.parquet")
        for column in pq.read_table(path).itercolumns()
        if pa.types.is_string(column.type)
        for value in column.to_pylist()
        if value is not None
    }
    with played.deployment.engine.connect() as connection:
        for table in store.metadata.sorted_tables:
            texts.update(str(value) for row in connection.execute(sa.select(table)) for value in row)
    everything = "\n".join(texts)
    numbers = {person.id_number for person in truth.persons}
    runs = set(re.findall(r"\d{17}[\dXx]", everything)) | set(re.findall(r"(?<!\d)\d{15}(?!\d)", everything))
    assert runs & (numbers | {number[:6] + number[8:17] for number in numbers}) == set()
    assert [person.name for person in truth.persons[:300] if person.name in everything] == []


def test_computing_twice_changes_nothing_and_a_closed_month_rebuilds_to_its_digest(played):
    served = months.published(played.deployment, "2025-11")
    again = months.compute(played.deployment, "2025-11", quiet)
    assert served is not None
    assert (again.outcome, again.digest) == ("unchanged", served["digest"])  # others may have pulled again meanwhile
    closed = months.compute(played.deployment, "2025-10", quiet)
    assert (closed.outcome, closed.digest) == ("verified", played.months["2025-10"].digest)


def test_pulling_again_lands_nothing_twice(played):
    reports = pull(played.deployment)
    assert {(r.source, r.stream) for r in reports} == {
        ("medical_insurance", "persons"),
        ("medical_insurance", "settlements"),
    }
    settlements = next(r for r in reports if r.stream == "settlements")
    assert (settlements.accepted, settlements.quarantined) == (0, 0)
    assert settlements.duplicates == settlements.read > 0
    assert months.compute(played.deployment, "2025-11", quiet).opened == 0


def test_a_month_that_fails_while_it_publishes_leaves_the_last_one_served(tmp_path, monkeypatch):
    with ExitStack() as stack:
        departments = stack.enter_context(Departments(World(400), folder=tmp_path / "departments"))
        url = f"sqlite:///{tmp_path / 'store.sqlite'}"
        deployment = stack.enter_context(deploy(tmp_path / "data", url, departments))
        departments.show("2025-10")
        pull(deployment)
        first = months.compute(deployment, "2025-10", quiet)
        departments.show("2025-11")
        pull(deployment)
        with monkeypatch.context() as patch:
            patch.setattr(publish, "apply", failing_at(5, publish.apply))
            with pytest.raises(OSError, match="No space left"):
                months.compute(deployment, "2025-11", quiet)
        with deployment.engine.connect() as connection:
            assert connection.scalars(sa.select(store.publication.c.publication)).all() == [first.publication]
            assert connection.scalars(sa.select(store.month.c.state)).all() == ["open"]
            t = store.published["person"]
            assert connection.scalar(sa.select(sa.func.max(t.c.pub_from))) == first.publication
        again = months.compute(deployment, "2025-11", quiet)
        assert again.outcome == "published"
        assert months.compute(deployment, "2025-11", quiet).digest == again.digest


def failing_at(turn: int, real: Callable[..., None]) -> Callable[..., None]:
    """A disk that is full at the given call."""
    calls = iter(range(1, 1_000))

    def apply(*args: object) -> None:
        if next(calls) == turn:
            raise OSError(28, "No space left on device")
        real(*args)

    return apply
