"""A page of raw rows read under its stream's declaration: typed, graded, hashed; or refused with a reason code.

What leaves for the analytical part of a batch holds no direct identifier: the ID number became a MAC, the name a
keyed digest and a mask (张*), the rest is sealed. `record_digest` is the MAC, under the contract's algorithm, of that
pseudonymous content and of the sealed values: nobody without the key learns of these from it, nor tries guesses, and
two rows are identical exactly when their digests are.

A page is read column by column. A row with several faults is refused for the first of them in this order: the fields
as declared, the lists inside the row (item by item), the ID number, the name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import compress

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from connectors.base import Sealed, Stream
from connectors.pages import Page, RawRow
from hub.reading import persons
from hub.reading.children import ChildReader, Children
from hub.reading.columns import ARROW, FieldReader
from hub.reading.digests import Keys, of_bytes
from hub.reading.identity import Linkage
from hub.reading.keyed import SIZE
from hub.reading.meaning import Meaning
from hub.reading.provinces import Provinces
from hub.reading.undeclared import Audit
from hub.reading.values import Codes, encodable
from hub.sealing import as_json, plainly

IDENTITY = [
    ("line", pa.int32()),
    ("mac", pa.string()),
    ("name_mac", pa.string()),
    ("name_masked", pa.string()),
    ("id_grade", pa.string()),
    ("id_sex", pa.string()),
    ("id_birth", pa.date32()),
    ("id_repairs", pa.string()),
    ("id_warnings", pa.string()),
    ("name_repairs", pa.string()),
    ("record_digest", pa.string()),
]
SEXES = {"1": 1, "2": 2}
SEALED_SCHEMA = pa.schema([("line", pa.int32()), ("sealed", pa.binary())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that goes to quarantine: `reason` is a code of values.REASONS or identity.REASONS, `field` its place.

    `mac` is whose row it is, where at least the ID number can be read: the person still stands on the list.
    `digest`, keyed, tells the row again as it came; `content` is the row as JSON, to be sealed.
    """

    line: int
    reason: str
    field: str
    mac: str | None
    digest: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Accepted rows: the analytical part, the items of each list inside them, and what is to be sealed.

    `keys` tells rows apart (hub/reading/digests.py). `hidden` are columns of direct identifiers, named by `names`;
    `clean`: of nothing but whole texts, none empty.
    """

    table: pa.RecordBatch
    children: tuple[Children, ...]
    keys: Keys
    names: tuple[str, ...]
    hidden: tuple[Sequence[object], ...]
    clean: bool

    def only(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows where `keep` says so."""
        return Rows(
            table=self.table.filter(pa.array(keep)),
            children=tuple(child.only(keep) for child in self.children),
            keys=(self.keys[0][keep], self.keys[1][keep]),
            names=self.names,
            hidden=tuple(list(compress(column, keep.tolist())) for column in self.hidden),
            clean=self.clean,
        )

    def contents(self) -> Iterator[bytes]:
        """What is to be sealed of each row: its direct identifiers as JSON, in order of name, without what is empty."""
        rows = zip(*self.hidden, strict=True)
        if self.clean:  # what as_json makes of it
            return (orjson.dumps(dict(zip(self.names, row, strict=False))) for row in rows)
        return (
            as_json({n: v for n, v in zip(self.names, row, strict=True) if v is not None and v != ""}) for row in rows
        )


def counted(table: pa.RecordBatch | pa.Table, column: str) -> Counter[str]:
    """How often each word stands in `id_repairs`, `id_warnings` or `name_repairs`."""
    said = table[column]
    if said.null_count == len(said):
        return Counter()
    return Counter(word for words in said.drop_null().to_pylist() for word in words.split(","))


def repaired(table: pa.RecordBatch | pa.Table) -> Counter[str]:
    """What was repaired, by word; a word of a name begins with `name_`."""
    of_names = counted(table, "name_repairs")
    return counted(table, "id_repairs") + Counter({f"name_{word}": count for word, count in of_names.items()})


def row_schema(stream: Stream) -> pa.Schema:
    """The analytical part of a batch of this stream."""
    plain = [(f.name, ARROW[f.type]) for f in stream.fields if f.sealed is None]
    return pa.schema([*IDENTITY, *plain])


