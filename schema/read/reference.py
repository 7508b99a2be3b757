"""What the graph shows out of the configuration: divisions, policy documents and their rules, sources.

None of it is personal. Each is a row like those of the store; a value that is a callable is read when asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.base import Source
    from hub.config import Config
    from hub.policy.document import Document

Row = dict[str, Any]
OPEN = date(9999, 12, 31)
LEVELS = {2: "province", 4: "city", 6: "county", 9: "township"}
ABOVE = {4: 2, 6: 4, 9: 6}


class Reference:
    """The configuration as rows; made once, shared by all requests, never changed."""

    def __init__(self, config: Config, sources: Iterable[Source]) -> None:
        self._names = config.divisions.names
        self._below: dict[str, list[str]] = {}
        for code in sorted(self._names):
            self._below.setdefault(code[: ABOVE.get(len(code), 0)], []).append(code)
        self.documents = {key: self._document(document) for key, document in sorted(config.documents.items())}
        self._rules = {rule["key"]: rule for document in self.documents.values() for rule in document["rules"]}
        self.sources = {source.name: _source(source) for source in sources}

    def division(self, code: str | None) -> Row | None:
        """A division; one that the configuration does not know has its code and no name."""
        if not code:
            return None
        above = code[: ABOVE[len(code)]] if len(code) in ABOVE else None
        return {
            "code": code,
            "name": self._names.get(code),
            "level": LEVELS.get(len(code)),
            "full_name": " ".join(self._names.get(code[:size], "?") for size in LEVELS if size <= len(code)),
            "parent": partial(self.division, above),
        }

    def below(self, code: str | None) -> list[Row]:
        """The divisions just below one, or the provinces."""
        rows = [self.division(found) for found in self._below.get(code or "", ())]
        return [row for row in rows if row is not None]

    def document(self, key: str) -> Row | None:
        """A policy document by its id."""
        return self.documents.get(key)

    def rule(self, key: str) -> Row | None:
        """A rule by document id '/' rule id."""
        return self._rules.get(key)

    def source(self, name: str) -> Row | None:
        """A source by name."""
        return self.sources.get(name)

    def _document(self, document: Document) -> Row:
        row: Row = {
            "id": document.id,
            "number": document.number,
            "title": document.title,
            "title_en": document.title_en,
            "issuer": document.issuer,
            "region": partial(self.division, document.region),
            "valid_from": document.valid_from,
            "valid_until": None if document.valid_until == OPEN else document.valid_until,
            "address": document.source.address,
            "grade": document.source.grade,
            "checked": document.source.checked,
        }
        row["rules"] = [
            {
                "key": rule.key,
                "benefit": rule.benefit,
                "categories": list(rule.categories),
                "article": rule.citation.article,
                "document": row,
            }
            for rule in document.rules
        ]
        return row


def _source(source: Source) -> Row:
    return {
        "name": source.name,
        "title": source.title,
        "title_en": source.title_en,
        "department": source.department,
        "legal_basis": source.legal_basis,
        "streams": [
            {
                "name": stream.name,
                "title": stream.title,
                "title_en": stream.title_en,
                "semantics": stream.semantics.value,
                "complete": stream.complete,
                "cadence_days": stream.cadence_days,
            }
            for stream in source.streams
        ],
    }
