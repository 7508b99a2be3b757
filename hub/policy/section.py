"""One table of a file, read key by key.

1. Each key is asked for once; what nobody asked for is an unknown key.
2. A problem is noted and reading goes on with a harmless stand-in, so that one run tells all.
3. A message can be acted on without the code: it says what is wrong and what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from connectors.toml_lines import KeyPath
from hub.policy.toml import Problem, Toml
from hub.policy.values import BadValueError

OPEN = date(9999, 12, 31)


class Section:
    """One table of a file, read key by key."""

    def __init__(
        self, toml: Toml, problems: list[Problem], path: KeyPath = (), data: Mapping[str, Any] | None = None
    ) -> None:
        self.toml = toml
        self.problems = problems
        self.path = path
        self._data = toml.data if data is None else data
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._data

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._data)

    @property
    def name(self) -> str:
        """The last part of its path: of [category.dibao], dibao."""
        return str(self.path[-1])

    def line(self, *path: str | int) -> int:
        return self.toml.line(*self.path, *path)

    def refuse(self, key: str, message: str, remedy: str, *, severity: Literal["error", "warning"] = "error") -> None:
        """Note a problem of a key of this table."""
        at = self.line(key)
        self.problems.append(
            Problem(file=self.toml.file, line=at, key=key, message=message, remedy=remedy, severity=severity)
        )

    def raw(self, key: str, *, required: bool = False, remedy: str = "") -> object:
        """A key's value as TOML has it; None where it is absent."""
        self._asked.add(key)
        if required and key not in self._data:
            self.refuse(key, "is missing", remedy or f"Add {key} = ...")
        return self._data.get(key)

    def text(self, key: str, *, default: str | None = None, choices: Sequence[str] = (), remedy: str = "") -> str:
        """Text that is not empty; required where there is no default."""
        value = self.raw(key, required=default is None, remedy=remedy)
        if value is None:
            return default or ""
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "is not text", remedy or f'Write {key} = "..."')
            return ""
        if choices and value not in choices:
            self.refuse(key, f"{value} is not known", f"Use one of: {', '.join(choices)}")
        return value

    def texts(
        self, key: str, *, required: bool = False, choices: Sequence[str] = (), remedy: str = ""
    ) -> tuple[str, ...]:
        """A list of text; required means at least one. A choice that is a number may be written as one."""
        value = self.raw(key, required=required, remedy=remedy)
        if value is None:
            return ()
        if isinstance(value, list) and choices:
            value = [str(item) if type(item) is int else item for item in value]
        if (
            not isinstance(value, list)
            or not all(isinstance(item, str) and item for item in value)
            or (required and not value)
        ):
            self.refuse(key, "is not a list of text", remedy or f'Write {key} = ["...", "..."]')
            return ()
        for item in dict.fromkeys(value):
            if choices and item not in choices:
                self.refuse(key, f"{item} is not known", f"Use one of: {', '.join(choices)}")
            if value.count(item) > 1:
                self.refuse(key, f"{item} stands twice", "Name each once")
        return tuple(value)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """true or false; required where there is no default."""
        value = self.raw(key, required=default is None, remedy=f"Add {key} = true or {key} = false")
        if value is None:
            return bool(default)
        if not isinstance(value, bool):
            self.refuse(key, "is neither true nor false", f"Write {key} = true or {key} = false")
        return value is True

    def number(self, key: str) -> int:
        """A required whole number."""
        value = self.raw(key, required=True)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            self.refuse(key, "is not a whole number", f"Write {key} as a whole number")
            return 0
        return value or 0

    def day(self, key: str, *, default: date | None = None, stand_in: date = OPEN) -> date:
        """A day, written 2025-11-30; required where there is no default."""
        value = self.raw(key, required=default is None, remedy=f"Add {key} = 2025-01-31")
        if value is None:
            return default or stand_in
        if not isinstance(value, date) or isinstance(value, datetime):
            self.refuse(key, "is not a day", f"Write {key} = 2025-01-31, without quotation marks")
            return default or stand_in
        return value

    def period(self, *, outer: tuple[date, date] = (date.min, OPEN), required: bool = False) -> tuple[date, date]:
        """`from` and `until`, half-open, within an outer period (which is the default)."""
        start = self.day("from", default=None if required else outer[0], stand_in=date.min)
        end = self.day("until", default=outer[1])
        if start >= end:
            self.refuse(
                "until" if "until" in self else "from",
                f"ends on {end}, not after it began on {start}",
                "Put from before until; until is the first day no longer in force",
            )
        elif start < outer[0] or end > outer[1]:
            self.refuse(
                "from" if start < outer[0] else "until",
                f"{start} to {end} reaches beyond {outer[0]} to {outer[1]}, when the document is in force",
                "Keep within the document's own from and until",
            )
        return start, end

    def refused(self, key: str, refusal: BadValueError) -> None:
        """Note what a value's reader refused."""
        self.refuse(key, refusal.message, refusal.remedy)

    def table(self, key: str) -> Section | None:
        """The table under a key, or None."""
        value = self.raw(key)
        if value is not None and not isinstance(value, Mapping):
            self.refuse(key, "is not a table", f"Write [{key}] with its keys below")
            return None
        return None if value is None else Section(self.toml, self.problems, (*self.path, key), value)

    def tables(self, key: str) -> list[Section]:
        """The tables of an array under a key."""
        value = self.raw(key) or []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.refuse(key, "is not a list of tables", f"Write [[{key}]] before the keys of each")
            return []
        return [Section(self.toml, self.problems, (*self.path, key, index), item) for index, item in enumerate(value)]

    def finish(self, known: Sequence[str] = ()) -> None:
        """Refuse the keys nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                self.refuse(key, "is not a known key", f"Use: {', '.join(known or sorted(self._asked))}")
