"""Who signs for a subscription: its secrets, the service's keys, or both. Pure."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from treaty_notifier.ed25519 import entry_of
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.webhook_signature import Signer


class Keys(NamedTuple):
    """Newest first: secrets for ``v1``, seeds of ed25519 keys for ``v1a``."""

    secrets: tuple[bytes, ...]
    seeds: tuple[bytes, ...]

    def signer(self) -> Signer:
        return Signer(self.secrets, keys=[entry_of(seed) for seed in self.seeds])


def keys_of(secrets: Sequence[bytes], seeds: Sequence[bytes], *, schemes: Collection[Scheme]) -> Keys:
    """Newest first. A subscription of an earlier release has no key of its own yet and keeps to its secret."""
    has_secret = Scheme.V1 in schemes or not seeds
    return Keys(tuple(secrets) if has_secret else (), tuple(seeds) if Scheme.V1A in schemes else ())


def signer_of(secrets: Sequence[bytes], seeds: Sequence[bytes], *, schemes: Collection[Scheme]) -> Signer:
    """``keys_of`` at work."""
    return keys_of(secrets, seeds, schemes=schemes).signer()
