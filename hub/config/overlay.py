"""A configuration with another folder's policy documents and tables laid over it: a change tried before it is signed.

1. The folder holds documents (`*.toml`, or `policy/*.toml`) and tables (`tables/*.toml`). Each is added to the
   configuration's own; one of the same name replaces it.
2. With `only`, the folder's documents stand in place of all the own ones; tables are still added.
3. Categories of a region's own that the documents name need no declaration (hub.config.extensions).
4. Nothing is written to either folder, and an error names the file it stands in.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hub.config.config import Config, load
from hub.config.extensions import declare
from hub.errors import ConfigError

REMEDY = "Give a folder that holds policy documents (*.toml), or tables (tables/*.toml)"


def overlaid(folder: Path, changes: Path, *, only: bool = False, alone: str = "") -> Config:
    """The configuration in `folder`, changed by the files of `changes`.

    Where `changes` holds a document of the id `alone`, that one stands in place of all others. Raises ConfigError where
    there is no file, and with the first problem's file, line, key and remedy.
    """
    if not changes.is_dir():
        raise ConfigError(f"There is no policy folder {changes}", remedy=REMEDY)
    if (changes / "categories.toml").is_file():
        raise ConfigError(f"{changes} is a whole configuration, of which more than policy may differ", remedy=REMEDY)
    documents = {file.name: file for file in sorted([*changes.glob("*.toml"), *changes.glob("policy/*.toml")])}
    tables = {file.name: file for file in sorted(changes.glob("tables/*.toml"))}
    if not documents and (only or not tables):
        raise ConfigError(f"There is no policy file in {changes}", remedy=REMEDY)
    if alone and f"{alone}.toml" in documents:
        only, documents = True, {f"{alone}.toml": documents[f"{alone}.toml"]}
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "config"
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("__pycache__"))
        if only:
            shutil.rmtree(root / "policy")
        declare(root / "categories.toml", documents.values())
        laid = {**_lay(documents, root / "policy"), **_lay(tables, root / "tables")}
        try:
            return replace(load(root), path=folder)
        except ConfigError as error:
            message = error.message
            for place, file in laid.items():
                message = message.replace(f"{place}:", f"{file}:")
            raise ConfigError(message.replace(str(root), str(folder)), remedy=error.remedy) from None


def _lay(files: Mapping[str, Path], into: Path) -> dict[Path, Path]:
    """Copy files over those of a folder: the file that each copy came from."""
    into.mkdir(exist_ok=True)
    for name, file in files.items():
        shutil.copyfile(file, into / name)
    return {into / name: file for name, file in files.items()}
