"""What every adapter says about a batch of events, whatever the database."""

from collections.abc import Callable, Sequence
from uuid import UUID

from treaty_status.application.event_log import KeyTaken, NewEvent, Reply, VersionConflict


def refuse_disorder(events: Sequence[NewEvent]) -> None:
    """Within one stream the versions of a batch ascend one by one, in the order given.

    Raises:
        VersionConflict: they do not.
    """
    latest: dict[UUID, int] = {}
    stream, previous = None, 0
    for event in events:
        if event.stream is not stream:  # looked up where the stream changes; a bulk has long runs of one
            if stream is not None:
                latest[stream] = previous
            stream = event.stream
            previous = latest.get(stream, event.version - 1)
        if event.version != previous + 1 or event.version < 1:
            raise VersionConflict(
                f"The versions of a batch must ascend one by one (stream: {event.stream}, {previous} is followed by "
                f"{event.version}); decide again from the stream's present version.",
                streams=frozenset({event.stream}),
            )
        previous = event.version


def first_versions(events: Sequence[NewEvent]) -> dict[UUID, int]:
    """The version with which a batch continues each of its streams."""
    first: dict[UUID, int] = {}
    for event in events:
        first.setdefault(event.stream, event.version)
    return first


def version_conflict(events: Sequence[NewEvent], version_of: Callable[[UUID], int]) -> VersionConflict:
    """The refusal of a batch, given how far each stream has come in the database."""
    first = first_versions(events)
    found = {stream: version_of(stream) for stream in first}
    behind = {stream for stream, version in found.items() if version + 1 != first[stream]} or set(first)
    facts = ", ".join(f"{stream}: at version {found[stream]}, offered {first[stream]}" for stream in sorted(behind)[:3])
    return VersionConflict(
        f"The batch does not continue its streams ({facts}); reload them and decide again.", streams=frozenset(behind)
    )


def key_taken(replies: Sequence[Reply], is_taken: Callable[[str], bool]) -> KeyTaken:
    """The refusal of a batch, given which idempotency keys the database holds."""
    keys = [reply.key for reply in replies]
    taken = {key for key in keys if is_taken(key)} or {key for key in keys if keys.count(key) > 1} or set(keys)
    return KeyTaken(
        f"An idempotency key was used before (keys: {', '.join(sorted(taken)[:3])}); read the reply kept under it.",
        keys=frozenset(taken),
    )
