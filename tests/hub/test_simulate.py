"""A change of policy files tried on a computed month: its cost and whom it moves are what the naive model says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.simulator.server import Departments
from connectors.simulator.world import World
from hub import config, months, store, tables
from hub.deployment import Deployment
from hub.errors import InputError
from hub.simulate import Figures, Simulation, simulate
from tests.oracle import due, in_order
from tests.stores import a_store
from tests.test_main_job import deploy, pull, quiet

MONTH = "2025-11"
ZICHUAN = "370302"
OPEN = date.fromisoformat(tables.OPEN)
KEY_THREE, MARGIN = 'id = "ma-key-three"', 'id = "ma-margin"'
Row = dict[str, Any]
COSTS = ("cost_before", "cost_after", "known_only_before", "known_only_after")


@dataclass(frozen=True)
class Tried:
    """A computed month, and how to try an edited Zichuan document on it."""

    deployment: Deployment
    world: World
    folder: Path

    def policy(self, *edits: tuple[str, str, str]) -> Path:
        """A folder with Zichuan's document in which, after a word, some text is written otherwise."""
        text = (self.deployment.settings.config / "policy" / "zichuan-2025.toml").read_text(encoding="utf-8")
        for after, found, written in edits:
            head, tail = text.split(after)
            assert found in tail
            text = head + after + tail.replace(found, written, 1)
        folder = self.folder / hashlib.sha256(text.encode()).hexdigest()[:8]
        folder.mkdir(exist_ok=True)
        (folder / "zichuan-2025.toml").write_text(text, encoding="utf-8")
        return folder

    def changed(self, *edits: tuple[str, str, str]) -> config.Config:
        return config.overlaid(self.deployment.settings.config, self.policy(*edits))

    def run(self, *edits: tuple[str, str, str], by: str = "county") -> Simulation:
        return simulate(self.deployment, MONTH, self.changed(*edits), quiet, by)

    def rows(self, table: str) -> list[Row]:
        t = store.published[table]
        with self.deployment.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(sa.select(t).where(t.c.pub_until.is_(None)))]

    def rules_of(self) -> dict[str, set[str]]:
        """The rules of medical assistance that win for each person within the year, by ID number."""
        found: dict[int, set[str]] = {}
        for row in self.rows("entitlement"):
            if row["benefit"] == "medical_assistance":
                found.setdefault(row["person_id"], set()).add(row["rule_key"])
        ids = self.ids()
        return {number: found.get(ids[number], set()) for number in ids}

    def ids(self) -> dict[str, int]:
        """person_id by ID number."""
        with self.deployment.engine.connect() as connection:
            known = dict(connection.execute(sa.select(store.alias.c.mac, store.alias.c.person_id)).all())
        numbers = {person.id_number for person in self.world.truth(MONTH).persons}
        return {number: known[self.deployment.linkage.identify(number).mac] for number in numbers}

    def model(self, changed: config.Config | None = None) -> dict[str, dict[str, int | None]]:
        """What each person's settlements are paid as medical assistance: the naive model over the simulator's truth."""
        truth = self.world.truth(MONTH)
        spells = [{"id": s.id_number, **asdict(s), "valid_until": s.valid_until or OPEN} for s in truth.spells]
        counties = {spell["region"] for spell in spells} | {e.region for e in truth.enrolments}
        known = changed or self.deployment.config
        rules = known.relations(counties, 2025)["rule_in_force"].to_pylist()
        places = self.places()
        told = ("admitted", "discharged", "visit_id")
        days_of = {row["setl_id"]: {name: row[name] for name in told} for row in self.rows("settlement")}
        costs: dict[str, list[Row]] = {}
        for s in truth.settlements:
            insutype = places.get(s.id_number, ("", "390"))[1]
            row = {"id": s.id_number, **asdict(s), "cancelled": False, "insutype": insutype, **days_of[s.setl_id]}
            costs.setdefault(s.id_number, []).append(row)
        paid = {}
        for number, theirs in costs.items():
            mine = in_order(theirs)
            held = [spell for spell in spells if spell["id"] == number]
            left = {c["setl_id"]: max(c["scope"] - c["basic_paid"] - c["serious_illness_paid"], 0) for c in mine}
            paid[number] = due("medical_assistance", number, held, rules, mine, places.get(number), left)
        return paid

    def places(self) -> dict[str, tuple[str, str]]:
        """County and insurance of who is insured at the month's end."""
        last = date(2025, 11, 30)
        enrolments = [e for e in self.world.truth(MONTH).enrolments if e.status == "normal"]
        return {
            e.id_number: (e.region, e.insutype)
            for e in enrolments
            if e.valid_from <= last < (e.valid_until or OPEN)
        }  # fmt: skip


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> Iterator[Tried]:
    folder = tmp_path_factory.mktemp("tried")
    world = World(1_200, seed=3)
    with ExitStack() as stack:
        url = stack.enter_context(a_store("sqlite", None, folder))
        departments = stack.enter_context(Departments(world, folder=folder / "departments"))
        deployment = stack.enter_context(deploy(folder / "data", url, departments))
        for month in world.months:
            departments.show(month)
            pull(deployment)
        months.compute(deployment, MONTH, quiet)
        yield Tried(deployment, world, folder)


