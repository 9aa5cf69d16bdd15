"""What subscriptions ask for, as it changes: a change holds from a line of the log on, never for a line before it.

Whoever changes terms holds the feed position meanwhile, so that no line can come between the change and its place.
"""

from sqlalchemy import Connection, func, insert, select, update

from treaty_notifier.outbox.rows import filter_document
from treaty_notifier.outbox.tables import former_filters, memberships, progress, subscriptions
from treaty_notifier.subscriptions import Filter, Membership


def change_filter(connection: Connection, subscription_id: str, wanted: Filter) -> None:
    """The filter of before keeps every line that is there already."""
    head = held_head(connection)
    ours = subscriptions.c.id == subscription_id
    former = connection.execute(select(subscriptions.c.filter).where(ours)).scalar_one_or_none()
    document = filter_document(wanted)
    if former is None or former == document:
        return
    known = select(former_filters.c.until_seq).where(
        former_filters.c.subscription_id == subscription_id, former_filters.c.until_seq == head
    )
    # Changed twice at one line, the filter between the two never held for any.
    if connection.execute(known).scalar_one_or_none() is None:
        connection.execute(
            insert(former_filters).values(subscription_id=subscription_id, until_seq=head, filter=former)
        )
    changes = subscriptions.c.filter_changes + 1
    connection.execute(update(subscriptions).where(ours).values(filter=document, filter_changes=changes))


def put_group(connection: Connection, group: str, members: frozenset[str]) -> None:
    """The group's members from the next line on; one that nobody had asked about has always been so."""
    head = held_head(connection)
    ours = memberships.c.group_id == group
    last = connection.execute(
        select(memberships.c.after_seq, memberships.c.members).where(ours).order_by(memberships.c.after_seq.desc())
    ).first()
    listed = sorted(members)
    if last is None:
        connection.execute(insert(memberships).values(group_id=group, after_seq=0, members=listed))
    elif last.members != listed and last.after_seq == head:
        connection.execute(update(memberships).where(ours, memberships.c.after_seq == head).values(members=listed))
    elif last.members != listed:
        connection.execute(insert(memberships).values(group_id=group, after_seq=head, members=listed))


def membership(connection: Connection) -> Membership:
    """Who belongs to which group now."""
    newest = select(memberships.c.group_id, func.max(memberships.c.after_seq).label("after_seq")).group_by(
        memberships.c.group_id
    )
    last = newest.subquery()
    rows = connection.execute(
        select(memberships.c.group_id, memberships.c.members).join(
            last, (memberships.c.group_id == last.c.group_id) & (memberships.c.after_seq == last.c.after_seq)
        )
    )
    return Membership(members={row.group_id: frozenset(row.members) for row in rows})


def held_head(connection: Connection) -> int:
    """The last line of the log, which nobody moves before this transaction ends."""
    held = select(progress.c.seq).where(progress.c.name == "feed").with_for_update()
    return int(connection.execute(held).scalar_one())
