"""A small published store, written by hand: persons of four counties, with canaries where nobody may look."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from hub import carried, held, store
from hub.config.divisions import Divisions
from hub.keys import KeyRing
from hub.reading import identity
from hub.sealing import Sealer
from hub.store import published

OPEN = date(9999, 12, 31)
PERSON_IDS = 777_000_777_000  # person_ids begin here, long enough never to stand in a digest by chance
NUMBER = "370302196003041236"  # the ID number of person 1
PHONE = "13905330007"
IDENTITY = {"certno": NUMBER, "psn_name": "王建国", "tel": PHONE}  # what is sealed of everybody
CONFIG = Path(__file__).parents[2] / "config"
LOOKUP_MAC = "ktest.CANARYMAC1"
CANARIES = (
    "CANARY",
    "7770007770",
    "1960-03-04",
    NUMBER,
    PHONE,
    "王建国",
    "person_id",
    "household_key",
)
NAMES = {
    "37": "山东省", "3703": "淄博市", "370302": "淄川区", "370302001": "松龄路街道", "3709": "泰安市",
    "370902": "泰山区", "370911": "岱岳区", "65": "新疆维吾尔自治区", "6531": "喀什地区", "653121": "疏附县",
}  # fmt: skip


def document(key: str, title: str, region: str, *rules: tuple[str, str, str]) -> SimpleNamespace:
    return SimpleNamespace(
        id=key, number=f"{title}〔2025〕1号", title=title, title_en=f"{title} (en)", issuer="医保局", region=region,
        valid_from=date(2023, 1, 1), valid_until=OPEN,
        source=SimpleNamespace(address="https://example.org/policy", grade="G", checked=date(2025, 11, 1)),
        rules=tuple(
            SimpleNamespace(
                key=f"{key}/{name}", benefit=benefit, categories=("tekun", "dibao"),
                citation=SimpleNamespace(article=article),
            )
            for name, benefit, article in rules
        ),
    )  # fmt: skip


def config() -> Any:
    documents = [
        document("zichuan-2025", "淄川救助", "370302", ("ma", "medical_assistance", "三"), ("tilt", "tilt", "四")),
        document("xinjiang-2023", "新疆预警", "65", ("warning", "warning", "五")),
    ]
    return SimpleNamespace(divisions=Divisions(names=NAMES), documents={item.id: item for item in documents})


def carry(connection: sa.Connection) -> None:
    """Make what persons' rows carry follow from the other tables as they are now, as each publication does."""
    connection.execute(sa.update(published["person"]).values(carried=None))
    carried.renew(connection, 1)


def fill(engine: sa.Engine, ring: KeyRing, *, many: int = 30) -> None:
    """Publication 1 of 2025-11: the persons described in the tests, and `many` more of Daiyue for paging."""
    with engine.begin() as connection:
        World(connection, ring).build(many)
        held.renew(connection, held.bits(held.current(connection), date(2025, 1, 1)))
        carry(connection)


