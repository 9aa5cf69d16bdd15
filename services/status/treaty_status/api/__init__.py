"""The status service over HTTP."""

from treaty_status.api.app import Application, create_app
from treaty_status.api.server import Server

__all__ = ["Application", "Server", "create_app"]
