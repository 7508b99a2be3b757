"""What a change of registered documents widens and what it narrows.

1. Where documents were free, all that the agreement grants could be asked: no document of its folder widens that.
2. A document that came or changed widens, unless what it asks was asked by a document before (questions.py); told is
   what comes with it.
3. A document that went narrows. A changed one that asks less narrows; one that is only called otherwise, or asks the
   same in other words, touches no access.
4. Of an agreement that is new, or no longer restricted to documents, the difference of the agreement itself tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from graphql import DocumentNode, GraphQLSyntaxError, parse

from hub.errors import ConfigError
from schema.access.difference import Change, Direction
from schema.access.questions import Question, askable, asked, beyond
from schema.agreement import MOST, REGISTERED, Agreement
from schema.document import tokens
from schema.registered import Document, Registered


def between(old: Agreement, new: Agreement, before: Registered | None, after: Registered | None) -> list[Change]:
    """Every change of the registered documents from one agreement to another. Raises ConfigError."""
    if (old.documents, new.documents) != (REGISTERED, REGISTERED):
        return []
    return list(_changes(new.id, _named(before), _named(after)))


def _changes(agreement: str, old: dict[str, Document], new: dict[str, Document]) -> Iterator[Change]:
    could, can = _askable(old.values()), _askable(new.values())
    was = {_bare(document): name for name, document in old.items()}
    stays = {_bare(document) for document in new.values()}
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if after is None:
            if before is not None and _bare(before) not in stays:
                yield _change(agreement, name, Direction.NARROWED, _said(before), "")
            continue
        if before is not None and _bare(before) == _bare(after):
            continue
        former = was.get(_bare(after))
        more = beyond(_asked(after), could)
        if more:
            yield _change(agreement, name, Direction.WIDENED, _said(before), "; ".join(more))
        elif former is not None and before is None:
            yield _change(agreement, name, Direction.WORDED, f"documents.{former}", f"documents.{name}")
        else:
            less = before is not None and beyond(_asked(before), can)
            direction = Direction.NARROWED if less else Direction.WORDED
            yield _change(agreement, name, direction, _said(before), _said(after))


def _named(held: Registered | None) -> dict[str, Document]:
    return {PurePosixPath(item.file).name: item for item in (held.documents if held else ())}


def _bare(document: Document) -> tuple[str, ...]:
    """Its tokens: white space, commas and comments are no matter."""
    return tuple(tokens(document.text, MOST.tokens))


def _asked(document: Document) -> list[Question]:
    return asked(_parsed(document))


def _askable(of: Iterable[Document]) -> Sequence[Question]:
    return [question for document in of for question in askable(_parsed(document))]


def _parsed(document: Document) -> DocumentNode:
    try:
        return parse(document.text, no_location=True, max_lexical_tokens=MOST.tokens)
    except GraphQLSyntaxError:
        raise ConfigError(f"{document.file} is no GraphQL document", remedy="Run `aidgraph check`") from None


def _said(document: Document | None) -> str:
    """What a document asks, in one line."""
    return "; ".join(path for question in _asked(document) for path in question.paths()) if document else ""


def _change(agreement: str, name: str, direction: Direction, before: str, after: str) -> Change:
    return Change(agreement=agreement, what=f"documents.{name}", direction=direction, before=before, after=after)
