"""The notifier's front door: parse, call, present."""

from treaty_notifier.api.app import create_app
from treaty_notifier.api.desk import Desk, Health

__all__ = ["Desk", "Health", "create_app"]
