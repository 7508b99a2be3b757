"""Made-up rows of any stream: sound, about nobody, each with a key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.base import Field, FieldType, Sealed, Stream
from connectors.simulator.people import check_character

Row = dict[str, object]
COUNTY = "370302"
SEALED = {Sealed.NAME: "张某", Sealed.PHONE: "13900000000", Sealed.ACCOUNT: "6228400000000", Sealed.ADDRESS: "某路1号"}


def make(stream: Stream, codes: Mapping[str, str], serial: int, at: datetime) -> Row:
    """The row of a serial number (1 to 9,999), of that time; `codes` has one known code of each code list."""
    row = {f.name: value(f, codes, serial, at) for f in stream.fields}
    lists = {c.name: [{f.name: value(f, codes, serial, at) for f in c.fields}] for c in stream.children}
    return row | lists


def value(field: Field, codes: Mapping[str, str], serial: int, at: datetime) -> object:
    """What a field of that row says."""
    if field.sealed is Sealed.ID_NUMBER:
        seventeen = f"{COUNTY}19{50 + serial // 1_000 % 50:02d}0101{serial % 1_000:03d}"
        return seventeen + check_character(seventeen)
    if field.sealed:
        return SEALED[field.sealed]
    if field.codes:
        return codes[field.codes]
    return {
        FieldType.TEXT: f"{field.name[:3].upper()}{serial:06d}",
        FieldType.CODE: "01",
        FieldType.DIVISION: COUNTY,
        FieldType.DAY: f"{at:%Y-%m-%d}",
        FieldType.TIME: f"{at:%Y-%m-%d %H:%M:%S}",
        FieldType.MONTH: f"{at:%Y-%m}",
        FieldType.YUAN: f"{100 + serial}.50",
        FieldType.INTEGER: 2025,
        FieldType.FLAG: "是",
    }[field.type]
