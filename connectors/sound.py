"""Is a stream declared soundly? What its names, its headers, its key and what it feeds must keep to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from connectors.base import Field, Sealed, Source, Stream
from connectors.transports.headers import plain

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN = """
batch_id as_of line ordinal mac name_mac name_masked id_grade id_sex id_birth id_repairs id_warnings name_repairs
record_digest
"""
WORDS_OF_SQL = """
all analyze and any array as asc asymmetric between both by case cast check collate column constraint create cross
current default deferrable delete desc describe distinct do drop else end except exists false fetch for foreign from
full grant group having in initially inner insert intersect into is join lambda lateral leading left like limit natural
not null offset on only or order outer partition pivot placing primary qualify range references returning right row rows
select set show some summarize symmetric table then to trailing true union unique unpivot update using variadic when
where window with
"""
RESERVED = {*TAKEN.split(), *WORDS_OF_SQL.split()}

Problem = tuple[str, str, str]  # the key of the stream, what is wrong, the remedy


def problems(stream: Stream) -> Iterator[Problem]:
    """What is wrong with a stream, if anything."""
    yield from _named("name", stream.name)
    for key, fields in (("fields", stream.fields), *((f"children {c.name}", c.fields) for c in stream.children)):
        for field in fields:
            yield from _named(key, field.name)
        if twice := _twice(f.name for f in fields):
            yield key, f"two fields are named {twice}", "Give each field its own name"
    for child in stream.children:
        yield from _named("children", child.name)
    headers = [plain(name) for f in stream.fields for name in f.names]
    if twice := _twice([*headers, *(plain(name) for name in stream.ignored)]):
        yield "fields", f"the header {twice} names two fields, or one and `ignored`", "Let it name one of them"
    numbers = sum(f.sealed is Sealed.ID_NUMBER for f in stream.fields)
    if numbers != 1:
        yield "fields", f"{numbers} fields are sealed as id_number", "Seal exactly one field as id_number"
    for name in set(stream.key) - {"mac"} - {f.name for f in stream.fields if f.sealed is None}:
        yield "key", f"{name} is no field that may be in a key", "Name open fields, and mac for the ID number"
    if stream.division and stream.division.partition(".")[0] not in _tops(stream):
        yield "division", "names no field", "Name the field that holds the row's division"
    if stream.cadence_days < 1:
        yield "cadence_days", "is not a number of days", "Give 1 or more"


def feeding(stream: Stream, fed: Stream) -> Iterator[Problem]:
    """Why a stream cannot feed another, if it cannot."""
    if fed.feeds:
        yield "feeds", f"{stream.feeds} itself feeds {fed.feeds}", f"Write feeds = {fed.feeds}"
    theirs = {f.name: f for f in fed.fields}
    for field in stream.fields:
        if field.name not in theirs or _shape(field) != _shape(theirs[field.name]):
            yield (
                "fields",
                f"{field.name} is not a field of {stream.feeds}",
                "Only the headers of its fields may differ",
            )
    if stream.children != fed.children:
        yield "children", f"are not those of {stream.feeds}", "Leave them out"


def by_relation(sources: tuple[Source, ...]) -> Mapping[str, list[str]]:
    """The streams that land in each relation of their own (a stream that feeds another lands in that one's)."""
    found: dict[str, list[str]] = {}
    for source in sources:
        for stream in source.streams:
            if not stream.feeds:
                found.setdefault(stream.relation(source.name), []).append(f"{source.name}.{stream.name}")
                for child in stream.children:
                    found.setdefault(f"{stream.relation(source.name)}_{child.name}", []).append(child.name)
    return found


def _shape(field: Field) -> tuple[object, ...]:
    return field.type, field.codes, field.sealed, field.required


def _tops(stream: Stream) -> set[str]:
    return {f.name for f in stream.fields} | {child.name for child in stream.children}


def _twice(names: Iterator[str] | list[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)


def _named(key: str, name: str) -> Iterator[Problem]:
    if not NAME.fullmatch(name) or name in RESERVED:
        shown = repr(name[:40])
        yield key, f"{shown} cannot be a name", "Use lower-case letters, digits and _, and no word of SQL or of the hub"
