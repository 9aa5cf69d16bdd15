"""What runs without being asked: following the feed, serving lanes, refreshing groups."""

from treaty_notifier.loops.dispatcher import Dispatcher, Limits
from treaty_notifier.loops.follower import Follower
from treaty_notifier.loops.refresher import GroupRefresher
from treaty_notifier.loops.supervision import Supervised
from treaty_notifier.loops.threads import Threads

__all__ = ["Dispatcher", "Follower", "GroupRefresher", "Limits", "Supervised", "Threads"]
