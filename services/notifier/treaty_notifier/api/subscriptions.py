"""Making, reading and changing subscriptions."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response

from treaty_notifier.api.access import (
    TheCaller,
    active_subscription,
    check_tests,
    owned_subscription,
    owner_seen_by,
)
from treaty_notifier.api.desk import Desk, TheDesk
from treaty_notifier.api.schemas import (
    Accepted,
    CreatedSubscription,
    FilterFields,
    NewSubscription,
    OptionFields,
    ReplayRequest,
    ReplayView,
    RotatedKey,
    RotatedSecret,
    Rotation,
    SubscriptionChange,
    SubscriptionList,
    SubscriptionView,
    filter_of,
    key_views,
    options_of,
    replay_view,
    start_from,
    subscription_fields,
    subscription_view,
    tls_fields,
)
from treaty_notifier.consent import agreed_rate, consent_question
from treaty_notifier.endpoint_options import EndpointOptions, options_document
from treaty_notifier.endpoint_tls import checked_tls
from treaty_notifier.errors import (
    ParticipantUnknown,
    StartLiesAhead,
    SubscriptionUnknown,
    TlsRefused,
    TreatyUnknown,
)
from treaty_notifier.formats import Format
from treaty_notifier.messages import instant_text, probe_draft
from treaty_notifier.outbox import Dossier, OptionsChange, Start
from treaty_notifier.outbox.rows import filter_document
from treaty_notifier.sender import NamesUnresolved
from treaty_notifier.subscriptions import Filter, Subscription, SubscriptionState
from treaty_notifier.webhook_signature import secret_text

T = TypeVar("T")
MOST_LISTED = 5
CLOCKS_APART = timedelta(minutes=5)
"""By how much the clocks of the two services may differ before an instant that one recorded lies in the future."""
NOT_KEPT = "no-store"
"""For answers that hold a secret: no browser and no proxy on the way keeps it. Source: RFC 9111, 5.2.2.5."""
router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])


@router.post("", status_code=201, operation_id="createSubscription", summary="Subscribe an endpoint")
async def create(
    new: NewSubscription, request: Request, response: Response, desk: TheDesk, caller: TheCaller
) -> CreatedSubscription:
    """The secret is in this answer and never again."""
    wanted = filter_of(new)
    await _check_endpoint(desk, new.url, owner=caller.id)
    await _check_names(desk, wanted, Filter())
    await _learn_groups(desk, wanted)
    subscription = Subscription(
        id=f"sub_{desk.new_id()}",
        owner=caller.id,
        url=new.url,
        description=new.description,
        filter=wanted,
        created_at=desk.clock(),
    )
    options = options_of(new)
    _check_tls(desk, options, url=new.url, is_new=True)
    options = await _consented(desk, new.url, options)
    start = await _from_now_on(desk) if new.replay_from is None else await _start_from(desk, new.replay_from)
    secret, dossier = desk.new_secret(), Dossier(options=options, keys=(desk.new_key(),))
    await desk.call(
        desk.outbox.add_subscription,
        subscription,
        secret=secret,
        start=start,
        owner_limit=desk.subscriptions_per_owner,
        dossier=dossier,
    )
    desk.wake()
    response.headers["location"] = f"{request.url.path}/{subscription.id}"
    response.headers["cache-control"] = NOT_KEPT
    return CreatedSubscription.model_validate(
        subscription_fields(subscription, dossier) | {"secret": secret_text(secret)}
    )


@router.get("", operation_id="listSubscriptions", summary="Your subscriptions")
async def list_(
    request: Request,
    response: Response,
    desk: TheDesk,
    caller: TheCaller,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SubscriptionList:
    found = await desk.call(desk.outbox.subscriptions, owner=owner_seen_by(caller), after=after, limit=limit + 1)
    page = found[:limit]
    next_ = page[-1].id if len(found) > limit else None
    if next_ is not None:
        response.headers["link"] = f'<{request.url.path}?after={next_}&limit={limit}>; rel="next"'
    known = await desk.call(desk.outbox.dossiers.of, [one.id for one in page])
    views = [subscription_view(one, known.get(one.id, Dossier())) for one in page]
    return SubscriptionList(subscriptions=views, next=next_)


@router.get("/{subscription_id}", operation_id="readSubscription", summary="One subscription")
async def read(subscription_id: str, desk: TheDesk, caller: TheCaller) -> SubscriptionView:
    return await _view(desk, await owned_subscription(desk, caller, subscription_id))


@router.patch("/{subscription_id}", operation_id="changeSubscription", summary="Change, pause or resume")
async def change(
    subscription_id: str, wanted: SubscriptionChange, desk: TheDesk, caller: TheCaller
) -> SubscriptionView:
    """A new filter holds for what is recorded from now on; what waits already has its place and is sent all the same.

    A paused subscription misses nothing.
    """
    subscription = await owned_subscription(desk, caller, subscription_id)
    given = wanted.model_dump(exclude_none=True)
    new_filter = _changed_filter(subscription.filter, given)
    if new_filter is not None:
        await _check_names(desk, new_filter, subscription.filter)
        await _learn_groups(desk, new_filter)
    if wanted.url is not None:
        await _check_endpoint(desk, wanted.url, owner=subscription.owner)
    options = await _changed_options(desk, subscription, given)
    changed = await desk.call(
        desk.outbox.change_subscription,
        subscription_id,
        url=wanted.url,
        description=wanted.description,
        filter=new_filter,
        state=SubscriptionState(wanted.state) if wanted.state else None,
        options=options,
    )
    if wanted.state == "active" and subscription.state is not SubscriptionState.ACTIVE:
        # Also when it was paused in between: a span of failures does not run on while nothing is sent.
        is_failing = (await _dossier(desk, subscription_id)).conduct.failing_since is not None
        if is_failing or subscription.state is SubscriptionState.DISABLED:
            await desk.call(desk.outbox.dossiers.forgive, subscription_id)
    desk.wake()
    return await _view(desk, _present(changed))


@router.delete("/{subscription_id}", status_code=204, operation_id="deleteSubscription", summary="Unsubscribe")
async def delete(subscription_id: str, desk: TheDesk, caller: TheCaller) -> None:
    """Its deliveries and attempts are deleted with it."""
    await owned_subscription(desk, caller, subscription_id)
    await desk.call(desk.outbox.remove_subscription, subscription_id)


@router.post("/{subscription_id}/secret/rotate", operation_id="rotateSecret", summary="A new secret")
async def rotate(
    subscription_id: str, response: Response, desk: TheDesk, caller: TheCaller, rotation: Rotation | None = None
) -> RotatedSecret:
    """During the overlap every webhook is signed with both secrets.

    One that was rotated before goes on until the end that was told; at most five sign at once.
    """
    await owned_subscription(desk, caller, subscription_id)
    secret = desk.new_secret()
    until = await desk.call(
        desk.outbox.rotate_secret,
        subscription_id,
        secret=secret,
        overlap_seconds=(rotation or Rotation()).overlap_seconds,
    )
    response.headers["cache-control"] = NOT_KEPT
    return RotatedSecret(secret=secret_text(secret), previous_valid_until=instant_text(_present(until)))


@router.post("/{subscription_id}/key/rotate", operation_id="rotateKey", summary="A new ed25519 key")
async def rotate_key(
    subscription_id: str, desk: TheDesk, caller: TheCaller, rotation: Rotation | None = None
) -> RotatedKey:
    """The service keeps the private part; during the overlap every webhook is signed with both keys.

    One that was rotated before goes on until the end that was told; at most five sign at once.
    """
    await owned_subscription(desk, caller, subscription_id)
    until = await desk.call(
        desk.outbox.dossiers.rotate_key,
        subscription_id,
        key=desk.new_key(),
        overlap_seconds=(rotation or Rotation()).overlap_seconds,
    )
    dossier = await _dossier(desk, subscription_id)
    return RotatedKey(keys=key_views(dossier.keys), previous_valid_until=instant_text(_present(until)))


@router.post("/{subscription_id}/test", status_code=202, operation_id="sendTest", summary="A signed test event")
async def send_test(subscription_id: str, desk: TheDesk, caller: TheCaller) -> Accepted:
    """Goes the same way as every webhook, through the same guards, whatever the filter says.

    A key may ask for 60 tests and copies under new ids within a minute, unless the operator set another number; then
    429 with `Retry-After`.
    """
    await active_subscription(desk, caller, subscription_id)
    check_tests(desk, caller)
    probe = probe_draft(subscription_id=subscription_id, test_id=desk.new_id(), at=desk.clock())
    webhook_id = await desk.call(desk.outbox.add_probe, probe, subscription_id=subscription_id)
    desk.wake()
    return Accepted(delivery=_present(webhook_id))


@router.post("/{subscription_id}/replay", status_code=202, operation_id="replay", summary="Send again since then")
async def replay(subscription_id: str, wanted: ReplayRequest, desk: TheDesk, caller: TheCaller) -> ReplayView:
    """In a lane of its own, beside what is new: each message under the webhook-id and number it had, marked as replay.

    What is still being tried, or waits to be, is left out: it comes by itself.
    """
    await active_subscription(desk, caller, subscription_id)
    made = _present(
        await desk.call(
            desk.outbox.add_replay,
            subscription_id,
            replay_id=f"rep_{desk.new_id()}",
            start=await _start_from(desk, wanted.replay_from),
            per_second=wanted.per_second,
        )
    )
    desk.wake()
    return replay_view(made)


async def _dossier(desk: Desk, subscription_id: str) -> Dossier:
    known = await desk.call(desk.outbox.dossiers.of, [subscription_id])
    return known.get(subscription_id, Dossier())


async def _view(desk: Desk, subscription: Subscription) -> SubscriptionView:
    return subscription_view(subscription, await _dossier(desk, subscription.id))


async def _consented(desk: Desk, url: str, options: EndpointOptions) -> EndpointOptions:
    """An endpoint of CloudEvents is asked whether it wants to hear and how often; any is where the operator says so."""
    if options.format is Format.STANDARD and not desk.asks_every_endpoint:
        return options
    origin, rate = desk.sender.origin, options.rate_per_minute
    asked = {**dict(options.headers), **consent_question(origin=origin, rate_per_minute=rate)}
    result = await desk.post(url, asked, b"", method="OPTIONS", tls=options.tls)
    return replace(
        options,
        rate_per_minute=agreed_rate(
            result, origin=origin, rate_per_minute=rate, is_asked_of_all=desk.asks_every_endpoint
        ),
    )


async def _changed_options(desk: Desk, subscription: Subscription, given: dict[str, object]) -> OptionsChange | None:
    """What the endpoint is asked again when it moves, or when its form or its rate changes.

    Only what was named changes: the endpoint takes its time to answer, and another change may be written meanwhile.
    """
    parts = {name: value for name, value in given.items() if name in OptionFields.model_fields}
    if parts.get("rate_per_minute") == 0:
        parts["rate_per_minute"] = None
    if not parts and "url" not in given:
        return None
    options = (await _dossier(desk, subscription.id)).options
    current = {**options_document(options), "headers": dict(options.headers), "tls": tls_fields(options.tls)}
    changed = options_of(OptionFields.model_validate(current | parts))
    _check_tls(desk, changed, url=str(given.get("url", subscription.url)), is_new="tls" in given)
    if "url" in given or (changed.format, changed.rate_per_minute) != (options.format, options.rate_per_minute):
        agreed = await _consented(desk, str(given.get("url", subscription.url)), changed)
        if agreed != changed:
            changed, parts["rate_per_minute"] = agreed, agreed.rate_per_minute
    named = {name: getattr(changed, name) for name in parts}
    return lambda current: replace(current, **named)


def _check_tls(desk: Desk, options: EndpointOptions, *, url: str, is_new: bool) -> None:
    """What was good when it came and has ended since does not keep its owner from changing something else."""
    if options.tls is None:
        return
    if not url.lower().startswith("https:"):
        raise TlsRefused("Certificates are for https (field: tls); give an https address, or leave tls out")
    if is_new:
        checked_tls(options.tls, at=desk.clock())


async def _check_endpoint(desk: Desk, url: str, *, owner: str) -> None:
    """What would be refused at every dial is refused here once; a name without an address yet may get one."""
    parsed = desk.rules.checked(url)
    host = (parsed.raw_host or "").rstrip(".").lower()
    if not desk.rules.policy.is_exempt(host):
        # Before anybody is asked anything: a look-up and the question for consent reach strangers, too.
        await desk.call(desk.outbox.introduce, owner=owner, host=host, limit=desk.new_hosts_per_hour)
    try:
        addresses = await desk.resolver.addresses(parsed.raw_host or "", parsed.port or 443)
    except NamesUnresolved:
        return
    desk.rules.check_resolved(parsed, addresses)


async def _check_names(desk: Desk, wanted: Filter, known: Filter) -> None:
    """A filter that names what does not exist would wait for ever; what it named already is not asked again."""
    participants = set(wanted.participants) - set(known.participants)
    unknown = await desk.names.unknown_participants(participants) if participants else []
    if unknown:
        raise ParticipantUnknown(
            f"The registry has no such participant id (given: {_listed(unknown)}); filters take ids such as fra; see "
            "/v1/participants of the status service"
        )
    treaties = set(wanted.treaties) - set(known.treaties)
    unknown = await desk.names.unknown_treaties(treaties) if treaties else []
    if unknown:
        raise TreatyUnknown(
            f"The status service holds no treaty under this id (given: {_listed(unknown)}); see /v1/treaties there, or "
            "leave treaties out and hear of all that come"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")


async def _start_from(desk: Desk, given: int | str) -> Start:
    """Where a replay begins. One that begins past the end would leave out what is recorded until then."""
    start = start_from(given)
    if start.not_before is not None:
        if start.not_before > desk.clock() + CLOCKS_APART:
            raise StartLiesAhead(f"The instant lies in the future (given: {given}); leave replay_from out to begin now")
        return start
    head = (await _from_now_on(desk)).after_position
    if start.after_position > head:
        raise StartLiesAhead(
            f"The feed has not come so far (given: {given}, its last position: {head}); leave replay_from out to begin "
            "with what comes next"
        )
    return start


async def _learn_groups(desk: Desk, wanted: Filter) -> None:
    for group in wanted.groups:
        members = await desk.groups.members(group)
        await desk.call(desk.outbox.put_group, group, members)


async def _from_now_on(desk: Desk) -> Start:
    """After the last event the feed holds now, even if this notifier has not read that far yet."""
    page = await desk.feed.page(after=0, limit=1, wait_seconds=0)
    return Start(after_position=page.head)


def _changed_filter(current: Filter, given: dict[str, object]) -> Filter | None:
    parts = {name: value for name, value in given.items() if name in FilterFields.model_fields}
    if not parts:
        return None
    return filter_of(FilterFields.model_validate(filter_document(current) | parts))


def _present(value: T | None) -> T:
    if value is None:
        raise SubscriptionUnknown("The subscription was deleted meanwhile")
    return value