class World:
    """Writes rows; each helper one row, in publication 1."""

    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self.connection = connection
        self.ring = ring
        self.sealer = Sealer(ring, "medical_insurance/persons")

    def build(self, many: int) -> None:
        at = datetime(2025, 12, 5, 1, 2, 3, tzinfo=UTC)
        self._batches(at)
        self.connection.execute(
            store.publication.insert().values(publication=1, month="2025-11", at=at, digest="d" * 64)
        )
        self.connection.execute(
            store.month.insert().values(
                month="2025-11", state="open", inputs={}, tables={}, digest="e" * 64, computed_at=at, publication=1
            )
        )
        self.person(1, "370302001", "370302", name="王*", birth=date(1960, 3, 4))
        self.spell(1, "dibao", key="civil_affairs:CANARYHH1")
        self.person(2, "370902", "370902", name="李*")
        self.spell(2, "tekun", region="370902")
        self.spell(2, "mon_edge", region="370902", source="rural_revitalization", key="rural_revitalization:CANARYHH2")
        self.person(3, "653121", "653121", name="买*")
        self.spell(3, "mon_edge", region="653121", source="rural_revitalization", key="rural_revitalization:CANARYHH3")
        self.person(4, "370302", "370302", name="赵*")
        self.person(5, "370911", "370911", name="钱*", death=date(2025, 6, 7))
        self.spell(5, "dibao", region="370911", until=date(2024, 7, 1))
        self._insurance()
        self._entitlements()
        self._households()
        self._cases()
        self._participation()
        linkage = identity.load(CONFIG, "v1", self.ring)
        own = linkage.contract.value.format(key_id=linkage.key_id, mac="CANARYMAC4")  # the store is this ring's
        macs = {LOOKUP_MAC: 1, "ktest.3": 3, own: 4}
        self.connection.execute(
            store.alias.insert(), [{"mac": mac, "person_id": PERSON_IDS + n} for mac, n in macs.items()]
        )
        for n in range(100, 100 + many):
            self.person(n, "370911", "370911", name="孙*")
            self.spell(n, "dibao", region="370911")
            self.enrolment(n)
        closed = {"pub_from": 0, "pub_until": 1}  # what publication 1 replaced
        self.person(1, "653121", "653121", name="CANARYOLD", **closed)
        self.person(100, "370911", "370911", name="CANARYOLD", **closed)
        self.spell(1, "tekun", **closed)

    def row(self, table: str, *, pub_from: int = 1, pub_until: int | None = None, **values: Any) -> None:
        digest = hashlib.sha256(repr(sorted(values.items(), key=str)).encode()).digest()
        self.connection.execute(
            published[table].insert().values(row_digest=digest, pub_from=pub_from, pub_until=pub_until, **values)
        )

    def record(self, line: int, batch_id: int = 1) -> dict[str, Any]:
        return {"batch_id": batch_id, "line": line, "record_digest": f"CANARYDIGEST{line:04d}"}

    def person(
        self, n: int, residence: str, county: str, *, name: str, birth: date = date(1970, 1, 2), **more: Any
    ) -> None:
        pub = {key: more.pop(key) for key in ("pub_from", "pub_until") if key in more}
        self.row(
            "person", person_id=PERSON_IDS + n, name_masked=name, sex="1", birth=birth, ethnic="CANARYETHNIC",
            rural=True, residence=residence, county=county, id_grade="verified_form",
            identity_sealed=self.sealer.seal(IDENTITY), **{"death": None, **more}, **self.record(n), **pub,
        )  # fmt: skip

    def spell(self, n: int, category: str, *, region: str = "370302", source: str = "civil_affairs", key: str = "",
              since: date = date(2024, 1, 1), until: date = OPEN, **pub: int) -> None:  # fmt: skip
        self.row(
            "category_spell", person_id=PERSON_IDS + n, category=category, valid_from=since, valid_until=until,
            region=region, rural=True, certified=since, certifier=source, household_key=key, source=source,
            stream="recipients", **self.record(n, 2), **pub,
        )  # fmt: skip

    def enrolment(self, n: int, region: str = "370302", status: str = "normal") -> None:
        self.row(
            "enrolment", person_id=PERSON_IDS + n, insutype="390", status=status, valid_from=date(2025, 1, 1),
            valid_until=OPEN, region=region, pooling_area="3703", **self.record(n),
        )  # fmt: skip

    def settlement(self, n: int, number: int, *, total: int = 1_234_56, cancelled: bool = False) -> None:
        self.row(
            "settlement", setl_id=f"CANARYSETL{n}-{number:03d}", visit_id=f"CANARYVISIT{n}-{number}",
            person_id=PERSON_IDS + n, insutype="390", setting="inpatient", hospital_level="2",
            admitted=date(2025, 3, 1), discharged=date(2025, 3, 9), settled=date(2025, 3, 10) + timedelta(number),
            region="370302", total=total, scope=total, deductible=0, basic_paid=700_00, serious_illness_paid=0,
            medical_assistance_paid=123_45, tilt_paid=0, self_in_scope=411_11, cash_paid=411_11, cancelled=cancelled,
            **self.record(number),
        )  # fmt: skip

    def payment(self, n: int, number: int, category: str, benefit: str = "medical_assistance", **more: Any) -> None:
        known = {
            "base": 534_56, "line": 100_00, "ratio": 7_500, "amount": 325_92, "cap_left": 29_674_08,
            "determined": True, "reason": None,
        }  # fmt: skip
        self.row(
            "payment", setl_id=f"CANARYSETL{n}-{number:03d}", person_id=PERSON_IDS + n, benefit=benefit,
            category=category, rule_key="zichuan-2025/ma", document="zichuan-2025", article="三", **{**known, **more},
        )  # fmt: skip

    def _batches(self, at: datetime) -> None:
        for batch_id, source, stream in ((1, "medical_insurance", "persons"), (2, "civil_affairs", "recipients")):
            self.connection.execute(
                store.batch.insert().values(
                    batch_id=batch_id, source=source, stream=stream, label=f"CANARYLABEL{batch_id}.csv",
                    as_of=date(2025, 11, 30), received_at=at, read=10, accepted=8, quarantined=1, duplicates=1,
                    parts={"": "CANARYPART"}, contract="v1:CANARYCONTRACT",
                )
            )  # fmt: skip

    def _insurance(self) -> None:
        for n in (1, 2, 3):
            self.enrolment(n)
            for number in range(8):
                self.settlement(n, number, total=1_234_56 + number)
        self.payment(1, 0, "dibao")
        unknown = dict.fromkeys(("line", "ratio", "amount", "cap_left"))
        self.payment(1, 0, "dibao", "tilt", **unknown, determined=False, reason="line: unknown")
        self.payment(2, 0, "mon_edge")
        self.row(
            "identity_tag", person_id=PERSON_IDS + 1, category="dibao", valid_from=date(2024, 1, 1), valid_until=OPEN,
            region="370302", **self.record(9),
        )  # fmt: skip
        self.row(
            "subsidy", person_id=PERSON_IDS + 1, year=2025, payer="civil_affairs", amount=150_00, paid=date(2025, 2, 1),
            ordinal=0, **self.record(10),
        )  # fmt: skip

    def _entitlements(self) -> None:
        for n, winner, loser in ((1, "dibao", "mon_unstable"), (2, "tekun", "mon_edge")):
            shared = {
                "person_id": PERSON_IDS + n, "benefit": "medical_assistance", "valid_from": date(2025, 1, 1),
                "valid_until": date(2026, 1, 1), "region": "370302", "document": "zichuan-2025", "article": "三",
                "rule_key": "zichuan-2025/ma", "determined": True,
            }  # fmt: skip
            self.row(
                "entitlement",
                **shared,
                category=winner,
                undetermined_reason=None,
                annual_amount=900_00,
                mode="per_benefit",
            )
            for place, category, reason in ((1, winner, "winner"), (2, loser, "lower_amount")):
                self.row(
                    "entitlement_candidate", **shared, place=place, category=category, reason=reason,
                    annual_amount=900_00 // place, **self.record(n, 2),
                )  # fmt: skip

    def _households(self) -> None:
        for n, source, county in ((1, "civil_affairs", "370302"), (3, "rural_revitalization", "653121")):
            key = f"{source}:CANARYHH{n}"
            self.row("household", household_key=key, source=source, residence=county, county=county)
            for person in (n, 4):  # person 4 is a member whom no category reaches
                self.row(
                    "household_member", household_key=key, person_id=PERSON_IDS + person, valid_from=date(2024, 1, 1),
                    valid_until=OPEN, covered=person == n, relation="户主" if person == n else "CANARYRELATION",
                    **self.record(person, 2),
                )  # fmt: skip

    def _cases(self) -> None:
        shared = {"month": "2025-11", "severity": "high", "deadline": date(2025, 12, 31), "adjusts_month": None}
        for n, kind, addressee, county, category in (
            (1, "subsidy_missing", "civil_affairs", "370302", "dibao"),
            (1, "ceiling_exceeded", "medical_insurance", "370302", "dibao"),
            (3, "listed_not_insured", "rural_revitalization", "653121", "mon_edge"),
            (3, "listed_not_insured", "civil_affairs", "653121", None),
        ):
            self.row(
                "finding", **shared, kind=kind, person_id=PERSON_IDS + n, household_key="",
                subject=f"CANARYSUBJECT{addressee}", county=county, addressee=addressee,
                category=category,
                expected=150_00, actual=0, state="new", first_month="2025-11", **self.record(n, 2),
            )  # fmt: skip
        self.row(
            "finding", **shared, kind="assistance_underpaid", person_id=PERSON_IDS + 1, household_key="",
            subject="CANARYSETL1-000", county="370302", addressee="medical_insurance", category="dibao",
            expected=325_92, actual=123_45, state="new", first_month="2025-11", **self.record(0),
        )  # fmt: skip
        for n, source, addressee, county, category in (
            (1, "civil_affairs", "civil_affairs", "370302", "dibao"),
            (3, "rural_revitalization", "rural_revitalization", "653121", "mon_edge"),
            (3, "rural_revitalization", "civil_affairs", "653121", "*"),
        ):
            key = f"{source}:CANARYHH{n}"
            self.row(
                "warning", month="2025-11", case_key=key, person_id=PERSON_IDS + n, household_key=key, county=county,
                category=category, addressee=addressee, burden=3_456_78, threshold=2_000_00,
                rule_key="xinjiang-2023/warning", document="xinjiang-2023", article="五", state="new",
                first_month="2025-11",
            )  # fmt: skip

    def _participation(self) -> None:
        self.row(
            "participation", month="2025-11", pooling_area="3703", population="rural_low_income", listed=1000,
            insured=985, rate=9850, target=9900, met=False,
        )  # fmt: skip
