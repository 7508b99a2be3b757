"""One raw row read under its stream's declaration: typed, graded, hashed, sealed; or rejected with a reason code.

What leaves for the analytical part of a batch holds no direct identifier: the ID number became a MAC, the name a
keyed digest and a mask (张*), the rest is sealed. `record_digest` is the SHA-256 of that pseudonymous content
(sealed values enter it through a keyed digest), so two rows are identical exactly when their digests are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
import pyarrow as pa

from connectors.base import Field, FieldType, RawRow, Sealed, Stream
from hub.identity import Identity, Linkage, Refused, mask_name
from hub.sealing import as_json
from hub.values import READ, Unreadable, division, text

ARROW: dict[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.CODE: pa.string(),
    FieldType.DIVISION: pa.string(),
    FieldType.DAY: pa.date32(),
    FieldType.MONTH: pa.date32(),
    FieldType.TIME: pa.date32(),
    FieldType.YUAN: pa.int64(),
    FieldType.INTEGER: pa.int32(),
    FieldType.FLAG: pa.bool_(),
}
IDENTITY = [
    ("line", pa.int32()),
    ("mac", pa.string()),
    ("name_mac", pa.string()),
    ("name_masked", pa.string()),
    ("id_grade", pa.string()),
    ("id_sex", pa.string()),
    ("id_birth", pa.date32()),
    ("id_repairs", pa.string()),
    ("record_digest", pa.string()),
]
SEALED_SCHEMA = pa.schema([("line", pa.int32()), ("sealed", pa.binary())])


class Codes(Protocol):
    """The code lists of config/mappings/: a province's list before the nation's."""

    def known(self, name: str, province: str, code: str, /) -> bool:
        """Is the code in the list?"""
        ...

    def value(self, name: str, province: str, code: str, /) -> str | None:
        """What the code means to the hub; None where it is not in the list."""
        ...


class Rejected(Exception):
    """A row that goes to quarantine: `reason` is a code of values.REASONS or identity.REASONS, `field` its place.

    `mac` is whose row it is, where at least the ID number can be read: the person still stands on the list.
    """

    mac: str | None = None

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(f"{reason}: {field}")
        self.reason = reason
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An accepted row: the values of `RowReader.schema`, of each child's schema, and what is to be sealed."""

    values: tuple[Any, ...]
    children: tuple[list[tuple[Any, ...]], ...]
    sealed: dict[str, Any]
    digest: str


def row_schema(stream: Stream) -> pa.Schema:
    """The analytical part of a batch of this stream."""
    plain = [(f.name, ARROW[f.type]) for f in stream.fields if f.sealed is None]
    return pa.schema([*IDENTITY, *plain])


def child_schemas(stream: Stream) -> dict[str, pa.Schema]:
    """The parts of a batch that hold the lists inside its rows, by child name."""
    head = [("line", pa.int32()), ("ordinal", pa.int32())]
    return {c.name: pa.schema([*head, *((f.name, ARROW[f.type]) for f in c.fields)]) for c in stream.children}


