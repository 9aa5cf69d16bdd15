"""Booking finished turns and giving their leases back, inside the caller's transaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

from treaty_notifier.deliveries import Dead, Delivered, DeliveryState, RetryIn
from treaty_notifier.numbering import Occasion
from treaty_notifier.outbox import replays
from treaty_notifier.outbox.claims import due_anew
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.port import Lease, Sent, Settlement
from treaty_notifier.outbox.rows import disabling_reason, pause_seconds, phases_text

_ATTEMPT_COLUMNS = (
    "webhook_id, subscription_id, seq, number, started_at, duration_ms, outcome, status_code, response, is_clipped,"
    " location, peer, next_attempt_at, sequence, occasion, body_hash, phases"
)
_EXCEPTION_COLUMNS = (
    "subscription_id, seq, webhook_id, state, failures, next_at, reason, sequence, previous_id, watermark, occasion"
)
_HELD = (
    "SELECT id, epoch, owner, is_replay, due_at, per_second, {now} FROM lanes WHERE {among:id:ids} ORDER BY id {lock}"
)
_GIVE_BACK = """
    UPDATE lanes SET owner = NULL, lease_until = NULL,
           cursor = CASE WHEN cursor < :cursor THEN :cursor ELSE cursor END,
           sequence = CASE WHEN sequence < :sequence THEN :sequence ELSE sequence END,
           booked = booked + :attempts
    WHERE id = :id
"""
_PAUSE = """
    UPDATE lanes SET paused_until = CASE WHEN paused_until > :until THEN paused_until ELSE :until END
    WHERE subscription_id = :subscription
"""
_PARK = """
    UPDATE lanes SET owner = NULL, lease_until = NULL, paused_until = :until
    WHERE id = :id AND epoch = :epoch AND owner IS NOT NULL RETURNING id
"""
_SLOW = "UPDATE lanes SET is_slow = :is_slow WHERE subscription_id = :subscription"
_FORGET = "DELETE FROM exceptions WHERE subscription_id = :subscription AND {among:seq:seqs}"
_ASKED = """
    SELECT seq, request FROM exceptions WHERE subscription_id = :subscription AND request > 0 AND {among:seq:seqs}
