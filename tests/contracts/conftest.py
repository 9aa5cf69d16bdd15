"""Fixtures that several contracts share."""

from tests.contracts.outbox_world import world

__all__ = ["world"]
