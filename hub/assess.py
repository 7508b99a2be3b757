"""Assess: what one case is due, layer by layer, through the SQL of the merge stage. No store, no keys.

The case is a handful of small relations; a benefit year (of discharge) is one run. Answer as pins.md writes it: amounts
are texts with two decimals, no rule is None, a rule that gives nothing is "0.00", and what cannot be determined says
why. A refund (negative total) and what it takes back are due nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from hub import config
from hub.case import Case, Stay, read_case
from hub.config.config import Config
from hub.engine import SQL, DuckDB, schema, statements
from hub.inputs import CONFIG, PERIOD, SQL_TYPES
from hub.merge import OTHER_AID, PAYMENT, SETTLEMENT_DETAIL, STANDING, merge, union
from hub.tables import CATEGORY_SPELL, ENTITLEMENT, OPEN, SETTLEMENT, Table

Row = dict[str, Any]
Answer = dict[str, Any]
PERSON = 1
STEPS = tuple(statements(SQL / "assess"))
INSURED = {"person_id": "BIGINT", "insutype": "VARCHAR", "region": "VARCHAR", "pooling_area": "VARCHAR"}
PAYERS = {
    "basic_paid": "basic_insurance",
    "serious_illness_paid": "serious_illness",
    "medical_assistance": "medical_assistance",
    "tilt": "tilt",
}


def assess(path: Path, folder: Path, policy: Path | None = None) -> Answer:
    """The answer to a case file under the configuration `folder`, its policy files added to or replaced by `policy`.

    Raises InputError where the case file, ConfigError where a policy file says what cannot be.
    """
    case = read_case(path)
    known = _configured(case, folder, policy)
    county = _county(case, known)
    _vocabulary(case, known)
    years = sorted({stay.discharged.year for stay in case.stays}) or [_year(case)]
    settlements: list[Answer] = []
    warnings: list[Answer] = []
    for year in years:
        stays = [stay for stay in case.stays if stay.discharged.year == year]
        held = [held for held in case.categories if held.valid_from < date(year + 1, 1, 1)]
        run = _Run(case=case, stays=stays, county=county, config=known, year=year)
        settlements += run.settlements()
        warnings += run.warnings([one.code for one in held if one.valid_until > run.last_day()], settlements)
        premium = run.premium()
    names = (*PAYERS, "self_in_scope", "self_total")
    totals = {name: _sum(row[name] for row in settlements) for name in names}
    return {"settlements": settlements, "premium_subsidy": premium, "warnings": warnings, "totals": totals}


class _Run:
    """One benefit year of a case."""

    def __init__(self, *, case: Case, stays: list[Stay], county: str, config: Config, year: int) -> None:
        self.case, self.stays, self.year, self.county = case, stays, year, county
        counties = {county, *(held.region for held in case.categories if held.region)}
        self.relations = config.relations(counties, year)
        self.cancelled = _cancelled(stays)
        with DuckDB(threads=1, memory="1GB") as engine:
            for name, columns, rows in self._given():
                engine.register(name, _relation(columns, rows), columns)
            for name in ("rule_in_force", "rule_tier", "premium"):
                engine.register(name, self.relations[name], CONFIG[name])
            merge(engine, details=self._details(), every_settlement=True)
            union(engine, "ranked_everywhere", {benefit: f"ranked_{benefit}" for benefit in STANDING})
            union(engine, "every_offer", {benefit: f"offer_{benefit}" for benefit in STANDING})
            found: dict[str, list[Row]] = {}
            for name, sql in STEPS:
                engine.run(name, sql)
                found[name] = [dict(zip(engine.columns(name), row, strict=True)) for row in engine.rows(name)]
            self.payments = engine.fetch(PAYMENT).to_pylist()
            self.entitlements = engine.fetch(ENTITLEMENT).to_pylist()
        self.outranked = sorted(found["outranked"], key=lambda row: (row["setl_id"], row["benefit"], row["place"]))
        self.taken = {row["setl_id"]: row["amount"] or 0 for row in found["aid_taken"]}

    def _given(self) -> Iterable[tuple[str, Mapping[str, str], list[Row]]]:
        year, case = self.year, self.case
        period = {
            "month": f"{year}-12",
            "month_start": date(year, 12, 1),
            "month_end": date.fromisoformat(OPEN),
            "last_day": date(year, 12, 31),
            "year": year,
            "year_start": date(year, 1, 1),
            "year_end": date(year + 1, 1, 1),
        }
        yield "period", PERIOD, [period]
        place = {"person_id": PERSON, "insutype": case.insutype, "region": self.county}
        yield "insured_place", INSURED, [{**place, "pooling_area": self.county[:4]}]
        spells = [
            {
                "person_id": PERSON, "category": held.code, "valid_from": held.valid_from,
                "valid_until": held.valid_until, "region": held.region or self.county, "certified": held.certified,
                "household_key": str(number), "source": "case", "stream": "case", "batch_id": 1, "line": number,
                "record_digest": "",
            }
            for number, held in enumerate(case.categories, 1)
        ]  # fmt: skip
        yield "category_spell", CATEGORY_SPELL.columns, spells
        costs = [
            {
                "setl_id": stay.id, "visit_id": stay.id, "person_id": PERSON, "insutype": case.insutype,
                "setting": stay.setting, "hospital_level": stay.hospital_level, "admitted": stay.admitted,
                "discharged": stay.discharged, "settled": stay.settled, "region": self.county, "total": stay.total,
                "scope": stay.scope, "basic_paid": stay.basic_paid, "serious_illness_paid": stay.serious_illness_paid,
                "cancelled": stay.id in self.cancelled, "batch_id": 1, "line": number, "record_digest": "",
            }
            for number, stay in enumerate(self.stays, 1)
        ]  # fmt: skip
        yield "settlement", SETTLEMENT.columns, costs

    def _details(self) -> dict[str, pa.Table]:
        details = [
            {
                "setl_id": stay.id, "referral": stay.referral, "in_region": stay.in_region,
                "designated": stay.designated, "applied": self.case.applied,
            }
            for stay in self.stays
        ]  # fmt: skip
        aid = [
            {"setl_id": stay.id, "kind": kind, "amount": amount}
            for stay in self.stays
            for kind, amount in stay.other_aid
        ]
        return {"settlement_detail": _table(SETTLEMENT_DETAIL, details), "other_aid": _table(OTHER_AID, aid)}

    def last_day(self) -> date:
        """The last discharge of the year, on which warnings look at categories."""
        return max((stay.discharged for stay in self.stays), default=date(self.year, 12, 31))

    def settlements(self) -> list[Answer]:
        """Each settlement in the order in which it counts."""
        ordered = sorted(self.stays, key=lambda stay: (stay.discharged, stay.settled, stay.id))
        return [self._settlement(stay) for stay in ordered]

    def _settlement(self, stay: Stay) -> Answer:
        rows = [row for row in self.payments if row["setl_id"] == stay.id]
        rows.sort(key=lambda row: (tuple(PAYERS.values()).index(row["benefit"]), row["rule_key"]))
        paid: dict[str, Any] = {}
        for name, benefit in PAYERS.items():
            given = {"basic_paid": stay.basic_paid, "serious_illness_paid": stay.serious_illness_paid}.get(name)
            mine = [_amount(row["amount"], row["reason"]) for row in rows if row["benefit"] == benefit]
            paid[name] = "0.00" if stay.id in self.cancelled else _sum(mine) if given is None else _yuan(given)
        aid = 0 if stay.id in self.cancelled else sum(amount for _, amount in stay.other_aid)
        whole, scope = (0, 0) if stay.id in self.cancelled else (stay.total, stay.scope)
        own_total = _less(whole, paid.values(), aid)
        own = _less(scope, paid.values(), self.taken.get(stay.id, 0))
        if isinstance(own, int) and isinstance(own_total, int):
            own = max(min(own, own_total), 0)
        return {
            "id": stay.id,
            **paid,
            "other_aid": _yuan(aid),
            "self_in_scope": _yuan(own) if isinstance(own, int) else own,
            "self_total": _yuan(max(own_total, 0)) if isinstance(own_total, int) else own_total,
            "layers": [_layer(row) for row in rows],
            "outranked": [_rival(row) for row in self.outranked if row["setl_id"] == stay.id],
        }

    def premium(self) -> Answer | None:
        """The premium subsidy of the year: that of the greatest amount; undetermined only where nothing is known."""
        rows = [row for row in self.entitlements if row["benefit"] == "premium_subsidy"]
        rows.sort(key=lambda row: (row["annual_amount"] is None, -(row["annual_amount"] or 0), row["valid_from"]))
        for row in rows[:1]:
            shown = {key: row[key] for key in ("category", "document", "article")}
            return {"amount": _amount(row["annual_amount"], row["undetermined_reason"]), **shown}
        return None

    def warnings(self, held: Iterable[str], settlements: Iterable[Answer]) -> list[Answer]:
        """The warning lines that the year's burden passes, each after the layers its document names (pins.md 10)."""
        answers = {answer["id"]: answer for answer in settlements}
        day, codes = self.last_day(), {"*", *held}
        found = []
        for rule in self.relations["rule_in_force"].to_pylist():
            reached = rule["region"] == self.county and rule["category"] in codes
            if rule["benefit"] != "warning" or not reached or not rule["valid_from"] <= day < rule["valid_until"]:
                continue
            if rule["insutypes"] and self.case.insutype not in rule["insutypes"].split(","):
                continue
            stays = [s for s in self.stays if not rule["settings"] or s.setting in rule["settings"].split(",")]
            burdens = [_burden(stay, answers[stay.id], rule["base"]) for stay in stays if stay.id not in self.cancelled]
            if not rule["determined"] or any(burden is None for burden in burdens):
                continue
            known = [burden for burden in burdens if burden is not None]
            burden = max(known, default=0) if rule["period"] == "stay" else sum(known)
            if burden > rule["line"]:
                told = {"line": _yuan(rule["line"]), "burden": _yuan(burden)}
                shown = {"document": rule["document"], "article": rule["article"]}
                found.append({"benefit": "warning", **told, **shown})
        return found


