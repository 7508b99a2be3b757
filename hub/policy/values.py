"""A parameter of a policy document: exact, a floor, a ceiling or unknown (pins.md 2).

Money is an integer of fen and a ratio an integer of basis points. Files speak yuan and fractions, read as Decimal;
they become integers exactly or are refused. "No cap" and "the full premium" are values of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Literal

BP = 10_000
MOST = 10**12  # yuan; no amount of the field is more
PREMIUM = "premium"
LOCAL = "local"
Year = int | Literal["before_previous", "previous", "same"]
YEARS_BACK = {"same": 0, "previous": 1, "before_previous": 2}


class BadValueError(ValueError):
    """A value that a document may not hold: what is wrong and, in one sentence, what to write instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Word(Enum):
    """Values that are no number."""

    NO_CAP = "none"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of a cited table: `bp` basis points of its value for an area and year.

    `area` is county, prefecture, province or nation (the county's own), `local` (the most local area that has a
    value) or a division's code. `year` is a year, or counts from the benefit year. `where` names the table's row.
    `unit` is what the share is rounded to, half up, in fen.
    """

    bp: int
    table: str
    area: str
    year: Year
    where: tuple[tuple[str, str], ...] = ()
    unit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CostShare:
    """A share of the cost itself, all in `scope` or the `total` bill, between a least and a most (None: none)."""

    bp: int
    of: str
    least: int = 0
    most: int | None = None


Measure = int | Share | CostShare | Word
COSTS = ("scope", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The value itself."""

    value: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Not less than the value: binds the documents below, pays nothing by itself."""

    value: int | Share | CostShare


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Not more than the value: binds the documents below, pays nothing by itself."""

    value: int | Share | CostShare


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody could read the value; `reason` says why."""

    reason: str


Parameter = Exact | Floor | Ceiling | Unknown


class Kind(StrEnum):
    """What a parameter may be."""

    MONEY = "money"  # yuan, or a share of a table
    CAP = "cap"  # yuan, a share of a table, or "none"
    RATIO = "ratio"  # a fraction from 0 to 1
    SUBSIDY = "subsidy"  # yuan, a share of a table, or "full"


def fen(raw: object) -> int:
    """Yuan as fen, exactly. Raises BadValueError."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise BadValueError("is not an amount of yuan", "Write yuan as a number, as 3000 or 87.50")
    if not Decimal(raw).is_finite() or raw < 0:
        raise BadValueError("is not an amount of 0 yuan or more", "Write yuan as a number, as 3000 or 87.50")
    if raw > MOST:
        raise BadValueError("is more than any amount", "Write yuan as a number, as 3000 or 87.50")
    scaled = Decimal(raw) * 100
    if scaled != scaled.to_integral_value():
        raise BadValueError("has a part of a fen", "Write yuan with at most two decimals")
    return int(scaled)


