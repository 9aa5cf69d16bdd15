"""``python -m treaty_notifier`` is the console script."""

from treaty_notifier.main import run

run()
