"""Landing as one would write it first: a row at a time, a value at a time. The oracle of the columns' fast paths."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import orjson

from connectors.base import Field, FieldType, Sealed, Stream
from connectors.pages import Page
from hub.reading.identity import Linkage, Refused, mask_name
from hub.reading.values import READ, Unreadable, division, text
from hub.sealing import as_json, plainly


class Rejected(Exception):
    """A row for quarantine."""

    def __init__(self, reason: str, place: str) -> None:
        self.reason, self.place = reason, place


@dataclass
class Landed:
    """What a delivery becomes: rows and items as they stand in the lake, what is sealed of them, and held rows."""

    rows: list[dict] = field(default_factory=list)
    items: dict[str, list[dict]] = field(default_factory=dict)
    sealed: list[dict] = field(default_factory=list)
    held: list[tuple] = field(default_factory=list)  # line, reason, field, digest, mac, content
    read: int = 0
    duplicates: int = 0
    undeclared: set[str] = field(default_factory=set)
    repairs: Counter = field(default_factory=Counter)
    warnings: Counter = field(default_factory=Counter)


class Naive:
    """Lands the rows of one stream."""

    def __init__(self, stream: Stream, codes, linkage: Linkage, today: date) -> None:
        self.stream, self.codes, self.linkage, self.today = stream, codes, linkage, today
        self.plain = [f for f in stream.fields if not f.sealed]
        self.hidden = [f for f in stream.fields if f.sealed]
        self.number = next(f for f in self.hidden if f.sealed is Sealed.ID_NUMBER)
        self.name = next((f for f in self.hidden if f.sealed is Sealed.NAME), None)

    def _inside(self, values):
        """Undeclared keys of the lists inside a row."""
        for child in self.stream.children:
            items = values.get(child.name)
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    known = {f.name for f in child.fields}
                    found = (name for name, value in item.items() if name not in known and value is not None)
                    yield from (f"{child.name}.{name}" for name in found)

    def land(self, pages: list[Page]) -> Landed:
        done, seen = Landed(items={child.name: [] for child in self.stream.children}), set()
        for raw in (raw for page in pages for raw in page.rows()):
            done.read += 1
            names = {f.name for f in self.stream.fields} | {c.name for c in self.stream.children}
            done.undeclared |= raw.values.keys() - names - set(self.stream.ignored)
            done.undeclared |= set(self._inside(raw.values))
            try:
                row, items, sealed = self._read(raw.line, raw.values)
                digest = row["record_digest"]
            except Rejected as rejected:
                (digest,) = self.linkage.seal_macs([as_json(raw.values)])
                said = (raw.line, rejected.reason, rejected.place, digest, self._mac(raw.values), dict(raw.values))
                if digest not in seen:
                    done.held.append(said)
            else:
                if digest not in seen:
                    done.rows.append(row)
                    done.sealed.append(sealed)
                    done.repairs.update((row["id_repairs"] or "").split(",") if row["id_repairs"] else ())
                    done.repairs.update(f"name_{word}" for word in (row["name_repairs"] or "").split(",") if word)
                    done.warnings.update((row["id_warnings"] or "").split(",") if row["id_warnings"] else ())
                    for name, rows in items.items():
                        done.items[name] += rows
            done.duplicates += digest in seen
            seen.add(digest)
        return done

    def _read(self, line: int, given: dict) -> tuple[dict, dict[str, list[dict]], dict]:
        province = self._province(given)
        plain = {f.name: self._value(f, given, province) for f in self.plain}
        lists = {child.name: self._items(child, given, province) for child in self.stream.children}
        identity = self._identify(given, province)
        name, name_repairs = self._name(given)
        name_mac = self.linkage.name_mac(name, identity.mac) if name else None
        sealed = {f.name: given[f.name] for f in self.hidden if given.get(f.name) not in (None, "")}
        others = [f.name for f in self.hidden if f.sealed not in (Sealed.ID_NUMBER, Sealed.NAME)]
        rest = [plainly(given.get(name)) for name in sorted(others)]
        tuples = [[tuple(item.values()) for item in items] for items in lists.values()]
        content = orjson.dumps((identity.mac, name_mac, *plain.values(), *tuples, *rest))
        row = {
            "line": line,
            "mac": identity.mac,
            "name_mac": name_mac,
            "name_masked": mask_name(name) or None,
            "id_grade": identity.grade,
            "id_sex": identity.sex,
            "id_birth": identity.birth,
            "id_repairs": ",".join(identity.repairs) or None,
            "id_warnings": ",".join(self._warnings(identity, given, plain, province)) or None,
            "name_repairs": ",".join(name_repairs) or None,
            "record_digest": self.linkage.row_macs([content])[0].hex(),
        } | plain
        places = {
            name: [{"line": line, "ordinal": at} | item for at, item in enumerate(items)]
            for name, items in lists.items()
        }
        return row, places, sealed

    def _warnings(self, identity, given: dict, plain: dict, province: str) -> list[str]:
        found = []
        if identity.county and identity.county not in self.linkage.contract.counties:
            found.append("county_unknown")
        if identity.birth and identity.birth > self.today:
            found.append("birth_in_future")
        coded = next((f for f in self.plain if f.codes == self.linkage.contract.sex), None)
        sex = self.codes.value(coded.codes, province, str(READ[FieldType.CODE](given.get(coded.name)))) if coded else ""
        if sex in ("1", "2") and identity.sex and sex != identity.sex:
            found.append("sex_differs")
        birth = plain.get(self.linkage.contract.birth)
        if isinstance(birth, date) and identity.birth and birth != identity.birth:
            found.append("birth_differs")
        return found

    def _identify(self, given: dict, province: str):
        certificate = "resident_id"
        coded = next((f.name for f in self.plain if f.codes == "psn_cert_type"), None)
        try:
            if coded:
                code = READ[FieldType.CODE](given.get(coded))
                certificate = self.codes.value("psn_cert_type", province, str(code)) or certificate
            return self.linkage.identify(given.get(self.number.name), certificate)
        except (Refused, Unreadable) as refused:
            raise Rejected(refused.reason, self.number.name) from None

    def _mac(self, given: dict) -> str | None:
        try:
            return self._identify(given, self._province(given)).mac
        except Rejected:
            return None

    def _name(self, given: dict) -> tuple[str, list[str]]:
        if self.name is None:
            return "", []
        raw = given.get(self.name.name)
        try:
            name = text(raw) or ""
        except Unreadable as error:
            raise Rejected(error.reason, self.name.name) from None
        changed = ["white_space"] if isinstance(raw, str) and name != raw and name else []
        for step, apply in self.linkage.contract.name_steps.items():
            if apply(name) != name and step not in changed:
                changed.append(step)
            name = apply(name)
        if self.name.required and not name:
            raise Rejected("required_missing", self.name.name)
        return name, changed

    def _value(self, declared: Field, given: dict, province: str):
        try:
            value = READ[declared.type](given.get(declared.name))
        except Unreadable as error:
            raise Rejected(error.reason, declared.name) from None
        if value is None and declared.required:
            raise Rejected("required_missing", declared.name)
        if value is not None and declared.codes and not self.codes.known(declared.codes, province, str(value)):
            raise Rejected("unknown_code", declared.name)
        return value

    def _items(self, child, given: dict, province: str) -> list[dict]:
        items = given.get(child.name)
        if items is None:
            return []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Rejected("bad_text", child.name)
        return [{f.name: self._value(f, item, province) for f in child.fields} for item in items]

    def _province(self, given: dict) -> str:
        found = given
        for step in self.stream.division.split(".") if self.stream.division else ("",):
            try:
                found = found[int(step)] if isinstance(found, list) else found.get(step)
            except (IndexError, AttributeError, ValueError):
                return ""
        try:
            return (division(found) or "")[:2]
        except Unreadable:
            return ""
