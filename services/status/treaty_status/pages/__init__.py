"""Pages for people, drawn on the server from the same documents that programs read."""

from treaty_status.pages.routes import pages_router

__all__ = ["pages_router"]