def basis_points(raw: object, *, most: Decimal = Decimal(1)) -> int:
    """A fraction as basis points, exactly. Raises BadValueError."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or not Decimal(raw).is_finite():
        raise BadValueError("is not a fraction", "Write 70 % as 0.70")
    if raw < 0 or raw > most:
        raise BadValueError(f"is not a fraction from 0 to {most}", "Write 70 % as 0.70")
    scaled = Decimal(raw) * BP
    if scaled != scaled.to_integral_value():
        raise BadValueError("is finer than a hundredth of a percent", "Write a fraction with at most four decimals")
    return int(scaled)


def half_up(amount: int, bp: int, unit: int = 1) -> int:
    """`bp` basis points of an amount of fen, rounded to units of fen, half away from zero (as both engines' macro)."""
    whole = BP * unit
    rounded = (abs(amount) * bp + whole // 2) // whole * unit
    return rounded if amount >= 0 else -rounded


def parameter(raw: object, kind: Kind) -> Parameter:
    """A parameter as a file writes it: a bare value is exact; `{ floor = }`, `{ ceiling = }`, `{ unknown = "why" }`.

    Raises BadValueError.
    """
    if isinstance(raw, Mapping) and len(raw) == 1:
        grade, inner = next(iter(raw.items()))
        if grade == "unknown":
            if not isinstance(inner, str) or not inner.strip():
                raise BadValueError("is unknown without a reason", 'Say why, as { unknown = "the page does not say" }')
            return Unknown(reason=inner)
        if grade in ("floor", "ceiling"):
            bound = _measure(inner, kind)
            if isinstance(bound, Word):
                raise BadValueError(
                    f"is a {grade} that is no number",
                    f"Write {bound.value!r} bare, or a number as the {grade}",
                )
            return Floor(value=bound) if grade == "floor" else Ceiling(value=bound)
    return Exact(value=_measure(raw, kind))


def _measure(raw: object, kind: Kind) -> Measure:
    if isinstance(raw, Mapping) and kind is not Kind.RATIO:
        return _share(raw)
    if kind is Kind.CAP and raw == Word.NO_CAP.value:
        return Word.NO_CAP
    if kind is Kind.SUBSIDY and raw == Word.FULL.value:
        return Word.FULL
    if isinstance(raw, str | Mapping):
        words = {Kind.CAP: ', or cap = "none"', Kind.SUBSIDY: ', or amount = "full"'}
        number = "a fraction, as 0.70" if kind is Kind.RATIO else "yuan, as 3000"
        raise BadValueError(
            "is no value of this key",
            f'Write {number}, {{ floor = ... }}, {{ ceiling = ... }} or {{ unknown = "why" }}{words.get(kind, "")}',
        )
    return basis_points(raw) if kind is Kind.RATIO else fen(raw)


def _cost_share(raw: Mapping[str, object]) -> CostShare:
    unknown = sorted(set(raw) - {"share", "of", "least", "most"})
    if "share" not in raw or unknown:
        wrong = f"with {', '.join(unknown)}" if unknown else "without share"
        raise BadValueError(
            f"is a share of the cost {wrong}", 'Write { share = 0.20, of = "total", least = 2000, most = 10000 }'
        )
    found = CostShare(
        bp=basis_points(raw["share"]),
        of=str(raw["of"]),
        least=fen(raw.get("least", 0)),
        most=fen(raw["most"]) if "most" in raw else None,
    )
    if found.most is not None and found.most < found.least:
        raise BadValueError("has a least above its most", "Correct least or most")
    return found


def _share(raw: Mapping[str, object]) -> Share | CostShare | int:
    """A share of a table, or, where `of` is an amount that the article tells, the amount that it comes to."""
    remedy = (
        'Write { share = 0.25, of = "disposable_income", area = "prefecture", population = "all", year = "previous" }, '
        "or { share = 0.25, of = 28753 }"
    )
    if raw.get("of") in COSTS:
        return _cost_share(raw)
    told = isinstance(raw.get("of"), int | Decimal)
    named = ("share", "of") if told else ("share", "of", "area", "year")
    missing = [key for key in named if key not in raw]
    if missing:
        raise BadValueError(f"is a share without {', '.join(missing)}", remedy)
    bp = basis_points(raw["share"], most=Decimal(100))
    unit = fen(raw.get("round_to", Decimal("0.01")))
    if unit == 0:
        raise BadValueError("is rounded to 0 yuan", "Write round_to = 1 for whole yuan, or leave it out")
    where = {key: value for key, value in raw.items() if key not in (*named, "round_to")}
    if told:
        if where:
            raise BadValueError(f"is a share of an amount, with {', '.join(where)}", "Leave it out")
        return half_up(fen(raw["of"]), bp, unit)
    if not all(isinstance(value, str) for value in (raw["of"], raw["area"], *where.values())):
        raise BadValueError("is a share whose table, area or row is not text", remedy)
    return Share(
        bp=bp,
        table=str(raw["of"]),
        area=str(raw["area"]),
        year=_year(raw["year"], remedy),
        where=tuple(sorted((key, str(value)) for key, value in where.items())),
        unit=unit,
    )


def _year(raw: object, remedy: str) -> Year:
    match raw:
        case "same" | "previous" | "before_previous":
            return raw
        case int() if not isinstance(raw, bool):
            return raw
    raise BadValueError(
        'is a share of a year that is no number and none of "same", "previous", "before_previous"', remedy
    )


def premium_share(bp: int, insutype: str) -> Share:
    """A share of the personal premium of the benefit year, where the person is insured."""
    return Share(bp=bp, table=PREMIUM, area=LOCAL, year="same", where=(("insutype", insutype),))


def respects(value: Measure, bound: Floor | Ceiling) -> bool | None:
    """Does an exact value keep within a bound? None where the two cannot be compared without a county and a year."""
    limit = bound.value
    if isinstance(value, Word):  # "no cap" and "the full premium" are above every number
        return isinstance(bound, Floor)
    if value == 0 and isinstance(bound, Ceiling):
        return True
    if isinstance(value, Share) and isinstance(limit, Share):
        if (value.table, value.area, value.year, value.where) != (
            limit.table,
            limit.area,
            limit.year,
            limit.where,
        ):
            return None
        value, limit = value.bp, limit.bp
    if isinstance(value, Share | CostShare) or isinstance(limit, Share | CostShare):
        return None
    return value >= limit if isinstance(bound, Floor) else value <= limit
