"""Numbers for operators. Never labelled by address or subscription: that would publish who listens."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from treaty_notifier.outbox import Census


class Metrics:
    """One registry for one notifier, so that two in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.attempts = Counter(
            "treaty_notifier_attempts", "POSTs to endpoints by outcome", ["outcome"], registry=self.registry
        )
        self.attempt_seconds = Histogram(
            "treaty_notifier_attempt_seconds",
            "From resolving the name to the end of the answer",
            buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 15),
            registry=self.registry,
        )
        self.claim_seconds = Histogram(
            "treaty_notifier_claim_seconds",
            "Finding the lanes that have something to send, and reading it",
            buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
            registry=self.registry,
        )
        self.fenced = Counter(
            "treaty_notifier_fenced_turns", "Turns that another notifier had taken over", registry=self.registry
        )
        self.serving = Gauge(
            "treaty_notifier_serving",
            "1 while this process delivers, 0 while it stands by for another one on the same SQLite file",
            registry=self.registry,
        )
        self.database_up = Gauge(
            "treaty_notifier_database_up", "1 while something can be recorded", registry=self.registry
        )
        self.lag_seconds = Gauge(
            "treaty_notifier_lag_seconds",
            "For how long the slowest active lane has had something before it, since this process started",
            registry=self.registry,
        )
        self.clock_skew = Gauge(
            "treaty_notifier_clock_skew_seconds",
            "How far this machine's clock is ahead of the database's; 0 where there is only this machine's",
            registry=self.registry,
        )
        self.clock_steps = Counter(
            "treaty_notifier_clock_steps", "How often this machine's clock was set", registry=self.registry
        )
        self.parked = Counter(
            "treaty_notifier_parked_lanes", "Lanes left alone for a while after a fault of ours", registry=self.registry
        )
        self.notices = Counter(
            "treaty_notifier_endpoint_notices", "What happened to endpoints", ["kind"], registry=self.registry
        )
        self.circuits_open = Gauge(
            "treaty_notifier_circuits_open", "Endpoints left alone because they failed", registry=self.registry
        )
        self.allowed_networks = Gauge(
            "treaty_notifier_allowed_networks",
            "Networks of the operator's own where endpoints may live",
            registry=self.registry,
        )
        self.exempt_connections = Counter(
            "treaty_notifier_exempt_connections",
            "Connections to endpoints that only the operator's list of networks allowed",
            registry=self.registry,
        )
        self.nat64_unconfigured = Gauge(
            "treaty_notifier_nat64_unconfigured",
            "1 when this network translates under a prefix that is not configured",
            registry=self.registry,
        )
        self.position = Gauge("treaty_notifier_feed_position", "Last feed position digested", registry=self.registry)
        self.head = Gauge("treaty_notifier_feed_head", "Last feed position known to exist", registry=self.registry)
        self.restarts = Counter(
            "treaty_notifier_loop_restarts", "Loops that ended by a fault", ["loop"], registry=self.registry
        )
        self._census = {
            name: Gauge(f"treaty_notifier_{name}", text, registry=self.registry)
            for name, text in (
                ("subscriptions", "Subscriptions"),
                ("disabled", "Subscriptions disabled by their endpoint's answer"),
                ("retrying", "Deliveries waiting for their next attempt"),
                ("dead", "Deliveries given up"),
                ("lanes_leased", "Lanes being served now"),
                ("max_lag", "Messages the slowest lane has before it"),
            )
        }

    def text(self, census: Census | None) -> bytes:
        """The exposition, with the counts of the outbox as they are now; None: as they were when it last answered."""
        for name, gauge in self._census.items():
            if census is not None:
                gauge.set(getattr(census, name))
        return generate_latest(self.registry)
