"""A month's tables of made-up rows, and its cells counted by plain loops over them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from hub import engine, tables
from hub.rollup.cube import ALL, LEVELS
from hub.rollup.demand import Demand
from hub.rollup.facts import FAMILIES, READ

MONTH, FIRST, LAST, NEXT = "2025-11", date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 1)
YEAR = date(2025, 1, 1)
OPEN = date(9999, 12, 31)
HOMES = ("370302001", "370302002", "370302003", "370302", "370902001", "370902002", "653121001", "653121", None)
CATEGORIES = ("dibao", "tekun", "mon_edge", "stable_out", "x_own")
BENEFITS = ("premium_subsidy", "medical_assistance", "tilt")
KINDS = ("listed_not_insured", "subsidy_missing", "assistance_underpaid")
DEPARTMENTS = ("civil_affairs", "rural_revitalization", "medical_insurance")
PAYERS = ("civil_affairs", "finance")
LAYERS = {
    "basic_insurance": "basic_paid", "serious_illness": "serious_illness_paid",
    "medical_assistance": "medical_assistance_paid", "tilt": "tilt_paid",
}  # fmt: skip
DEMANDS = (
    Demand(smallest_cell=10),
    Demand(smallest_cell=3, divisions=("3703", "653121")),
    Demand(smallest_cell=5, divisions=("370302",), categories=("dibao", "mon_edge"), benefits=("tilt",)),
    Demand(smallest_cell=2, categories=("tekun", "x_own"), findings=KINDS[:2], addressees=DEPARTMENTS[:2]),
    Demand(smallest_cell=4, certifiers=("civil_affairs",)),
    Demand(smallest_cell=4, referred_to="rural_revitalization"),
)
Row = dict[str, Any]
Cell = tuple[str, int, str, str]  # family, digits of the level, division, label


def made(seed: int, persons: int = 240) -> dict[str, list[Row]]:
    """Rows of every table that the roll-ups read."""
    pick = random.Random(seed)
    found: dict[str, list[Row]] = {table.name: [] for table in READ}

    def add(table: str, **row: Any) -> None:
        found[table].append({**dict.fromkeys(tables.PUBLISHED[table].columns), **row})

    def case(person: int, county: str | None) -> Row:
        household = f"civil_affairs:{person // 3}" if pick.random() < 0.5 else ""
        return {
            "month": MONTH, "household_key": household, "county": county, "addressee": pick.choice(DEPARTMENTS),
            "state": pick.choice(("new", "persisting", "cleared")), "category": pick.choice((*CATEGORIES, "*")),
        }  # fmt: skip

    for n in range(persons):
        home = pick.choices(HOMES, weights=(20, 16, 2, 1, 9, 5, 3, 1, 1))[0]
        county = home and home[:6]
        death = pick.choices((None, date(2025, 11, 30), date(2025, 12, 2)), weights=(18, 1, 1))[0]
        add("person", person_id=n, residence=home, county=county, death=death)
        add("household_member", person_id=n, household_key=f"civil_affairs:{n // 3}", valid_from=YEAR, valid_until=OPEN)
        for category in pick.sample(CATEGORIES, pick.choices((0, 1, 2), weights=(1, 6, 2))[0]):
            since = pick.choice((date(2024, 3, 1), date(2025, 12, 1), date(2025, 11, 30)))
            add(
                "category_spell", person_id=n, category=category, valid_from=since,
                valid_until=pick.choice((OPEN, OPEN, LAST, date(2024, 12, 31))), certifier=pick.choice(DEPARTMENTS),
                household_key=f"civil_affairs:{n // 3}", source="s",
            )  # fmt: skip
        for benefit in pick.sample(BENEFITS, pick.randint(0, 2)):
            amount = pick.choice((None, 0, 900_00, 100_000_00))
            until = pick.choice((OPEN, NEXT, LAST))
            add("entitlement", person_id=n, benefit=benefit, valid_from=YEAR, valid_until=until, annual_amount=amount)
        for number in range(pick.randint(0, 2)):
            paid = {name: pick.choice((0, 123_45, 5_000_00)) for name in LAYERS.values()}
            settled = pick.choice((FIRST, LAST, NEXT, date(2025, 10, 31)))
            add(
                "settlement",
                setl_id=f"{n}-{number}",
                person_id=n,
                settled=settled,
                cancelled=pick.random() < 0.1,
                **paid,
            )
        for number in range(pick.randint(0, 2)):
            year, amount = pick.choice((2024, 2025, 2025)), pick.choice((150_00, 380_00, -150_00))
            add("subsidy", person_id=n, year=year, payer=pick.choice(PAYERS), amount=amount, ordinal=number)
        for kind in pick.sample(KINDS, pick.choices((0, 1, 2), weights=(5, 2, 1))[0]):
            expected = None if kind == KINDS[0] else pick.choice((100_00, 200_00))
            whose = -1 if pick.random() < 0.1 else n
            add("finding", person_id=whose, kind=kind, expected=expected, actual=expected and 0, **case(n, county))
        if pick.random() < 0.3:
            for _ in range(pick.randint(1, 2)):
                add("warning", person_id=n, burden=pick.choice((2_000_00, 3_456_78)), **case(n, county))
    return found


def tables_of(rows: dict[str, list[Row]]) -> dict[str, pa.Table]:
    """The rows as the stages yield them."""
    return {
        name: pa.Table.from_pylist(found, schema=engine.schema(tables.PUBLISHED[name])) for name, found in rows.items()
    }


class Naive:
    """Facts and cells of a demand, one loop each."""

    def __init__(self, rows: dict[str, list[Row]], demand: Demand) -> None:
        self.rows = rows
        self.demand = demand
        self.persons = {row["person_id"]: row for row in rows["person"] if self._reached(row)}

    def cells(self) -> dict[Cell, Row]:
        """Every cell that holds somebody, with nothing withheld."""
        found: dict[Cell, Row] = {}
        for family in FAMILIES:
            units: dict[Cell, set[Any]] = defaultdict(set)
            for unit, place, label, cases, *amounts in getattr(self, family.name)():
                for level in (item for item in LEVELS if item <= family.finest):
                    if level not in (0, family.finest) and not self._whole(place[:level]):
                        continue
                    for one in (label, ALL):
                        cell = (family.name, level, place[:level], one)
                        units[cell].add((unit, place))
                        row = found.setdefault(cell, {"cases": 0, "amount": None, "second": None})
                        row["cases"] += cases
                        for name, amount in zip(("amount", "second"), amounts, strict=True):
                            if amount is not None:
                                row[name] = (row[name] or 0) + amount
            for cell, whose in units.items():
                found[cell]["persons"] = len(whose)
        return found

    def listed(self) -> Iterator[tuple[Any, ...]]:
        for person, category in sorted({(row["person_id"], row["category"]) for row in self._spells()}):
            death = self.persons[person]["death"]
            if death is None or death > LAST:
                yield person, self._home(person), category, 1, None, None

    def entitled(self) -> Iterator[tuple[Any, ...]]:
        for row in self._of_persons("entitlement"):
            if row["valid_from"] <= LAST < row["valid_until"] and self._among("benefits", row["benefit"]):
                yield row["person_id"], self._home(row["person_id"]), row["benefit"], 1, row["annual_amount"], None

    def paid(self) -> Iterator[tuple[Any, ...]]:
        for row in self._of_persons("settlement"):
            counts = FIRST <= row["settled"] < NEXT and not row["cancelled"]
            for benefit, column in LAYERS.items():
                if counts and row[column] and self._among("benefits", benefit):
                    yield row["person_id"], self._home(row["person_id"]), benefit, 1, row[column], None

    def subsidised(self) -> Iterator[tuple[Any, ...]]:
        for row in self._of_persons("subsidy"):
            if row["year"] == 2025:
                yield row["person_id"], self._home(row["person_id"]), row["payer"], 1, row["amount"], None

    def finding(self) -> Iterator[tuple[Any, ...]]:
        for row in self._cases("finding"):
            if self._among("findings", row["kind"]):
                unit = row["person_id"] if row["person_id"] >= 0 else row["household_key"]
                yield unit, row["county"] or "", row["kind"], 1, row["expected"], row["actual"]

    def warning(self) -> Iterator[tuple[Any, ...]]:
        best: dict[tuple[Any, str], tuple[int, str]] = {}
        cases: dict[tuple[Any, str], int] = defaultdict(int)
        for row in self._cases("warning"):
            if row["category"] == "*" or self._among("categories", row["category"]):
                key = row["person_id"], row["county"] or ""
                cases[key] += 1
                best[key] = min(best.get(key, (1, "")), (-row["burden"], row["category"]))
        for (person, place), (burden, category) in best.items():
            yield person, place, category, cases[person, place], -burden, None

    def _spells(self) -> Iterator[Row]:
        for row in self._of_persons("category_spell"):
            listed = self._among("categories", row["category"]) and self._among("certifiers", row["certifier"])
            if listed and row["valid_from"] <= LAST < row["valid_until"]:
                yield row

    def _of_persons(self, table: str) -> Iterator[Row]:
        return (row for row in self.rows[table] if row["person_id"] in self.persons)

    def _cases(self, table: str) -> Iterator[Row]:
        for row in self.rows[table]:
            own = self.demand.referred_to in (None, row["addressee"])
            sent = own and row["state"] != "cleared" and self._among("addressees", row["addressee"])
            if sent and self._lies(row["county"]) and self._held(row["person_id"], row["household_key"]):
                yield row

    def _home(self, person: int) -> str:
        return self.persons[person]["residence"] or ""

    def _whole(self, division: str) -> bool:
        return self.demand.divisions is None or any(division.startswith(code) for code in self.demand.divisions)

    def _lies(self, county: str | None) -> bool:
        return self._whole(county or "")

    def _among(self, name: str, code: str) -> bool:
        codes = getattr(self.demand, name)
        return codes is None or code in codes

    def _held(self, person: int, household: str = "") -> bool:
        if self.demand.categories is None and self.demand.certifiers is None:
            return True
        return any(
            (row["person_id"] == person or (household and row["household_key"] == household))
            and row["valid_until"] > YEAR
            and self._among("categories", row["category"])
            and self._among("certifiers", row["certifier"])
            for row in self.rows["category_spell"]
        )

    def _reached(self, row: Row) -> bool:
        return self._lies(row["county"]) and self._held(row["person_id"]) and self._referred(row["person_id"])

    def _referred(self, person: int) -> bool:
        homes = {row["household_key"] for row in self.rows["household_member"] if row["person_id"] == person}
        return self.demand.referred_to is None or any(
            row["addressee"] == self.demand.referred_to
            and (row["person_id"] == person or row["household_key"] in homes)
            for table in ("finding", "warning")
            for row in self.rows[table]
        )
