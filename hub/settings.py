"""Where this deployment keeps its things: flags first, then the environment, then the data folder's settings file.

`aidgraph.toml` in the data folder may set `config`, `store`, `lake`, `keys` (a path) and one table a source:
`[source.NAME]` with `url`, `folder`, `token`, `timeout`. `[retention]` says for how many months sealed parts are kept:
`months` for every source, `NAME` for one (hub/erasure.py); without it they are kept until erased by hand.
The environment says the same as AIDGRAPH_CONFIG, AIDGRAPH_STORE, AIDGRAPH_LAKE, AIDGRAPH_KEYS and
AIDGRAPH_SOURCE_NAME_URL, _FOLDER, _TOKEN, _TIMEOUT.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hub
from connectors.base import Connection
from hub.errors import ConfigError, InputError

DEFAULT_DATA = "aidgraph-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A deployment. `keys` is a path or the key JSON itself and does not print."""

    data: Path
    config: Path
    store: str = field(repr=False)
    lake: Path
    keys: str | None = field(repr=False)
    sources: Mapping[str, Connection]
    retention: Mapping[str, int] = field(default_factory=dict)  # source (or "months": all others) -> months

    def connection(self, source: str) -> Connection:
        """The connection of a source; InputError where the deployment does not say where it is."""
        try:
            return self.sources[source]
        except KeyError:
            raise InputError(
                f"The deployment does not say where source {source} is",
                remedy=f"Set [source.{source}] in {self.data / 'aidgraph.toml'}, "
                f"or AIDGRAPH_SOURCE_{source.upper()}_URL or _FOLDER",
            ) from None


def load(
    *, data: Path | None = None, config: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Settings from flags, environment and the data folder's aidgraph.toml, in that order. Raises ConfigError."""
    env = os.environ if environment is None else environment
    folder = Path(data or env.get("AIDGRAPH_DATA") or DEFAULT_DATA).absolute()
    told = _file(folder / "aidgraph.toml")
    default_config = Path(next(iter(hub.__path__))).parent / "config"

    def value(name: str) -> str | None:
        found = env.get(f"AIDGRAPH_{name.upper()}") or told.get(name)
        return str(found) if found else None

    return Settings(
        data=folder,
        config=Path(config or value("config") or default_config),
        store=value("store") or f"sqlite:///{folder / 'store.sqlite'}",
        lake=Path(value("lake") or folder / "lake"),
        keys=value("keys"),
        sources=_sources(env, told.get("source", {})),
        retention=_retention(told.get("retention", {})),
    )


def _retention(told: Any) -> dict[str, int]:
    if not isinstance(told, dict) or any(type(months) is not int or months < 1 for months in told.values()):
        raise ConfigError(
            "[retention] holds something else than whole months",
            remedy="Write months = 24 for every source, and NAME = 12 for one that is kept shorter or longer",
        )
    return dict(told)


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}", remedy="Correct the TOML") from None
    known = {"config", "store", "lake", "keys", "source", "retention"}
    for key in told:
        if key not in known:
            raise ConfigError(f"{path}: unknown key {key}", remedy=f"Use one of: {', '.join(sorted(known))}")
    return told


def _sources(env: Mapping[str, str], told: Mapping[str, Mapping[str, Any]]) -> dict[str, Connection]:
    merged: dict[str, dict[str, Any]] = {name: dict(values) for name, values in told.items()}
    for key, value in env.items():
        if key.startswith("AIDGRAPH_SOURCE_"):
            name, _, setting = key.removeprefix("AIDGRAPH_SOURCE_").lower().rpartition("_")
            merged.setdefault(name, {})[setting] = value
    found = {}
    for name, values in merged.items():
        unknown = set(values) - {"url", "folder", "token", "timeout"}
        if unknown:
            raise ConfigError(
                f"source {name}: unknown setting {', '.join(sorted(unknown))}", remedy="Use url, folder, token, timeout"
            )
        try:
            timeout = float(values.get("timeout", 30.0))
        except ValueError:
            raise ConfigError(f"source {name}: timeout is not a number", remedy="Give seconds, as 30") from None
        found[name] = Connection(
            url=values.get("url"), folder=values.get("folder"), token=values.get("token"), timeout=timeout
        )
    return found
