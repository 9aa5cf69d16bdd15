"""The outbox's tables, the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite keeps it as text of fixed width, so that comparing text compares time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

#: One row: the random key of this notifier, the feed position it has digested and the end of its message log.
progress = Table(
    "progress",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("instance_key", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

#: The message log: dense, append-only, final bytes.
messages = Table(
    "messages",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("identity", String(200), nullable=False),
    Column("type", String(200), nullable=False),
    Column("category", String(40), nullable=False),
    Column("treaty", String(200)),
    Column("livemode", Boolean, nullable=False),
    Column("participants", JSON, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("audience", String(40)),
    Column("body", LargeBinary, nullable=False),
    Index("messages_by_position", "position"),
    Index("messages_by_recorded_at", "recorded_at"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(100), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("filter", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("filter_changes", Integer, nullable=False, server_default="0"),
)

#: Filters that were changed: each held up to and including this line of the log.
former_filters = Table(
    "former_filters",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("until_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("filter", JSON, nullable=False),
)

#: Numbers given out, one row for messages taken up together: these follow log line ``after_seq`` within a few hundred
#: lines. Written before the first of them is sent, never changed: what their signed bodies say is fixed here.
stretches = Table(
    "stretches",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("first_sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("after_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("previous_id", String(60)),
    Column("last_id", String(60), nullable=False),
    Column("watermark", BigInteger, nullable=False),
    Index("stretches_by_line", "subscription_id", "last_seq"),
)

#: Sealed secrets, newest serial first in use; ``expires_at`` is empty for the current one.
secrets = Table(
    "secrets",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Instant),
)

#: One cursor into the log for each subscription (its id is the subscription's) and one for each running replay.
lanes = Table(
    "lanes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("subscription_id", String(40), nullable=False, index=True),
    Column("is_replay", Boolean, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("stop_seq", BigInteger),
    Column("after_position", BigInteger, nullable=False),
    Column("not_before", Instant),
    Column("due_at", Instant),
    Column("served_at", Instant, nullable=False),
    Column("paused_until", Instant),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", String(60)),
    Column("lease_until", Instant),
    Column("sequence", BigInteger, nullable=False, server_default="0"),  # everything up to this number was attempted
    Column("is_held", Boolean, nullable=False, server_default=false()),  # a replay that is paused
    Column("per_second", Integer),  # of a replay
    Column("numbered_after", BigInteger, nullable=False, server_default="0"),  # the line before number 1
    Column("looked_to", BigInteger, nullable=False, server_default="0"),  # whatever is wanted up to here has its number
    Column("is_slow", Boolean, nullable=False, server_default=false()),  # its endpoint has places of its own
    Column("booked", BigInteger, nullable=False, server_default="0"),  # attempts; those of replays are counted there
    # Lanes are rewritten with every turn; room on their page keeps those updates from touching the indexes, as long as
    # no index holds what a turn changes (schema.py).
    postgresql_with={"fillfactor": 40},
)

#: Deliveries that did not go through at once: retrying (due at ``next_at``) or dead (kept, with the reason).
exceptions = Table(
    "exceptions",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("webhook_id", String(60), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_at", Instant),
    Column("reason", Text),
    Column("sequence", BigInteger),
    Column("previous_id", String(60)),
    Column("watermark", BigInteger),
    Column("occasion", String(10), nullable=False, server_default="feed"),
    Column("request", Integer, nullable=False, server_default="0"),  # how often it was asked for since the last attempt
    Index("exceptions_due", "subscription_id", "state", "next_at"),
    Index("exceptions_oldest", "subscription_id", "state", "occasion", "sequence"),
    Index("exceptions_by_state", "subscription_id", "state", "seq"),
)

#: What the janitor looks for, word for word as its statement says it, or no index is used.
HAS_ANSWER = text("(length(response) > 0 OR location IS NOT NULL)")

attempts = Table(
    "attempts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("webhook_id", String(60), nullable=False, index=True),
    Column("subscription_id", String(40), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("outcome", String(30), nullable=False),
    Column("status_code", Integer),
    Column("response", LargeBinary, nullable=False),
    Column("is_clipped", Boolean, nullable=False),
    Column("location", Text),
    Column("peer", String(60)),
    Column("next_attempt_at", Instant),
    Column("sequence", BigInteger),
    Column("occasion", String(10), nullable=False, server_default="feed"),
    Column("phases", Text),
    Column("body_hash", LargeBinary),  # SHA-256 of the message, before an endpoint's format shapes it
    Index("attempts_by_delivery", "subscription_id", "seq"),
    # An attempt whose answer was empty, or was emptied, is not in it: old ones are never looked through again.
    Index("attempts_answered", "started_at", sqlite_where=HAS_ANSWER, postgresql_where=HAS_ANSWER),
)

#: Who belonged to a group after which line of the log; kept so that counting again gives the same numbers.
memberships = Table(
    "memberships",
    metadata,
    Column("group_id", String(100), primary_key=True),
    Column("after_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("members", JSON, nullable=False),
)
