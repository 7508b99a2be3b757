"""What a source is: streams of rows, each field declared once.

A source is one Python file in `connectors/sources/` that binds the name `SOURCE`, or one TOML file with the same
keys in a deployment's own folder (connectors/declared.py); both are found by walking the folder. A stream declares
its fields, its key, how its rows arrive (a transport) and what absence means (`Semantics`). Connectors yield raw rows
with their place and know nothing of the hub: typing, identity, sealing and quarantine happen when the hub lands them.

Shapes: a `Delivery` is what becomes one batch (a file, a pull window); it yields its rows page by page, so that a
stream is never held in memory.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Protocol


class FieldType(StrEnum):
    """How the hub reads a value; the lake's column type follows from it."""

    TEXT = "text"  # VARCHAR
    CODE = "code"  # VARCHAR; with `codes`, must stand in that code list of the row's province
    DIVISION = "division"  # VARCHAR, 2 to 12 digits of an administrative division
    DAY = "day"  # DATE
    MONTH = "month"  # DATE, the first of the month (yyyy-MM or yyyyMM)
    TIME = "time"  # DATE: the day of a date-time, as the source's clock shows it
    YUAN = "yuan"  # BIGINT fen
    INTEGER = "integer"  # INTEGER
    FLAG = "flag"  # BOOLEAN


class Sealed(StrEnum):
    """Direct identifiers: they go into the sealed part of a batch, never into its analytical columns."""

    ID_NUMBER = "id_number"
    NAME = "name"
    PHONE = "phone"
    ACCOUNT = "account"
    ADDRESS = "address"


