"""Asking an endpoint whether it wants to be sent anything: the handshake of CloudEvents. Pure.

Source: cloudevents, http-webhook.md, section 4. An endpoint that was never asked cannot be made a target by somebody
who merely knows its address.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.errors import EndpointDoesNotConsent
from treaty_notifier.formats import Format, shaped

REQUEST_ORIGIN = "webhook-request-origin"


@dataclass(frozen=True, kw_only=True)
class SenderName:
    """Who sends: ``origin`` is a name as endpoints allow it, ``source`` a URI reference for whose events these are."""

    origin: str = "treaty-notifier"
    source: str = "urn:treaty-status"

    def shaped(self, body: bytes, *, webhook_id: str, form: Format) -> tuple[dict[str, str], bytes]:
        """The fields of the form, with the origin that an endpoint of CloudEvents has consented to."""
        fields, content = shaped(body, webhook_id=webhook_id, source=self.source, form=form)
        return (fields if form is Format.STANDARD else {**fields, REQUEST_ORIGIN: self.origin}), content


def consent_question(*, origin: str, rate_per_minute: int | None) -> dict[str, str]:
    """The header fields of the OPTIONS request."""
    fields = {REQUEST_ORIGIN: origin}
    return fields if rate_per_minute is None else {**fields, "webhook-request-rate": str(rate_per_minute)}


def agreed_rate(
    result: Answer | Failure, *, origin: str, rate_per_minute: int | None, is_asked_of_all: bool = False
) -> int | None:
    """POSTs a minute that the endpoint allows and the subscriber wants; None where neither sets a limit.

    Raises:
        EndpointDoesNotConsent: it did not say that this origin may send.
    """
    allowed: Mapping[str, str] = result.consent if isinstance(result, Answer) else {}
    is_well = isinstance(result, Answer) and 200 <= result.status < 300
    named = allowed.get("webhook-allowed-origin", "").strip()
    if not is_well or (named != "*" and named.lower() != origin.lower()):
        what = f"status {result.status}" if isinstance(result, Answer) else result.outcome.value
        raise EndpointDoesNotConsent(
            f"The endpoint did not allow this sender (answer to OPTIONS: {what}, WebHook-Allowed-Origin: "
            f"{named[:80] or 'none'}); let it answer 200 with WebHook-Allowed-Origin: {origin}"
            + ("" if is_asked_of_all else ", or choose the format standard")
        )
    text = allowed.get("webhook-allowed-rate", "*").strip()
    limit = int(text[:6]) if text.isascii() and text.isdigit() and int(text[:6]) > 0 else None
    known = [rate for rate in (limit, rate_per_minute) if rate is not None]
    return min(known) if known else None
