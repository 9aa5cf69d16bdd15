"""A server that ends its streams when it is told to stop, and keeps the garbage collector out of the way."""

import gc
import socket
from types import FrameType
from typing import Final

import uvicorn

from treaty_status.api.app import Application

COLLECT_AFTER: Final = (50_000, 50, 50)
"""Allocations before a collection, by generation: what is kept lives long, and pauses are felt by whoever waits."""


class Server(uvicorn.Server):
    """Runs an application until a signal comes. The first signal also ends long polls and streams."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As ever; then what was built while starting is taken out of the collector's sight."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop."""
        self._application.closing()
        super().handle_exit(sig, frame)
