"""Who signs for a subscription: its secrets, the service's keys, or both. Pure."""

from collections.abc import Collection, Sequence

from treaty_notifier.ed25519 import entry_of
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.webhook_signature import Signer


def signer_of(secrets: Sequence[bytes], seeds: Sequence[bytes], *, schemes: Collection[Scheme]) -> Signer:
    """Newest first. A subscription of an earlier release has no key of its own yet and keeps to its secret."""
    has_secret = Scheme.V1 in schemes or not seeds
    return Signer(
        secrets if has_secret else (), keys=[entry_of(seed) for seed in seeds] if Scheme.V1A in schemes else ()
    )
