"""A small store of rows that nobody would write by hand: every column of every table, NULL where it may be."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub import carried, held, log, store, tables
from hub.feedback import State
from hub.store import published
from schema.graph import codes
from schema.graph.feedback import KEYS
from tests.schema import world

PERSONS = range(1, 9)
HOUSEHOLDS = ("civil_affairs:1", "civil_affairs:二", 'rural_revitalization:"3"', "")
COUNTIES = ("370302", "370902", "653121", "110101")
TEXTS = ("王*", "", 'a"b\\c', "tab\t\nline", "bell\x07\x1d", "‘引’🙂", "%s {x} :y ?", "'; --", "null")
DAYS = (*(date(2023, 12, 30) + timedelta(97 * n) for n in range(10)), date(9999, 12, 31))
AMOUNTS = (0, 1, -5, 99, 100, 49_999, 50_000, 123_456_78, -123_456, 2**45)
MONTHS = ("2025-10", "2025-11")
PUBLICATIONS = {1: ("2024-12", 1), 4: ("2025-10", 11), 7: ("2025-11", 12)}  # number -> month, month of 2025 it was made
LIVES = ((1, None), (1, None), (1, None), (4, None), (7, None), (1, 4), (1, 7), (4, 7))  # of rows: from, until
KNOWN = (1, 4, 7, 7, "2024-12-31", "2025-01-05", "2025-11-05T09:02:03.999999+08:00", "2025-11-05T01:02:03Z", 3)

CODES: dict[str, tuple[str, ...]] = {
    "sex": ("1", "2"),
    "id_grade": tuple(item.value for item in codes.IdGrade),
    "category": ("dibao", "tekun", "mon_edge", "mon_sudden", "x_local", "*"),
    "insutype": ("310", "390"),
    "status": tuple(item.value for item in codes.InsuranceStatus),
    "payer": tuple(item.value for item in codes.Payer),
    "setting": tuple(item.value for item in codes.Setting),
    "benefit": tuple(item.value for item in codes.Benefit),
    "mode": tuple(item.value for item in codes.Mode),
    "kind": tuple(item.value for item in codes.FindingKind),
    "severity": tuple(item.value for item in codes.Severity),
    "state": tuple(item.value for item in codes.CaseState),
    "population": tuple(item.value for item in codes.Population),
    "addressee": ("civil_affairs", "rural_revitalization", "medical_insurance"),
    "certifier": ("civil_affairs", "rural_revitalization", "medical_insurance"),
    "source": ("civil_affairs", "medical_insurance", "nowhere"),
    "stream": ("recipients", "persons"),
    "county": COUNTIES,
    "residence": (*COUNTIES, "370302001"),
    "region": (*COUNTIES, "37"),
    "rule_key": ("zichuan-2025/ma", "zichuan-2025/tilt", "none/none"),
    "document": ("zichuan-2025", "xinjiang-2023", "none"),
    "month": MONTHS,
    "first_month": MONTHS,
    "adjusts_month": MONTHS,
    "household_key": HOUSEHOLDS,
    "setl_id": tuple(f"s{n}" for n in range(12)),
    "case_key": HOUSEHOLDS,
}
REASONS = {"entitlement_candidate": tuple(item.value for item in codes.Reason)}
SMALL: dict[str, tuple[int, ...]] = {
    "place": (1, 2, 3),
    "ordinal": (0, 1),
    "year": (2024, 2025),
    "batch_id": (1, 2),
    "line": (0, 1, 2, 3, 4),
    "insured": (0, 5),
    "listed": (7, 2**53 - 1),
    "ratio": (0, 1, 7_500, 10_000),
    "rate": (0, 9_850),
    "target": (9_900,),
}
ODD = {"listed": 2**53}  # what the graph cannot write, where -1 is not that


class MadeUp:
    """Rows by a seed; `odd` ones hold codes that the graph does not know, amounts it cannot write."""

    def __init__(self, seed: int, *, odd: bool) -> None:
        self.pick = random.Random(seed)
        self.odd = odd

    def fill(self, engine: sa.Engine) -> None:
        at = datetime(2025, 12, 5, 1, 2, 3, 999_999, tzinfo=UTC)
        with engine.begin() as connection:
            for number, (month, made) in PUBLICATIONS.items():
                values = {"publication": number, "month": month, "at": at.replace(month=made), "digest": "d"}
                connection.execute(store.publication.insert().values(values))
            for month in MONTHS:
                connection.execute(
                    store.month.insert().values(
                        month=month, state="open", inputs={}, tables={}, digest="e", computed_at=at, publication=7
                    )
                )  # fmt: skip
            for batch, source in ((1, "medical_insurance"), (2, "nowhere")):
                connection.execute(
                    store.batch.insert().values(
                        batch_id=batch, source=source, stream="s", label=TEXTS[2], as_of=DAYS[1], received_at=at,
                        read=10, accepted=8, quarantined=1, duplicates=1, parts={}, contract=TEXTS[5],
                    )
                )  # fmt: skip
            connection.execute(store.alias.insert().values(mac=world.LOOKUP_MAC, person_id=self.person(1)))
            for table in tables.PUBLISHED.values():
                self._table(connection, table)
            self._feedback(connection, at)
            held.renew(connection, held.bits(held.current(connection), date(2025, 1, 1)))
            carried.renew(connection, 1)
        for n in range(4):
            log.append(engine, log.Entry(
                at=at + timedelta(hours=n), client=TEXTS[n], role="client", agreement="auditor", purpose="audit",
                outcome=("answered", "refused")[n % 2], operation="Q", document="0" * 64, fields=("A.b", "C.d"),
                withheld=("A.b mask:year",), rows=n, subjects=frozenset({self.person(1), self.person(n)}),
            ))  # fmt: skip
        log.index_subjects(engine)

    @staticmethod
    def person(n: int) -> int:
        return world.PERSON_IDS + n

    def _table(self, connection: sa.Connection, table: tables.Table) -> None:
        seen: dict[tuple[Any, ...], list[tuple[int, int | None]]] = {}
        rows = []
        for n in range(20 if table.name in ("person", "household") else 40):
            row = {name: self._value(table, name, kind, n) for name, kind in table.columns.items()}
            key = tuple(row[name] for name in table.key)
            life = self.pick.choice(LIVES)
            if any(_overlap(life, other) for other in seen.setdefault(key, [])):
                continue
            seen[key].append(life)
            rows.append({**row, "row_digest": b"-", "pub_from": life[0], "pub_until": life[1]})
        connection.execute(published[table.name].insert(), rows)

    def _feedback(self, connection: sa.Connection, at: datetime) -> None:
        """What departments said of some of the cases."""
        for entity, key in KEYS.values():
            t = entity.table
            cases = connection.execute(sa.select(key(t), t.c.person_id).order_by(t.c.row_id).limit(30)).all()
            for n, (case, person) in enumerate(cases):
                connection.execute(
                    store.feedback.insert().values(
                        case_key=case, person_id=person, state=self.pick.choice(tuple(State)).value,
                        outcome=self.pick.choice((None, "enrolled", "unheard_of" if self.odd else None)),
                        reason=self.pick.choice((None, "minor")), department=TEXTS[n % 7], agreement="auditor",
                        client=TEXTS[2], role="client", client_key=f"{entity.name}{n}", at=at,
                        pub_given=self.pick.choice((0, 1, 4, 7)),
                    )
                )  # fmt: skip

    def _value(self, table: tables.Table, name: str, kind: str, n: int) -> Any:
        if name == "person_id":
            return self.person(self.pick.choice(PERSONS) if table.name != "person" else n % 10)
        if name not in table.key and self.pick.random() < 0.15:
            return None
        odd = self.odd and name not in table.key and self.pick.random() < 0.03
        choices = self._choices(table, name, kind)
        return choices[-1] if odd else self.pick.choice(choices[:-1])

    @staticmethod
    def _choices(table: tables.Table, name: str, kind: str) -> tuple[Any, ...]:
        """What a column may hold; the last is what the graph cannot write, where there is such a value."""
        if name in CODES or (name == "reason" and table.name in REASONS):
            return (*(CODES.get(name) or REASONS[table.name]), "unheard_of")
        if name in SMALL:
            return (*SMALL[name], ODD.get(name, -1))
        by_kind: dict[str, tuple[Any, ...]] = {
            "VARCHAR": TEXTS, "DATE": DAYS, "BOOLEAN": (True, False), "BIGINT": AMOUNTS, "INTEGER": AMOUNTS,
        }  # fmt: skip
        return (*by_kind[kind], by_kind[kind][0])


def _overlap(one: tuple[int, int | None], other: tuple[int, int | None]) -> bool:
    """Whether two rows of a key would be of one publication."""
    return one[0] < (other[1] or 99) and other[0] < (one[1] or 99)
