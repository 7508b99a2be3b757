"""The values of a case file, each refused with its line, key and remedy where it is none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hub.policy.section import Section

MOST = 10**10  # yuan; beyond it no bill is believed
YEARS = range(1900, 2900)
DIVISION = "Write the 2, 4 or 6 digits of divisions.csv in quotation marks"


def division(part: Section) -> str:
    """A region as it is written: 2, 4 or 6 digits; '' where there is none."""
    region = part.text("region", default="", remedy=DIVISION)
    if region and not (region.isascii() and region.isdigit() and len(region) in {2, 4, 6}):
        part.refuse("region", "is no division", DIVISION)
        return ""
    return region


def money(part: Section, key: str, *, required: bool = False) -> int | None:
    """Yuan as fen; None where the key is absent or no amount."""
    value = part.raw(key, required=required, remedy=f"Add {key} = 1234.56, in yuan")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        part.refuse(key, "is no amount", f"Write {key} = 1234.56, in yuan")
        return None
    if not -MOST <= value <= MOST or value != Decimal(value).quantize(Decimal("0.01")):
        part.refuse(key, "is not in whole fen, or beyond any bill", f"Write {key} = 1234.56, in yuan")
        return None
    return int(Decimal(value) * 100)


def paid(part: Section, key: str, total: int, *, required: bool = False) -> int | None:
    """As `money`, and not below zero: only of a refund is anything negative."""
    amount = money(part, key, required=required)
    if amount is not None and amount < 0 <= total:
        part.refuse(key, "is negative", f"Write {key} = 1234.56, in yuan")
    return amount


def day(part: Section, key: str, *, required: bool = False) -> date | None:
    """A day in a year that a case may lie in."""
    value = part.raw(key, required=required, remedy=f"Add {key} = 2025-03-09")
    if value is None:
        return None
    if type(value) is not date or value.year not in YEARS:
        part.refuse(key, "is no day", f"Write {key} = 2025-03-09, without quotation marks")
        return None
    return value


def flag(part: Section, key: str) -> bool | None:
    """true, false, or None where the key is absent."""
    return part.flag(key) if key in part else None
