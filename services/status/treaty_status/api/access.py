"""Who asks, and what their key opens."""

import asyncio
import hashlib
from collections.abc import Callable
from time import monotonic
from typing import Final

from treaty_status.api.refusals import KeyMissing, KeyUnknown, ScopeMissing
from treaty_status.application.keys import Key, KeyRing, Scope

REMEMBERED_SECONDS: Final = 1.5
"""Together with the key ring's own memory this stays below the five seconds that a revocation may take."""
MOST_REMEMBERED: Final = 10_000
_SCHEME: Final = "bearer "


class Access:
    """Bearer keys to their holders; the look-up itself happens off the event loop and is remembered for a moment."""

    def __init__(self, keys: KeyRing, *, now_seconds: Callable[[], float] = monotonic) -> None:
        self._keys = keys
        self._now_seconds = now_seconds
        self._known: dict[bytes, tuple[float, Key]] = {}

    async def holder(self, authorization: str | None) -> Key:
        """The live key of an ``Authorization`` header.

        Raises:
            KeyMissing: there is none.
            KeyUnknown: it is none of ours, or was revoked.
            LogUnavailable: nobody can say now.
        """
        secret = _secret(authorization)
        name = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(name)
        if known is not None and self._now_seconds() < known[0]:
            return known[1]
        key = await asyncio.to_thread(self._keys.verify, secret)
        if key is None:
            self._known.pop(name, None)
            raise KeyUnknown(
                "The key is not one of this service, or it was revoked.",
                way_out="Ask the operator for a key (treaty-status keys create).",
            )
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[name] = (self._now_seconds() + REMEMBERED_SECONDS, key)
        return key

    async def opened(self, authorization: str | None, scope: Scope) -> Key:
        """The key, if it opens what is asked.

        Raises:
            ScopeMissing: it is good, and not for this; and what ``holder`` raises.
        """
        key = await self.holder(authorization)
        if not key.may(scope):
            held = ", ".join(sorted(key.scopes))
            raise ScopeMissing(
                f"The key {key.name!r} holds {held}, and this needs {scope}.",
                way_out=f"Ask the operator for a key with the scope {scope}.",
                facts={"needs": scope.value, "scopes": sorted(key.scopes)},
            )
        return key


def _secret(authorization: str | None) -> str:
    if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        raise KeyMissing(
            "There is no bearer key in the Authorization header.",
            way_out="Send Authorization: Bearer and a key; keys are made with treaty-status keys create.",
        )
    return authorization[len(_SCHEME) :].strip()
