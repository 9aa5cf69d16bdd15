"""What the notifier refuses, in the words of its trade. Faults of our own end in Error and propagate."""


class NotifierRefusal(Exception):
    """A request or an action that cannot be met; the message is one sentence, then the facts, then the way out."""


class TooOften(NotifierRefusal):
    """Asked for more often than is allowed; ``retry_after_seconds`` from now it is allowed again."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class EndpointRefused(NotifierRefusal):
    """An endpoint address that this notifier would never dial."""


class HeaderRefused(NotifierRefusal):
    """A header field of a subscriber's own that would frame the request or speak for the notifier."""


class TlsRefused(NotifierRefusal):
    """Certificates of a subscriber's own that no connection could be made with."""


class EndpointDoesNotConsent(NotifierRefusal):
    """An endpoint that did not say that this notifier may send to it."""


class ExamTooSoon(TooOften):
    """An endpoint that was examined a moment ago."""


class ExamTooLong(NotifierRefusal):
    """At the rate that was agreed for the subscription an exam would not end in time."""


class ProbeLimit(TooOften):
    """One key asked for as many tests and copies under new ids within a minute as the operator allows."""


class TypePatternRefused(NotifierRefusal):
    """A pattern of message types that could match nothing or is not made of dotted words."""


class GroupUnknown(NotifierRefusal):
    """A group of participants that the status service does not hold."""


class ParticipantUnknown(NotifierRefusal):
    """A participant that the status service's registry does not hold under this id: nothing would ever match."""


class TreatyUnknown(NotifierRefusal):
    """A treaty, or a rehearsal, that the status service does not hold."""


class StartLiesAhead(NotifierRefusal):
    """A replay would begin after everything there is: what lies between would never be sent."""


class SubscriptionUnknown(NotifierRefusal):
    """No such subscription, or none that the caller owns: the two are not told apart."""


class SubscriptionNotActive(NotifierRefusal):
    """The subscription is paused or disabled, so nothing would be sent."""


class DeliveryUnknown(NotifierRefusal):
    """No such delivery, or none that the caller owns."""


class ReplayUnknown(NotifierRefusal):
    """No such replay of this subscription."""


class GapRefused(NotifierRefusal):
    """Numbers that are no stretch of a feed."""


class SubscriptionLimit(NotifierRefusal):
    """One owner holds as many subscriptions as the operator allows."""


class RotationRefused(NotifierRefusal):
    """More secrets or keys would sign at once than one header may carry."""


class HostLimit(TooOften):
    """One owner pointed endpoints to as many hosts within an hour as the operator allows."""


class KeyRefused(NotifierRefusal):
    """The bearer key is missing, unknown or revoked."""


class ScopeMissing(NotifierRefusal):
    """The key is good but does not carry the scope that the call needs."""


class StatusUnreachable(NotifierRefusal):
    """The status service does not answer, so keys and groups cannot be checked now."""


class PositionTaken(NotifierRefusal):
    """Another notifier on the same database has moved the feed position meanwhile: reload and go on from there."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"The feed position has moved (position: {actual}); read it again and go on from there")
        self.actual = actual


class OutboxUnavailable(NotifierRefusal):
    """The notifier's database cannot be used now; ``reason`` says why in a few words."""

    def __init__(self, reason: str, *, said: str) -> None:
        super().__init__(
            f"The notifier's database cannot be used now: {reason} (it said: {said}); nothing was changed, ask again "
            "when that is mended"
        )
        self.reason = reason


class OutboxOwned(NotifierRefusal):
    """Another process already serves this SQLite file."""


class FeedError(Exception):
    """The feed answered something that is not a page of events: a fault of the two services, never a subscriber's."""
