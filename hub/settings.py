"""Where this deployment keeps its things: flags first, then the environment, then the data folder's settings file.

`aidgraph.toml` in the data folder may set `config`, `store`, `lake`, `keys` (a path) and one table a source:
`[source.NAME]` with what `connectors.base.Connection` holds: `url`, `folder`, `database`, `token`, `secret` ... The
environment says the same as AIDGRAPH_CONFIG, AIDGRAPH_STORE, AIDGRAPH_LAKE, AIDGRAPH_KEYS and, for a source,
AIDGRAPH_SOURCE_NAME_URL, _FOLDER, _DATABASE, _TOKEN, _CLIENT_ID and so on. The folder `sources` of the data folder
holds the sources that the deployment declares itself (connectors/declared.py). `[retention]` says for how many months
sealed parts are kept: `months` for every source, `NAME` for one (hub/landing/erasure.py); without it they stay until
erased by hand.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import hub
from connectors.base import Connection
from hub.errors import ConfigError, InputError

DEFAULT_DATA = "aidgraph-data"
CONNECTION = tuple(f.name for f in fields(Connection) if f.name != "spool")  # what may be said of a source
NUMBERS: Mapping[str, type[float] | type[int]] = {"timeout": float, "overall": float, "rate": float, "concurrency": int}


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

    @property
    def declared(self) -> Path:
        """The folder of the sources that this deployment declares itself."""
        return self.data / "sources"

    def connection(self, source: str) -> Connection:
        """The connection of a source; InputError where the deployment does not say where it is."""
        try:
            return self.sources[source]
        except KeyError:
            raise InputError(
                f"The deployment does not say where source {source} is",
                remedy=f"Set [source.{source}] in {self.data / 'aidgraph.toml'}, "
                f"or AIDGRAPH_SOURCE_{source.upper()}_URL, _FOLDER or _DATABASE",
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
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8", remedy="Save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}", remedy="Correct the TOML") from None
    sources = told.get("source", {})
    if not isinstance(sources, dict) or not all(isinstance(values, dict) for values in sources.values()):
        raise ConfigError(f"{path}: source is not a table of sources", remedy="Write [source.NAME]")
    known = {"config", "store", "lake", "keys", "source", "retention"}
    for key in told:
        if key not in known:
            raise ConfigError(f"{path}: unknown key {key}", remedy=f"Use one of: {', '.join(sorted(known))}")
    return told


def _sources(env: Mapping[str, str], told: Mapping[str, Mapping[str, Any]]) -> dict[str, Connection]:
    merged: dict[str, dict[str, Any]] = {name: dict(values) for name, values in told.items()}
    for key, value in env.items():
        if key.startswith("AIDGRAPH_SOURCE_"):
            name, setting = _split(key.removeprefix("AIDGRAPH_SOURCE_").lower())
            merged.setdefault(name, {})[setting] = value
    return {name: _connection(name, values) for name, values in merged.items()}


def _split(key: str) -> tuple[str, str]:
    """Source and setting: `county_client_id` is `county` and `client_id`."""
    known = [setting for setting in CONNECTION if key.endswith(f"_{setting}")]
    setting = max(known, key=len, default=key.rpartition("_")[2])
    return key.removesuffix(f"_{setting}"), setting


def _connection(name: str, values: Mapping[str, Any]) -> Connection:
    if unknown := sorted(set(values) - set(CONNECTION)):
        raise ConfigError(f"source {name}: unknown setting {', '.join(unknown)}", remedy=f"Use {', '.join(CONNECTION)}")
    given: dict[str, Any] = {}
    for setting, value in values.items():
        if setting not in NUMBERS:
            given[setting] = str(value)
            continue
        try:
            given[setting] = NUMBERS[setting](value)
        except (ValueError, TypeError):
            raise ConfigError(f"source {name}: {setting} is not a number", remedy="Give a number, as 30") from None
        if not given[setting] > 0:
            raise ConfigError(f"source {name}: {setting} is not above 0", remedy="Give a number above 0, as 30")
    return Connection(**given)
