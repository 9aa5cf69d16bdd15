"""``treaty-notifier reconcile``: what a receiver lacks of its subscription's feed, fetched by its numbers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from treaty_notifier.holdings import Gap, Holdings
from treaty_notifier.webhook_signature import webhook_headers

PAGE_MESSAGES = 500
ASK_SECONDS = 60.0


class CannotReconcile(Exception):
    """The notifier does not answer, or not with a feed; or the endpoint does not take what is posted to it."""


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """``gaps`` were lacking and are fetched now; ``conflicts`` are sentences about what is held and cannot be right."""

    head: int
    fetched: int
    gaps: tuple[Gap, ...]
    conflicts: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.fetched and not self.conflicts


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a subscription's feed is pulled from."""

    client: httpx.Client
    subscription: str

    def pages(self, *, after: int, until: int | None) -> Iterator[dict[str, Any]]:
        """From the number after ``after`` on, to the end or up to ``until``. Raises CannotReconcile."""
        has_more = True
        while has_more and (until is None or after < until):
            asked = {"after": after, "limit": PAGE_MESSAGES} | ({} if until is None else {"to": until})
            page = self._page(asked)
            yield page
            has_more, after = bool(page["has_more"]), int(page["next"])

    def _page(self, asked: Mapping[str, int]) -> dict[str, Any]:
        path = f"/v1/subscriptions/{self.subscription}/messages"
        try:
            answer = self.client.get(path, params=dict(asked), timeout=ASK_SECONDS)
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise CannotReconcile(f"The notifier does not answer ({type(error).__name__}: {error})") from error
        if answer.status_code != 200:
            raise CannotReconcile(
                f"The notifier refuses to be asked (status: {answer.status_code}): "
                f"{found.get('detail', '') if isinstance(found, dict) else ''}"
            )
        page: dict[str, Any] = found
        return page


def reconcile(held: Holdings, source: Source, *, take: Callable[[Mapping[str, object]], None]) -> Reconciled:
    """Fetch exactly what is not held, and hand each message to ``take`` in the order of its number.

    What is held only as it was sent again on request is compared with the feed's id: a copy that does not say of which
    message it is one holds the number, and not the message. Where the receiver remembers ids without numbers,
    everything is looked through, and only what it lacks is taken.

    Raises:
        CannotReconcile.
    """
    lacking, conflicts, head = [], [], 0
    stretches = [Gap(1, 0)] if held.loose_ids else _lacking(held)
    for stretch in stretches:
        until = stretch.last or None
        for page in source.pages(after=stretch.first - 1, until=until):
            head = max(head, int(page["head"]))
            for message in page["messages"]:
                sequence = int(message["sequence"])
                if _is_held(held, sequence, message["id"]):
                    continue
                take(record(message))
                lacking.append(sequence)
                before = None if sequence - 1 in held.resent else held.ids.get(sequence - 1)
                if before is not None and message["previous_id"] != before:
                    conflicts.append(_conflict(sequence - 1, held=before, known=message["previous_id"]))
    if held.highest > head:
        conflicts.append(
            f"Number {held.highest} is held, and the feed ends with {head}: this is another subscription's state"
        )
    conflicts += _last_one(held, source, head=head)
    return Reconciled(head=head, fetched=len(lacking), gaps=tuple(_stretches(lacking)), conflicts=tuple(conflicts))


def record(message: Mapping[str, Any]) -> dict[str, object]:
    """A pulled message as ``listen --out`` keeps a pushed one."""
    payload = json.loads(message["payload"])
    return {
        "sequence": message["sequence"],
        "webhook_id": message["id"],
        "previous_id": message["previous_id"],
        "watermark": payload.get("watermark"),
        "type": message["type"],
        "verdict": "pulled",
        "payload": message["payload"],
    }


def post_again(
    client: httpx.Client, url: str, message: Mapping[str, object], *, secret: bytes, now_seconds: float
) -> None:
    """POST a fetched message as the notifier would have, signed with the subscription's secret.

    Raises:
        CannotReconcile: it was not answered with 2xx.
    """
    body = str(message["payload"]).encode()
    headers = webhook_headers(
        webhook_id=str(message["webhook_id"]), timestamp=int(now_seconds), body=body, secrets=[secret]
    )
    try:
        answer = client.post(url, content=body, headers={"content-type": "application/json"} | headers)
    except httpx.HTTPError as error:
        raise CannotReconcile(f"Nobody takes what is posted (url: {url}, {type(error).__name__})") from error
    if not answer.is_success:
        raise CannotReconcile(
            f"The endpoint did not take number {message['sequence']} (url: {url}, status: {answer.status_code})"
        )


def _last_one(held: Holdings, source: Source, *, head: int) -> list[str]:
    """The chain of ids is checked where it ends: its last link stands for all before it."""
    last = held.highest
    known = held.ids.get(last)
    if known is None or last > head or last in held.resent:
        return []
    for page in source.pages(after=last - 1, until=last):
        for message in page["messages"]:
            if message["id"] != known:
                return [_conflict(last, held=known, known=message["id"])]
    return []


def _lacking(held: Holdings) -> list[Gap]:
    """What to ask for, in order; the last one has no end."""
    doubtful = _stretches([number for number in held.resent if held.ids[number] is not None])
    return [*sorted([*held.lacks(up_to=held.highest), *doubtful]), Gap(held.highest + 1, 0)]


def _is_held(held: Holdings, sequence: int, webhook_id: str) -> bool:
    if webhook_id in held.loose_ids:
        return True
    known = held.ids.get(sequence, webhook_id) if sequence in held.resent else None
    return sequence in held.ids and known in (None, webhook_id)


def _conflict(sequence: int, *, held: str, known: str | None) -> str:
    return f"Number {sequence} is held under another id (held: {held}, the feed says: {known})"


def _stretches(numbers: list[int]) -> list[Gap]:
    found: list[Gap] = []
    for number in sorted(numbers):
        if found and found[-1].last == number - 1:
            found[-1] = Gap(found[-1].first, number)
        else:
            found.append(Gap(number, number))
    return found
