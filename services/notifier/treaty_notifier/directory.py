"""What the notifier asks the status service about people: whose key is this, and who belongs to a group."""

import asyncio
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import httpx

from treaty_notifier.errors import GroupUnknown, KeyRefused, StatusUnreachable

KEY_CACHE_SECONDS = 10.0
KEY_CACHE_ENTRIES = 10_000
ASK_SECONDS = 5.0
AT_ONCE = 8  # questions about treaties on their way together


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The holder of a key: its id owns subscriptions, its scopes say what it may do."""

    id: str
    name: str
    scopes: frozenset[str]


class Keys(Protocol):
    async def caller(self, authorization: str) -> Caller:
        """The holder of the key in an ``Authorization`` header.

        Raises:
            KeyRefused: the status service does not know the key.
            StatusUnreachable: nobody can say now.
        """


class Groups(Protocol):
    async def members(self, group: str) -> frozenset[str]:
        """The participants of a group. Raises GroupUnknown, StatusUnreachable."""


class Names(Protocol):
    async def unknown_participants(self, ids: Collection[str]) -> list[str]:
        """Those of these ids that no participant has. Raises StatusUnreachable."""

    async def unknown_treaties(self, ids: Collection[str]) -> list[str]:
        """Those of these ids under which no treaty and no open rehearsal is held. Raises StatusUnreachable."""


class StatusDirectory:
    """Implements ``Keys``, ``Groups`` and ``Names`` by asking the status service; remembers a key for ten seconds.

    Only the key's SHA-256 is kept. ``monotonic_seconds`` is the clock of the memory.
    """

    def __init__(self, client: httpx.AsyncClient, *, monotonic_seconds: Callable[[], float]) -> None:
        self._client = client
        self._monotonic_seconds = monotonic_seconds
        self._known: dict[bytes, tuple[float, Caller]] = {}

    async def caller(self, authorization: str) -> Caller:
        name = hashlib.sha256(authorization.encode()).digest()
        now = self._monotonic_seconds()
        known = self._known.get(name)
        if known is not None and known[0] > now:
            return known[1]
        caller = await self._ask_key(authorization)
        if len(self._known) >= KEY_CACHE_ENTRIES:
            self._known.clear()
        self._known[name] = (now + KEY_CACHE_SECONDS, caller)
        return caller

    async def members(self, group: str) -> frozenset[str]:
        response = await self._get("/v1/participants", params={"group": group})
        if response.status_code in (400, 404, 422):
            raise GroupUnknown(
                f"The registry holds no such group of participants (group: {group}); see /v1/participants of the "
                "status service"
            )
        _answered(response)
        return frozenset(str(one["id"]) for one in response.json()["participants"])

    async def unknown_participants(self, ids: Collection[str]) -> list[str]:
        response = await self._get("/v1/participants")
        _answered(response)
        known = {str(one["id"]) for one in response.json()["participants"]}
        return sorted(set(ids) - known)

    async def unknown_treaties(self, ids: Collection[str]) -> list[str]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def is_held(treaty: str) -> bool:
            async with turns:
                response = await self._get(f"/v1/treaties/{treaty}", method="HEAD")
            if response.status_code in (404, 410):  # 410: a rehearsal that is over
                return False
            _answered(response)
            return True

        asked = sorted(set(ids))
        held = await asyncio.gather(*(is_held(treaty) for treaty in asked))
        return [treaty for treaty, there in zip(asked, held, strict=True) if not there]

    async def _ask_key(self, authorization: str) -> Caller:
        response = await self._get("/v1/keys/self", headers={"authorization": authorization})
        if response.status_code in (401, 403):
            raise KeyRefused("The key is unknown or revoked; the operator of the status service makes keys")
        _answered(response)
        answer = response.json()
        return Caller(id=str(answer["id"]), name=str(answer["name"]), scopes=frozenset(answer["scopes"]))

    async def _get(
        self,
        path: str,
        *,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        method: str = "GET",
    ) -> httpx.Response:
        try:
            return await self._client.request(method, path, params=params, headers=headers, timeout=ASK_SECONDS)
        except httpx.HTTPError as error:
            raise StatusUnreachable("The status service, which knows keys and groups, does not answer") from error


def _answered(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise StatusUnreachable(
            f"The status service, which knows keys and groups, does not say (status: {response.status_code})"
        )
