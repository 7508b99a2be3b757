"""What the hub tells its operator of its work: counts and times by agreement and outcome, nothing of any person.

Operations refused for their rate are those of code RATE_LIMITED; the age of what is served is the time since its
publication.
"""

from __future__ import annotations

import platform
import time
from datetime import UTC

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

import hub
from hub.store import publication

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.operations = Counter(
            "aidgraph_operations",
            "Operations by agreement, outcome and code",
            ("agreement", "outcome", "code"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "aidgraph_operation_seconds",
            "Time an operation takes, its log entry included",
            ("agreement",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.unauthenticated = Counter(
            "aidgraph_unauthenticated", "Requests without a good token", registry=self._registry
        )
        self.running = Gauge("aidgraph_operations_running", "Operations running or in line", registry=self._registry)
        self.room = Gauge(
            "aidgraph_operations_room", "Operations that may run or stand in line at once", registry=self._registry
        )
        self.log_seconds = Histogram(
            "aidgraph_log_seconds",
            "Time until an entry of the access log is durable",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.connections = Gauge(
            "aidgraph_store_connections", "Connections to the store in use", registry=self._registry
        )
        self.publication = Gauge("aidgraph_publication", "The publication that is served", registry=self._registry)
        self.publication_age = Gauge(
            "aidgraph_publication_age_seconds", "Time since that publication", registry=self._registry
        )
        self.revoked = Gauge(
            "aidgraph_tokens_revoked", "Tokens revoked before their end, which has not come", registry=self._registry
        )
        build = Gauge("aidgraph_build_info", "The release, always 1", ("version", "python"), registry=self._registry)
        build.labels(hub.__version__, platform.python_version()).set(1)

        self._known: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def answered(self, agreement: str, outcome: str, code: str, seconds: float) -> None:
        """Count an operation that took so long."""
        known = self._known.get((agreement, outcome, code))
        if known is None:
            count, took = self.operations.labels(agreement, outcome, code), self.seconds.labels(agreement)
            known = self._known[agreement, outcome, code] = count, took
        known[0].inc()
        known[1].observe(seconds)

    def exported(self, agreement: str) -> None:
        """Count an export that begins to be answered."""
        self.operations.labels(agreement, "answered", "").inc()

    def look(self, engine: sa.Engine) -> None:
        """Find out what is served. Raises SQLAlchemyError where the store does not answer."""
        query = sa.select(publication.c.publication, publication.c.at).order_by(publication.c.publication.desc())
        with engine.connect() as connection:
            latest = connection.execute(query.limit(1)).first()
        if latest is not None:
            at = latest.at if latest.at.tzinfo else latest.at.replace(tzinfo=UTC)
            since = at.timestamp()
            self.publication.set(latest.publication)
            self.publication_age.set_function(lambda: time.time() - since)

    def text(self) -> bytes:
        """Prometheus's text format."""
        return generate_latest(self._registry)
