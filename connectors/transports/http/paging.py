"""How the next page is asked for. A kind of paging says what the templates' words become, or which address is next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

import httpx

from connectors.errors import SourceMalformed
from connectors.transports.http.answer import SEND_AGAIN, Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the next request needs: words for its templates, or another address."""

    words: Mapping[str, object] = field(default_factory=dict)
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a pull is: rows in the last answer, rows read in all, the source's own count."""

    last: int
    read: int
    count: int | None

    @property
    def complete(self) -> bool:
        """Has everything come, by the source's count, else by an empty page?

        A page that is not full proves nothing: a source may give fewer rows a page than were asked for.
        """
        return self.read >= self.count if self.count is not None else not self.last


class Paging(Protocol):
    """`stable`: the source keeps its order while it is read, so that a broken pull may go on."""

    @property
    def stable(self) -> bool: ...

    def first(self) -> Turn: ...

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        """The turn after this answer; None where it was the last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """Everything comes in one answer."""

    kind: ClassVar[str] = "single"
    stable: ClassVar[bool] = False

    def first(self) -> Turn:
        return Turn()

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """{page} counts from `begin`; `pages` is where the answer says how many there are."""

    kind: ClassVar[str] = "page"
    stable: ClassVar[bool] = False

    begin: int = 1
    pages: str | None = None

    def first(self) -> Turn:
        return Turn(words={"page": self.begin})

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        page = int(str(turn.words["page"]))
        if page + 1 - self.begin >= answer.number(self.pages) if self.pages else progress.complete:
            return None
        return Turn(words={"page": page + 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """{offset} is how many rows have come."""

    kind: ClassVar[str] = "offset"
    stable: ClassVar[bool] = False

    def first(self) -> Turn:
        return Turn(words={"offset": 0})

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        if progress.complete or not progress.last:
            return None
        return Turn(words={"offset": progress.read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """{cursor} is what stands at `next` in the answer before; none, empty, or `more` false ends the pull."""

    kind: ClassVar[str] = "cursor"
    stable: ClassVar[bool] = True

    next_at: str
    more: str | None = None

    def first(self) -> Turn:
        return Turn(words={"cursor": None})

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        cursor = answer.at(self.next_at)
        if cursor in (None, "", False) or (self.more and not answer.at(self.more)):
            return None
        if not isinstance(cursor, (str, int)):
            raise SourceMalformed(f"{answer.where}: {self.next_at} is not a cursor", remedy=SEND_AGAIN)
        if cursor == turn.words["cursor"]:
            raise _circle(answer)
        return Turn(words={"cursor": cursor})


@dataclass(frozen=True, slots=True, kw_only=True)
class NextUrl:
    """The address of the next page stands at `next_at` in the answer; none ends the pull."""

    kind: ClassVar[str] = "next_url"
    stable: ClassVar[bool] = True

    next_at: str

    def first(self) -> Turn:
        return Turn()

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        url = answer.at(self.next_at)
        if url in (None, ""):
            return None
        return _to(url, turn, answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader:
    """The address of the next page stands in the header Link, with rel="next" (RFC 8288)."""

    kind: ClassVar[str] = "link"
    stable: ClassVar[bool] = True

    def first(self) -> Turn:
        return Turn()

    def next(self, turn: Turn, answer: Answer, progress: Progress) -> Turn | None:
        found = re.findall(r"<([^>]*)>((?:\s*;[^,<]*)*)", answer.raw.link or "")
        url = next((url for url, told in found if re.search(r"""rel\s*=\s*["']?[^"';]*\bnext\b""", told)), None)
        return _to(url, turn, answer) if url else None


AnyPaging = Single | PageNumber | Offset | Cursor | NextUrl | LinkHeader


def _to(url: object, turn: Turn, answer: Answer) -> Turn:
    if not isinstance(url, str):
        raise SourceMalformed(f"{answer.where}: the address of the next page is no text", remedy=SEND_AGAIN)
    try:
        whole = str(httpx.URL(answer.raw.url).join(url))
    except httpx.InvalidURL:
        raise SourceMalformed(f"{answer.where}: the address of the next page is none", remedy=SEND_AGAIN) from None
    if whole == turn.url:
        raise _circle(answer)
    return replace(turn, url=whole)


def _circle(answer: Answer) -> SourceMalformed:
    return SourceMalformed(
        f"{answer.where}: the next page is the same page", remedy="Tell the department that the pages do not end"
    )
