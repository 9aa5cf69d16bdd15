"""One turn's messages as they go out: shaped, with their fields, and signed ahead where somebody helps with it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from treaty_notifier.consent import SenderName
from treaty_notifier.outbox import Parcel, Turn
from treaty_notifier.sender import OutgoingWebhook
from treaty_notifier.signing import Keys, keys_of

CHUNK = 16  # letters that are signed ahead at a time; the next chunk is asked for when one is begun
FRESH_SECONDS = 2.0  # the timestamp is the attempt's: a signature for an earlier moment is thrown away

Signed = Sequence[str] | None
"""Values of ``webhook-signature`` in the order that was asked for; None says: sign them yourself."""


class Helper(Protocol):
    """Whoever signs beside us. Webhook ids with final bytes, for the moment ``timestamp``."""

    def ask(self, keys: Keys, contents: Sequence[tuple[str, bytes]], *, timestamp: int) -> "asyncio.Future[Signed]": ...


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A chunk that is being signed for one moment."""

    timestamp: int
    answer: "asyncio.Future[Signed]"


class Letters:
    """``parcels`` of a turn by their place in it. ``usual`` are the fields of every webhook of this notifier."""

    def __init__(
        self,
        turn: Turn,
        parcels: Sequence[Parcel],
        *,
        sender: SenderName,
        usual: Mapping[str, str],
        helper: Helper | None,
    ) -> None:
        options = turn.dossier.options
        self._keys = keys_of(turn.secrets, [key.seed for key in turn.dossier.keys], schemes=options.signatures)
        self._signer = self._keys.signer()
        self._helper = helper if self._keys.seeds else None  # the other scheme costs less than asking
        self._url = turn.url
        self._parcels = parcels
        self._sender = sender
        self._form = options.format
        self._tls = options.tls
        self.keeps_answers = options.keeps_answers
        self._usual = (*usual.items(), *options.headers)
        self._chunks: list[_Ahead] = []

    async def prepare(self, place: int, *, at: datetime) -> None:
        """Wait for what is being signed ahead of the parcel at ``place``, and have the next ones begun."""
        if self._helper is None:
            return
        number = place // CHUNK
        while len(self._chunks) < min(number + 2, -(-len(self._parcels) // CHUNK)):
            self._chunks.append(self._begun(self._helper, len(self._chunks), timestamp=int(at.timestamp())))
        await self._chunks[number].answer

    def outgoing(self, place: int, *, at: datetime) -> OutgoingWebhook:
        """The parcel at ``place``, signed for the moment ``at``, which is that of the attempt."""
        webhook_id = self._parcels[place].webhook_id
        form, body = self._shaped(place)
        timestamp, signature = self._signed_ahead(place, at=at)
        if signature is None:
            timestamp = int(at.timestamp())
            signature = self._signer.signature(webhook_id=webhook_id, timestamp=timestamp, body=body)
        fields = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }
        return OutgoingWebhook(url=self._url, headers=form | fields, body=body, usual=self._usual, tls=self._tls)

    def _begun(self, helper: Helper, number: int, *, timestamp: int) -> _Ahead:
        places = range(number * CHUNK, min((number + 1) * CHUNK, len(self._parcels)))
        contents = [(self._parcels[place].webhook_id, self._shaped(place)[1]) for place in places]
        return _Ahead(timestamp, helper.ask(self._keys, contents, timestamp=timestamp))

    def _signed_ahead(self, place: int, *, at: datetime) -> tuple[int, str | None]:
        number, within = divmod(place, CHUNK)
        if number >= len(self._chunks):
            return 0, None
        chunk = self._chunks[number]
        values = chunk.answer.result() if chunk.answer.done() else None
        if values is None or not 0 <= at.timestamp() - chunk.timestamp < FRESH_SECONDS:
            return 0, None
        return chunk.timestamp, values[within]

    def _shaped(self, place: int) -> tuple[dict[str, str], bytes]:
        parcel = self._parcels[place]
        return self._sender.shaped(parcel.body, webhook_id=parcel.webhook_id, form=self._form)