def _configured(case: Case, folder: Path, policy: Path | None) -> Config:
    """The configuration, with the policy files added; of one document alone where the case names one."""
    known = config.load(folder) if policy is None else config.overlaid(folder, policy, alone=case.document)
    if not case.document:
        return known
    if case.document not in known.documents:
        raise case.refused(
            "document", "no such document", "Name a file of config/policy/ or of --policy, without .toml"
        )
    return replace(known, documents={case.document: known.documents[case.document]})


def _county(case: Case, known: Config) -> str:
    """The six digits where the case is: a region above the county stands for itself."""
    region = case.region or known.documents[case.document].region
    if region and region not in known.divisions.codes:
        raise case.refused("region", "no such division", "Use the 2, 4 or 6 digits of divisions.csv")
    return region.ljust(6, "0")


def _vocabulary(case: Case, known: Config) -> None:
    for held in case.categories:
        if held.code not in known.categories:
            raise case.refused("categories", "a code is no category", "Use the codes of config/categories.toml")
        if held.region and held.region not in known.divisions.codes:
            raise case.refused("categories", "a region is no division", "Use the six digits of divisions.csv")


def _year(case: Case) -> int:
    """Without settlements: the last year in which a category began."""
    years = [held.valid_from.year for held in case.categories]
    if not years:
        raise case.refused("settlement", "there is neither a settlement nor a category", "Add [[settlement]]")
    return max(years)


