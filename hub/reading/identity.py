"""ID numbers: normalised, graded and hashed under a linkage contract; names compared without being kept.

1. A clear ID number lives here and in the connector's record, nowhere else: what leaves is a MAC, a grade, and the
   sex, birth date and county that the number says.
2. The MAC is keyed; an unkeyed hash of an ID number is broken in days (lessons.md 13). Its text is `key id . hex`.
3. What a spreadsheet damaged is refused, never hashed (`REASONS`). What may be true and looks odd is graded and
   warned of (`WARNINGS`), never refused: a county code that no longer exists is in many a true number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.keys import KeyRing
from hub.reading import contract, numbers
from hub.reading.contract import Contract
from hub.reading.keyed import Keyed, keyed, keyed_bytes
from hub.reading.numbers import FOREIGN, HMT_REGIONS, check_digit

REASONS = {
    "id_absent": "证件号码为空 no ID number",
    "id_spreadsheet": "证件号码经电子表格损坏 the ID number was damaged by a spreadsheet",
    "id_check_digit": "校验码不符 the check digit is wrong",
    "id_length": "证件号码长度不符 the ID number has a wrong length",
    "id_characters": "证件号码含非法字符 the ID number holds characters it cannot have",
    "id_birth": "证件号码中的出生日期无效 the birth date inside the ID number is impossible",
}
WARNINGS = {
    "county_unknown": "证件号码中的区县代码未知 no known county has the number's first six digits",
    "birth_in_future": "证件号码中的出生日期晚于数据日期 the birth date inside the number lies after the rows' day",
    "sex_differs": "证件号码与登记性别不一致 the number says another sex than the row",
    "birth_differs": "证件号码与登记出生日期不一致 the number says another birth date than the row",
}
FLOAT = re.compile(r"\d(\.\d+)?E\+?\d+")
EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
OWN_FORM = {"resident_id", "hmt_permit", "foreign_permanent"}  # certificates whose numbers have the 18-character form


class Refused(Exception):
    """An ID number that may not be hashed. `reason` is a key of REASONS; the number is not in the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an ID number says once hashed. `repairs` names the steps that changed it, for the batch's record."""

    mac: str
    grade: str
    sex: str | None  # '1' male, '2' female
    birth: date | None
    county: str | None  # its first six digits; none of a permit
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A normalised certificate number (clear: never leaves this module's callers in the land stage)."""

    certificate: str
    number: str
    grade: str
    sex: str | None
    birth: date | None
    repairs: tuple[str, ...]


def normalise(raw: object, certificate: str, under: Contract) -> Number:
    """A certificate number in its one form, with its grade. Raises Refused.

    `raw` is what the source sent: text, or a spreadsheet's number (exact only up to 15 digits).
    `certificate` matters for documents that are not of the 18-character form.
    """
    text, repairs = _text(raw, under.number_steps)
    if not text or text in under.nothing:
        raise Refused("id_absent")
    if FLOAT.fullmatch(text):
        raise Refused("id_spreadsheet")
    if certificate not in OWN_FORM:
        if not text.isalnum() or not text.isascii():
            raise Refused("id_characters")
        return Number(
            certificate=certificate, number=text, grade="other_certificate", sex=None, birth=None, repairs=repairs
        )
    form = under.forms.get(len(text))
    if form is None:
        raise Refused("id_length")
    number = form.of(text)
    if not EIGHTEEN.fullmatch(number):
        raise Refused("id_characters")
    if check_digit(number[:17]) != number[17]:
        raise Refused("id_spreadsheet" if number.endswith("000") else "id_check_digit")
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Refused("id_birth") from None
    kind = grade = _kind(number) if form.grade == "verified_form" else "resident_id"
    if kind == "resident_id":
        grade = form.grade
    sex = "1" if int(number[16]) % 2 else "2"
    return Number(certificate=kind, number=number, grade=grade, sex=sex, birth=birth, repairs=repairs)


def _kind(number: str) -> str:
    """Which certificate has a number of this beginning; a permit's name is its grade too."""
    if number.startswith(HMT_REGIONS):
        return "hmt_permit"
    return "foreign_permanent" if number.startswith(FOREIGN) else "resident_id"


def _text(raw: object, steps: Mapping[str, contract.Step]) -> tuple[str, tuple[str, ...]]:
    """The characters that count, and which steps made them so."""
    if isinstance(raw, bool) or raw is None:
        raise Refused("id_absent")
    if isinstance(raw, int | float):
        if not math.isfinite(raw) or raw != int(raw) or not 10**14 <= raw < 10**15:
            raise Refused("id_spreadsheet")
        return str(int(raw)), ("spreadsheet_number",)
    return stepped(str(raw), steps)


def stepped(text: str, steps: Mapping[str, contract.Step]) -> tuple[str, tuple[str, ...]]:
    """A text after some steps, and the names of those that changed it."""
    changed = []
    for name, step in steps.items():
        before, text = text, step(text)
        if text != before:
            changed.append(name)
    return text, tuple(changed)


class Linkage:
    """A linkage contract with a key: the one place where a number becomes a MAC.

    Pure after construction; safe to share between threads.
    """

    def __init__(self, under: Contract, ring: KeyRing) -> None:
        self._ring = ring
        self.contract = under
        self.version = under.version
        self.key_id = ring.key_id
        self._hashes: dict[str, tuple[Keyed[str], bytes]] = {}
        self._name = keyed(under.mac, ring.derive("name", under.version))
        self._row = keyed_bytes(under.mac, ring.derive("name", f"{under.version}/row"))
        self._head = under.value.format(key_id=ring.key_id, mac="")
        eighteen = under.forms.get(numbers.LENGTH)
        self.plain = eighteen is not None and eighteen.take == "whole" and eighteen.grade in under.accept

    def __reduce__(self) -> tuple[type[Linkage], tuple[Contract, KeyRing]]:
        return Linkage, (self.contract, self._ring)

    def identify(self, raw: object, certificate: str = "resident_id") -> Identity:
        """The MAC and grade of a certificate number. Raises Refused."""
        number = normalise(raw, certificate, self.contract)
        if number.grade not in self.contract.accept:
            raise Refused("id_characters")
        (mac,) = self.macs([number.number], number.certificate)
        return Identity(
            mac=mac,
            grade=number.grade,
            sex=number.sex,
            birth=number.birth,
            county=number.number[:6] if number.certificate == "resident_id" else None,
            repairs=number.repairs,
        )

    def macs(self, normalised: list[str], certificate: str) -> list[str]:
        """The MACs of normalised numbers of one certificate."""
        hashed, after = self._hashes.get(certificate) or self._hash(certificate)
        messages = map(str.encode, normalised)
        head = self._head
        return [head + mac for mac in hashed((message + after for message in messages) if after else messages)]

    def _hash(self, certificate: str) -> tuple[Keyed[str], bytes]:
        """The MAC of numbers of a certificate, and what stands behind the number in its message."""
        message = self.contract.message.format(certificate=certificate, number="\0")
        before, after = (part.encode() for part in message.split("\0"))
        found = keyed(self.contract.mac, self._ring.derive("mac", self.version), before), after
        self._hashes[certificate] = found
        return found

    def name(self, raw: str) -> str:
        """A name in its one form, by the contract's steps."""
        return self.named(raw)[0]

    def named(self, raw: str) -> tuple[str, tuple[str, ...]]:
        """A name in its one form, and which of the contract's steps changed it."""
        return stepped(raw, self.contract.name_steps)

    def name_mac(self, name: str, mac: str) -> str:
        """A keyed digest of a normalised name within one ID number: equal only for the same person's same name."""
        return self.name_macs([name], [mac])[0]

    def name_macs(self, names: list[str], macs: list[str]) -> list[str]:
        """`name_mac` of each name and MAC."""
        messages = [f"{mac}|{name}".encode() for mac, name in zip(macs, names, strict=True)]
        return [mac[:32] for mac in self._name(messages)]

    def row_macs(self, contents: Iterable[bytes]) -> list[bytes]:
        """A keyed digest of each row's content: a change of an address is a change of the row."""
        return self._row(contents)

    def seal_macs(self, contents: Iterable[bytes]) -> list[str]:
        """A keyed digest of each row as it came, for telling rejected rows apart."""
        return [mac[:32] for mac in self._name(b"sealed|" + content for content in contents)]


def mask_name(name: str) -> str:
    """The published form of a name: its first character and one star, however long it is (张*)."""
    return name[:1] + "*" if name else ""


def load(folder: Path, version: str, ring: KeyRing) -> Linkage:
    """The linkage contract `linkage/<version>.toml` of a config folder, keyed. Raises ConfigError."""
    return Linkage(contract.read(folder, version), ring)
