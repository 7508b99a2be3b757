"""What the hub tells its operator of its work: counts and times by agreement and outcome, nothing of any person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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

    def text(self) -> bytes:
        """Prometheus's text format."""
        return generate_latest(self._registry)
