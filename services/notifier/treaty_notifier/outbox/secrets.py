"""How webhook secrets rest in the database: a seam, so that encryption at rest changes one class."""

from typing import Protocol


class SecretBox(Protocol):
    """Seals a secret before it is stored and opens it before it signs."""

    def seal(self, secret: bytes) -> bytes: ...

    def open(self, sealed: bytes) -> bytes: ...


class PlainBox:
    """Stores secrets as they are; the database file's own permissions are their only protection."""

    def seal(self, secret: bytes) -> bytes:
        return secret

    def open(self, sealed: bytes) -> bytes:
        return sealed
