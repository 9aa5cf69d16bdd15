"""The shapes of requests and answers. Unknown fields are refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from treaty_events.catalogue import NAMES
from treaty_notifier.custom_headers import checked_headers
from treaty_notifier.deliveries import DeliveryState, Outcome
from treaty_notifier.ed25519 import key_name, public_text
from treaty_notifier.endpoint_options import EndpointOptions, Order, Scheme
from treaty_notifier.endpoint_tls import LONGEST_PEM, CertificateFacts, EndpointTls, certificate_facts
from treaty_notifier.errors import TypePatternRefused
from treaty_notifier.exam import Grade, Mark, Question, Report
from treaty_notifier.formats import Format
from treaty_notifier.isolation import Circuit
from treaty_notifier.messages import instant_text
from treaty_notifier.numbering import Occasion
from treaty_notifier.operational import OPERATIONAL_TYPES
from treaty_notifier.outbox import Attempt, Delivery, Dossier, Replay, ReplayState, SigningKey, Start
from treaty_notifier.outbox.port import REPLAY_PER_SECOND
from treaty_notifier.subscriptions import (
    Filter,
    Livemode,
    Subscription,
    SubscriptionState,
    checked_pattern,
    type_matches,
)

_ID = r"^[A-Za-z0-9][A-Za-z0-9._:~\-]{0,99}$"
Pattern = Annotated[str, Field(max_length=200, examples=["treaty.threshold.*"])]
Identifier = Annotated[str, Field(pattern=_ID)]
Types = Annotated[list[Pattern], Field(max_length=50)]
Identifiers = Annotated[list[Identifier], Field(max_length=200)]
Url = Annotated[str, Field(max_length=2000, examples=["https://example.org/treaties"])]


def _storable(text: str) -> str:
    """PostgreSQL keeps no text with NUL, and no database half a surrogate pair; no text needs either."""
    if "\0" in text:
        raise ValueError("a text holds the character NUL, which no text needs")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise ValueError("a text holds half a surrogate pair, which is no character")
    return text


Description = Annotated[str, AfterValidator(_storable), Field(max_length=500)]


def _whole_or_text(value: object) -> object:
    """A position is a JSON number and an instant a text: neither is guessed from the other."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        # pydantic turns ValueError into a refusal and lets TypeError through as a fault
        raise ValueError("a position (a whole number) or an instant such as 2026-11-21T00:00:00Z is expected")  # noqa: TRY004
    return value


def _instant_if_text(value: int | str) -> int | str:
    if isinstance(value, str):
        if len(value) < len("2026-11-21T00:00Z") or (at := datetime.fromisoformat(value)).tzinfo is None:
            raise ValueError("an instant carries its time and zone, such as 2026-11-21T00:00:00Z")
        try:
            at.astimezone(UTC)
        except OverflowError:
            raise ValueError("an instant lies between the years 1 and 9999 in UTC") from None
    elif value < 0:
        raise ValueError("a position is 0 or more")
    return value


