"""What is kept of a participant's days is what would be worked out anew, whatever changes around it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import Twin, acceded, all_acceded, day, denounced, hanoi, outcome, states, treaty
from treaty_status.application.kept_bindings import MOST_KEPT, KeptBindings
from treaty_status.domain.evaluation import bindings, evaluate, known_days
from treaty_status.domain.treaty import Treaty, before


def anew(of: Treaty, as_of: str) -> dict[str, object]:
    assert of.rule is not None
    found = evaluate(of.rule, of, world=Twin(), as_of=day(as_of))
    return {name: bindings(own, of.rule, found, known_days(of)) for name, own in of.participations.items()}


def kept(by: KeptBindings, of: Treaty, as_of: str) -> dict[str, object]:
    assert of.rule is not None
    found = evaluate(of.rule, of, world=Twin(), as_of=day(as_of))
    return dict(by.of(of.participations, of.rule, found, known_days(of)))


ACTS = [*all_acceded(states(40), on="2027-02-01"), acceded("s41", on="2027-04-01"), denounced("s1", on="2028-01-01")]
DAYS = st.dates(day("2027-01-01"), day("2030-01-01")).map(str)


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(st.tuples(DAYS, st.sampled_from([40, 41, 30])), min_size=2, max_size=12))
def test_a_day_is_told_alike_whoever_asked_before(asked: list[tuple[str, int]]) -> None:
    by = KeptBindings()
    known = {need: treaty(*ACTS, by_rule=hanoi(need)) for need in (30, 40, 41)}
    for on, need in asked:
        then = before(known[need], day(on))
        assert kept(by, then, on) == anew(then, on)


def test_what_is_kept_is_bounded() -> None:
    by = KeptBindings()
    for need in range(1, MOST_KEPT + 20):
        kept(by, treaty(acceded("s1", on="2027-01-01"), by_rule=hanoi(need)), "2027-02-01")
    assert len(by._kept) == MOST_KEPT


def test_the_fortieth_instrument_changes_what_is_told_of_the_first() -> None:
    by = KeptBindings()
    full = treaty(*ACTS[:40], by_rule=hanoi())
    assert kept(by, before(full, day("2027-01-31")), "2027-01-31") == {}
    assert outcome(hanoi(), *ACTS[:40]).entry_into_force_on == day("2027-05-02")
    assert kept(by, full, "2027-02-01") == anew(full, "2027-02-01")
