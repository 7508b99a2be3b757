"""Parameters as people write them."""

from __future__ import annotations

from decimal import Decimal

from hub.policy.values import Ceiling, CostShare, Exact, Floor, Kind, Measure, Parameter, Share, Unknown, Word


def percent(bp: int) -> str:
    """Basis points as people write them: 7000 is "70 %"."""
    return f"{Decimal(bp) / 100:f} %" if bp % 100 else f"{bp // 100} %"


def yuan(amount: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{amount // 100}.{amount % 100:02d}"


def written(value: Parameter, kind: Kind) -> str:
    """A parameter as people write it."""
    match value:
        case Unknown(reason=reason):
            return f"unknown: {reason}"
        case Floor(value=bound):
            return f"not less than {_written(bound, kind)}"
        case Ceiling(value=bound):
            return f"not more than {_written(bound, kind)}"
        case Exact(value=exact):
            return _written(exact, kind)


def _written(value: Measure, kind: Kind) -> str:
    match value:
        case Word.NO_CAP:
            return "no cap"
        case Word.FULL:
            return "full"
        case Share():
            rest = ", ".join([value.area, str(value.year), *(text for _, text in value.where)])
            return f"{percent(value.bp)} of {value.table} ({rest})"
        case CostShare():
            most = "" if value.most is None else f", {yuan(value.most)} at most"
            return f"{percent(value.bp)} of {value.of}, {yuan(value.least)} at least{most}"
        case int():
            return percent(value) if kind is Kind.RATIO else yuan(value)
