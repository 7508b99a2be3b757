"""ID numbers: normalised, graded and hashed under a linkage contract; names compared without being kept.

1. A clear ID number lives here and in the connector's record, nowhere else: what leaves is a MAC, a grade, and the
   sex and birth date that the number says.
2. The MAC is keyed; an unkeyed hash of an ID number is broken in days (lessons.md 13). Its text is `key id . hex`.
3. What a spreadsheet damaged is refused, never hashed (`REASONS`).

The check digit is that of GB 11643-1999 (ISO 7064 MOD 11-2).
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.errors import ConfigError
from hub.keys import KeyRing

REASONS = {
    "id_absent": "证件号码为空 no ID number",
    "id_spreadsheet": "证件号码经电子表格损坏 the ID number was damaged by a spreadsheet",
    "id_check_digit": "校验码不符 the check digit is wrong",
    "id_length": "证件号码长度不符 the ID number has a wrong length",
    "id_characters": "证件号码含非法字符 the ID number holds characters it cannot have",
    "id_birth": "证件号码中的出生日期无效 the birth date inside the ID number is impossible",
}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
INVISIBLE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]+")
FLOAT = re.compile(r"\d(\.\d+)?E\+?\d+")
HASHES = {"hmac-sha256": "sha256", "hmac-sm3": "sm3"}
HMT_REGIONS = ("81", "82", "83")


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


def check_digit(first17: str) -> str:
    """The 18th character for the first 17 digits."""
    return CHECK[sum(w * int(d) for w, d in zip(WEIGHTS, first17, strict=True)) % 11]


def normalise(raw: object, certificate: str = "resident_id") -> Number:
    """A certificate number in its one form, with its grade. Raises Refused.

    `raw` is what the source sent: text, or a spreadsheet's number (exact only up to 15 digits).
    `certificate` matters for documents that are not of the 18-character form.
    """
    text, repairs = _text(raw)
    if FLOAT.fullmatch(text):
        raise Refused("id_spreadsheet")
    if certificate not in {"resident_id", "hmt_permit", "foreign_permanent"}:
        if not text.isalnum() or not text.isascii():
            raise Refused("id_characters")
        return Number(
            certificate=certificate, number=text, grade="other_certificate", sex=None, birth=None, repairs=repairs
        )
    if len(text) not in {15, 18, 20, 22}:
        raise Refused("id_length")
    grade = {15: "legacy_15", 18: "verified_form", 20: "disability_certificate", 22: "reissued_certificate"}[len(text)]
    if len(text) == 15:
        if not text.isdigit():
            raise Refused("id_characters")
        seventeen = text[:6] + "19" + text[6:]
        number = seventeen + check_digit(seventeen)
    else:
        number = text[:18]
        if not (number[:17].isdigit() and number[:17].isascii() and (number[17].isdigit() or number[17] == "X")):
            raise Refused("id_characters")
        if check_digit(number[:17]) != number[17]:
            raise Refused("id_spreadsheet" if number.endswith("000") else "id_check_digit")
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Refused("id_birth") from None
    if grade == "verified_form" and number.startswith(HMT_REGIONS):
        grade = "hmt_permit"
    elif grade == "verified_form" and number.startswith("9"):
        grade = "foreign_permanent"
    kind = grade if grade in {"hmt_permit", "foreign_permanent"} else "resident_id"
    return Number(
        certificate=kind,
        number=number,
        grade=grade,
        sex="1" if int(number[16]) % 2 else "2",
        birth=birth,
        repairs=repairs,
    )


def _text(raw: object) -> tuple[str, tuple[str, ...]]:
    """The characters that count, and which repairs made them so."""
    if isinstance(raw, bool) or raw is None:
        raise Refused("id_absent")
    if isinstance(raw, int | float):
        if not math.isfinite(raw) or raw != int(raw) or not 10**14 <= raw < 10**15:
            raise Refused("id_spreadsheet")
        return str(int(raw)), ("spreadsheet_number",)
    original = str(raw)
    text, repairs = original, []
    if "有效期" in text:
        text = text[: text.index("有效期")]
        repairs.append("validity_tail")
    folded = unicodedata.normalize("NFKC", text)
    if folded != text:
        repairs.append("full_width")
    trimmed = INVISIBLE.sub("", folded)
    if trimmed != folded:
        repairs.append("white_space")
    bare = trimmed.removeprefix("=").strip("\"'`‘’")
    if bare != trimmed:
        repairs.append("spreadsheet_guard")
    upper = bare.upper()
    if upper != bare:
        repairs.append("lower_case")
    if not upper:
        raise Refused("id_absent")
    return upper, tuple(repairs)


class Linkage:
    """A linkage contract with a key: the one place where a number becomes a MAC.

    Pure after construction; safe to share between threads.
    """

    def __init__(
        self, *, version: str, mac: str, accept: frozenset[str], dots: str, ring: KeyRing, digest: str = ""
    ) -> None:
        self.version = version
        self.digest = digest
        self.accept = accept
        self.key_id = ring.key_id
        self._number = _keyed(mac, ring.derive("mac", version))
        self._name = _keyed(mac, ring.derive("name", version))
        self._dots = str.maketrans(dict.fromkeys(dots, "·"))

    def identify(self, raw: object, certificate: str = "resident_id") -> Identity:
        """The MAC and grade of a certificate number. Raises Refused."""
        number = normalise(raw, certificate)
        if number.grade not in self.accept:
            raise Refused("id_characters")
        return Identity(
            mac=f"{self.key_id}.{self._number(f'{number.certificate}|{number.number}'.encode())}",
            grade=number.grade,
            sex=number.sex,
            birth=number.birth,
            repairs=number.repairs,
        )

    def name(self, raw: str) -> str:
        """A name in its one form: NFKC, no white space, the prescribed dot, upper case."""
        return INVISIBLE.sub("", unicodedata.normalize("NFKC", raw)).translate(self._dots).upper()

    def name_mac(self, name: str, mac: str) -> str:
        """A keyed digest of a normalised name within one ID number: equal only for the same person's same name."""
        return self._name(f"{mac}|{name}".encode())[:32]

    def seal_mac(self, content: bytes) -> str:
        """A keyed digest of other sealed values, so that a change of an address is a change of the row."""
        return self._name(b"sealed|" + content)[:32]


