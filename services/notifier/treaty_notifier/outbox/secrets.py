"""How webhook secrets rest in the database: a seam, so that encryption at rest changes one class.

Whatever is sealed is sealed for its place: in another row, or another column, it does not open.
"""

from typing import Protocol


class SecretBox(Protocol):
    """Seals a secret before it is stored and opens it before it signs. ``place`` names the row and what it holds."""

    def seal(self, secret: bytes, *, place: str) -> bytes: ...

    def open(self, sealed: bytes, *, place: str) -> bytes: ...


class Renew(Protocol):
    """What is sealed, under the current key of the ring; the very same bytes when it is so already."""

    def __call__(self, sealed: bytes, *, place: str) -> bytes: ...


class PlainBox:
    """Stores secrets as they are; the database file's own permissions are their only protection."""

    def seal(self, secret: bytes, *, place: str) -> bytes:  # noqa: ARG002  (nothing is bound to its place)
        return secret

    def open(self, sealed: bytes, *, place: str) -> bytes:  # noqa: ARG002
        return sealed


def secret_place(subscription_id: str, serial: int) -> str:
    return f"secrets/{subscription_id}/{serial}"


def key_place(subscription_id: str, public: bytes) -> str:
    """A private key rests beside its public one; with another it would sign what nobody can verify."""
    return f"keys/{subscription_id}/{public.hex()}"


def tls_place(subscription_id: str) -> str:
    return f"tls/{subscription_id}"


def headers_place(subscription_id: str) -> str:
    return f"headers/{subscription_id}"
