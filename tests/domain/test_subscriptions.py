"""Who wants which message."""

from datetime import UTC, datetime, timedelta

import pytest

from treaty_notifier.errors import TypePatternRefused
from treaty_notifier.messages import Entry
from treaty_notifier.subscriptions import (
    Filter,
    Livemode,
    Membership,
    Window,
    checked_pattern,
    type_matches,
    wants,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOBODY = Membership()


def entry(**changes: object) -> Entry:
    fields: dict[str, object] = {
        "seq": 1,
        "position": 412,
        "type": "treaty.threshold.reached",
        "category": "milestone",
        "treaty": "XVIII-16",
        "livemode": True,
        "participants": frozenset({"fra"}),
        "recorded_at": NOON,
        "identity": "milestone:1",
        "audience": None,
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]  # the fields above with some replaced


@pytest.mark.parametrize(
    ("pattern", "message_type", "matches"),
    [
        ("treaty.threshold.reached", "treaty.threshold.reached", True),
        ("treaty.threshold.*", "treaty.threshold.reached", True),
        ("treaty.*", "treaty.entry_into_force.countdown.reached", True),
        ("*", "treaty.defined", True),
        ("treaty.*.reached", "treaty.threshold.reached", True),
        ("treaty.*.reached", "treaty.signature.first.reached", False),  # one word in the middle, not two
        ("treaty.*.*.reached", "treaty.signature.first.reached", True),
        ("*.threshold.*", "treaty.threshold.lost", True),
        ("treaty.threshold", "treaty.threshold.reached", False),
        ("treaty.threshold.reached.*", "treaty.threshold.reached", False),  # a tail has at least one word
        ("treaty.thresh*", "treaty.threshold.reached", False),
        ("treaty.Threshold.*", "treaty.threshold.reached", False),
    ],
)
def test_a_star_is_one_word_in_the_middle_and_any_tail_at_the_end(
    pattern: str, message_type: str, matches: bool
) -> None:
    assert type_matches(pattern, message_type) is matches


@pytest.mark.parametrize(
    "pattern", ["", "treaty..reached", "treaty.thresh*", ".treaty", "treaty.", "a b", "t" * 201, "é"]
)
def test_a_pattern_that_is_no_dotted_words_is_refused(pattern: str) -> None:
    with pytest.raises(TypePatternRefused):
        checked_pattern(pattern)


def test_without_types_every_milestone_is_wanted_and_no_fact() -> None:
    assert wants(Filter(), entry(type="treaty.anything.reached"), membership=NOBODY)
    assert not wants(Filter(), entry(type="treaty.consent.recorded", category="fact"), membership=NOBODY)
    assert not wants(Filter(), entry(type="treaty.defined", category="meta"), membership=NOBODY)


def test_what_an_import_of_history_brought_in_is_told_only_to_those_who_ask_for_history() -> None:
    old = entry(category="historic_milestone")
    fact = entry(type="treaty.consent.recorded", category="historic_fact")
    digest = entry(type="treaty.import.finished", category="milestone")

    assert not wants(Filter(), old, membership=NOBODY)
    assert not wants(Filter(types=("treaty.threshold.*",)), old, membership=NOBODY)
    assert not wants(Filter(types=("treaty.consent.*",)), fact, membership=NOBODY)
    assert wants(Filter(), digest, membership=NOBODY)
    assert wants(Filter(history=True), old, membership=NOBODY)
    assert not wants(Filter(history=True), fact, membership=NOBODY)  # a fact is told to those who name its type
    assert wants(Filter(history=True, types=("treaty.consent.*",)), fact, membership=NOBODY)


def test_facts_are_wanted_when_their_type_is_named() -> None:
    wanted = Filter(types=("treaty.consent.*",))

    assert wants(wanted, entry(type="treaty.consent.recorded", category="fact"), membership=NOBODY)
    assert not wants(wanted, entry(), membership=NOBODY)


def test_only_the_named_treaties_are_wanted() -> None:
    assert wants(Filter(treaties=("XVIII-16", "I-1")), entry(), membership=NOBODY)
    assert not wants(Filter(treaties=("I-1",)), entry(), membership=NOBODY)
    assert not wants(Filter(treaties=("I-1",)), entry(treaty=None), membership=NOBODY)


def test_participants_and_groups_are_one_set() -> None:
    membership = Membership(members={"eu_members": frozenset({"fra", "deu"})})
    wanted = Filter(participants=("usa",), groups=("eu_members",))

    assert wants(wanted, entry(participants=frozenset({"usa"})), membership=membership)
    assert wants(wanted, entry(participants=frozenset({"jpn", "deu"})), membership=membership)
    assert not wants(wanted, entry(participants=frozenset({"jpn"})), membership=membership)
    assert not wants(wanted, entry(participants=frozenset()), membership=membership)


def test_a_group_nobody_has_heard_of_wants_nothing() -> None:
    assert not wants(Filter(groups=("eu_members",)), entry(), membership=NOBODY)


@pytest.mark.parametrize(
    ("livemode", "live", "rehearsed"),
    [(Livemode.LIVE, True, False), (Livemode.REHEARSAL, False, True), (Livemode.ALL, True, True)],
)
def test_rehearsals_are_heard_only_by_who_asked_for_them(livemode: Livemode, live: bool, rehearsed: bool) -> None:
    assert wants(Filter(livemode=livemode), entry(livemode=True), membership=NOBODY) is live
    assert wants(Filter(livemode=livemode), entry(livemode=False), membership=NOBODY) is rehearsed


def test_a_message_for_one_subscription_is_wanted_by_no_filter() -> None:
    assert not wants(Filter(types=("*",), livemode=Livemode.ALL), entry(audience="sub_a"), membership=NOBODY)


def test_a_window_opens_after_a_position_and_at_an_instant() -> None:
    assert Window(after_position=411).admits(entry())
    assert not Window(after_position=412).admits(entry())
    assert Window(not_before=NOON).admits(entry())
    assert not Window(not_before=NOON + timedelta(microseconds=1)).admits(entry())