@pytest.fixture(scope="module")
def raised(tried) -> Simulation:
    return tried.run((KEY_THREE, "ratio = 0.75", "ratio = 0.85"))


@pytest.fixture(scope="module")
def same(tried) -> Simulation:
    """Files that say the same."""
    return tried.run()


def of(figures: list[Figures], benefit: str = "medical_assistance") -> Figures:
    (found,) = [one for one in figures if one.benefit == benefit]
    return found


def totals(paid: dict[str, dict[str, int | None]]) -> dict[str, int]:
    """What each person gets of what is determined."""
    return {number: sum(amount or 0 for amount in mine.values()) for number, mine in paid.items()}


def test_a_raised_ratio_costs_what_the_model_says_and_lifts_whom_it_says(tried, raised):
    before, after = tried.model(), tried.model(tried.changed((KEY_THREE, "ratio = 0.75", "ratio = 0.85")))
    assistance = of(raised.benefits)
    was, now = totals(before), totals(after)
    assert assistance.cost_before == sum(was.values()) > 0
    assert assistance.cost_after == sum(now.values())
    assert assistance.difference == sum(now[number] - was[number] for number in was) > 0
    lifted = {number for number in was if now[number] > was[number]}
    assert (assistance.lifted, assistance.lowered) == (len(lifted), 0)
    unknown = [number for number, mine in before.items() if any(amount is None for amount in mine.values())]
    assert assistance.undetermined_before == assistance.undetermined_after == len(unknown) > 0
    assert [(c.region, c.benefit, c.rules_after) for c in raised.changes] == [
        (ZICHUAN, "medical_assistance", ("zichuan-2025/ma-key-three",))
    ]
    assert raised.elsewhen == []


def test_what_the_change_gives_is_what_a_month_computed_with_it_gives(tried, raised):
    """Persons and premium subsidies before are those published, after those of a month under the changed files."""
    changed = replace(tried.deployment, config=tried.changed((KEY_THREE, "ratio = 0.75", "ratio = 0.85")))
    with tried.deployment.engine.connect() as connection:
        inputs = connection.scalar(sa.select(store.month.c.inputs))
    computed = months.compute_month_tables(changed, MONTH, inputs, quiet)["entitlement"].to_pylist()
    for rows, side in ((tried.rows("entitlement"), "before"), (computed, "after")):
        for benefit in ("premium_subsidy", "medical_assistance", "tilt"):
            figures = of(raised.benefits, benefit)
            held = {row["person_id"] for row in rows if row["benefit"] == benefit}
            assert len(held) == figures.persons - figures.newly_reached - figures.no_longer_reached
        best: dict[int, int] = {}
        for row in rows:
            if row["benefit"] == "premium_subsidy" and row["determined"]:
                best[row["person_id"]] = max(best.get(row["person_id"], 0), row["annual_amount"])
        assert getattr(of(raised.benefits, "premium_subsidy"), f"cost_{side}") == sum(best.values()) > 0


