"""Templates of a request: texts and tables in which {words} stand for what changes from request to request.

A text that is one word alone becomes the word's value, a number staying a number; one that has no value yet (no cursor
on the first page, no window) is left out. Words: page, size, offset, cursor, begin, end, now, stamp, serial.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

WORDS = frozenset(["page", "size", "offset", "cursor", "begin", "end", "now", "stamp", "serial"])
WORD = re.compile(r"\{([a-z]+)\}")

Words = Mapping[str, object]


def check(template: Any) -> None:
    """ValueError where a template has a word that nothing stands for."""
    for word in _used(template):
        if word not in WORDS:
            raise ValueError(f"{{{word}}} stands for nothing; use {', '.join(sorted(WORDS))}")


def fill(template: Any, words: Words) -> Any:
    """The template with its words filled in."""
    if isinstance(template, Mapping):
        filled = {key: fill(value, words) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not None or template[key] is None}
    if isinstance(template, (list, tuple)):
        return [fill(value, words) for value in template]
    if not isinstance(template, str):
        return template
    alone = WORD.fullmatch(template)
    if alone:
        return words.get(alone[1])
    return WORD.sub(lambda found: str(words.get(found[1], "")), template)


def _used(template: Any) -> list[str]:
    if isinstance(template, Mapping):
        return [word for value in template.values() for word in _used(value)]
    if isinstance(template, (list, tuple)):
        return [word for value in template for word in _used(value)]
    return WORD.findall(template) if isinstance(template, str) else []
