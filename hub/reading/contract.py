"""The linkage contract: how a number and a name get their one form, as its file in config/linkage/ says.

Each step has a name; the file lists the steps in their order, and a step the hub does not know is refused.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.reading.keyed import HASHES
from hub.reading.numbers import LENGTH, check_digit

INVISIBLE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]+")
SOLID = re.compile(r"\S+")
TAIL = re.compile(r"(?:[(（\[［【〔,，;；、]\s*)?有效期.*", re.DOTALL)
DOT = "·"

Step = Callable[[str], str]


def _private_places(places: Mapping[str, str]) -> Step:
    """Characters at places that later editions of GB 18030 moved them from; both as hexadecimal code points."""
    table = {int(place, 16): chr(int(moved, 16)) for place, moved in places.items()}
    return lambda text: text if text.isascii() else text.translate(table)


def _full_width(text: str) -> str:
    """NFKC, but for white space: a space of any width is white space, not a letter in another width."""
    return text if text.isascii() else SOLID.sub(lambda solid: unicodedata.normalize("NFKC", solid[0]), text)


def _dots(dots: str) -> Step:
    table = str.maketrans(dict.fromkeys(dots, DOT))
    return lambda text: text.translate(table)


# A number in verified form, and a name of plain Chinese characters and the prescribed dot, pass every step unchanged:
# the columns' fast paths rely on that, and a test proves it.
STEPS: dict[str, Step] = {
    "validity_tail": lambda text: TAIL.sub("", text),
    "full_width": _full_width,
    "white_space": lambda text: INVISIBLE.sub("", text),
    "spreadsheet_guard": lambda text: text.removeprefix("=").strip("\"'`‘’"),
    "lower_case": str.upper,
}


def _insert_19(text: str) -> str:
    """A number of 15 digits; unchanged, and so refused, where it is not of digits."""
    seventeen = text[:6] + "19" + text[6:]
    return seventeen + check_digit(seventeen) if text.isascii() and text.isdigit() else text


TAKES: dict[str, Step] = {"whole": lambda text: text, "first_18": lambda text: text[:18], "insert_19": _insert_19}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A number of one length: its grade, which 18 characters count, and what the rest must be (a pattern)."""

    grade: str
    take: str
    rest: str = ""

    def of(self, text: str) -> str:
        """The 18 characters; `text` itself, which no number is, where the rest is not as it must be."""
        if self.rest and not re.fullmatch(self.rest, text[LENGTH:]):
            return text
        return TAKES[self.take](text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A linkage contract as its file says, whose SHA-256 is `digest`. A copy in another process is read from the same
    content (`told`: it and the config folder), not from the file as it may be by then.

    `forms` by length of the number, `nothing` words that say there is none, `sex` a code list, `birth` a field (both as
    declared by the source).
    """

    version: str
    digest: str
    mac: str
    encoding: str
    message: str
    value: str
    number_steps: Mapping[str, Step]
    nothing: frozenset[str]
    forms: Mapping[int, Form]
    accept: frozenset[str]
    name_steps: Mapping[str, Step]
    counties: frozenset[str]
    sex: str
    birth: str
    told: tuple[bytes, Path]

    def __reduce__(self) -> tuple[Callable[..., Contract], tuple[bytes, Path, str]]:
        return _parsed, (*self.told, self.version)


def read(folder: Path, version: str) -> Contract:
    """The contract `linkage/<version>.toml` of a config folder. Raises ConfigError: unknown steps, wrong keys."""
    path = folder / "linkage" / f"{version}.toml"
    try:
        return _parsed(path.read_bytes(), folder, version)
    except (OSError, tomllib.TOMLDecodeError, re.error, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{path}: not a linkage contract ({error})",
            remedy="Restore the file as released; a change is a new version",
        ) from None


def _parsed(content: bytes, folder: Path, version: str) -> Contract:
    digest = hashlib.sha256(content).hexdigest()
    return _contract(tomllib.loads(content.decode()) | {"digest": digest, "told": (content, folder)}, folder, version)


def _contract(told: dict[str, Any], folder: Path, version: str) -> Contract:
    number, name, declared = told.pop("number"), told.pop("name"), told.pop("declared")
    of_names = STEPS | {"dots": _dots(name.pop("dots")), "private_places": _private_places(name.pop("private_places"))}
    made = Contract(
        **{key: told.pop(key) for key in ("version", "digest", "mac", "encoding", "message", "value", "told")},
        number_steps={step: STEPS[step] for step in number.pop("steps")},
        forms={int(length): Form(**form) for length, form in number.pop("forms").items()},
        nothing=frozenset(number.pop("nothing")),
        accept=frozenset(number.pop("accept")),
        name_steps={step: of_names[step] for step in name.pop("steps")},
        counties=_counties(folder / told.pop("counties")),
        sex=declared.pop("sex"),
        birth=declared.pop("birth"),
    )
    if unknown := {*told, *number, *name, *declared}:
        raise KeyError(f"unknown: {', '.join(sorted(unknown))}")
    if made.version != version or made.mac not in HASHES or made.encoding != "utf-8":
        raise KeyError("version, mac or encoding")
    if {form.take for form in made.forms.values()} - TAKES.keys():
        raise KeyError("a form's take")
    for form in made.forms.values():
        re.compile(form.rest)
    if "{number}" not in made.message.format(certificate="", number="{number}"):
        raise KeyError("message lacks {number}")
    if not made.value.format(key_id="k", mac="m").endswith("m"):
        raise KeyError("value does not end in {mac}")
    return made


@lru_cache(maxsize=8)
def _counties(path: Path) -> frozenset[str]:
    """The codes of six digits that begin a line."""
    return frozenset(re.findall(r"^(\d{6}),", path.read_text(encoding="utf-8-sig"), re.MULTILINE))