def test_who_receives_more_bears_so_much_less(raised):
    own = raised.own_cost
    moved = sum(of(raised.benefits, benefit).difference for benefit in ("medical_assistance", "tilt"))
    assert own.own_before - own.own_after == moved > 0
    assert own.lifted > 0
    assert own.persons == own.lifted + own.lowered + own.unchanged + own.undetermined


def test_a_lower_cap_lowers_exactly_the_persons_over_it(tried):
    edit = (MARGIN, "cap = 20000", "cap = 2000")
    before, after = totals(tried.model()), totals(tried.model(tried.changed(edit)))
    found = tried.run(edit)
    rules = tried.rules_of()
    capped = {number for number in before if rules[number] == {"zichuan-2025/ma-margin"}}
    lowered = {number for number, amount in before.items() if after[number] < amount}
    assert lowered & capped == {number for number in capped if before[number] > 2_000_00} != set()
    assert all("zichuan-2025/ma-margin" in rules[number] for number in lowered)
    assert (of(found.benefits).lowered, of(found.benefits).lifted) == (len(lowered), 0)
    assert of(found.benefits).difference == sum(after.values()) - sum(before.values()) < 0
    (zichuan,) = [row for row in found.divisions if row.touched and row.benefit == "medical_assistance"]
    assert (zichuan.label, zichuan.lowered) == (ZICHUAN, len(lowered))


def test_files_that_say_the_same_change_nothing(same):
    found = same
    assert (found.changes, found.elsewhen) == ([], [])
    for row in (*found.benefits, *found.categories, *found.divisions):
        assert (row.difference, row.touched, row.cost_before) == (0, False, row.cost_after)
        assert row.persons == row.unchanged + row.undetermined
    assert found.own_cost.own_before == found.own_cost.own_after > 0
    assert [row.benefit for row in found.benefits] == ["premium_subsidy", "medical_assistance", "tilt"]


def test_a_further_category_newly_reaches_who_holds_it_where_they_are_insured(tried):
    found = tried.run((MARGIN, '"mon_sudden"]', '"mon_sudden", "stable_out"]'))
    ids = {row["person_id"] for row in tried.rows("entitlement") if row["benefit"] == "medical_assistance"}
    known = tried.ids()
    places, expected = tried.places(), set()
    for spell in tried.world.truth(MONTH).spells:
        here = places.get(spell.id_number, (spell.region,))[0] == ZICHUAN
        in_year = spell.valid_from < date(2026, 1, 1) and (spell.valid_until or OPEN) > date(2025, 1, 1)
        if spell.category == "stable_out" and here and in_year:
            expected.add(known[spell.id_number])
    assert of(found.benefits).newly_reached == len(expected - ids) > 0
    assert of(found.benefits).no_longer_reached == 0
    (row,) = [row for row in found.categories if (row.benefit, row.label) == ("medical_assistance", "stable_out")]
    assert (row.newly_reached, row.cost_before) == (len(expected - ids), 0)
    assert row.cost_after > 0


