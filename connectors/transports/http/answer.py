"""An answer read: where in it the rows stand, the source's count, its clock, what comes next.

A place is a dotted path (`data.list`, `output.0.rows`); the empty path is the whole answer. Messages name the place and
never what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import orjson

from connectors.errors import SourceMalformed, SourceRefused

BEIJING = timezone(timedelta(hours=8))  # the clock of every source in China
SEND_AGAIN = "Pull again; if it stays so, tell the department which stream and request it is"
CHARSET = re.compile(r"charset=\"?(gb18030|gbk|gb2312)", re.IGNORECASE)

Row = Mapping[str, object]


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
    """A decoded answer to one request; `where` names it to people."""

    told: object
    raw: Raw
    where: str

    def at(self, path: str) -> object:
        """What stands at a place; None where there is nothing."""
        found = self.told
        for step in path.split(".") if path else ():
            if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            elif isinstance(found, dict):
                found = found.get(step)
            else:
                return None
        return found

    def rows(self, path: str) -> list[Row]:
        """The rows at a place. Raises SourceMalformed."""
        found = self.at(path)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise SourceMalformed(f"{self.where}: {path or 'the answer'} is not a list of rows", remedy=SEND_AGAIN)
        return found

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
    charset = CHARSET.search(raw.kind)
    try:
        text = raw.body.decode("gb18030") if charset else raw.body
        return Answer(told=orjson.loads(text), raw=raw, where=where)
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        raise SourceMalformed(f"{where}: the body is not whole JSON", remedy=SEND_AGAIN) from None
