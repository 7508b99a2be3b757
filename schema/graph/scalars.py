"""Scalars: money as text with two decimals, ratios as fractions, dates that a mask may shorten.

Each is written from the store's own form (fen, basis points, days) and read back strictly.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from schema.graph.codes import both
from schema.read.times import read_known

Yuan = NewType("Yuan", str)
Ratio = NewType("Ratio", str)
Day = NewType("Day", date)
PartialDate = NewType("PartialDate", str)
YearMonth = NewType("YearMonth", str)
Instant = NewType("Instant", datetime)
Long = NewType("Long", int)
KnownAt = NewType("KnownAt", object)


def yuan(value: object) -> str:
    """Fen as yuan with two decimals; a band's text stays as it is."""
    if isinstance(value, str):
        return value
    if not isinstance(value, int):
        raise TypeError("money is an integer of fen")
    sign, fen = ("-", -value) if value < 0 else ("", value)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def ratio(value: object) -> str:
    """Basis points as a fraction with four decimals."""
    if not isinstance(value, int):
        raise TypeError("a ratio is an integer of basis points")
    return f"{value // 10_000}.{value % 10_000:04d}"


def day(value: object) -> str:
    """A day, yyyy-MM-dd."""
    if not isinstance(value, date):
        raise TypeError("a day is a date")
    return value.isoformat()


def read_day(value: object) -> date:
    """A day a caller gives."""
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("a day is written yyyy-MM-dd")
    return date.fromisoformat(value)


def partial_date(value: object) -> str:
    """A day, or the year that a mask left of it."""
    return value.isoformat() if isinstance(value, date) else str(value)


def read_month(value: object) -> str:
    """A month a caller gives."""
    if not isinstance(value, str) or len(value) != 7:
        raise ValueError("a month is written yyyy-MM")
    date.fromisoformat(f"{value}-01")
    return value


def instant(value: object) -> str:
    """A moment in UTC; SQLite keeps moments without their zone, and they are UTC there."""
    if not isinstance(value, datetime):
        raise TypeError("a moment is a datetime")
    whole = value if value.tzinfo else value.replace(tzinfo=UTC)
    return whole.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_instant(value: object) -> datetime:
    """A moment a caller gives, with its zone."""
    if not isinstance(value, str):
        raise ValueError("a moment is written as RFC 3339 has it")
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment names its zone")
    return found.astimezone(UTC)


def long(value: object) -> int:
    """An integer of up to 53 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:
        raise ValueError("a whole number that JSON carries exactly")
    return value


def _no_output(_value: object) -> str:
    raise TypeError("this scalar is not an output")


def _refuse(_value: object) -> str:
    raise ValueError("this scalar is not an input")


SCALARS: dict[object, ScalarDefinition] = {
    Yuan: strawberry.scalar(
        name="Yuan",
        description=both(
            "金额（元），两位小数的文本；脱敏时为区间 a..b", "yuan as text with two decimals; a band a..b where masked"
        ),
        serialize=yuan,
        parse_value=_refuse,
    ),
    Ratio: strawberry.scalar(
        name="Ratio",
        description=both("比例，四位小数", "a ratio as a fraction with four decimals"),
        serialize=ratio,
        parse_value=_refuse,
    ),
    Day: strawberry.scalar(
        name="Date", description=both("日期", "a day, yyyy-MM-dd"), serialize=day, parse_value=read_day
    ),
    PartialDate: strawberry.scalar(
        name="PartialDate",
        description=both("日期；脱敏时只有年份", "a day, or only its year where masked"),
        serialize=partial_date,
        parse_value=_refuse,
    ),
    YearMonth: strawberry.scalar(
        name="YearMonth", description=both("月份", "a month, yyyy-MM"), serialize=str, parse_value=read_month
    ),
    Instant: strawberry.scalar(
        name="DateTime", description=both("时刻（UTC）", "a moment in UTC"), serialize=instant, parse_value=read_instant
    ),
    Long: strawberry.scalar(
        name="Long",
        description=both("53 位以内的整数", "an integer of up to 53 bits"),
        serialize=long,
        parse_value=long,
    ),
    KnownAt: strawberry.scalar(
        name="KnownAt",
        description=both(
            "系统何时所知：发布序号、yyyy-MM-dd（北京时间当日终了）或带时区的时刻",
            "what the hub knew: a publication's number, yyyy-MM-dd (its end in Beijing) or a moment with its zone",
        ),
        serialize=_no_output,
        parse_value=read_known,
    ),
}
