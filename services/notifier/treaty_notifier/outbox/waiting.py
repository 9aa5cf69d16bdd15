"""Everything in the file that waits for an instant, moved when the clock was set.

Only on SQLite, where the machine's own clock decides. What was promised to somebody as an instant (when an old secret
ends) stays; when an attempt was made stays as well.
"""

import json
from datetime import timedelta

from treaty_notifier.isolation import conduct_document, conduct_of, moved
from treaty_notifier.outbox.driver import Driver

# In milliseconds, and all by the same words: what was equal stays equal.
_MOVED = "strftime('%Y-%m-%d %H:%M:%f', {0}, :by) || '000'"
_INSTANTS = ("lease_until", "paused_until", "due_at", "served_at")
_LANES = f"UPDATE lanes SET {', '.join(f'{name} = {_MOVED.format(name)}' for name in _INSTANTS)}"  # noqa: S608 - as below
_RETRIES = f"UPDATE exceptions SET next_at = {_MOVED.format('next_at')} WHERE next_at IS NOT NULL"  # noqa: S608 - our own names
_CONDUCTS = "SELECT subscription_id, conduct FROM dossiers WHERE conduct IS NOT NULL"
_CONDUCT = "UPDATE dossiers SET conduct = :conduct WHERE subscription_id = :id"


def move(driver: Driver, by: timedelta) -> None:
    """Leases, pauses, retries, places in the queue, buckets and spans of failure: each as far off as before."""
    seconds = f"{by.total_seconds():+.3f} seconds"
    driver.run(_LANES, by=seconds)
    driver.run(_RETRIES, by=seconds)
    conducts = [(id_, conduct_of(json.loads(kept))) for id_, kept in driver.rows(_CONDUCTS)]
    driver.run_each(
        _CONDUCT,
        [{"id": id_, "conduct": json.dumps(conduct_document(moved(conduct, by=by)))} for id_, conduct in conducts],
    )