def mask_name(name: str) -> str:
    """The published form of a name: its first character and one star, however long it is (张*)."""
    return name[:1] + "*" if name else ""


def load(folder: Path, version: str, ring: KeyRing) -> Linkage:
    """The linkage contract `linkage/<version>.toml` of a config folder, keyed. Raises ConfigError."""
    path = folder / "linkage" / f"{version}.toml"
    try:
        content = path.read_bytes()
        told = tomllib.loads(content.decode())
        mac, accept, dots = told["mac"], frozenset(told["number"]["accept"]), told["name"]["dots"]
        if told["version"] != version or mac not in HASHES:
            raise KeyError("version or mac")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        raise ConfigError(
            f"{path}: not a linkage contract ({error})",
            remedy="Restore the file as released; a change is a new version",
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    return Linkage(version=version, mac=mac, accept=accept, dots=dots, ring=ring, digest=digest)


def _keyed(mac: str, key: bytes) -> Callable[[bytes], str]:
    """HMAC as hex with the keyed state prepared once and copied for each message."""
    algorithm = HASHES[mac]
    if algorithm == "sha256":
        inner = hashlib.sha256(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")))
        outer = hashlib.sha256(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")))

        def sha256(message: bytes) -> str:
            first = inner.copy()
            first.update(message)
            second = outer.copy()
            second.update(first.digest())
            return second.hexdigest()

        return sha256
    try:
        state = hmac.new(key, digestmod=algorithm)
    except ValueError:
        raise ConfigError(
            "linkage contract: this Python's OpenSSL has no SM3", remedy="Use hmac-sha256, or a Python built with SM3"
        ) from None

    def other(message: bytes) -> str:
        copied = state.copy()
        copied.update(message)
        return copied.hexdigest()

    return other
