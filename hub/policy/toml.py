"""TOML with the line of each key, so that every problem of config/ names file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from connectors.toml_lines import KeyPath, lines_of, nearest

BEYOND = "Correct the number of very many digits, or the nesting of very many levels"


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
        return nearest(self.lines, path)


def read(root: Path, path: Path, problems: list[Problem]) -> Toml:
    """A TOML file; one that cannot be read is a problem and reads as empty."""
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        return Toml(file=file, data=tomllib.loads(text, parse_float=Decimal), lines=dict(lines_of(text)))
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
