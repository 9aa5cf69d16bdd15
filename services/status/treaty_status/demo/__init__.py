"""A demonstration on one machine: the convention, a rehearsal of it, and webhooks that arrive while one watches."""

from treaty_status.demo.services import ServiceDied
from treaty_status.demo.story import Choices, DemonstrationFailed, demonstrate

__all__ = ["Choices", "DemonstrationFailed", "ServiceDied", "demonstrate"]
