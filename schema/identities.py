"""Sealed identities of served persons, opened in memory after the SQL, for effects that an agreement grants.

Nothing opened here is kept, logged or put in a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from hub.errors import KeysError
from hub.keys import KeyRing
from hub.sealing import Sealer

if TYPE_CHECKING:
    from connectors.base import Source


class Identities:
    """Opens what a stream sealed, under the place that it was sealed for (source/stream)."""

    def __init__(self, ring: KeyRing, sources: Iterable[Source]) -> None:
        self._places = [
            (Sealer(ring, f"{source.name}/{stream.name}"), kinds)
            for source in sources
            for stream in source.streams
            if (kinds := {field.name: field.sealed.value for field in stream.fields if field.sealed})
        ]

    def open(self, blob: bytes) -> Mapping[str, str]:
        """The identifiers by kind (connectors.base.Sealed). Raises KeysError where no declared stream opens it."""
        for sealer, kinds in self._places:
            try:
                values = sealer.open(blob)
            except KeysError:
                continue
            return {kinds[name]: value for name, value in values.items() if name in kinds and isinstance(value, str)}
        raise KeysError(
            "A sealed identity does not open", remedy="Use the key file and the sources that it was landed with"
        )