From = Annotated[
    int | str,
    BeforeValidator(_whole_or_text),
    AfterValidator(_instant_if_text),
    Field(
        description="A feed position or an instant (ISO 8601 with zone): everything from it on, itself included.",
        examples=[400, "2026-11-21T00:00:00Z"],
    ),
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FilterFields(Strict):
    types: Types = []
    treaties: Identifiers = []
    participants: Identifiers = []
    groups: Identifiers = []
    livemode: Livemode = Livemode.LIVE
    history: bool = Field(default=False, description="Also what an import of history brought in, act by act.")


Schemes = Annotated[
    list[Scheme],
    Field(
        min_length=1,
        max_length=2,
        description="v1: HMAC with the secret; v1a: ed25519 with the service's key. Both stand in one header.",
    ),
]


Rate = Annotated[
    int | None,
    Field(
        ge=1,
        le=600_000,
        description="POSTs a minute at most, in bursts of what a second brings and at least one; null for no limit.",
    ),
]


Headers = Annotated[
    dict[str, str],
    Field(
        max_length=20,
        description="Fields of your own on every webhook, at most 20 with 4000 characters together; kept sealed where "
        "the operator has a key ring, and never shown again. Not webhook-*, content-type or what frames the request.",
    ),
]


Pem = Annotated[str, Field(max_length=LONGEST_PEM)]


class TlsFields(Strict):
    """PEM texts, kept sealed where the operator has a key ring; the key is never shown again."""

    client_certificate: Pem = Field(
        default="", description="Shown to the endpoint; what leads to its authority may follow it."
    )
    client_key: Pem = Field(default="", description="Of the client certificate, without a passphrase.")
    authorities: Pem = Field(
        default="", description="The only ones from which the endpoint's certificate may come; empty: the usual ones."
    )


class OptionFields(Strict):
    signatures: Schemes = [Scheme.V1, Scheme.V1A]
    order: Order = Field(
        default=Order.ANY,
        description="fifo: one at a time, and a message that fails holds what comes after it until it is delivered or "
        "given up, so that first receipts keep the order of the feed.",
    )
    rate_per_minute: Rate = None
    format: Format = Field(
        default=Format.STANDARD,
        description="cloudevents: structured; cloudevents-binary: attributes in ce- fields. For both the endpoint is "
        "asked by OPTIONS first, and answers with WebHook-Allowed-Origin.",
    )
    keeps_answers: bool = Field(default=True, description="false: what the endpoint answers is not stored.")
    headers: Headers = {}
    tls: TlsFields = Field(default=TlsFields(), description="For endpoints that ask for a client certificate.")


class NewSubscription(FilterFields, OptionFields):
    """What to tell whom. Without types: every milestone. Without ``replay_from``: what is recorded from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"url": "https://example.org/treaties", "types": ["treaty.threshold.*"], "treaties": ["XVIII-16"]}
            ]
        },
    )

    url: Url
    description: Description = ""
    replay_from: From | None = None


class SubscriptionChange(Strict):
    """Only the fields that are given change; each part of the filter is replaced whole."""

    url: Url | None = None
    description: Description | None = None
    types: Types | None = None
    treaties: Identifiers | None = None
    participants: Identifiers | None = None
    groups: Identifiers | None = None
    livemode: Livemode | None = None
    history: bool | None = None
    signatures: Schemes | None = None
    order: Order | None = None
    format: Format | None = None
    keeps_answers: bool | None = None
    headers: Headers | None = None
    tls: TlsFields | None = Field(default=None, description="Replaced whole; {} takes it away.")
    rate_per_minute: int | None = Field(default=None, ge=0, le=600_000, description="0 takes the limit away.")
    state: Literal["active", "paused"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_null(cls, given: object) -> object:
        if isinstance(given, dict) and None in given.values():
            raise ValueError("null is no value here; leave out what should stay")
        return given


class KeyView(BaseModel):
    public_key: str = Field(description="Verifies the v1a signatures of this subscription.", examples=["whpk_…"])
    kid: str = Field(description="Its name under /.well-known/webhook-keys.json (RFC 7638).")
    valid_until: str | None = Field(description="Null for the current key.")


class CertificateView(BaseModel):
    subject: str
    fingerprint: str = Field(description="SHA-256 over the certificate, in hex.")
    ends_at: str


class TlsView(BaseModel):
    client_certificate: CertificateView | None
    authorities: list[CertificateView] = Field(description="Empty: the usual ones.")


class SubscriptionView(BaseModel):
    id: str
    url: str
    description: str
    types: list[str]
    treaties: list[str]
    participants: list[str]
    groups: list[str]
    livemode: Livemode
    history: bool
    signatures: list[Scheme]
    order: Order
    rate_per_minute: int | None
    format: Format
    keeps_answers: bool
    header_names: list[str] = Field(description="Your own fields; their values are not shown again.")
    tls: TlsView | None = Field(description="What is known of your own certificates; null where there are none.")
    circuit: Circuit = Field(
        description="closed: everything is sent; open: left alone for a while; ramp: slowly again."
    )
    failing_since: str | None = Field(
        description="Since when every attempt has failed; after 120 hours it is disabled."
    )
    keys: list[KeyView] = Field(description="Newest first; for the time of an overlap there are two.")
    state: SubscriptionState
    state_reason: str | None
    owner: str
    created_at: str


class CreatedSubscription(SubscriptionView):
    secret: str = Field(description="Shown once; it verifies every webhook of this subscription.")


class SubscriptionList(BaseModel):
    subscriptions: list[SubscriptionView]
    next: str | None = Field(description="Give it as `after` to read on; null at the end.")


class Rotation(Strict):
    overlap_seconds: int = Field(default=86400, ge=0, le=7 * 86400)


class RotatedSecret(BaseModel):
    secret: str = Field(description="Shown once.")
    previous_valid_until: str = Field(description="Until then every webhook carries both signatures.")


class RotatedKey(BaseModel):
    keys: list[KeyView] = Field(description="Newest first.")
    previous_valid_until: str = Field(description="Until then every webhook carries both signatures.")


class KeySet(BaseModel):
    keys: list[dict[str, str]] = Field(description="JSON Web Keys (RFC 7517, RFC 8037), public parts only.")


class ReplayRequest(Strict):
    replay_from: From
    per_second: int = Field(
        default=REPLAY_PER_SECOND, ge=1, le=1000, description="At most so many messages a second; what is new goes on."
    )


class ReplayChange(Strict):
    state: Literal["running", "paused"]


class CheckpointView(BaseModel):
    text: str = Field(
        description="What is signed, line by line: the heading, the subscription, how many numbers, the Merkle root "
        "(RFC 6962, base64), the watermark, and the instant."
    )
    signature: str = Field(description="v1a: ed25519 over the text.", examples=["v1a,…"])
    public_key: str = Field(description="Of the subscription; believe the one that you keep.", examples=["whpk_…"])
    size: int = Field(description="It speaks of the numbers 1 to this one.")
    root: str
    head: int = Field(description="The last number given out; where it is above size, ask again.")


class ReplayView(BaseModel):
    id: str
    subscription: str
    messages_at_most: int = Field(description="Lines of the message log to look through; the filter decides.")
    looked_through: int = Field(description="… and how many of them are done.")
    per_second: int
    state: ReplayState
    asked_at: str


class ReplayList(BaseModel):
    replays: list[ReplayView]


class Redelivery(Strict):
    as_new: bool = Field(
        default=False, description="Under a webhook-id of its own, for a receiver that would drop a repetition."
    )


class PhasesView(BaseModel):
    dns_ms: int | None
    connect_ms: int | None
    tls_ms: int | None
    first_byte_ms: int | None
    is_kept: bool = Field(description="The connection was there already, from the attempt before.")
    tls_version: str | None
    certificate_until: str | None


class AttemptView(BaseModel):
    number: int
    started_at: str
    duration_ms: int
    outcome: Outcome
    status_code: int | None
    response: str = Field(description="The first 16 KiB of the endpoint's answer.")
    response_clipped: bool
    occasion: Occasion = Field(description="Why it was made: it was next, a stretch was replayed, or it was asked for.")
    location: str | None = Field(description="Where a redirect pointed; it is never followed.")
    peer: str | None
    phases: PhasesView | None = Field(description="Where the time went; null for attempts of an earlier release.")
    next_attempt_at: str | None


class RemarkView(BaseModel):
    question: Question
    mark: Mark
    expected: str = Field(description="What a good endpoint does.")
    advice: str = Field(description="What to change; empty when it passed.")
    outcome: Outcome | None
    status_code: int | None


class ExamReport(BaseModel):
    grade: Grade = Field(
        description="A: all well; B: repetitions or speed; C: replays are accepted; F: genuine messages are refused or "
        "forged ones accepted."
    )
    questions: list[RemarkView]


class DeliverySummary(BaseModel):
    id: str = Field(description="The webhook-id: the same on every attempt.")
    sequence: int | None = Field(
        description="Its number in the subscription's feed; null before it is taken up, and for what is no part of it."
    )
    subscription: str
    type: str
    treaty: str | None
    position: int
    recorded_at: str
    state: DeliveryState
    reason: str | None
    attempts_made: int
    last_outcome: Outcome | None
    last_status_code: int | None
    next_attempt_at: str | None


class DeliveryView(DeliverySummary):
    attempts: list[AttemptView]
    payload: str = Field(description="The exact text that is signed and sent.")


class DeliveryList(BaseModel):
    deliveries: list[DeliverySummary]
    next: int | None = Field(description="Give it as `before` to read on; null at the end.")


class PulledMessage(BaseModel):
    sequence: int
    id: str = Field(description="The webhook-id.")
    previous_id: str | None
    type: str
    treaty: str | None
    position: int
    recorded_at: str
    state: DeliveryState
    attempts_made: int
    payload: str = Field(description="The exact text that is signed and sent, the same here and there.")


class PulledPage(BaseModel):
    subscription: str
    messages: list[PulledMessage]
    next: int = Field(description="Give it as `after` to read on.")
    head: int = Field(description="The last number given out.")
    watermark: int = Field(description="Everything up to this number is delivered or given up now.")
    has_more: bool = Field(description="There may be more at once; without it, ask again with `wait`.")


class Accepted(BaseModel):
    delivery: str


def filter_of(fields: FilterFields) -> Filter:
    """Raises TypePatternRefused."""
    return Filter(
        types=tuple(_covering_something(pattern) for pattern in fields.types),
        treaties=tuple(fields.treaties),
        participants=tuple(fields.participants),
        groups=tuple(fields.groups),
        livemode=fields.livemode,
        history=fields.history,
    )


def _covering_something(pattern: str) -> str:
    if not any(type_matches(checked_pattern(pattern), name) for name in (*NAMES, *OPERATIONAL_TYPES)):
        raise TypePatternRefused(
            f"No message has such a type, so nothing would ever be sent (given: {pattern[:80]}); the types there are "
            "stand under webhooks in /openapi.json"
        )
    return pattern


def start_from(given: int | str) -> Start:
    """A start that includes what lies exactly at the given place."""
    if isinstance(given, int):
        return Start(after_position=given - 1)
    return Start(not_before=datetime.fromisoformat(given).astimezone(UTC))


def options_of(fields: OptionFields) -> EndpointOptions:
    return EndpointOptions(
        signatures=tuple(dict.fromkeys(fields.signatures)),
        order=fields.order,
        rate_per_minute=fields.rate_per_minute,
        format=fields.format,
        keeps_answers=fields.keeps_answers,
        headers=checked_headers(fields.headers),
        tls=_tls_of(fields.tls),
    )


def tls_fields(tls: EndpointTls | None) -> dict[str, str]:
    if tls is None:
        return {}
    return {"client_certificate": tls.certificate, "client_key": tls.key, "authorities": tls.authorities}


def _tls_of(fields: TlsFields) -> EndpointTls | None:
    tls = EndpointTls(
        certificate=fields.client_certificate.strip(),
        key=fields.client_key.strip(),
        authorities=fields.authorities.strip(),
    )
    return None if tls == EndpointTls() else tls


def key_views(keys: Sequence[SigningKey]) -> list[KeyView]:
    return [
        KeyView(
            public_key=public_text(key.public),
            kid=key_name(key.public),
            valid_until=_text(key.expires_at),
        )
        for key in keys
    ]


def subscription_fields(subscription: Subscription, dossier: Dossier) -> dict[str, object]:
    wanted = subscription.filter
    return {
        "id": subscription.id,
        "url": subscription.url,
        "description": subscription.description,
        "types": list(wanted.types),
        "treaties": list(wanted.treaties),
        "participants": list(wanted.participants),
        "groups": list(wanted.groups),
        "livemode": wanted.livemode,
        "history": wanted.history,
        "signatures": list(dossier.options.signatures),
        "order": dossier.options.order,
        "rate_per_minute": dossier.options.rate_per_minute,
        "format": dossier.options.format,
        "keeps_answers": dossier.options.keeps_answers,
        "header_names": [name for name, _ in dossier.options.headers],
        "tls": _tls_view(dossier.options.tls),
        "circuit": dossier.conduct.circuit,
        "failing_since": _text(dossier.conduct.failing_since),
        "keys": key_views(dossier.keys),
        "state": subscription.state,
        "state_reason": subscription.state_reason,
        "owner": subscription.owner,
        "created_at": instant_text(subscription.created_at),
    }


def _tls_view(tls: EndpointTls | None) -> TlsView | None:
    if tls is None:
        return None
    own = [_certificate_view(one) for one in certificate_facts(tls.certificate)]
    return TlsView(
        client_certificate=own[0] if own else None,
        authorities=[_certificate_view(one) for one in certificate_facts(tls.authorities)],
    )


def _certificate_view(facts: CertificateFacts) -> CertificateView:
    return CertificateView(subject=facts.subject, fingerprint=facts.fingerprint, ends_at=instant_text(facts.ends_at))


def subscription_view(subscription: Subscription, dossier: Dossier) -> SubscriptionView:
    return SubscriptionView.model_validate(subscription_fields(subscription, dossier))


def delivery_summary(delivery: Delivery) -> DeliverySummary:
    return DeliverySummary.model_validate(_summary_fields(delivery))


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView.model_validate(
        _summary_fields(delivery)
        | {
            "attempts": [_attempt_fields(attempt) for attempt in delivery.attempts],
            "payload": delivery.body.decode(),
        }
    )


def replay_view(replay: Replay) -> ReplayView:
    return ReplayView(
        id=replay.id,
        subscription=replay.subscription_id,
        messages_at_most=replay.messages,
        looked_through=max(0, replay.cursor - replay.after_seq),
        per_second=replay.per_second,
        state=replay.state,
        asked_at=instant_text(replay.asked_at),
    )


def pulled_message(delivery: Delivery) -> PulledMessage:
    if delivery.sequence is None:
        raise AssertionError("A message of the feed has no number")
    return PulledMessage(
        sequence=delivery.sequence,
        id=delivery.webhook_id,
        previous_id=delivery.previous_id,
        type=delivery.type,
        treaty=delivery.treaty,
        position=delivery.position,
        recorded_at=instant_text(delivery.recorded_at),
        state=delivery.state,
        attempts_made=len(delivery.attempts),
        payload=delivery.body.decode(),
    )


def exam_report(report: Report) -> ExamReport:
    return ExamReport(
        grade=report.grade, questions=[RemarkView.model_validate(vars(remark)) for remark in report.remarks]
    )


def _summary_fields(delivery: Delivery) -> dict[str, object]:
    last = delivery.attempts[-1] if delivery.attempts else None
    return {
        "id": delivery.webhook_id,
        "sequence": delivery.sequence,
        "subscription": delivery.subscription_id,
        "type": delivery.type,
        "treaty": delivery.treaty,
        "position": delivery.position,
        "recorded_at": instant_text(delivery.recorded_at),
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts_made": len(delivery.attempts),
        "last_outcome": last.outcome if last else None,
        "last_status_code": last.status_code if last else None,
        "next_attempt_at": _text(delivery.next_attempt_at),
    }


def _attempt_fields(attempt: Attempt) -> dict[str, object]:
    return {
        "number": attempt.number,
        "started_at": instant_text(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "status_code": attempt.status_code,
        "response": attempt.response.decode("utf-8", "replace"),
        "response_clipped": attempt.is_clipped,
        "occasion": attempt.occasion,
        "location": attempt.location,
        "peer": attempt.peer,
        "phases": vars(attempt.phases) if attempt.phases else None,
        "next_attempt_at": _text(attempt.next_attempt_at),
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
