"""The answer to a case, as pins.md writes it.

Amounts are texts with two decimals; no rule is None; a rule that gives nothing is "0.00"; what cannot be determined
says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hub.assess.case import Stay
from hub.assess.year import Found, Row

Answer = dict[str, Any]
PAYERS = {
    "basic_paid": "basic_insurance",
    "serious_illness_paid": "serious_illness",
    "medical_assistance": "medical_assistance",
    "tilt": "tilt",
}
ORDER = {benefit: place for place, benefit in enumerate(PAYERS.values())}
LEFT = ("self_in_scope", "self_total")


def answer(years: Sequence[Found]) -> Answer:
    """All years' settlements and warnings, the premium subsidy of the last, and the totals of all."""
    bills = [year.bills[stay.id] for year in years for stay in year.stays]
    return {
        "settlements": [_settlement(stay, year) for year in years for stay in year.stays],
        "premium_subsidy": _premium(years[-1].entitlements),
        "warnings": [_warning(row) for year in years for row in _ordered(year.passed)],
        "totals": {name: _total([_paid(bill, name) for bill in bills]) for name in (*PAYERS, *LEFT)},
    }


def _settlement(stay: Stay, year: Found) -> Answer:
    bill = year.bills[stay.id]
    layers = [row for row in year.payments if row["setl_id"] == stay.id]
    rivals = [row for row in year.outranked if row["setl_id"] == stay.id]
    return {
        "id": stay.id,
        **{name: _shown(*_paid(bill, name)) for name in PAYERS},
        "other_aid": _yuan(bill["other_aid"]),
        **{name: _shown(*_paid(bill, name)) for name in LEFT},
        "layers": [_layer(row) for row in sorted(layers, key=lambda row: (ORDER[row["benefit"]], row["rule_key"]))],
        "outranked": [_rival(row) for row in sorted(rivals, key=lambda row: (row["benefit"], row["place"]))],
    }


def _paid(bill: Row, name: str) -> tuple[int | None, str | None]:
    """An amount of a settlement, and why it is undetermined where it is."""
    return bill[name], bill["self_unsure" if name in LEFT else f"{name}_unsure"]


def _total(amounts: Iterable[tuple[int | None, str | None]]) -> Any:
    """The sum; None where no rule speaks of any, undetermined where one is."""
    known = [amount for amount in amounts if amount != (None, None)]
    if not known:
        return None
    return _shown(sum(fen or 0 for fen, _ in known), next((unsure for _, unsure in known if unsure), None))


def _layer(row: Row) -> Answer:
    return {
        "benefit": row["benefit"],
        "category": row["category"],
        "base": _yuan(row["base"]),
        "line": _yuan(row["line"]),
        "ratio": None if row["ratio"] is None else _fraction(row["ratio"]),
        "amount": _due(row["amount"], row["reason"]),
        "cap_left": _yuan(row["cap_left"]),
        "document": row["document"],
        "article": row["article"],
    }


def _rival(row: Row) -> Answer:
    shown = {key: row[key] for key in ("benefit", "category", "document", "article")}
    return {**shown, "amount": _due(row["amount"], row["reason"])}


def _premium(entitlements: Iterable[Row]) -> Answer | None:
    """The premium subsidy of the year: that of the greatest amount; undetermined only where nothing is known."""
    rows = [row for row in entitlements if row["benefit"] == "premium_subsidy"]
    rows.sort(key=lambda row: (row["annual_amount"] is None, -(row["annual_amount"] or 0), row["valid_from"]))
    for row in rows[:1]:
        shown = {key: row[key] for key in ("category", "document", "article")}
        return {"amount": _due(row["annual_amount"], row["undetermined_reason"]), **shown}
    return None


def _ordered(passed: Iterable[Row]) -> list[Row]:
    """Warnings first, each by its rule."""
    return sorted(passed, key=lambda row: (row["benefit"] != "warning", row["rule_key"]))


def _warning(row: Row) -> Answer:
    told = {"line": _yuan(row["line"]), "burden": _shown(row["burden"], row["unsure"])}
    return {"benefit": row["benefit"], **told, "document": row["document"], "article": row["article"]}


def _due(fen: int | None, reason: str | None) -> Any:
    """What a rule gives: an amount, or why not."""
    return _shown(fen, (reason or "the document does not say") if fen is None else None)


def _shown(fen: int | None, unsure: str | None) -> Any:
    return {"undetermined": unsure} if unsure else _yuan(fen)


def _yuan(fen: int | None) -> str | None:
    if fen is None:
        return None
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def _fraction(bp: int) -> str:
    text = f"{bp // 10_000}.{bp % 10_000:04}"
    return text[:-2] if text.endswith("00") else text
