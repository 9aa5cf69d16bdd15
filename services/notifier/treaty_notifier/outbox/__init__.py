"""The notifier's own record: message log, subscriptions, lanes, retries and attempts."""

from treaty_notifier.outbox.memory import MemoryOutbox
from treaty_notifier.outbox.port import (
    Attempt,
    Census,
    Claim,
    Delivery,
    Dossier,
    Dossiers,
    Exchange,
    Lease,
    Outbox,
    Page,
    Parcel,
    Progress,
    Pulled,
    Replay,
    Sent,
    Settlement,
    SigningKey,
    Start,
    Turn,
    Wish,
)
from treaty_notifier.outbox.secrets import PlainBox, SecretBox
from treaty_notifier.outbox.sql import SqlOutbox

__all__ = [
    "Attempt",
    "Census",
    "Claim",
    "Delivery",
    "Dossier",
    "Dossiers",
    "Exchange",
    "Lease",
    "MemoryOutbox",
    "Outbox",
    "Page",
    "Parcel",
    "PlainBox",
    "Progress",
    "Pulled",
    "Replay",
    "SecretBox",
    "Sent",
    "Settlement",
    "SigningKey",
    "SqlOutbox",
    "Start",
    "Turn",
    "Wish",
]