def _cancelled(stays: list[Stay]) -> set[str]:
    """Refunds, and of each the earliest settlement of the opposite total that no other refund takes back."""
    gone: set[str] = set()
    ordered = sorted(stays, key=lambda stay: (stay.settled, stay.id))
    for refund in (stay for stay in ordered if stay.total < 0):
        gone.add(refund.id)
        gone.update([stay.id for stay in ordered if stay.total == -refund.total and stay.id not in gone][:1])
    return gone


def _burden(stay: Stay, answer: Answer, base: str) -> int | None:
    """What a settlement leaves to the person after the layers that a warning names, in fen; None: undetermined."""
    if base == "scope":
        return stay.scope
    names = list(PAYERS)[: 2 if base == "after_basic_and_serious_illness" else 4]
    left = _less(stay.scope, [answer[name] for name in names], 0)
    return max(left, 0) if isinstance(left, int) else None


def _layer(row: Row) -> Answer:
    return {
        "benefit": row["benefit"],
        "category": row["category"],
        "base": _yuan(row["base"]),
        "line": _yuan(row["line"]),
        "ratio": None if row["ratio"] is None else _fraction(row["ratio"]),
        "amount": _amount(row["amount"], row["reason"]),
        "cap_left": _yuan(row["cap_left"]),
        "document": row["document"],
        "article": row["article"],
    }


def _rival(row: Row) -> Answer:
    shown = {key: row[key] for key in ("benefit", "category", "document", "article")}
    return {**shown, "amount": _amount(row["amount"], row["reason"])}


def _amount(fen: int | None, reason: str | None) -> Any:
    return {"undetermined": reason or "the document does not say"} if fen is None else _yuan(fen)


def _yuan(fen: int | None) -> str | None:
    if fen is None:
        return None
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def _fen(yuan: str) -> int:
    return int(yuan.replace(".", ""))


def _fraction(bp: int) -> str:
    text = f"{bp // 10_000}.{bp % 10_000:04}"
    return text[:-2] if text.endswith("00") else text


def _sum(amounts: Iterable[Any]) -> Any:
    """The sum of amounts as they are shown: None where there is none, undetermined where one is."""
    shown = [amount for amount in amounts if amount is not None]
    unknown = [amount for amount in shown if isinstance(amount, dict)]
    if unknown or not shown:
        return unknown[0] if unknown else None
    return _yuan(sum(_fen(amount) for amount in shown))


def _less(whole: int, payers: Iterable[Any], more: int) -> Any:
    """What payers leave of an amount in fen; undetermined where one is."""
    paid = _sum(payers)
    return paid if isinstance(paid, dict) else whole - (_fen(paid) if paid else 0) - more


def _relation(columns: Mapping[str, str], rows: Iterable[Row]) -> pa.Table:
    types = {kind: arrow for arrow, kind in SQL_TYPES.items()}
    made = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    return pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=made)


def _table(table: Table, rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema(table))
