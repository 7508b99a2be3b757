"""TOML with the line of each key, so that every problem of config/ names file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

KeyPath = tuple[str | int, ...]
_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
BEYOND = "Correct the number of very many digits, or the nesting of very many levels"
_TOKEN = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """What is wrong in a file of config/: where, what, and what to do. A warning does not stop the hub."""

    file: str
    line: int
    key: str
    message: str
    remedy: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toml:
    """A file's data and the line of each key path; `file` is relative to the config folder."""

    file: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, *path: str | int) -> int:
        """The line of a key path, or of the nearest table around it."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 1)


def read(root: Path, path: Path, problems: list[Problem]) -> Toml:
    """A TOML file; one that cannot be read is a problem and reads as empty."""
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        return Toml(file=file, data=tomllib.loads(text, parse_float=Decimal), lines=dict(_lines(text)))
    except OSError as error:
        problems.append(
            Problem(
                file=file,
                line=1,
                key="-",
                message=f"cannot be read: {error.strerror}",
                remedy="Put the file there",
            )
        )
    except UnicodeDecodeError:
        problems.append(Problem(file=file, line=1, key="-", message="is not UTF-8", remedy="Save it as UTF-8"))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else len(text.splitlines())
        problems.append(
            Problem(file=file, line=line, key="-", message=f"is not TOML: {error}", remedy="Correct the TOML")
        )
    except (ValueError, ArithmeticError, RecursionError):  # numbers or nesting beyond what TOML's reader can hold
        problems.append(
            Problem(file=file, line=1, key="-", message="holds what no file of this kind can hold", remedy=BEYOND)
        )
    return Toml(file=file, data={}, lines={})


def _lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """(key path, line) of every header and statement of a valid TOML text; an array of tables counts from 0."""
    counts: dict[tuple[str, ...], int] = {}
    table: KeyPath = ()
    depth, quote = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not depth and not quote:
            header, statement = _HEADER.match(line), _DOTTED.match(line)
            if header:
                names = _names(header[2])
                if header[1] == "[[":
                    counts[names] = counts.get(names, -1) + 1
                table = _indexed(names, counts)
                yield table, number
                continue
            if statement:
                names = _names(statement[1])
                yield from (((*table, *names[: end + 1]), number) for end in range(len(names)))
        depth, quote = _open_after(line, depth, quote)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _indexed(names: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> KeyPath:
    path: list[str | int] = []
    for end, name in enumerate(names, 1):
        path.append(name)
        if names[:end] in counts:
            path.append(counts[names[:end]])
    return tuple(path)


def _open_after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Brackets and the multi-line string still open after a line."""
    at = 0
    while at < len(line):
        if quote:
            end = line.find(quote, at)
            if end < 0:
                return depth, quote
            at, quote = end + 3, ""
            continue
        token = _TOKEN.search(line, at)
        if not token:
            break
        at = token.end()
        if token[0] in ('"""', "'''"):
            quote = token[0]
        elif token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
    return depth, quote
