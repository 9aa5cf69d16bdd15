"""Examining an endpoint, by whoever owns it."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import APIRouter

from treaty_notifier.api.access import TheCaller, active_subscription
from treaty_notifier.api.desk import Desk, TheDesk
from treaty_notifier.api.schemas import ExamReport, exam_report
from treaty_notifier.deliveries import Outcome, outcome_of
from treaty_notifier.endpoint_options import EndpointOptions
from treaty_notifier.errors import ExamTooSoon
from treaty_notifier.exam import PAUSES, Paper, Question, Sitting, papers, pause_seconds, report
from treaty_notifier.messages import probe_draft
from treaty_notifier.outbox import Dossier
from treaty_notifier.signing import signer_of

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])


@router.post("/{subscription_id}/exam", operation_id="examine", summary="Examine the endpoint")
async def examine(subscription_id: str, desk: TheDesk, caller: TheCaller) -> ExamReport:
    """Six requests through the same guards as every webhook: a genuine one, the same once more, and four to be refused.

    Nothing of it is booked: no retries, no deliveries, and a 410 disables nothing. The requests come no closer together
    than `rate_per_minute` allows, beside what is delivered meanwhile; a rate below 10 leaves no time for an exam (409).
    """
    subscription = await active_subscription(desk, caller, subscription_id)
    dossier = (await desk.call(desk.outbox.dossiers.of, [subscription_id])).get(subscription_id, Dossier())
    pause = pause_seconds(dossier.options.rate_per_minute)
    host = urlsplit(subscription.url).hostname or ""
    _check_rest(desk, owner=subscription.owner, host=host, longer_seconds=pause * PAUSES)
    secrets = await desk.call(desk.outbox.valid_secrets, subscription_id)
    seeds = [key.seed for key in dossier.keys]
    at = desk.clock()
    exam_id = desk.new_id()
    webhook_id = f"msg_exam{exam_id}"
    probe = probe_draft(subscription_id=subscription_id, test_id=exam_id, at=at)
    form, body = desk.sender.shaped(probe.body, webhook_id=webhook_id, form=dossier.options.format)
    asked = papers(
        webhook_id=webhook_id,
        timestamp=int(at.timestamp()),
        body=body,
        signer=signer_of(secrets, seeds, schemes=dossier.options.signatures),
        forger=signer_of([desk.new_secret()], [desk.new_key().seed], schemes=dossier.options.signatures),
    )
    sittings: dict[Question, Sitting] = {}
    for paper in asked:
        if sittings:
            await asyncio.sleep(pause)
        sittings[paper.question] = await _sit(desk, subscription.url, paper, form, options=dossier.options)
        if paper.question is Question.VALID and outcome_of(sittings[paper.question].result) is not Outcome.OK:
            break  # it refuses what is genuine: that it refuses the rest would prove nothing
    return exam_report(report(sittings))


async def _sit(desk: Desk, url: str, paper: Paper, form: Mapping[str, str], *, options: EndpointOptions) -> Sitting:
    began = desk.monotonic_seconds()
    result = await desk.post(url, {**form, **dict(options.headers), **paper.headers}, paper.body, tls=options.tls)
    return Sitting(result=result, seconds=desk.monotonic_seconds() - began)


def _check_rest(desk: Desk, *, owner: str, host: str, longer_seconds: float) -> None:
    """For the host and not for the subscription, or whoever makes many of them would examine one host without end."""
    wait_seconds = desk.exams.take(f"{owner} {host}", longer_seconds=longer_seconds)
    if wait_seconds is not None:
        raise ExamTooSoon(
            f"An endpoint of this host was examined a moment ago (host: {host}); ask again when Retry-After is over",
            retry_after_seconds=wait_seconds,
        )
