"""What runs without being asked: following the feed, serving lanes, refreshing groups."""

from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.clock_watch import ClockWatch
from treaty_notifier.loops.dispatcher import Dispatcher
from treaty_notifier.loops.follower import Follower
from treaty_notifier.loops.herald import Herald
from treaty_notifier.loops.janitor import Janitor
from treaty_notifier.loops.lag_watch import LagWatch
from treaty_notifier.loops.limits import Limits
from treaty_notifier.loops.reaper import Reaper
from treaty_notifier.loops.refresher import GroupRefresher
from treaty_notifier.loops.scribe import Scribe, is_worth_a_process
from treaty_notifier.loops.supervision import Supervised
from treaty_notifier.loops.threads import Threads

__all__ = [
    "Clerk",
    "ClockWatch",
    "Dispatcher",
    "Follower",
    "GroupRefresher",
    "Herald",
    "Janitor",
    "LagWatch",
    "Limits",
    "Reaper",
    "Scribe",
    "Supervised",
    "Threads",
    "is_worth_a_process",
]
