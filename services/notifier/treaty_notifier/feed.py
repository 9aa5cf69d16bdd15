"""The status service's public feed: every event after a position, in order, over HTTP with long poll."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import aiohttp
import msgspec

from treaty_notifier.errors import FeedError, StatusUnreachable
from treaty_notifier.messages import FeedEvent

ANSWER_MARGIN_SECONDS = 10.0  # how long past the long poll's own end we wait before we call the service silent


@dataclass(frozen=True, kw_only=True)
class FeedPage:
    """``next`` is the position to ask after next time, ``head`` the last position that the feed holds."""

    events: tuple[FeedEvent, ...]
    next: int
    head: int


class Feed(Protocol):
    async def page(self, *, after: int, limit: int, wait_seconds: float) -> FeedPage:
        """Events after ``after``; when there are none yet, wait for the first, up to ``wait_seconds``.

        Raises:
            StatusUnreachable: no answer, or one that says to come back later.
            FeedError: an answer that is not a page of the feed.
        """


class HttpFeed:
    """Asks over one kept connection. aiohttp and not the ordinary client: every milestone waits for this answer."""

    def __init__(self, session: aiohttp.ClientSession, *, status_url: str) -> None:
        self._session = session
        self._url = f"{status_url.rstrip('/')}/v1/feed"

    async def page(self, *, after: int, limit: int, wait_seconds: float) -> FeedPage:
        try:
            async with self._session.get(
                self._url,
                params={"after": after, "limit": limit, "wait": f"{wait_seconds:g}"},
                timeout=aiohttp.ClientTimeout(
                    total=wait_seconds + 2 * ANSWER_MARGIN_SECONDS, connect=ANSWER_MARGIN_SECONDS
                ),
                allow_redirects=False,
            ) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise StatusUnreachable("The status service does not answer its feed; it is asked again") from error
        if status >= 500 or status == 429:
            raise StatusUnreachable(f"The status service cannot serve its feed now (status: {status})")
        if status != 200:
            raise FeedError(f"The feed refuses to be read (status: {status}, after: {after})")
        try:
            document = msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise FeedError("The feed's page is no JSON") from error
        return page_of(document)


def page_of(document: object) -> FeedPage:
    """Raises FeedError when a field is missing or of another kind."""
    try:
        page = _mapping(document)
        found = FeedPage(
            events=tuple(_event(_mapping(event)) for event in _list(page["events"])),
            next=_whole(page["next"]),
            head=_whole(page["head"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FeedError(f"The feed's page cannot be read ({type(error).__name__}: {error})") from error
    positions = [event.position for event in found.events]
    if positions != sorted(set(positions)) or (positions and found.next < positions[-1]):
        raise FeedError(f"The feed's page is out of order (next: {found.next}, positions: {positions[:5]}…)")
    return found


def _event(event: Mapping[str, object]) -> FeedEvent:
    treaty = event.get("treaty")
    return FeedEvent(
        position=_whole(event["position"]),
        event_id=_text(event["id"]),
        type=_text(event["type"]),
        category=_text(event["category"]),
        treaty=None if treaty is None else _text(treaty),
        livemode=event["livemode"] is True,
        recorded_at=_instant(_text(event["recorded_at"])),
        data=_mapping(event["data"]),
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {type(value).__name__}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"a whole number was expected, not {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("recorded_at has no time zone")
    return at
