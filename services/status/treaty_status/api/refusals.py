"""What is refused at the door, before any treaty is asked."""

from treaty_status.domain.refusals import Refusal


class MalformedJson(Refusal):
    """The body cannot be read as JSON in UTF-8; nothing of it was looked at."""

    slug, title = "malformed-json", "The body is not JSON."


class InvalidRequest(Refusal):
    """A field or parameter is missing, unknown, or not of its kind; every entry of ``errors`` points at one."""

    slug, title = "invalid-request", "The request does not say what it must."


class MalformedHeader(Refusal):
    """A header that conditions the request cannot be read, and guessing would be dangerous."""

    slug, title = "malformed-header", "A header of the request cannot be read."


class BodyTooLarge(Refusal):
    """The body is longer than this installation takes; what was read of it was thrown away."""

    slug, title = "body-too-large", "The body is too large."


class NotJson(Refusal):
    """Bodies are sent as ``application/json`` and nothing else."""

    slug, title = "unsupported-media-type", "The body is of a kind that is not read here."


class KeyMissing(Refusal):
    """Writing needs a key: ``Authorization: Bearer ts_…``; keys are made by the operator."""

    slug, title = "key-missing", "A key is needed."


class KeyUnknown(Refusal):
    """The key is not one of this installation, or it was revoked; the two are not told apart."""

    slug, title = "key-unknown", "The key is not known."


class ScopeMissing(Refusal):
    """The key is good, and not for this."""

    slug, title = "scope-missing", "The key does not open this."


class UnknownTable(Refusal):
    """No table of weights of this name is on record for the treaty, nor part of its rule."""

    slug, title = "unknown-table", "There is no such table of this treaty."


class UnknownGroup(Refusal):
    """The registry holds no group of this id."""

    slug, title = "unknown-group", "There is no such group of participants."


class NoSuchParticipant(Refusal):
    """The address names a participant that the registry does not hold; nothing is guessed."""

    slug, title = "no-such-participant", "The registry does not know this participant."


class NotFound(Refusal):
    """There is nothing at this address."""

    slug, title = "not-found", "There is nothing at this address."


class MethodNotAllowed(Refusal):
    """The address exists, and the method is not one of those that ``Allow`` names."""

    slug, title = "method-not-allowed", "The address does not take this method."


class TooManyQuestions(Refusal):
    """Questions that take their time are answered one after another, and only so many wait."""

    slug, title = "too-many-questions", "Too many questions are waiting."


class Fault(Refusal):
    """Something is wrong on our side; what it was stands in the service's own log, never in an answer."""

    slug, title = "fault", "The fault is ours."


class BadRequest(Refusal):
    """The request cannot be read as HTTP allows."""

    slug, title = "bad-request", "The request cannot be read."
