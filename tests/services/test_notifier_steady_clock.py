"""A clock that was set, or runs on: what the notifier takes for the time."""

from datetime import UTC, datetime, timedelta

from treaty_notifier.steady_clock import SteadyClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Machine:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOON, 0.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, monotonic_seconds=lambda: self.seconds)


def test_a_clock_that_nobody_sets_is_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.passes(3600)

    assert (clock(), clock.step_seconds()) == (NOON + timedelta(hours=1), 0.0)


def test_a_clock_that_was_set_is_not_followed_until_the_waits_were_moved() -> None:
    for step in (600, -600):
        machine = Machine()
        clock = machine.clock()
        machine.passes(10)
        machine.wall += timedelta(seconds=step)
        machine.passes(5)

        assert (clock(), clock.step_seconds()) == (NOON + timedelta(seconds=15), step)
        clock.follow()
        assert (clock(), clock.step_seconds()) == (NOON + timedelta(seconds=15 + step), 0.0)


def test_a_clock_that_is_corrected_little_by_little_is_followed_all_the_way() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(100):
        machine.passes(1)
        machine.wall += timedelta(seconds=0.5)
        assert clock() == machine.wall

    assert clock.step_seconds() == 0.0


def test_a_clock_that_is_set_and_set_back_again_was_never_wrong() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += timedelta(minutes=10)
    assert clock.step_seconds() == 600
    machine.wall -= timedelta(minutes=10)

    assert (clock(), clock.step_seconds()) == (NOON, 0.0)
