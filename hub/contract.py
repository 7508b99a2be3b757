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
from hub.keyed import HASHES
from hub.numbers import check_digit

INVISIBLE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]+")
TAIL = "有效期"
DOT = "·"

Step = Callable[[str], str]


def _dots(dots: str) -> Step:
    table = str.maketrans(dict.fromkeys(dots, DOT))
    return lambda text: text.translate(table)


# A number in verified form, and a name of plain Chinese characters and the prescribed dot, pass every step unchanged:
# the columns' fast paths rely on that, and a test proves it.
STEPS: dict[str, Step] = {
    "validity_tail": lambda text: text.partition(TAIL)[0],
    "full_width": lambda text: unicodedata.normalize("NFKC", text),
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
    """A number of one length: its grade, and which 18 characters count."""

    grade: str
    take: str

    def of(self, text: str) -> str:
        return TAKES[self.take](text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A linkage contract as its file says, whose SHA-256 is `digest`.

    `forms` by length of the number, `sex` a code list, `birth` a field (both as declared by the source).
    """

    version: str
    digest: str
    mac: str
    encoding: str
    message: str
    value: str
    number_steps: Mapping[str, Step]
    forms: Mapping[int, Form]
    accept: frozenset[str]
    name_steps: tuple[Step, ...]
    counties: frozenset[str]
    sex: str
    birth: str


def read(folder: Path, version: str) -> Contract:
    """The contract `linkage/<version>.toml` of a config folder. Raises ConfigError: unknown steps, wrong keys."""
    path = folder / "linkage" / f"{version}.toml"
    try:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return _contract(tomllib.loads(content.decode()) | {"digest": digest}, folder, version)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{path}: not a linkage contract ({error})",
            remedy="Restore the file as released; a change is a new version",
        ) from None


def _contract(told: dict[str, Any], folder: Path, version: str) -> Contract:
    number, name, declared = told.pop("number"), told.pop("name"), told.pop("declared")
    dots = STEPS | {"dots": _dots(name.pop("dots"))}
    made = Contract(
        **{key: told.pop(key) for key in ("version", "digest", "mac", "encoding", "message", "value")},
        number_steps={step: STEPS[step] for step in number.pop("steps")},
        forms={int(length): Form(**form) for length, form in number.pop("forms").items()},
        accept=frozenset(number.pop("accept")),
        name_steps=tuple(dots[step] for step in name.pop("steps")),
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
    if "{number}" not in made.message.format(certificate="", number="{number}"):
        raise KeyError("message lacks {number}")
    if not made.value.format(key_id="k", mac="m").endswith("m"):
        raise KeyError("value does not end in {mac}")
    return made


@lru_cache(maxsize=8)
def _counties(path: Path) -> frozenset[str]:
    """The codes of six digits that begin a line."""
    return frozenset(re.findall(r"^(\d{6}),", path.read_text(encoding="utf-8-sig"), re.MULTILINE))