class RowReader:
    """Reads the rows of one stream."""

    def __init__(self, stream: Stream, codes: Codes, linkage: Linkage) -> None:
        self.stream = stream
        self.schema = row_schema(stream)
        self._codes = codes
        self._linkage = linkage
        self._plain = tuple(f for f in stream.fields if f.sealed is None)
        self._hidden = tuple(f for f in stream.fields if f.sealed is not None)
        self._rest = {f.name for f in self._hidden} - {
            f.name for f in stream.fields if f.sealed in (Sealed.ID_NUMBER, Sealed.NAME)
        }
        self._certificate = next((f.name for f in self._plain if f.codes == "psn_cert_type"), None)
        self._declared = {f.name for f in stream.fields} | {c.name for c in stream.children} | set(stream.ignored)
        self._path = tuple(stream.division.split(".")) if stream.division else ()
        self.undeclared: set[str] = set()

    def read(self, raw: RawRow) -> Row:
        """The row, typed and pseudonymous. Raises Rejected."""
        try:
            return self._read(raw)
        except Rejected as rejected:
            rejected.mac = self._mac(raw.values)
            raise

    def _read(self, raw: RawRow) -> Row:
        given = raw.values
        self.undeclared.update(given.keys() - self._declared)
        province = self._province(given)
        plain = tuple(self._value(f, given, province) for f in self._plain)
        children = tuple(self._children(index, given, province) for index in range(len(self.stream.children)))
        sealed = {f.name: given.get(f.name) for f in self._hidden if given.get(f.name) not in (None, "")}
        identity = self._identify(given, province)
        name = self._name(given)
        name_mac = self._linkage.name_mac(name, identity.mac) if name else None
        rest = {name: value for name, value in sealed.items() if name in self._rest}
        rest_mac = self._linkage.seal_mac(as_json(rest)) if rest else ""
        digest = hashlib.sha256(orjson.dumps([identity.mac, name_mac, rest_mac, plain, children])).hexdigest()
        named = (name_mac, mask_name(name) if name else None)
        said = (identity.grade, identity.sex, identity.birth, ",".join(identity.repairs) or None)
        head = (raw.line, identity.mac, *named, *said, digest)
        lists = tuple([(raw.line, ordinal, *item) for ordinal, item in enumerate(items)] for items in children)
        return Row(values=head + plain, children=lists, sealed=sealed, digest=digest)

    def raw_digest(self, raw: RawRow) -> str:
        """A keyed digest of a row as it came, for telling rejected rows apart without keeping them."""
        return self._linkage.seal_mac(as_json(raw.values))

    def _identify(self, given: Mapping[str, Any], province: str) -> Identity:
        number = next(f for f in self._hidden if f.sealed is Sealed.ID_NUMBER)
        certificate = "resident_id"
        try:
            if self._certificate:
                code = READ[FieldType.CODE](given.get(self._certificate))
                certificate = self._codes.value("psn_cert_type", province, str(code)) or certificate
            return self._linkage.identify(given.get(number.name), certificate)
        except (Refused, Unreadable) as refused:
            raise Rejected(refused.reason, number.name) from None

    def _mac(self, given: Mapping[str, Any]) -> str | None:
        try:
            return self._identify(given, self._province(given)).mac
        except Rejected:
            return None

    def _name(self, given: Mapping[str, Any]) -> str:
        field = next((f for f in self._hidden if f.sealed is Sealed.NAME), None)
        if field is None:
            return ""
        try:
            name = self._linkage.name(text(given.get(field.name)) or "")
        except Unreadable as error:
            raise Rejected(error.reason, field.name) from None
        if field.required and not name:
            raise Rejected("required_missing", field.name)
        return name

    def _value(self, field: Field, given: Mapping[str, Any], province: str) -> Any:
        try:
            value = READ[field.type](given.get(field.name))
        except Unreadable as error:
            raise Rejected(error.reason, field.name) from None
        if value is None:
            if field.required:
                raise Rejected("required_missing", field.name)
        elif field.codes and not self._codes.known(field.codes, province, str(value)):
            raise Rejected("unknown_code", field.name)
        return value

    def _children(self, index: int, given: Mapping[str, Any], province: str) -> list[tuple[Any, ...]]:
        child = self.stream.children[index]
        items = given.get(child.name)
        if items is None:
            return []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Rejected("bad_text", child.name)
        return [tuple(self._value(f, item, province) for f in child.fields) for item in items]

    def _province(self, given: Mapping[str, Any]) -> str:
        """The first two digits of the row's division; '' where it says none (then only national lists apply)."""
        found: Any = given
        for step in self._path:
            try:
                found = found[int(step)] if isinstance(found, list) else found.get(step)
            except (IndexError, AttributeError, ValueError):
                return ""
        try:
            return (division(found) or "")[:2]
        except Unreadable:
            return ""