"""
_WHY = "UPDATE exceptions SET occasion = :occasion WHERE subscription_id = :subscription AND seq = :seq"
_DISABLE = "UPDATE subscriptions SET state = 'disabled', state_reason = :reason WHERE id = :subscription"


class _Held(NamedTuple):
    """A lane as it stands when a turn comes back."""

    id: str
    epoch: int
    owner: str | None
    is_replay: bool
    due_at: str | datetime | None
    per_second: int | None
    now: str | datetime


def settle(driver: Driver, settlements: Sequence[Settlement]) -> list[bool]:
    """Which of them were booked; the others are fenced off by an epoch that is not theirs."""
    if not settlements:
        return []
    held, seen = _held(driver, settlements), set[str]()
    booked, ours = [], []
    for settlement in settlements:
        lane = held.get(settlement.lease.lane_id)
        is_held = lane is not None and lane.epoch == settlement.lease.epoch and lane.owner is not None
        booked.append(is_held and settlement.lease.lane_id not in seen)  # a turn comes back once
        seen.add(settlement.lease.lane_id)
        if booked[-1]:
            ours.append(settlement)
    if ours:
        _book(driver, ours, held)
    return booked


def park(driver: Driver, lease: Lease, *, seconds: float) -> bool:
    """Leave a lane alone for a while without booking anything; False when another epoch holds it."""
    until = driver.now() + timedelta(seconds=seconds)
    return bool(driver.rows(_PARK, until=until, id=lease.lane_id, epoch=lease.epoch))


def hold_back(driver: Driver, subscription: str, *, until: datetime) -> None:
    """Leave an endpoint alone until then, its replays as well; a longer pause stays."""
    driver.run(_PAUSE, subscription=subscription, until=until)


def _held(driver: Driver, settlements: Sequence[Settlement]) -> dict[str, _Held]:
    """The lanes, locked. Live ones first: their row is the subscription's lock, for its replays as well.

    In one order everywhere, so that two notifiers that book at the same time never wait for each other.
    """
    live = {settlement.lease.subscription_id for settlement in settlements}
    replays = {settlement.lease.lane_id for settlement in settlements} - live
    rows = [row for ids in (live, replays) if ids for row in driver.rows(_HELD, ids=sorted(ids))]
    return {row[0]: _Held(*row) for row in rows}


def _book(driver: Driver, settlements: Sequence[Settlement], held: dict[str, _Held]) -> None:
    now = driver.instant(next(iter(held.values())).now)
    # In the order of the log, however the answers came in: so it can be seen later that nothing was passed over.
    in_order = [(one, sent) for one in settlements for sent in _in_order(one.sent)]
    attempts = [_attempt(driver, one, sent, now=now) for one, sent in in_order]
    driver.insert("attempts", _ATTEMPT_COLUMNS, attempts)
    touched = [settlement for settlement in settlements if _book_exceptions(driver, settlement, now=now)]
    for settlement in touched:
        _book_wishes(driver, settlement, now=now)
    driver.run_each(
        _GIVE_BACK,
        [
            {"cursor": one.cursor, "sequence": attempted(one), "attempts": len(one.sent), "id": one.lease.lane_id}
            for one in settlements
        ],
    )
    for one in settlements:
        if one.is_slow is not None:
            driver.run(_SLOW, is_slow=driver.flag(is_set=one.is_slow), subscription=one.lease.subscription_id)
    due = {one.lease.subscription_id for one in touched}
    due |= {lane.id for lane in held.values() if not lane.is_replay and _is_due(driver, lane, now=now)}
    due_anew(driver, sorted(due))
    replayed = [one for one in settlements if held[one.lease.lane_id].is_replay]
    if replayed:
        waits = [(one.lease.lane_id, now + _share_of_time(one, held[one.lease.lane_id].per_second)) for one in replayed]
        replays.slow_down(driver, waits)
        replays.count(driver, [(one.lease.lane_id, len(one.sent)) for one in replayed])
        replays.end(driver, [one.lease.lane_id for one in replayed])


def _book_exceptions(driver: Driver, settlement: Settlement, *, now: datetime) -> bool:
    """Whatever did not go through at once has a row, and loses it when it went through after all."""
    subscription = settlement.lease.subscription_id
    unusual = [
        sent
        for sent in settlement.sent
        if sent.parcel.is_exception or sent.parcel.attempts or not isinstance(sent.decision, Delivered)
    ]
    if unusual:
        asked = _asked_meanwhile(driver, subscription, unusual)
        ended = [sent for sent in unusual if sent.parcel.seq not in asked]
        driver.run(_FORGET, subscription=subscription, seqs=[sent.parcel.seq for sent in ended])
        rows = [row for sent in ended if (row := _exception(driver, subscription, sent, now=now)) is not None]
        driver.insert("exceptions", _EXCEPTION_COLUMNS, rows)
        for sent in unusual:
            why = occasion_asked(sent)
            if sent.parcel.seq in asked and why is not None:
                driver.run(_WHY, occasion=why.value, subscription=subscription, seq=sent.parcel.seq)
    return bool(unusual)


def _asked_meanwhile(driver: Driver, subscription: str, sent: Sequence[Sent]) -> set[int]:
    """What was asked for once more while it was under way: its row stays, due at once with a fresh schedule."""
    claimed = {one.parcel.seq: one.parcel.request for one in sent}
    found = driver.rows(_ASKED, subscription=subscription, seqs=list(claimed))
    return {seq for seq, request in found if request != claimed[seq]}


def occasion_asked(sent: Sent) -> Occasion | None:
    """Why what was asked for meanwhile is still owed: what has arrived is sent again, what has not is still the feed's.

    None leaves it as it was asked for.
    """
    if isinstance(sent.decision, Delivered):
        return Occasion.RESEND
    return Occasion.FEED if sent.parcel.occasion is Occasion.FEED else None


def _book_wishes(driver: Driver, settlement: Settlement, *, now: datetime) -> None:
    """What the endpoint asked for: nothing any more, or nothing for a while, which holds for its replays as well."""
    subscription = settlement.lease.subscription_id
    reason, pause = disabling_reason(settlement.sent), pause_seconds(settlement.sent)
    if reason is not None:
        driver.run(_DISABLE, subscription=subscription, reason=reason)
    if pause > 0:
        hold_back(driver, subscription, until=now + timedelta(seconds=pause))


def _exception(driver: Driver, subscription: str, sent: Sent, *, now: datetime) -> tuple[object, ...] | None:
    parcel = sent.parcel
    match sent.decision:
        case Delivered():
            return None
        case RetryIn(delay_seconds=delay):
            state, next_at, reason = DeliveryState.RETRYING, driver.stamp(now + timedelta(seconds=delay)), None
        case Dead(reason=given):
            state, next_at, reason = DeliveryState.DEAD, None, given
        case _:
            assert_never(sent.decision)
    row = subscription, parcel.seq, parcel.webhook_id, state.value, parcel.failures + 1, next_at, reason
    place = parcel.place
    numbers = (place.sequence, place.previous_id, place.watermark) if place is not None else (None, None, None)
    return *row, *numbers, parcel.occasion.value


def _in_order(sent: Sequence[Sent]) -> Sequence[Sent]:
    seqs = [one.parcel.seq for one in sent]
    return sent if seqs == sorted(seqs) else sorted(sent, key=lambda one: one.parcel.seq)


def attempted(settlement: Settlement) -> int:
    """The last number that the lane has passed by this turn, 0 where it passed none."""
    last = 0
    for sent in settlement.sent:
        parcel = sent.parcel
        if parcel.place is not None and not parcel.is_exception and parcel.occasion is Occasion.FEED:
            sequence = parcel.place.sequence
            if sequence > last and parcel.seq <= settlement.cursor:
                last = sequence
    return last


def _attempt(driver: Driver, settlement: Settlement, sent: Sent, *, now: datetime) -> tuple[object, ...]:
    decision, parcel = sent.decision, sent.parcel
    planned = driver.stamp(now + timedelta(seconds=decision.delay_seconds)) if isinstance(decision, RetryIn) else None
    return (
        parcel.webhook_id,
        settlement.lease.subscription_id,
        parcel.seq,
        parcel.attempts + 1,
        driver.stamp(sent.started_at),
        sent.duration_ms,
        sent.outcome.value,
        sent.status_code,
        sent.response,
        driver.flag(is_set=sent.is_clipped),
        sent.location,
        sent.peer,
        planned,
        parcel.place.sequence if parcel.place is not None else None,
        parcel.occasion.value,
        hashlib.sha256(parcel.body).digest(),
        phases_text(sent.phases),
    )


def _share_of_time(settlement: Settlement, per_second: int | None) -> timedelta:
    """How long a replay that may send so many a second waits after what it has sent."""
    return timedelta(seconds=len(settlement.sent) / per_second if per_second else 0)


def _is_due(driver: Driver, lane: _Held, *, now: datetime) -> bool:
    due_at = driver.instant_or_none(lane.due_at)
    return due_at is not None and due_at <= now
