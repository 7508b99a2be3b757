"""What an agreement means to the reader: its columns in their granted forms, its row scope, its statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from schema.read.model import Entity, Governed, Scope, Shape
from schema.read.statement import build

STATEMENTS = 2_000  # kept at most; a document with other columns or filters makes a shape of its own


class Terms:
    """The reader's side of a contract; shared by its requests."""

    def __init__(
        self,
        *,
        shown: dict[str, Any],
        scope: Scope,
        page: int,
        columns: Mapping[str, Mapping[str, Governed]],
        cube: str,
    ) -> None:
        self.shown = shown  # the agreement as the graph shows it
        self.scope = scope
        self.page = page
        self.columns = columns  # type -> GraphQL field -> column
        self.cube = cube  # which cells of the roll-ups are this agreement's
        self._statements: dict[Shape, sa.Select[Any]] = {}

    def order(self, entity: Entity) -> list[sa.ColumnElement[Any]]:
        """The columns that order an entity's rows under this agreement."""
        return [entity.table.c[name] for name in entity.ordered(self.scope)]

    def statement(self, shape: Shape) -> sa.Select[Any]:
        """The statement of a shape under this agreement's scope, built once."""
        found = self._statements.get(shape)
        if found is None:
            found = build(shape, self.scope)
            if len(self._statements) < STATEMENTS:
                self._statements[shape] = found
        return found
