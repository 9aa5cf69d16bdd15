"""Pages for people: lanes, deliveries and attempts, drawn on the server. They work without any script and change
nothing.
"""

from treaty_notifier.api.pages.routes import router

__all__ = ["router"]
