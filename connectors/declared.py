"""Sources that a deployment declares for itself: one TOML file each, with the keys of `connectors.base.Source`.

    name = "jiangyin_civil_affairs"
    title = "江阴市社会救助对象"
    title_en = "Jiangyin social assistance"
    department = "civil_affairs"
    legal_basis = "医保办发〔2022〕21号"

    [[streams]]
    name = "recipients"
    feeds = "civil_affairs.recipients"
    transport = { kind = "csv", pattern = "dibao_*.csv", encoding = "gb18030" }
    fields = [{ name = "household_number", headers = ["低保证编号"] }]

A stream that `feeds` another takes over whatever it does not say: fields, key, code lists, cadence, meaning. Of the
fields only the headers may differ. Any other stream says everything. A file is read strictly: an unknown key, a wrong
type or an unsound stream is refused with file, line, key and remedy.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors import sound
from connectors.base import Field, Source, Stream
from connectors.errors import DeclarationError
from connectors.from_toml import Place, build, read
from connectors.toml_lines import lines_of

OWN = {"name", "transport", "feeds", "department", "legal_basis", "expected"}  # what a feeding stream never inherits


def read_folder(folder: Path, shipped: tuple[Source, ...]) -> tuple[Source, ...]:
    """The sources of a folder's TOML files, in order of file name; none where there is no folder.

    `shipped` are the sources whose streams they may feed. Raises DeclarationError.
    """
    return tuple(read_texts({str(path): _text(path) for path in sorted(folder.glob("*.toml"))}, shipped))


def texts(folder: Path, shipped: tuple[Source, ...]) -> dict[str, str]:
    """The TOML that declares each source of a folder, by the source's name. Raises DeclarationError."""
    told = {str(path): _text(path) for path in sorted(folder.glob("*.toml"))}
    return {source.name: text for source, text in zip(read_texts(told, shipped), told.values(), strict=True)}


def read_texts(told: Mapping[str, str], shipped: tuple[Source, ...]) -> list[Source]:
    """The sources that some TOML declares, each by the file it came from. Raises DeclarationError."""
    found: dict[str, Source] = {source.name: source for source in shipped}
    own = []
    for file, text in told.items():
        source, place = _source(file, text, shipped)
        if source.name in found:
            place.at("name").wrong(f"a source {source.name} is declared already", "Give it another name")
        found[source.name] = source
        clash = next((s for s in sound.by_relation(tuple(found.values())).values() if len(s) > 1), None)
        if clash:
            place.at("name").wrong(f"{' and '.join(clash)} would land in one relation", "Give one another name")
        own.append(source)
    return own


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DeclarationError(f"{path}: {error.strerror}", remedy="Make the file readable") from None
    except UnicodeDecodeError:
        raise DeclarationError(f"{path}: is not UTF-8", remedy="Save it as UTF-8") from None


def _source(file: str, text: str, shipped: tuple[Source, ...]) -> tuple[Source, Place]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = f", line {at[1]}" if at else ""
        raise DeclarationError(f"{file}{line}: is not TOML", remedy="Correct the TOML") from None
    place = Place(file, dict(lines_of(text)))
    tables = data.get("streams")
    if not isinstance(tables, list) or not tables:
        place.at("streams").wrong("no stream is declared", "Add a table [[streams]]")
    head = {key: value for key, value in data.items() if key != "streams"}
    streams = tuple(_stream(table, place.at("streams").at(n), shipped) for n, table in enumerate(tables))
    source: Source = build(Source, head, place, {"streams": streams})
    for name in (source.name, source.department):
        if not sound.NAME.fullmatch(name):
            place.at("name").wrong("is not a name", "Use lower-case letters, digits and _")
    names = [stream.name for stream in streams]
    if len(set(names)) < len(names):
        place.at("streams").wrong("two streams have one name", "Give each its own name")
    return source, place


def _stream(table: Any, place: Place, shipped: tuple[Source, ...]) -> Stream:
    if not isinstance(table, dict):
        place.wrong("is not a table", "Write it as [[streams]]")
    fed = _fed(table, place, shipped)
    inherited: dict[str, object] = {}
    if fed is not None:
        inherited = {f.name: getattr(fed, f.name) for f in dataclasses.fields(Stream) if f.name not in OWN}
        if "fields" in table:
            inherited["fields"] = _headed(table["fields"], fed, place.at("fields"))
            table = {key: value for key, value in table.items() if key != "fields"}
    stream: Stream = build(Stream, table, place, inherited)
    found = [*sound.problems(stream), *(sound.feeding(stream, fed) if fed else ())]
    for key, message, remedy in found:
        place.at(key.partition(" ")[0]).wrong(message, remedy)
    return stream


def _fed(table: Mapping[str, Any], place: Place, shipped: tuple[Source, ...]) -> Stream | None:
    if "feeds" not in table:
        return None
    streams = {f"{source.name}.{stream.name}": stream for source in shipped for stream in source.streams}
    if table["feeds"] not in streams:
        place.at("feeds").wrong("names no stream", f"Use one of: {', '.join(streams)}")
    return streams[table["feeds"]]


def _headed(tables: object, fed: Stream, place: Place) -> tuple[Field, ...]:
    """The fields of the stream that is fed, some of them under other headers."""
    if not isinstance(tables, list):
        place.wrong("is not a list", "Write it as a list of tables, or leave it out")
    fields = {f.name: f for f in fed.fields}
    for n, table in enumerate(tables):
        at = place.at(n)
        if not isinstance(table, dict) or set(table) != {"name", "headers"}:
            at.wrong("is not a name with its headers", 'Write it as { name = "certno", headers = ["身份证号"] }')
        if table["name"] not in fields:
            at.at("name").wrong("is no field of the stream that is fed", f"Use one of: {', '.join(fields)}")
        headers = read(tuple[str, ...], table["headers"], at.at("headers"))
        fields[table["name"]] = dataclasses.replace(fields[table["name"]], headers=headers)
    return tuple(fields.values())
