"""Reading a subscription's feed by its numbers, and giving out those that nobody has given out yet."""

from dataclasses import replace

from sqlalchemy import Connection, select

from treaty_notifier.numbering import Place, Terms, numbered
from treaty_notifier.outbox import attempts_log, stretches
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.message_log import LoggedMessage
from treaty_notifier.outbox.port import Delivery, Pulled
from treaty_notifier.outbox.stretches import SCAN_ROWS, Numbers, Standing
from treaty_notifier.outbox.tables import messages

MOST_TOGETHER = 64  # messages of one stretch
SCANS_TOGETHER = 4  # of 500 lines, in one commit: others want to write as well
MOST_COMMITS = 10  # how far one question looks for what is wanted; the next one goes on from there

_LANE = "SELECT cursor, sequence, looked_to FROM lanes WHERE id = :id {lock}"
_HEAD = "SELECT seq FROM progress WHERE name = 'feed'"
_LOOKED = "UPDATE lanes SET looked_to = :line WHERE id = :id"


def has_untaken(driver: Driver, subscription_id: str) -> bool:
    """Whether the log holds lines that nobody has looked at for this subscription."""
    rows = driver.rows(_LANE.replace("{lock}", ""), id=subscription_id)
    ((head,),) = driver.rows(_HEAD)
    standing = stretches.standings(driver, [subscription_id]).get(subscription_id)
    return bool(rows) and standing is not None and max(rows[0][0], rows[0][2], standing.taken_seq) < head


def taken(driver: Driver, subscription_id: str) -> int:
    """The last number given out."""
    standing = stretches.standings(driver, [subscription_id]).get(subscription_id)
    return standing.taken if standing is not None else 0


def take_up_to(driver: Driver, numbers: Numbers, subscription_id: str, *, wanted: int) -> bool:
    """Give out numbers up to ``wanted``, some way along the log; whether more can be done. Nothing is sent by this."""
    rows = driver.rows(_LANE, id=subscription_id)
    terms = stretches.terms_of(driver, subscription_id)
    if not rows or terms is None:
        return False
    ((cursor, _, looked_to),) = rows
    standing = stretches.standings(driver, [subscription_id])[subscription_id]
    ((head,),) = driver.rows(_HEAD)
    place = start = max(cursor, looked_to, standing.taken_seq)
    for _ in range(SCANS_TOGETHER):
        if place >= head or standing.taken >= wanted:
            break
        room = min(MOST_TOGETHER, wanted - standing.taken)
        messages, scanned_to = _scan(driver, numbers, terms, after=place, head=head, room=room)
        if messages:
            stretch, _, _ = numbers.take(subscription_id, messages, standing, after_seq=place)
            stretches.write(driver, [stretch])
            standing = Standing(
                attempted=standing.attempted,
                taken=stretch.last_sequence,
                taken_seq=stretch.last_seq,
                taken_id=stretch.last_id,
                oldest_owed=standing.oldest_owed,
            )
        place = scanned_to
    if place > start:
        driver.run(_LOOKED, line=place, id=subscription_id)  # nobody need look here again
    return bool(place < head and standing.taken < wanted)


def _scan(
    driver: Driver, numbers: Numbers, terms: Terms, *, after: int, head: int, room: int
) -> tuple[list[LoggedMessage], int]:
    found: list[LoggedMessage] = []
    scanned_to = after
    for message in numbers.log.after(driver, after, until=head, limit=SCAN_ROWS):
        if len(found) >= room:
            break
        if terms.wants(message.entry):
            found.append(message)
        scanned_to = message.entry.seq
    return found, scanned_to


def read(
    connection: Connection,
    driver: Driver,
    numbers: Numbers,
    subscription_id: str,
    *,
    after: int,
    until: int | None,
    limit: int,
    has_left: bool,
) -> Pulled | None:
    """What was given out, with its delivery so far; None when there is no such subscription.

    ``has_left`` says that the log holds lines that were not looked at.
    """
    terms = stretches.terms_of(driver, subscription_id)
    standing = stretches.standings(driver, [subscription_id]).get(subscription_id)
    if terms is None or standing is None:
        return None
    last = min(standing.taken, after + limit, until if until is not None else standing.taken)
    places: dict[int, tuple[Place, bytes]] = {}
    if last > after:
        for stretch in stretches.between(driver, subscription_id, first=after + 1, last=last):
            for message, place, _ in numbers.walk(driver, stretch, terms):
                if after < place.sequence <= last:
                    places[message.entry.seq] = place, numbered(message.body, place)
    known = attempts_log.load(connection, subscription_id, set(places), key=numbers.instance_key)
    end = standing.taken if until is None else min(standing.taken, until)
    return Pulled(
        deliveries=tuple(_placed(one, *places[one.seq]) for one in reversed(known)),
        head=standing.taken,
        watermark=standing.watermark,
        has_more=last < end or (has_left and until is None),
    )


def place_of(driver: Driver, numbers: Numbers, subscription_id: str, seq: int) -> Place | None:
    """Where a line stands in the subscription's feed; None for what is no part of it or was not taken up yet."""
    terms = stretches.terms_of(driver, subscription_id)
    if terms is None:
        return None
    return numbers.places(driver, subscription_id, terms, first=seq, last=seq).get(seq)


def with_body(connection: Connection, driver: Driver, numbers: Numbers, delivery: Delivery) -> Delivery:
    """With its number and the bytes that are signed; before it is taken up, the message's own."""
    line = connection.execute(select(messages.c.body, messages.c.audience).where(messages.c.seq == delivery.seq)).one()
    if line.audience is not None:
        return replace(delivery, body=bytes(line.body))
    place = place_of(driver, numbers, delivery.subscription_id, delivery.seq)
    if place is None:
        was_sent = bool(delivery.attempts)
        return replace(delivery, body=numbered(bytes(line.body), None) if was_sent else bytes(line.body))
    return _placed(delivery, place, numbered(bytes(line.body), place))


def _placed(delivery: Delivery, place: Place, body: bytes) -> Delivery:
    return replace(delivery, sequence=place.sequence, body=body, previous_id=place.previous_id)