def test_a_table_alone_is_a_change_and_moves_what_is_a_share_of_it(tried, same):
    text = (tried.deployment.settings.config / "tables" / "premium.toml").read_text(encoding="utf-8")
    folder = tried.folder / "premium"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "premium.toml").write_text(text.replace("floor = 400", "floor = 420"), encoding="utf-8")
    changed = config.overlaid(tried.deployment.settings.config, folder)
    found = of(simulate(tried.deployment, MONTH, changed, quiet).benefits, "premium_subsidy")
    full = of(same.benefits, "premium_subsidy")
    assert (found.cost_before, found.cost_after) == (full.cost_before, full.cost_before // 400 * 420)
    assert found.lifted == full.cost_before // 400_00 == full.unchanged > 0


def test_a_dropped_category_stands_under_what_it_was(tried, same):
    found = tried.run((MARGIN, '"dibao_edge", ', ""))
    (row,) = [row for row in found.categories if (row.benefit, row.label) == ("medical_assistance", "dibao_edge")]
    whole = of(same.benefits)
    assert (row.no_longer_reached, row.cost_after) == (0, 0)  # the province's rule is left, without an exact cap
    assert row.undetermined_after > row.undetermined_before
    assert row.known_only_before > 0 == row.known_only_after
    assert of(found.benefits).cost_before + of(found.benefits).known_only_before == whole.cost_before


def test_what_becomes_undetermined_is_no_saving_and_what_becomes_determined_no_cost(tried, same):
    whole = of(same.benefits)
    found = of(tried.run((KEY_THREE, "ratio = 0.75", 'ratio = { unknown = "not yet agreed" }')).benefits)
    assert found.undetermined_after > found.undetermined_before == whole.undetermined_before
    assert found.known_only_before > 0
    assert found.cost_before + found.known_only_before == whole.cost_before
    assert found.persons == whole.persons


@pytest.mark.parametrize("by", ["county", "city"])
def test_categories_and_divisions_each_add_up_to_the_whole(tried, by):
    found = tried.run(
        (KEY_THREE, "ratio = 0.75", "ratio = 0.85"), (MARGIN, '"mon_sudden"]', '"mon_sudden", "stable_out"]'), by=by
    )
    names = [name for name in Figures.__dataclass_fields__ if name not in ("benefit", "label")]
    for whole in found.benefits:
        for rows in (found.categories, found.divisions):
            mine = [row for row in rows if row.benefit == whole.benefit]
            assert len(mine) > 1
            assert {n: sum(getattr(row, n) for row in mine) for n in names} == {n: getattr(whole, n) for n in names}
        parts = ("lifted", "lowered", "newly_reached", "no_longer_reached", "unchanged", "undetermined")
        assert whole.persons == sum(getattr(whole, name) for name in parts)
    length = {"county": 6, "city": 4}[by]
    assert {len(row.label) for row in found.divisions} == {length}
    assert {row.label for row in found.divisions if row.touched} == {ZICHUAN[:length]}


def test_a_change_of_another_year_is_told_apart(tried):
    found = tried.run((KEY_THREE, "ratio = 0.75", "ratio = 0.75\nuntil = 2026-06-01"))
    assert found.changes == []
    assert [change.valid_from for change in found.elsewhen] == [date(2026, 6, 1)]


def everything(deployment: Deployment) -> dict[str, str]:
    """Every row of the store and every byte of the data folder and the lake."""
    with deployment.engine.connect() as connection:
        found = {
            table.name: repr(sorted(map(repr, connection.execute(sa.select(table)))))
            for table in store.metadata.sorted_tables
        }
    roots = (deployment.settings.data, deployment.lake.root, deployment.settings.config)
    files = [
        path for root in roots for path in sorted(root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts
    ]
    return found | {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_nothing_is_written(tried):
    before = everything(tried.deployment)
    assert before["alias"] != "[]"
    assert of(tried.run((KEY_THREE, "ratio = 0.75", "ratio = 0.85")).benefits).difference > 0
    assert everything(tried.deployment) == before
    assert months.compute(tried.deployment, MONTH, quiet).outcome == "unchanged"


@pytest.mark.parametrize("month", ["2025-09", "2025-13"])
def test_a_month_that_was_not_computed_is_refused(tried, month):
    with pytest.raises(InputError, match=month):
        simulate(tried.deployment, month, tried.deployment.config, quiet)
