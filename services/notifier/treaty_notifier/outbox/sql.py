"""The outbox on SQLAlchemy Core: SQLite by default, several notifiers on one PostgreSQL.

Instants that decide (leases, due times) come from the database's clock on PostgreSQL, because several machines must
agree on them; on SQLite there is one machine and its clock is passed in.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, text, update

from treaty_notifier.deliveries import DeliveryState
from treaty_notifier.errors import PositionTaken, SubscriptionLimit
from treaty_notifier.isolation import PATIENCE
from treaty_notifier.messages import Draft, webhook_id
from treaty_notifier.numbering import Occasion, Place, copy_of
from treaty_notifier.outbox import (
    attempts_log,
    bookings,
    claims,
    introductions,
    lag,
    pulling,
    replays,
    terms_log,
    waiting,
)
from treaty_notifier.outbox.claims import NOTHING, Claims
from treaty_notifier.outbox.dossiers import SqlDossiers, dossiers
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.keeper import Keeper
from treaty_notifier.outbox.lane_reports import lane_reports
from treaty_notifier.outbox.message_log import MessageLog
from treaty_notifier.outbox.port import (
    REPLAY_PER_SECOND,
    Behind,
    Census,
    Claim,
    Delivery,
    Dossier,
    Exchange,
    LaneReport,
    Lease,
    OptionsChange,
    Page,
    Progress,
    Pulled,
    Replay,
    ReplayState,
    Settlement,
    Start,
    Wish,
)
from treaty_notifier.outbox.presence import presence_in
from treaty_notifier.outbox.rotation import check_room
from treaty_notifier.outbox.rows import draft_of, message_row, subscription_of, subscription_row
from treaty_notifier.outbox.sealing import reseal
from treaty_notifier.outbox.secrets import PlainBox, Renew, SecretBox, secret_place
from treaty_notifier.outbox.stretches import Numbers
from treaty_notifier.outbox.tables import (
    HAS_ANSWER,
    attempts,
    exceptions,
    former_filters,
    lanes,
    messages,
    progress,
    secrets,
    stretches,
    subscriptions,
)
from treaty_notifier.subscriptions import Filter, Membership, Subscription, SubscriptionState

SCHEMA_VERSION = 1
_FEED = "feed"


class SqlOutbox:
    """Implements ``Outbox``. ``new_key`` is used once in the life of a database, at its first start."""

    def __init__(
        self,
        dsn: str,
        *,
        new_key: bytes,
        clock: Callable[[], datetime],
        box: SecretBox | None = None,
        patience: timedelta = PATIENCE,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = Database(dsn)
        self._clock = clock
        self._box = box or PlainBox()
        self._database.create_tables()
        self._key = self._first_start(new_key)
        self._presence = presence_in(self._database)
        self._keeper = (
            Keeper(self._database, self._presence, monotonic_seconds=monotonic_seconds)
            if self._database.is_sqlite
            else None
        )
        self._log = MessageLog()
        self._dossiers = SqlDossiers(self._database, self._box, now=self._now, patience=patience)
        self._claims = Claims(self._key, self._box, self._log)
        self._numbers = Numbers(self._key, self._log)

    @property
    def instance_key(self) -> bytes:
        return self._key

    @property
    def dossiers(self) -> SqlDossiers:
        return self._dossiers

    def close(self) -> None:
        self._presence.leave()
        self._database.close()

    # The message log

    def progress(self) -> Progress:
        with self._database.reading() as connection:
            return _progress(connection)

    def append(self, drafts: Sequence[Draft], *, expected: int, position: int) -> Progress:
        done = self.exchange(page=Page(drafts=drafts, expected=expected, position=position))
        progress = done.progress or self.progress()
        if done.is_taken:
            raise PositionTaken(progress.position)
        return progress

    # Subscriptions

    def add_subscription(
        self,
        subscription: Subscription,
        *,
        secret: bytes,
        start: Start,
        owner_limit: int | None = None,
        dossier: Dossier | None = None,
    ) -> None:
        with self._database.writing() as connection:
            if owner_limit is not None:
                _check_limit(connection, owner=subscription.owner, limit=owner_limit)
            connection.execute(insert(subscriptions).values(subscription_row(subscription)))
            self._put_secret(connection, subscription.id, secret, serial=1)
            if dossier is not None:
                self._dossiers.open(connection, subscription.id, dossier)
            self._add_lane(connection, lane_id=subscription.id, subscription_id=subscription.id, start=start)

    def introduce(self, *, owner: str, host: str, limit: int) -> None:
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(owner))))
            introductions.introduce(connection, owner=owner, host=host, limit=limit, at=self._now(connection))

    def subscription(self, subscription_id: str) -> Subscription | None:
        with self._database.reading() as connection:
            return _subscription(connection, subscription_id)

    def subscriptions(self, *, owner: str | None, after: str, limit: int) -> list[Subscription]:
        query = select(subscriptions).where(subscriptions.c.id > after).order_by(subscriptions.c.id).limit(limit)
        if owner is not None:
            query = query.where(subscriptions.c.owner == owner)
        with self._database.reading() as connection:
            return [subscription_of(row) for row in connection.execute(query)]

    def change_subscription(
        self,
        subscription_id: str,
        *,
        url: str | None = None,
        description: str | None = None,
        filter: Filter | None = None,  # noqa: A002  (the word of the API)
        state: SubscriptionState | None = None,
        options: OptionsChange | None = None,
    ) -> Subscription | None:
        changes: dict[str, object] = {}
        if url is not None:
            changes["url"] = url
        if description is not None:
            changes["description"] = description
        if state is not None:
            changes |= {"state": state.value, "state_reason": None}
        with self._database.writing() as connection:
            if not _lock_lane(connection, subscription_id):
                return None
            if filter is not None:
                terms_log.change_filter(connection, subscription_id, filter)
            if options is not None:
                self._dossiers.change(connection, subscription_id, options)
            if changes:
                connection.execute(update(subscriptions).where(subscriptions.c.id == subscription_id).values(**changes))
            return _subscription(connection, subscription_id)

    def remove_subscription(self, subscription_id: str) -> bool:
        with self._database.writing() as connection:
            _lock_lane(connection, subscription_id)
            self._dossiers.retire(connection, subscription_id)
            # Lanes go too: a turn that is under way then finds no lane to book into.
            for table in (lanes, exceptions, attempts, secrets, stretches, former_filters, replays.replays, dossiers):
                connection.execute(delete(table).where(table.c.subscription_id == subscription_id))
            gone = connection.execute(delete(subscriptions).where(subscriptions.c.id == subscription_id))
            return gone.rowcount > 0

    def valid_secrets(self, subscription_id: str) -> tuple[bytes, ...]:
        with self._database.reading() as connection:
            is_valid = secrets.c.expires_at.is_(None) | (secrets.c.expires_at > self._now(connection))
            query = select(secrets).where(secrets.c.subscription_id == subscription_id, is_valid)
            rows = connection.execute(query.order_by(secrets.c.serial.desc())).all()
            return tuple(
                self._box.open(bytes(row.sealed), place=secret_place(subscription_id, row.serial)) for row in rows
            )

    def rotate_secret(self, subscription_id: str, *, secret: bytes, overlap_seconds: int) -> datetime | None:
        with self._database.writing() as connection:
            if not _lock_lane(connection, subscription_id):
                return None
            now = self._now(connection)
            expires_at = now + timedelta(seconds=overlap_seconds)
            ours = secrets.c.subscription_id == subscription_id
            connection.execute(delete(secrets).where(ours, secrets.c.expires_at <= now))
            kept = select(secrets.c.expires_at).where(ours, secrets.c.expires_at.is_not(None))
            ends = [at for at in connection.execute(kept).scalars() if at is not None]
            check_room(ends, what="secret", overlap_seconds=overlap_seconds)
            serial = connection.execute(select(func.max(secrets.c.serial)).where(ours)).scalar_one()
            # Only the last secret: one that is on its way out already keeps the end that was told.
            connection.execute(
                update(secrets).where(ours, secrets.c.expires_at.is_(None)).values(expires_at=expires_at)
            )
            self._put_secret(connection, subscription_id, secret, serial=serial + 1)
            return expires_at

    def _put_secret(self, connection: Connection, subscription_id: str, secret: bytes, *, serial: int) -> None:
        sealed = self._box.seal(secret, place=secret_place(subscription_id, serial))
        connection.execute(insert(secrets).values(subscription_id=subscription_id, serial=serial, sealed=sealed))

    # Asking for more

    def add_probe(self, draft: Draft, *, subscription_id: str) -> str | None:
        with self._database.writing() as connection:
            if not _lock_lane(connection, subscription_id):
                return None
            return self._send_alone(connection, draft, subscription_id=subscription_id, occasion=Occasion.FEED)

    def redeliver(self, *, subscription_id: str, seq: int) -> bool:
        with self._database.writing() as connection, self._driver(connection) as driver:
            if not _lock_lane(connection, subscription_id):
                return False
            line = connection.execute(
                select(messages.c.identity, messages.c.audience).where(messages.c.seq == seq)
            ).one_or_none()
            if line is None:
                return False
            known = connection.execute(_exception_query(subscription_id, seq)).one_or_none()
            place = pulling.place_of(driver, self._numbers, subscription_id, seq)
            is_first = known is None and line.audience is None and not _was_attempted(connection, subscription_id, seq)
            if is_first and (place is None or not self._is_leased(connection, subscription_id)):
                return True  # it waits for its first attempt, which comes by itself
            is_open = known is not None and known.state == DeliveryState.RETRYING.value
            occasion = Occasion(known.occasion) if known is not None and is_open else Occasion.RESEND
            self._make_due(
                connection,
                subscription_id=subscription_id,
                seq=seq,
                identity=line.identity,
                place=place,
                occasion=occasion,
                request=1 if known is None else known.request + 1,
            )
            return True

    def resend_as_new(self, *, subscription_id: str, seq: int) -> str | None:
        with self._database.writing() as connection, self._driver(connection) as driver:
            if not _lock_lane(connection, subscription_id):
                return None
            line = connection.execute(select(messages).where(messages.c.seq == seq)).one_or_none()
            if line is None:
                return None
            base, place = draft_of(line), pulling.place_of(driver, self._numbers, subscription_id, seq)
            ours = and_(messages.c.position == line.position, messages.c.audience == subscription_id)
            copies = connection.execute(select(func.count()).select_from(messages).where(ours)).scalar_one()
            own = base.identity.split("\n")[0]
            known = webhook_id(instance_key=self._key, subscription_id=subscription_id, identity=own)
            copy = copy_of(base, place, audience=subscription_id, generation=copies + 1, resend_of=known)
            return self._send_alone(connection, copy, subscription_id=subscription_id, occasion=Occasion.RESEND)

    def replays(self, subscription_id: str) -> list[Replay]:
        with self._database.reading() as connection:
            return replays.of(connection, subscription_id)

    def change_replay(self, subscription_id: str, replay_id: str, *, state: ReplayState) -> Replay | None:
        with self._database.writing() as connection:
            if not _lock_lane(connection, subscription_id):
                return None
            return replays.change(connection, subscription_id, replay_id, state)

    def add_replay(
        self, subscription_id: str, *, replay_id: str, start: Start, per_second: int = REPLAY_PER_SECOND
    ) -> Replay | None:
        with self._database.writing() as connection:
            if not _lock_lane(connection, subscription_id):
                return None
            # What the lane has not come to yet comes by itself.
            stop = connection.execute(select(lanes.c.cursor).where(lanes.c.id == subscription_id)).scalar_one()
            cursor = self._add_lane(
                connection, lane_id=replay_id, subscription_id=subscription_id, start=start, stop_seq=stop
            )
            connection.execute(update(lanes).where(lanes.c.id == replay_id).values(per_second=per_second))
            replay = Replay(
                id=replay_id,
                subscription_id=subscription_id,
                asked_at=self._now(connection),
                after_seq=min(cursor, stop),
                stop_seq=stop,
                cursor=min(cursor, stop),
                per_second=per_second,
            )
            if cursor >= stop:
                connection.execute(delete(lanes).where(lanes.c.id == replay_id))
                replay = replace(replay, state=ReplayState.FINISHED)
            replays.begin(connection, replay)
            return replay

    # Lanes

    def claim(self, *, owner: str, lanes: int, batch: int, lease_seconds: float) -> Claim:
        wish = Wish(owner=owner, lanes=lanes, batch=batch, lease_seconds=lease_seconds)
        return self.exchange(wish=wish).claim

    def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        return list(self.exchange(settlements=settlements).booked)

    def exchange(
        self, *, settlements: Sequence[Settlement] = (), page: Page | None = None, wish: Wish | None = None
    ) -> Exchange:
        # Lanes before the position, as everybody takes them: then nobody waits for somebody who waits for him.
        with self._database.driving(self._clock) as driver:
            if self._keeper is not None:
                self._keeper.check(driver)
            booked = bookings.settle(driver, settlements)
            self._dossiers.book(driver, [one for one, is_ours in zip(settlements, booked, strict=True) if is_ours])
            appended = self._log.append(driver, page) if page is not None else None
            fresh = appended.fresh if appended is not None else ()
            began = perf_counter()
            claim = self._claims.claim(driver, wish, fresh=fresh) if wish is not None else NOTHING
            claim = replace(claim, turns=self._dossiers.with_turns(driver, claim.turns))
            claim_seconds = perf_counter() - began if wish is not None else None
            due_seconds = claims.due_seconds(driver) if page is None else None
        self._log.keep(fresh)
        return Exchange(
            booked=tuple(booked),
            claim=claim,
            due_seconds=due_seconds,
            progress=appended.progress if appended is not None else None,
            is_taken=appended is not None and appended.is_taken,
            claim_seconds=claim_seconds,
        )

    def park(self, lease: Lease, *, seconds: float) -> bool:
        with self._database.driving(self._clock) as driver:
            return bookings.park(driver, lease, seconds=seconds)

    def enter(self, *, owner: str, lease_seconds: float = 45.0) -> None:
        self._presence.enter(owner)
        if self._keeper is not None:
            self._keeper.enter(self._drive, owner=owner, lease_seconds=lease_seconds)
        self.reap()

    def reap(self) -> int:
        if self._keeper is not None and self._keeper.is_due():
            self._drive(self._keeper.check)
        with self._database.reading() as connection:
            holders = select(lanes.c.owner).where(lanes.c.owner.is_not(None)).distinct()
            owners = [str(owner) for owner in connection.execute(holders).scalars()]
        absent = self._presence.absent(owners)
        return self._give_back(absent) if absent else 0

    def release(self, *, owner: str) -> None:
        self._give_back([owner])

    # Reading deliveries

    def deliveries(
        self, subscription_id: str, *, before: int | None, limit: int, state: DeliveryState | None
    ) -> list[Delivery]:
        with self._database.looking(self._clock) as (connection, driver):
            subscription = _subscription(connection, subscription_id)
            if subscription is None:
                return []
            return attempts_log.deliveries(
                connection, driver, subscription, key=self._key, before=before, limit=limit, state=state
            )

    def delivery(self, webhook_id: str, *, owner: str | None) -> Delivery | None:
        with self._database.looking(self._clock) as (connection, driver):
            found = attempts_log.delivery(connection, driver, webhook_id, key=self._key, owner=owner)
            return None if found is None else pulling.with_body(connection, driver, self._numbers, found)

    def pull(self, subscription_id: str, *, after: int, until: int | None, limit: int) -> Pulled | None:
        wanted = min(after + limit, until) if until is not None else after + limit
        with self._database.looking(self._clock) as (_, driver):
            has_left = pulling.has_untaken(driver, subscription_id)
            is_short = pulling.taken(driver, subscription_id) < wanted
        for _ in range(pulling.MOST_COMMITS):
            if not (has_left and is_short):
                break
            with self._database.driving(self._clock) as driver:
                is_short = pulling.take_up_to(driver, self._numbers, subscription_id, wanted=wanted)
        with self._database.looking(self._clock) as (connection, driver):
            has_left = pulling.has_untaken(driver, subscription_id)
            return pulling.read(
                connection,
                driver,
                self._numbers,
                subscription_id,
                after=after,
                until=until,
                limit=limit,
                has_left=has_left,
            )

    # Groups

    def membership(self) -> Membership:
        with self._database.reading() as connection:
            return terms_log.membership(connection)

    def put_group(self, group: str, members: frozenset[str]) -> None:
        with self._database.writing() as connection:
            terms_log.put_group(connection, group, members)

    def groups_wanted(self) -> list[str]:
        with self._database.reading() as connection:
            named = [row[0]["groups"] for row in connection.execute(select(subscriptions.c.filter))]
        return sorted({group for one in named for group in one})

    def forget_answers(self, *, before: datetime, limit: int) -> int:
        old = select(attempts.c.id).where(attempts.c.started_at < before, HAS_ANSWER)
        old = old.order_by(attempts.c.started_at).limit(limit)
        with self._database.writing() as connection:
            emptied = update(attempts).where(attempts.c.id.in_(old)).values(response=b"", location=None)
            return connection.execute(emptied).rowcount

    def reseal(self, renew: Renew) -> int:
        """Seal everything anew with ``renew``, in one commit; how many rows changed."""
        with self._database.writing() as connection:
            return reseal(connection, renew)

    def behind(self, seq: int) -> Behind:
        with self._database.reading() as connection:
            return lag.behind(connection, seq, head=_progress(connection).seq)

    def move_waits(self, by: timedelta, *, moved: Callable[[], None]) -> bool:
        if self._keeper is None:
            return False
        with self._database.driving(self._clock) as driver:
            self._keeper.check(driver)
            waiting.move(driver, by)
            moved()
        return True

    def clock_lag_seconds(self, local: Callable[[], datetime]) -> float | None:
        if self._database.is_sqlite:
            return None
        with self._database.reading() as connection:
            before = local()
            there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return ((before - there) + (local() - there)).total_seconds() / 2

    def probe(self) -> None:
        self._database.probe()

    def lane_reports(self, subscription_ids: Sequence[str]) -> dict[str, LaneReport]:
        with self._database.reading() as connection:
            return lane_reports(connection, subscription_ids)

    def census(self) -> Census:
        with self._database.reading() as connection:
            seq = _progress(connection).seq
            states: dict[str, int] = dict(
                connection.execute(select(subscriptions.c.state, func.count()).group_by(subscriptions.c.state)).all()
            )
            open_ones: dict[str, int] = dict(
                connection.execute(select(exceptions.c.state, func.count()).group_by(exceptions.c.state)).all()
            )
            count, slowest, leased = connection.execute(
                select(func.count(), func.min(lanes.c.cursor), func.count(lanes.c.owner)).where(~lanes.c.is_replay)
            ).one()
        return Census(
            subscriptions=sum(states.values()),
            disabled=states.get(SubscriptionState.DISABLED.value, 0),
            retrying=open_ones.get(DeliveryState.RETRYING.value, 0),
            dead=open_ones.get(DeliveryState.DEAD.value, 0),
            lanes=count,
            lanes_leased=leased,
            max_lag=seq - slowest if slowest is not None else 0,
        )

    # Inside

    def _first_start(self, new_key: bytes) -> bytes:
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                connection.execute(text("LOCK TABLE progress IN EXCLUSIVE MODE"))
            key = connection.execute(select(progress.c.instance_key).where(progress.c.name == _FEED)).scalar()
            if key is None:
                key = new_key
                connection.execute(
                    insert(progress).values(
                        name=_FEED, schema_version=SCHEMA_VERSION, instance_key=key, position=0, seq=0
                    )
                )
            return bytes(key)

    def _give_back(self, owners: list[str]) -> int:
        with self._database.writing() as connection:
            freed = connection.execute(
                update(lanes)
                .where(lanes.c.owner.in_(owners))
                .values(owner=None, lease_until=None, epoch=lanes.c.epoch + 1)
            )
            return freed.rowcount

    def _drive(self, work: Callable[[Driver], None]) -> None:
        with self._database.driving(self._clock) as driver:
            work(driver)

    def _driver(self, connection: Connection) -> Driver:
        return Driver(connection, is_sqlite=self._database.is_sqlite, clock=self._clock)

    def _now(self, connection: Connection) -> datetime:
        if self._database.is_sqlite:
            return self._clock()
        now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now.astimezone(UTC)

    def _add_lane(
        self,
        connection: Connection,
        *,
        lane_id: str,
        subscription_id: str,
        start: Start,
        stop_seq: int | None = None,
    ) -> int:
        """The cursor that the lane starts with: just before the first message that its window admits."""
        first = connection.execute(_first_admitted(start)).scalar()
        cursor = int(first) - 1 if first is not None else _progress(connection).seq
        connection.execute(
            insert(lanes).values(
                id=lane_id,
                subscription_id=subscription_id,
                is_replay=stop_seq is not None,
                cursor=cursor,
                stop_seq=stop_seq,
                after_position=start.after_position,
                not_before=start.not_before,
                served_at=self._now(connection),
                epoch=0,
                numbered_after=cursor,
            )
        )
        return cursor

    def _send_alone(self, connection: Connection, draft: Draft, *, subscription_id: str, occasion: Occasion) -> str:
        """A line of the log for one subscription alone, due at once; its webhook id."""
        connection.execute(update(progress).where(progress.c.name == _FEED).values(seq=progress.c.seq + 1))
        seq = _progress(connection).seq
        connection.execute(insert(messages).values(message_row(draft, seq=seq)))
        self._make_due(connection, subscription_id=subscription_id, seq=seq, identity=draft.identity, occasion=occasion)
        return webhook_id(instance_key=self._key, subscription_id=subscription_id, identity=draft.identity)

    def _make_due(
        self,
        connection: Connection,
        *,
        subscription_id: str,
        seq: int,
        identity: str,
        place: Place | None = None,
        occasion: Occasion = Occasion.FEED,
        request: int = 0,
    ) -> None:
        now = self._now(connection)
        ours = and_(exceptions.c.subscription_id == subscription_id, exceptions.c.seq == seq)
        connection.execute(delete(exceptions).where(ours))
        connection.execute(
            insert(exceptions).values(
                subscription_id=subscription_id,
                seq=seq,
                webhook_id=webhook_id(instance_key=self._key, subscription_id=subscription_id, identity=identity),
                state=DeliveryState.RETRYING.value,
                failures=0,
                next_at=now,
                sequence=place.sequence if place is not None else None,
                previous_id=place.previous_id if place is not None else None,
                watermark=place.watermark if place is not None else None,
                occasion=occasion.value,
                request=request,
            )
        )
        connection.execute(update(lanes).where(lanes.c.id == subscription_id).values(due_at=now))

    def _is_leased(self, connection: Connection, lane_id: str) -> bool:
        held = select(lanes.c.lease_until).where(lanes.c.id == lane_id, lanes.c.owner.is_not(None))
        until: datetime | None = connection.execute(held).scalar()
        return until is not None and until > self._now(connection)


def _progress(connection: Connection) -> Progress:
    row = connection.execute(select(progress.c.position, progress.c.seq).where(progress.c.name == _FEED)).one()
    return Progress(position=row.position, seq=row.seq)


def _first_admitted(start: Start) -> Select[int]:
    """The line of the first message that a window admits, without a look at all that lie before it.

    Positions grow with the lines. Instants need not: whoever begins with one looks at every line from then on, which
    is what it will be sent; a sum with 0 is what keeps the databases from walking along the lines instead.
    """
    for_all = messages.c.audience.is_(None)
    if start.not_before is None:
        first = select(messages.c.seq).where(for_all, messages.c.position > start.after_position)
        return first.order_by(messages.c.position).limit(1)
    return select(func.min(messages.c.seq + 0)).where(
        for_all, messages.c.position + 0 > start.after_position, messages.c.recorded_at >= start.not_before
    )


def _subscription(connection: Connection, subscription_id: str) -> Subscription | None:
    row = connection.execute(select(subscriptions).where(subscriptions.c.id == subscription_id)).one_or_none()
    return None if row is None else subscription_of(row)


def _exception_query(subscription_id: str, seq: int) -> Select[tuple[str, str, int]]:
    return select(exceptions.c.state, exceptions.c.occasion, exceptions.c.request).where(
        exceptions.c.subscription_id == subscription_id, exceptions.c.seq == seq
    )


def _was_attempted(connection: Connection, subscription_id: str, seq: int) -> bool:
    """Whether the lane has come past it."""
    cursor = connection.execute(select(lanes.c.cursor).where(lanes.c.id == subscription_id)).scalar_one()
    return seq <= int(cursor)


def _lock_lane(connection: Connection, subscription_id: str) -> bool:
    """Whoever changes what a lane owes takes its row first, so that a turn being booked sees the change or waits."""
    found = connection.execute(select(lanes.c.id).where(lanes.c.id == subscription_id).with_for_update())
    return found.one_or_none() is not None


def _check_limit(connection: Connection, *, owner: str, limit: int) -> None:
    held = connection.execute(select(func.count()).where(subscriptions.c.owner == owner)).scalar_one()
    if held >= limit:
        raise SubscriptionLimit(
            f"This key already holds all the subscriptions it may (held: {held}, limit: {limit}); delete one first"
        )
