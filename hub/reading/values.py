"""Raw values read as what a stream declares: text, codes, days, months, yuan ... or refused with a reason code.

Money becomes integer fen, days become `date`, "open" ends become None. Nothing is guessed: what cannot be read
exactly raises `Unreadable` with a code of REASONS, and its row goes to quarantine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Protocol

from connectors.base import FieldType

REASONS = {
    "required_missing": "必填项为空 a required value is missing",
    "unknown_code": "代码不在对照表中 a code is not in the code list",
    "bad_date": "日期无法识别 a date cannot be read",
    "bad_amount": "金额无法识别 an amount cannot be read exactly",
    "bad_number": "数字无法识别 a number cannot be read",
    "bad_flag": "是否项无法识别 a yes/no value cannot be read",
    "bad_division": "区划代码无法识别 a division code cannot be read",
    "bad_text": "文本类型不符 a text is not a text",
}
WHITE = " \t\r\n\u3000\ufeff\u00a0"  # trimmed from both ends of every text
BLANK = {"", "NULL", "null"}  # texts that are none
EMPTY = {"", "--", "-", "无", "NULL", "null", "None"}
OPEN = {"0", "00000000", "0000-00-00", "9999", "3000-12", "300012"}
TRUE = {"是", "1", "true", "TRUE", "True", "Y", "y", "有"}
FALSE = {"否", "0", "false", "FALSE", "False", "N", "n", "无"}
# Without separators a day has eight digits and a month six: 202511 is no 1 January, and a serial 45962 no year 4596.
DAY = re.compile(r"(\d{4})(?:[-/.年](?=\d+[-/.月])|(?=\d{4}(?!\d)))(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?")
ISO = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")  # words for "open" not among them
MONTH = re.compile(r"(\d{4})(?:[-/.年]|(?=\d\d(?:\d\d)?(?!\d)))(\d{1,2})月?(?:[-/.]?01日?)?")
SPREADSHEET_EPOCH = date(1899, 12, 30)

Value = str | int | bool | date | None


class Codes(Protocol):
    """The code lists of config/mappings/: a province's list before the nation's."""

    def known(self, name: str, province: str, code: str, /) -> bool:
        """Is the code in the list?"""
        ...

    def value(self, name: str, province: str, code: str, /) -> str | None:
        """What the code means to the hub; None where it is not in the list."""
        ...


class Unreadable(Exception):
    """A value that is not what its field declares; `reason` is a key of REASONS, the value is not in the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


def text(raw: object) -> str | None:
    """Trimmed text; numbers from a spreadsheet without their .0; None where empty."""
    if raw is None:
        return None
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, list | dict):
        raise Unreadable("bad_text")
    if isinstance(raw, str) and not encodable(raw):
        raise Unreadable("bad_text")
    trimmed = str(raw).strip(WHITE)
    return None if trimmed in BLANK else trimmed


def encodable(value: str) -> bool:
    """No lone surrogates (a broken escape in JSON)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def code(raw: object) -> str | None:
    """A code: text, folded to half-width; dashes and empty are None."""
    found = text(raw)
    folded = unicodedata.normalize("NFKC", found) if found is not None else None
    return None if folded is None or folded in {"", "-", "--"} else folded


def division(raw: object) -> str | None:
    """A division code of 2 to 12 digits, without the zeros that stand for "no lower level": 370302000000 is 370302."""
    found = code(raw)
    if found is None:
        return None
    if not (found.isascii() and found.isdigit() and 2 <= len(found) <= 12):
        raise Unreadable("bad_division")
    if len(found) > 9:
        found = found[:9]
    if len(found) == 9 and found.endswith("000"):
        found = found[:6]
    while len(found) > 2 and len(found) <= 6 and found.endswith("00"):
        found = found[:-2]
    return found


def day(raw: object) -> date | None:
    """A day; None where empty or where the source's word for "open"."""
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str) and ISO.fullmatch(raw):  # most are
        return _date(*raw.split("-"))
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 20_000 <= raw < 80_000:
        return SPREADSHEET_EPOCH + timedelta(days=int(raw))
    found = code(raw)
    if found is None or found in EMPTY or found in OPEN or found.startswith("9999"):
        return None
    match = DAY.fullmatch(found)
    if not match:
        raise Unreadable("bad_date")
    return _date(*match.groups())


def _date(*parts: str) -> date:
    try:
        return date(*map(int, parts))
    except ValueError:
        raise Unreadable("bad_date") from None


def month(raw: object) -> date | None:
    """The first of a month; None where open (3000-12 and later)."""
    if isinstance(raw, date):
        return raw.replace(day=1) if not isinstance(raw, datetime) else raw.date().replace(day=1)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 20_000 <= raw < 80_000:
        return month(day(raw))
    found = code(raw)
    if found is None or found in EMPTY or found in OPEN or found.startswith("9999"):
        return None
    match = MONTH.fullmatch(found)
    if not match:
        raise Unreadable("bad_date")
    year, number = int(match[1]), int(match[2])
    if year >= 3000:
        return None
    try:
        return date(year, number, 1)
    except ValueError:
        raise Unreadable("bad_date") from None


def yuan(raw: object) -> int | None:
    """An amount of yuan as integer fen, exactly; ¥ and commas are dropped. A float counts as its shortest text."""
    if isinstance(raw, bool):
        raise Unreadable("bad_amount")
    found = code(raw)
    if found is None or found in EMPTY:
        return None
    try:
        fen = Decimal(found.replace("¥", "").replace("¥", "").replace(",", "").replace("元", "").strip()) * 100
    except InvalidOperation:
        raise Unreadable("bad_amount") from None
    if not fen.is_finite() or fen != fen.to_integral_value() or abs(fen) >= 10**16:
        raise Unreadable("bad_amount")
    return int(fen)


def integer(raw: object) -> int | None:
    """A whole number of at most nine digits."""
    found = code(raw)
    if found is None or found in EMPTY:
        return None
    if not re.fullmatch(r"-?\d{1,9}", found):
        raise Unreadable("bad_number")
    return int(found)


def flag(raw: object) -> bool | None:
    """是 / 否 and their usual spellings."""
    found = text(raw)
    if found is None:
        return None
    if found in TRUE:
        return True
    if found in FALSE:
        return False
    raise Unreadable("bad_flag")


READ: dict[FieldType, Callable[[object], Value]] = {
    FieldType.TEXT: text,
    FieldType.CODE: code,
    FieldType.DIVISION: division,
    FieldType.DAY: day,
    FieldType.TIME: day,
    FieldType.MONTH: month,
    FieldType.YUAN: yuan,
    FieldType.INTEGER: integer,
    FieldType.FLAG: flag,
}
