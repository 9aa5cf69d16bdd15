"""Logged events as the feed prints them: the stored body goes through as it is, without being taken apart."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from treaty_events import category_of, event_id
from treaty_events.catalogue import NAMES, VERSIONS, split_topic, upcast
from treaty_status.api.problems import invalid
from treaty_status.application.event_log import LoggedEvent

_encode: Final = msgspec.json.Encoder().encode


class _By(msgspec.Struct):
    at: str
    by: str
    imported: str | None = None


class _Envelope(msgspec.Struct):
    """The part of any body that the feed's own fields repeat."""

    treaty: str
    recorded: _By
    livemode: bool | None = None


_envelope: Final = msgspec.json.Decoder(_Envelope).decode
LivemodeOf = Callable[[UUID, str], bool]


def type_of(event: LoggedEvent) -> str:
    """The event's stable name, whatever version its body has."""
    return event.topic.partition("@")[0]


def feed_line(event: LoggedEvent, livemode_of: LivemodeOf) -> bytes:
    """One event as one line of JSON."""
    envelope, name, body = _envelope(event.body), type_of(event), _current(event)
    livemode = livemode_of(event.stream, envelope.treaty) if envelope.livemode is None else envelope.livemode
    category = category_of(name, imported=envelope.recorded.imported is not None)
    head = (
        f'{{"position":{event.position},"id":"{event_id(event.stream, event.version)}","type":"{name}",'
        f'"category":"{category}","treaty":"{envelope.treaty}","version":{event.version},'
        f'"livemode":{"true" if livemode else "false"},"recorded_at":"{envelope.recorded.at}","recorded_by":'
    )
    return b"".join((head.encode(), _encode(envelope.recorded.by), b',"data":', body, b"}"))


def log_line(event: LoggedEvent) -> bytes:
    """One event of one treaty's own history as one line of JSON."""
    envelope, name, body = _envelope(event.body), type_of(event), _current(event)
    head = (
        f'{{"position":{event.position},"id":"{event_id(event.stream, event.version)}","version":{event.version},'
        f'"type":"{name}","recorded_at":"{envelope.recorded.at}","recorded_by":'
    )
    return b"".join((head.encode(), _encode(envelope.recorded.by), b',"data":', body, b"}"))


def _current(event: LoggedEvent) -> bytes:
    """The stored body, brought up to date where it was written in an older shape."""
    if "@" not in event.topic and event.topic not in VERSIONS:
        return event.body
    name, version = split_topic(event.topic)
    if version >= VERSIONS.get(name, 1):
        return event.body
    return _encode(upcast(name, version, msgspec.json.decode(event.body)))


def wanted(types: str | None) -> Callable[[str], bool]:
    """Which event names a filter lets through: names separated by commas, ``*`` for any tail; None: all.

    Raises:
        InvalidRequest: one of them fits no event that there is, so it would wait for ever.
    """
    if types is None:
        return lambda _: True
    patterns = [part.strip() for part in types.split(",") if part.strip()]
    if not patterns:
        raise invalid(("types", "No event type is named"))
    exact = frozenset(one for one in patterns if not one.endswith("*"))
    tails = tuple(one[:-1] for one in patterns if one.endswith("*"))
    for one in patterns:
        known = one in NAMES if one in exact else any(name.startswith(one[:-1]) for name in NAMES)
        if not known:
            raise invalid(
                ("types", f"There is no event type {one[:80]!r}"),
                way_out="The types are listed in the OpenAPI document; * may stand for the tail: treaty.threshold.*",
            )
    return lambda name: name in exact or name.startswith(tails)
