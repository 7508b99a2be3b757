"""The hub's configuration: everything in config/, read, checked and turned into relations for the engine.

`load` gives it or raises ConfigError, `overlaid` with another folder's files laid over it; `check` lists every
problem; `Config.relations` is what the SQL joins.
"""

from hub.config.config import Config, check, load
from hub.config.diff import Change, diff
from hub.config.overlay import overlaid
from hub.config.show import Shown, show
from hub.policy.schema import schema
from hub.policy.toml import Problem

__all__ = ["Change", "Config", "Problem", "Shown", "check", "diff", "load", "overlaid", "schema", "show"]
