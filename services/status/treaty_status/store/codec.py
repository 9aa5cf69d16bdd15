"""Facts to the rows of the log and back: a stable topic, and JSON that a person can read in the table.

An optional field that says nothing (None, or an empty list) is not written; everything else is, defaults included, so
that a default that changes later does not change history. Free-form values (a rule, the fields of a correction) are
kept as they are.
"""

from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from treaty_events import Fact, Recorded, UnknownEventName
from treaty_events.catalogue import VERSIONS, class_of, name_of, split_topic, topic_of, upcast

_encode: Final = msgspec.json.Encoder().encode
_DECODERS: Final[dict[type[Fact], "msgspec.json.Decoder[Fact]"]] = {}
_FIELDS: Final[dict[type[Any], tuple[tuple[str, Any], ...]]] = {}
_WHOLE: Final[set[type[Any]]] = {str, int, float, bool, type(None)}
"""Types that are written as they are; those of enumerations, dates and free-form values are added as they come."""
_last_signed: tuple[Recorded | None, msgspec.Raw] = None, msgspec.Raw()


class UnreadableBodyError(Exception):
    """A stored body does not fit the class its topic names: the row was not written by this code."""


def encode(event: Fact) -> tuple[str, bytes]:
    """The topic and body under which an event is stored."""
    return topic_of(name_of(event)), _encode(_said(event))


def decode(topic: str, body: bytes) -> Fact:
    """The event behind a stored row, whatever version of its body was stored.

    Raises:
        UnknownEventName: the catalogue does not know the topic, or only older versions of it; park the row.
        UnreadableBodyError: the topic is known and the body is not one of its bodies.
    """
    name, version = _name_and_version(topic)
    try:
        if version == VERSIONS.get(name, 1):
            return _decoder(class_of(name)).decode(body)
        return msgspec.convert(upcast(name, version, msgspec.json.decode(body)), class_of(name), strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError) as problem:
        raise UnreadableBodyError(
            f"The body of a {topic} cannot be read ({problem}); the row was not written by us."
        ) from problem


def instant(moment: datetime) -> str:
    """An instant as the databases without such a type keep it: RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _name_and_version(topic: str) -> tuple[str, int]:
    try:
        name, version = split_topic(topic)
    except ValueError:
        name, version = topic, 1  # such as name@x: not ours
    if not 1 <= version <= VERSIONS.get(name, 1):
        class_of(name)
        raise UnknownEventName(f"The catalogue knows {name!r} up to version {VERSIONS.get(name, 1)}, not {version}.")
    return name, version


def _decoder(cls: type[Fact]) -> "msgspec.json.Decoder[Fact]":
    decoder = _DECODERS.get(cls)
    if decoder is None:
        decoder = _DECODERS[cls] = msgspec.json.Decoder(cls)
    return decoder


def _fields(cls: type[Any]) -> tuple[tuple[str, Any], ...]:
    found = _FIELDS.get(cls)
    if found is None:
        found = tuple((field.name, _silence(field)) for field in fields(cls)) if is_dataclass(cls) else ()
        _FIELDS[cls] = found
    return found


def _silence(field: "Field[Any]") -> Any:
    return field.default if field.default in (None, ()) else MISSING


def _said(value: Any) -> Any:
    cls = type(value)
    if cls is Recorded:
        return _signed(value)
    names = _FIELDS.get(cls)
    if names is None:
        names = _fields(cls)
    if names:
        held, told = value.__dict__, {}
        for name, silence in names:
            said = held[name] if name in held else getattr(value, name)  # a default that was read stays on the class
            if said is not silence:
                told[name] = said if type(said) in _WHOLE else _said(said)
        return told
    if cls is tuple:
        return [_said(item) for item in value]
    _WHOLE.add(cls)
    return value


def _signed(recorded: Recorded) -> msgspec.Raw:
    """All facts of one decision carry the same object, so it is written once and repeated."""
    global _last_signed  # noqa: PLW0603 - one reference, replaced as a whole: any thread may read it
    said, raw = _last_signed
    if said is not recorded:
        told = {name: value for name, silence in _fields(Recorded) if (value := getattr(recorded, name)) is not silence}
        raw = msgspec.Raw(_encode(told))
        _last_signed = recorded, raw
    return raw
