"""What an answer is finished with besides rows: an agreement's keys, the configuration, how an ID number is hashed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schema.codec import Codec
from schema.identities import Identities
from schema.read.reference import Reference
from schema.read.terms import Terms

Lookup = Callable[[str, str], str]  # (ID number, certificate type) -> MAC; one that finds nobody where it is none


class Context:
    """One contract's means; the same for all its requests."""

    def __init__(
        self, *, terms: Terms, codec: Codec, reference: Reference, lookup: Lookup, identities: Identities
    ) -> None:
        self.terms = terms
        self.codec = codec
        self.reference = reference
        self.lookup = lookup
        self.identities = identities

    @property
    def agreement(self) -> dict[str, Any]:
        """The agreement as the graph shows it."""
        return self.terms.shown
