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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from connectors.pages import Page


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
