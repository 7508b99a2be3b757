"""The line of each key of a TOML text, which tomllib does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

KeyPath = tuple[str | int, ...]
_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


def nearest(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of a key path, or of the nearest table around it."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)


def lines_of(text: str) -> Iterator[tuple[KeyPath, int]]:
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
