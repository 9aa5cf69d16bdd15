"""When an endpoint that failed is asked again."""

import pytest

from treaty_notifier.schedule import STANDARD_DELAYS_SECONDS, Schedule


def test_ten_attempts_are_spread_over_seventy_five_hours_and_thirty_five_minutes() -> None:
    assert Schedule().attempts == 10
    assert sum(STANDARD_DELAYS_SECONDS) == pytest.approx(75 * 3600 + 35 * 60, abs=6)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18000), (6, 36000), (7, 50400), (8, 72000), (9, 86400)],
)
def test_each_failure_waits_longer_than_the_one_before(failures: int, seconds: float) -> None:
    assert Schedule().delay_seconds(failures=failures, jitter=0) == seconds


def test_after_the_last_attempt_nothing_is_tried() -> None:
    assert Schedule().delay_seconds(failures=10, jitter=0) is None
    assert Schedule(delays_seconds=(0,)).delay_seconds(failures=1, jitter=0) is None


@pytest.mark.parametrize(("jitter", "seconds"), [(-1, 240), (0, 300), (0.5, 330), (1, 360)])
def test_jitter_moves_a_delay_by_a_fifth_at_most(jitter: float, seconds: float) -> None:
    assert Schedule().delay_seconds(failures=2, jitter=jitter) == pytest.approx(seconds)


@pytest.mark.parametrize("wrong", [{"delays_seconds": ()}, {"delays_seconds": (0, -1)}, {"jitter_share": 1.0}])
def test_a_schedule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"schedule|jitter"):
        Schedule(**wrong)  # type: ignore[arg-type]  # wrong on purpose
