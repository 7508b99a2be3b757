"""An answer read: where in it the rows stand, the source's count, its clock, what comes next.

A place is a dotted path (`data.list`, `output.0.rows`); the empty path is the whole answer. Messages name the place and
never what stands there. An answer is cut apart level by level, on the way to the places that are asked for; its rows
stay texts, each its own, until they are wanted (rows.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import msgspec
import orjson

from connectors.errors import SourceMalformed, SourceRefused
from connectors.transports.http.rows import FAULTS

BEIJING = timezone(timedelta(hours=8))  # the clock of every source in China
SEND_AGAIN = "Pull again; if it stays so, tell the department which stream and request it is"
CHARSET = re.compile(r"charset=\"?(gb18030|gbk|gb2312)", re.IGNORECASE)

LEVEL: msgspec.json.Decoder[Mapping[str, msgspec.Raw] | Sequence[msgspec.Raw]] = msgspec.json.Decoder(
    dict[str, msgspec.Raw] | list[msgspec.Raw]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A body as it came, and of its head what a pull may need."""

    body: bytes
    url: str
    kind: str = "application/json"
    link: str | None = None
    date: str | None = None

    def pack(self) -> bytes:
        """As bytes, to be kept."""
        return orjson.dumps([self.url, self.kind, self.link, self.date]) + b"\n" + self.body

    @classmethod
    def unpack(cls, kept: bytes) -> Raw:
        head, _, body = kept.partition(b"\n")
        url, kind, link, date = orjson.loads(head)
        return cls(body=body, url=url, kind=kind, link=link, date=date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to one request, whole JSON; `where` names it to people."""

    raw: Raw
    where: str
    levels: dict[str, Mapping[str, msgspec.Raw] | Sequence[msgspec.Raw]] = field(default_factory=dict, repr=False)

    def at(self, path: str) -> object:
        """What stands at a place; None where there is nothing."""
        found = self._text(path)
        return None if found is None else msgspec.json.decode(found)

    def rows(self, path: str) -> Sequence[msgspec.Raw]:
        """The rows at a place, each a text. Raises SourceMalformed where no list of objects stands; of a list only the
        first is looked at, another that is none shows when it is read."""
        found = self._level(path)
        if found is None or isinstance(found, Mapping) or (found and bytes(found[0])[:1] != b"{"):
            raise self.no_rows(path)
        return found

    def no_rows(self, path: str) -> SourceMalformed:
        """The error for what should be a list of rows and is not."""
        return SourceMalformed(f"{self.where}: {path or 'the answer'} is not a list of rows", remedy=SEND_AGAIN)

    def _text(self, path: str) -> msgspec.Raw | bytes | None:
        if not path:
            return self.raw.body
        above, _, step = path.rpartition(".")
        level = self._level(above)
        if isinstance(level, Mapping):
            return level.get(step)
        return level[int(step)] if level is not None and step.isdecimal() and int(step) < len(level) else None

    def _level(self, path: str) -> Mapping[str, msgspec.Raw] | Sequence[msgspec.Raw] | None:
        """What stands at a place, cut apart; None where it is neither an object nor a list."""
        if path not in self.levels:
            text = self._text(path)
            if text is None:
                return None
            try:
                self.levels[path] = LEVEL.decode(text)
            except msgspec.ValidationError:
                return None
        return self.levels[path]

    def number(self, path: str) -> int:
        """The count at a place. Raises SourceMalformed."""
        found = self.at(path)
        if isinstance(found, str) and found.isdecimal() and len(found) < 13:
            return int(found)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise SourceMalformed(f"{self.where}: {path} is not a count", remedy=SEND_AGAIN)
        return found

    def clock(self, path: str | None) -> datetime:
        """The source's wall clock: at a place, as text or digits down to the second; else by the answer's head.

        Raises SourceMalformed.
        """
        try:
            if path is None:
                if not self.raw.date:
                    return datetime.now(BEIJING).replace(tzinfo=None)
                return parsedate_to_datetime(self.raw.date).astimezone(BEIJING).replace(tzinfo=None)
            digits = re.sub(r"\D", "", str(self.at(path)))[:14]
            return datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall clock, as the source shows it
        except ValueError:
            raise SourceMalformed(f"{self.where}: {path or 'Date'} is not a time", remedy=SEND_AGAIN) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Where an answer says whether the source accepted the request, and the codes that say yes."""

    path: str
    codes: tuple[str, ...] = ("0",)

    def check(self, answer: Answer) -> None:
        """Raises SourceMalformed without a code, SourceRefused for another (its text may hold a person's value)."""
        code = answer.at(self.path)
        if code is None:
            raise SourceMalformed(f"{answer.where}: the answer has no {self.path}", remedy=SEND_AGAIN)
        if str(code) not in self.codes:
            shown = str(code) if re.fullmatch(r"-?\w{1,6}", str(code), re.ASCII) else "(unreadable)"
            raise SourceRefused(
                f"{answer.where}: the source refused with {self.path} {shown}",
                remedy="Look the code up in the interface's contract, or ask the department",
            )


def decode(raw: Raw, *, where: str) -> Answer:
    """An answer from its body. Raises SourceMalformed."""
    try:
        if CHARSET.search(raw.kind):
            raw = replace(raw, body=raw.body.decode("gb18030").encode(), kind="application/json")
        return Answer(raw=raw, where=where, levels={"": LEVEL.decode(raw.body)})
    except msgspec.ValidationError:  # a text, a number: whole, and no answer to look into
        return Answer(raw=raw, where=where)
    except FAULTS:
        raise not_whole(where) from None


def not_whole(where: str) -> SourceMalformed:
    """The error for a body that is not JSON, or not all of it."""
    return SourceMalformed(f"{where}: the body is not whole JSON", remedy=SEND_AGAIN)