def child_schemas(stream: Stream) -> dict[str, pa.Schema]:
    """The parts of a batch that hold the lists inside its rows, by child name."""
    head = [("line", pa.int32()), ("ordinal", pa.int32())]
    return {c.name: pa.schema([*head, *((f.name, ARROW[f.type]) for f in c.fields)]) for c in stream.children}


class RowReader:
    """Reads the pages of one stream. `today`: the day that the rows describe; no birth lies after it."""

    def __init__(self, stream: Stream, codes: Codes, linkage: Linkage, today: date | None = None) -> None:
        self._told = stream, codes, linkage, today
        self.stream = stream
        self.schema = row_schema(stream)
        self.undeclared: set[str] = set()
        self._linkage = linkage
        self._plain = tuple(FieldReader(f, codes) for f in stream.fields if f.sealed is None)
        schemas = child_schemas(stream)
        self._children = tuple(ChildReader(child, schemas[child.name], codes) for child in stream.children)
        self._hidden = tuple(sorted(f.name for f in stream.fields if f.sealed))
        self._rest = tuple(
            sorted(f.name for f in stream.fields if f.sealed and f.sealed not in (Sealed.ID_NUMBER, Sealed.NAME))
        )
        self._number = next(f.name for f in stream.fields if f.sealed is Sealed.ID_NUMBER)
        self._name = next((f for f in stream.fields if f.sealed is Sealed.NAME), None)
        self._names = FieldReader(replace(self._name, required=False), codes) if self._name else None
        self._audit = Audit(stream)
        self._provinces = Provinces(stream.division)
        self._certificate = Meaning(stream, "psn_cert_type", codes, lambda meant: meant or "resident_id", None)
        self._sex = Meaning(stream, linkage.contract.sex, codes, lambda meant: SEXES.get(meant or "", 0), 0)
        self._birth = next(
            (at for at, f in enumerate(self._plain) if f.name == linkage.contract.birth and f.type == pa.date32()), None
        )
        self._warner = persons.Warner(linkage.contract.counties, today or date.today())  # noqa: DTZ011 - a civil day

    def __reduce__(self) -> tuple[type[RowReader], tuple[Stream, Codes, Linkage, date | None]]:
        return RowReader, self._told

    def read(self, page: Page) -> tuple[Rows, list[Rejected]]:
        """The accepted rows of a page, and the rejected ones, both in their order."""
        count, given = len(page.lines), page.columns
        self.undeclared |= self._audit.strange(given)
        provinces = self._provinces.read(given, count)
        plain = [reader.read(given.get(reader.name), count, provinces) for reader in self._plain]
        lists = [reader.read(given.get(reader.name), count, provinces) for reader in self._children]
        certificates = self._certificate.of(given, provinces, count)
        (numbers,) = self._columns((self._number,), given, count)
        found = persons.identify(numbers, certificates, self._linkage)
        names, renamed, nameless = self._read_names(given, count)

        faults: dict[int, tuple[str, str]] = {}
        for reader, column in zip(self._plain, plain, strict=True):
            _note(faults, column.refused, reader.name)
        for items in lists:
            faults = items.faults | faults
        _note(faults, found.refused, self._number)
        _note(faults, nameless, self._name.name if self._name else "")

        sexes = self._sex.of(given, provinces, count)
        sex = None if isinstance(sexes, int) else np.array(sexes, np.int8)
        warnings = self._warner.warn(found, sex, None if self._birth is None else plain[self._birth].array)
        name_macs = self._name_macs(names, found.macs)
        typed = [column.values for column in plain]
        hidden = self._columns(self._hidden, given, count)
        clean = [_clean(column) for column in hidden]
        rest = [
            column if whole else list(map(plainly, column))
            for name, column, whole in zip(self._hidden, hidden, clean, strict=True)
            if name in self._rest
        ]
        content = (found.macs, name_macs, *typed, *(items.by_row() for items in lists), *rest)
        digests = b"".join(self._linkage.row_macs(map(orjson.dumps, zip(*content, strict=True))))
        lines = np.array(page.lines, np.int32)
        head = [
            pa.array(lines),
            *_texts(found.macs, name_macs, [name[:1] + "*" if name else None for name in names], found.grades),
            persons.SEXES.take(pa.array(found.sex)),
            persons.days(found.birth),
            *_texts(found.repairs, warnings, renamed),
            _hexadecimal(digests),
        ]
        rows = Rows(
            table=pa.record_batch([*head, *(column.array for column in plain)], schema=self.schema),
            children=tuple(r.table(items, lines) for r, items in zip(self._children, lists, strict=True)),
            keys=of_bytes(digests, SIZE),
            names=self._hidden,
            hidden=hidden,
            clean=all(clean),
        )
        if not faults:
            return rows, []
        keep = np.ones(count, np.bool_)
        keep[list(faults)] = False
        return rows.only(keep), list(self._rejected(page, faults, found.macs))

    def unopened(self, raw: RawRow, reason: str, field: str, clear: Mapping[str, object]) -> Rejected:
        """A row that cannot be read whole; `clear` is what of it can, to tell whose it is."""
        rows, rejected = self.read(Page.of([clear], [raw.line]))
        mac = rejected[0].mac if rejected else rows.table["mac"][0].as_py()
        content = as_json(raw.values)
        (digest,) = self._linkage.seal_macs([content])
        return Rejected(line=raw.line, reason=reason, field=field, mac=mac, digest=digest, content=content)

    def _read_names(
        self, given: Mapping[str, Sequence[object]], count: int
    ) -> tuple[list[str], list[str | None], dict[int, str]]:
        """The names in their one form ('' where there is none), their repairs, and rows refused for their name."""
        if self._name is None or self._names is None:
            return [""] * count, [None] * count, {}
        told = given.get(self._name.name)
        column = self._names.read(told, count, "")
        names, repairs = persons.names(column, told, self._linkage)
        if self._name.required and "" in names:
            missing = {at: "required_missing" for at, name in enumerate(names) if not name}
            return names, repairs, missing | column.refused
        return names, repairs, column.refused

    def _name_macs(self, names: list[str], macs: list[str | None]) -> list[str | None]:
        """The keyed digests of names; a row that has none, or no MAC, has None."""
        if None not in macs and "" not in names:
            return list(self._linkage.name_macs(names, macs))  # type: ignore[arg-type]
        whole = [(name, mac) for name, mac in zip(names, macs, strict=True) if name and mac]
        made = iter(self._linkage.name_macs([name for name, _ in whole], [mac for _, mac in whole]))
        return [next(made) if name and mac else None for name, mac in zip(names, macs, strict=True)]

    def _columns(
        self, names: Sequence[str], given: Mapping[str, Sequence[object]], count: int
    ) -> tuple[Sequence[object], ...]:
        return tuple(given[name] if name in given else [None] * count for name in names)

    def _rejected(
        self, page: Page, faults: Mapping[int, tuple[str, str]], macs: Sequence[str | None]
    ) -> Iterator[Rejected]:
        for at in sorted(faults):
            row = {name: column[at] for name, column in page.columns.items() if column[at] is not None}
            content, (reason, field) = as_json(row), faults[at]
            (digest,) = self._linkage.seal_macs([content])
            yield Rejected(
                line=page.lines[at], reason=reason, field=field, mac=macs[at], digest=digest, content=content
            )


def _note(faults: dict[int, tuple[str, str]], refused: Mapping[int, str], field: str) -> None:
    for at, reason in refused.items():
        faults.setdefault(at, (reason, field))


def _texts(*columns: Sequence[str | None]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in columns]


def _hexadecimal(digests: bytes) -> pa.Array:
    """Joined digests as a column of texts."""
    ends = np.arange(0, 2 * len(digests) + 1, 2 * SIZE, dtype=np.int32)
    texts = digests.hex().encode()
    return pa.Array.from_buffers(pa.string(), len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(texts)])


def _clean(column: Sequence[object]) -> bool:
    """Nothing but whole texts, none empty."""
    return set(map(type, column)) == {str} and "" not in column and encodable("".join(column))  # type: ignore[arg-type]
