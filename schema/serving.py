"""What is served: a store, its keys, its configuration, its agreements, and how an ID number becomes a MAC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.base import Source
from hub.keys import KeyRing
from hub.reading.identity import Linkage, Refused
from schema import registered
from schema.agreement import Agreement, load_all
from schema.compile.compiler import PATIENCE
from schema.read.context import Lookup
from schema.registered import Registered

if TYPE_CHECKING:
    from hub.config import Config
    from hub.deployment import Deployment

NO_MAC = ""  # no alias has it: a number that cannot be one finds nobody, by the same statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Everything the application answers from. `compiled` False: graphql-core alone answers.

    `patience`: how often it answers a form of a document before that is compiled.
    """

    engine: sa.Engine
    ring: KeyRing
    config: Config
    agreements: Sequence[Agreement]
    lookup: Lookup
    sources: Sequence[Source]
    compiled: bool = True
    patience: int = PATIENCE
    registered: Mapping[str, Registered] = field(default_factory=dict)  # agreement -> its folder's documents


def graph_of(deployment: Deployment) -> Graph:
    """The graph of an open deployment. Raises ConfigError where an agreement is wrong."""
    return Graph(
        engine=deployment.engine,
        ring=deployment.ring,
        config=deployment.config,
        agreements=load_all(deployment.settings.config),
        lookup=lookup_by(deployment.linkage),
        sources=deployment.sources,
        registered=registered.load_all(deployment.settings.config),
    )


def lookup_by(linkage: Linkage) -> Lookup:
    """Hash an ID number at once, under a linkage contract."""

    def lookup(number: str, certificate: str) -> str:
        try:
            return linkage.identify(number, certificate).mac
        except Refused:
            return NO_MAC

    return lookup
