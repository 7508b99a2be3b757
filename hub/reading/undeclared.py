"""Fields that arrive and nobody declared: of a row, and of the items of the lists inside it (`insuinfo.hobby`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.base import Child, Stream
from connectors.pages import Lists


class Audit:
    """Looks for them, page by page; those of `Stream.ignored` (in a list: `list.field`) are none."""

    def __init__(self, stream: Stream) -> None:
        self._known = {f.name for f in stream.fields} | {c.name for c in stream.children} | set(stream.ignored)
        self._children = {child.name: self._of(child) for child in stream.children}

    def _of(self, child: Child) -> frozenset[str]:
        ignored = (name.removeprefix(f"{child.name}.") for name in self._known if name.startswith(f"{child.name}."))
        return frozenset({f.name for f in child.fields}.union(ignored))

    def strange(self, columns: Mapping[str, Sequence[object]]) -> set[str]:
        """The names that are declared nowhere and under which some row, or some item, has a value."""
        names = columns.keys() - self._known
        found = {name for name in names if any(value is not None for value in columns[name])}
        for child, known in self._children.items():
            found.update(f"{child}.{name}" for name in _within(columns.get(child, ()), known))
        return found

    def places(self, columns: Mapping[str, Sequence[object]]) -> set[int]:
        """The rows in which, or in an item of whose lists, something stands under such a name."""
        strange = self.strange(columns)
        found = {at for name in strange & columns.keys() for at, one in enumerate(columns[name]) if one is not None}
        for child in {name.partition(".")[0] for name in strange - columns.keys()}:
            known = self._children[child]
            found.update(at for at, one in enumerate(columns[child]) if _within([one], known))
        return found


def _within(column: Sequence[object], known: frozenset[str]) -> set[str]:
    if isinstance(column, Lists):
        names = column.columns.keys() - known
        return {name for name in names if any(value is not None for value in column.columns[name])}
    items = [item for one in column if isinstance(one, list) for item in one if isinstance(item, dict)]
    names = {name for keys in set(map(tuple, items)) for name in keys} - known
    return {str(name) for name in names if any(item.get(name) is not None for item in items)}
