"""What can be wrong with a fact before anybody has judged it."""


class NotAFact(ValueError):
    """Raised when a value cannot be part of any fact: a malformed identifier, an unknown event name."""


class UnknownEventName(NotAFact):
    """Raised when an event name is not in the catalogue; followers park such an event, they never fail on it."""