class Semantics(StrEnum):
    """What a stream's rows mean, and so what absence means (pins.md 7)."""

    REGISTER = "register"  # a complete list of what is; absence is not an end
    CERTIFICATION = "certification"  # absence from a complete snapshot ends the spell on that date
    PAYMENT = "payment"  # absence only raises a finding
    EVENT = "event"  # things that happened; each row stands for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a stream.

    `headers` are the names under which a source sends it, synonyms included, the preferred first (default:
    the field's own name). `codes` names a code list under config/mappings/.
    """

    name: str
    type: FieldType = FieldType.TEXT
    headers: tuple[str, ...] = ()
    required: bool = False
    codes: str | None = None
    sealed: Sealed | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self.headers or (self.name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A list inside a row (insuinfo[], idetinfo[] ...): landed as a table of its own beside the row's."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as it arrived. `line` counts from 1 within its delivery (of a file: the file's own line)."""

    line: int
    values: Mapping[str, object]


class Unread(Mapping[str, Sequence[object]]):
    """The columns of rows that are kept as they came, each a text of its own, until a column is asked for.

    `read` makes columns of some texts; it is one for all pages of a delivery, and a copy of it in another process does
    the same. `told` makes of what it raises the error that names the page. Equal texts `under` the same (what stands
    above them, a file's header) are equal rows; `under` is None where a text holds what is not wanted of a row, so that
    two texts may be one.
    """

    def __init__(
        self,
        rows: Sequence[bytes],
        read: Callable[[Sequence[bytes]], Mapping[str, Sequence[object]]],
        told: Callable[[Exception], Exception] | None = None,
        under: bytes | None = b"",
    ) -> None:
        self.rows = rows
        self.read = read
        self.under = under
        self._told = told
        self._columns: Mapping[str, Sequence[object]] | None = None

    def only(self, places: Sequence[int]) -> Unread:
        """The columns of some of the rows."""
        return Unread([self.rows[at] for at in places], self.read, self._told, self.under)

    def __getitem__(self, name: str) -> Sequence[object]:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Mapping[str, Sequence[object]]:
        if self._columns is None:
            try:
                self._columns = self.read(self.rows)
            except Exception as fault:
                if self._told is None:
                    raise
                raise self._told(fault) from None
        return self._columns


class Lists(Sequence[object]):
    """A column of lists of objects, kept by column of the objects: list `n` holds the next `counts[n]` of them.

    As a sequence it gives the lists themselves, their objects without the fields that they do not have, in order of
    name. In `absent` are the places of rows that have no list at all.
    """

    def __init__(
        self, counts: Sequence[int], columns: Mapping[str, Sequence[object]], absent: frozenset[int] = frozenset()
    ) -> None:
        self.counts = counts
        self.columns = columns
        self._absent = absent

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        end = self._end[at]
        return None if at in self._absent else [self._item(place) for place in range(end - self.counts[at], end)]

    def nth(self, number: int, name: str) -> Sequence[object]:
        """A field of the object of this number in each list; None where there is none."""
        column = self.columns.get(name)
        if column is None:
            return [None] * len(self)
        if number == 0 and set(self.counts) == {1}:
            return column
        places = zip(self._end, self.counts, strict=True)
        return [column[end - count + number] if number < count else None for end, count in places]

    @staticmethod
    def join(columns: Sequence[Sequence[object]]) -> Sequence[object]:
        """One column of several; kept by column of the objects where all are."""
        if not all(isinstance(column, Lists) for column in columns):
            return list(chain.from_iterable(columns))
        lists: list[Lists] = columns  # type: ignore[assignment]
        names = dict.fromkeys(name for each in lists for name in each.columns)
        starts = accumulate((len(each) for each in lists), initial=0)
        return Lists(
            list(chain.from_iterable(each.counts for each in lists)),
            {name: list(chain.from_iterable(each._field(name) for each in lists)) for name in names},
            frozenset(start + at for start, each in zip(starts, lists, strict=False) for at in each._absent),
        )

    def _field(self, name: str) -> Sequence[object]:
        """A field of all objects."""
        column = self.columns.get(name)
        return [None] * sum(self.counts) if column is None else column

    @cached_property
    def _names(self) -> list[str]:
        return sorted(self.columns)

    @cached_property
    def _end(self) -> list[int]:
        return list(accumulate(self.counts))

    def _item(self, place: int) -> dict[str, object]:
        return {name: self.columns[name][place] for name in self._names if self.columns[name][place] is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows that arrived together, by column: `lines` as in RawRow, each column with one value a line.

    A field that a row does not have is None; a column that no row has is absent, also where the stream requires it:
    what is missing is the hub's to judge. A column that the stream does not declare stands under its own header.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[object]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, object]], lines: Sequence[int]) -> Page:
        """Rows as they stand in a JSON answer."""
        names = tuple(rows[0]) if rows else ()
        if set(map(type, rows)) <= {dict} and set(map(tuple, rows)) <= {
            names
        }:  # as rows of one answer mostly are: the same fields in the same order
            columns = map(list, zip(*[row.values() for row in rows], strict=True))
            return cls(lines=lines, columns=dict(zip(names, columns, strict=False)))
        every = dict.fromkeys(name for row in rows for name in row)
        return cls(lines=lines, columns={name: [row.get(name) for row in rows] for name in every})

    @property
    def texts(self) -> tuple[bytes, Sequence[bytes]] | None:
        """Each row as it came, and what stands above, where all that it says follows from these; None where not."""
        if isinstance(self.columns, Unread) and self.columns.under is not None:
            return self.columns.under, self.columns.rows
        return None

    def only(self, places: Sequence[int]) -> Page:
        """Some of the rows; of columns that were read, one that none of them has is absent."""
        lines = [self.lines[at] for at in places]
        if isinstance(self.columns, Unread):
            return Page(lines=lines, columns=self.columns.only(places))
        chosen = {name: [column[at] for at in places] for name, column in self.columns.items()}
        return Page(
            lines=lines,
            columns={name: column for name, column in chosen.items() if any(value is not None for value in column)},
        )

    @classmethod
    def join(cls, pages: Sequence[Page]) -> Page:
        """The rows of several pages."""
        if len(pages) == 1:
            return pages[0]
        names = dict.fromkeys(name for page in pages for name in page.columns)
        columns = {name: [page.columns.get(name) or [None] * len(page.lines) for page in pages] for name in names}
        return cls(
            lines=list(chain.from_iterable(page.lines for page in pages)),
            columns={name: Lists.join(each) for name, each in columns.items()},
        )

    def rows(self) -> Iterator[RawRow]:
        """The rows one by one, without the fields that a row does not have."""
        for at, line in enumerate(self.lines):
            values = {name: column[at] for name, column in self.columns.items() if column[at] is not None}
            yield RawRow(line=line, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What becomes one batch.

    `label` names it to people (a file's name, a pull's window); `fingerprint` tells a delivery already landed
    (a file's SHA-256; None for a pull). `as_of` is the day on the source's clock that the rows describe.
    `declared_rows` is the source's own count, where it has one. `pages` are read before the next delivery is
    asked for.
    """

    label: str
    as_of: date
    pages: Iterator[Page]
    fingerprint: str | None = None
    declared_rows: int | None = None


def landed_as(fingerprint: str, as_of: date) -> str:
    """A file and the day that it describes: the same content for another day is another delivery."""
    return f"{as_of} {fingerprint}"


class Spool(Protocol):
    """Where answers of a long pull are kept until it has landed, so that a broken one goes on where it stopped.

    What is kept is sealed. It is thrown away when the pull has landed or was refused, and when another pull begins.
    """

    def open(self, pull: str, *, until: float) -> Iterator[bytes]:
        """The answers kept of this very pull, in order; none where it is another one, or older than `until` seconds."""
        ...

    def keep(self, answer: bytes) -> None:
        """Keep the next answer of the pull that was opened."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a source is and what opens it, from the environment or the deployment's settings file.

    `token`: a bearer token or API key; `client_id` and `secret`: of OAuth2 (with `token_url`) or of signed requests;
    `certificate`, `certificate_key`, `ca`: PEM files of mutual TLS; `database`: an SQLAlchemy URL. `timeout` is the
    longest silence, `overall` the longest answer, in seconds. `rate` limits requests a second, `concurrency` those at
    once. No secret prints.
    """

    url: str | None = None
    folder: str | None = None
    database: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    client_id: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    token_url: str | None = None
    certificate: str | None = None
    certificate_key: str | None = None
    ca: str | None = None
    timeout: float = 30.0
    overall: float = 300.0
    rate: float | None = None
    concurrency: int = 1
    spool: Spool | None = field(default=None, repr=False, compare=False)


class Transport(Protocol):
    """A way for rows to arrive. Shared by sources; one file each in connectors/transports/."""

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """Yield what is new, oldest first.

        `since` is the `as_of` of the last landed batch of the stream (None: from the beginning); `seen` holds
        what has landed: fingerprints, each alone or with its day (`landed_as`). Raises SourceError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of row from a source.

    `key`: the fields that name a row at the source (`mac` stands for the hashed ID number).
    `division`: where a row's province is read from, for its code lists; a dotted path goes into a child
    (`insuinfo.0.insuplc_admdvs`).
    `ignored` are the headers of columns that arrive and are not wanted.
    `expected`: (min, max) rows of a delivery; below min fails, above max warns.
    `shrink`: the share of a complete list's rows that may go missing to the next one; beyond it, that one is held.
    `feeds` (`source.stream`) names the stream whose kind of list this is: another county's list, or a province's
    variant. Its rows land under their own source and are read wherever that stream's are.
    `department` and `legal_basis` are the source's, where the stream does not say otherwise.
    """

    name: str
    title: str
    title_en: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    transport: Transport
    semantics: Semantics
    complete: bool
    cadence_days: int
    children: tuple[Child, ...] = ()
    division: str | None = None
    ignored: tuple[str, ...] = ()
    expected: tuple[int, int] = (0, 100_000_000)
    shrink: float = 0.10
    feeds: str | None = None
    department: str | None = None
    legal_basis: str | None = None

    @property
    def identifiers(self) -> frozenset[str]:
        """The fields that are sealed."""
        return frozenset(f.name for f in self.fields if f.sealed is not None)

    def relation(self, source: str) -> str:
        """The relation in which the stages read its rows, landed by this source."""
        return (self.feeds or f"{source}.{self.name}").replace(".", "_")

    def field(self, name: str) -> Field:
        """The declared field of that name; KeyError where there is none."""
        return {f.name: f for f in self.fields}[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A department's system: who answers for it, on what legal basis, and its streams."""

    name: str
    title: str
    title_en: str
    department: str
    legal_basis: str
    streams: tuple[Stream, ...]

    def stream(self, name: str) -> Stream:
        """The stream of that name; KeyError where there is none."""
        return {s.name: s for s in self.streams}[name]


def find(sources: Iterable[Source], source: str, stream: str) -> Stream | None:
    """The stream of these names; None where no source declares it."""
    return next((s for each in sources if each.name == source for s in each.streams if s.name == stream), None)


def discover(folder: Path | None = None) -> tuple[Source, ...]:
    """Every source in order of name: those of connectors/sources/ (one file each, bound to the name SOURCE) and, where
    a deployment has a folder of its own, the TOML files there. Raises DeclarationError."""
    from connectors import declared, sources

    shipped = tuple(
        importlib.import_module(f"connectors.sources.{module.name}").SOURCE
        for module in pkgutil.iter_modules(sources.__path__)
    )
    own = declared.read_folder(folder, shipped) if folder else ()
    return tuple(sorted((*shipped, *own), key=lambda source: source.name))
