"""Periods, not dates: who consented, left, came back, in whatever order it became known."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    Twin,
    acceded,
    act,
    all_acceded,
    corrected,
    day,
    denounced,
    hanoi,
    ratified,
    reinstated,
    retracted,
    revoked_denunciation,
    signed,
    signed_definitively,
    states,
    story,
    succeeded,
    took_back,
    treaty,
)
from treaty_status.application.documents import participant_document, view
from treaty_status.domain.decisions import RecordAct
from treaty_status.domain.participation import Participation


def usa(*acts: RecordAct) -> Participation:
    return treaty(*acts).participations["usa"]


def periods(*acts: RecordAct, as_of: str = "2199-01-01") -> list[tuple[str | None, str | None]]:
    """Day of effect and day of leaving of each life, under the clauses of the convention with a threshold of one."""
    others = [acceded("first", on="2015-01-01")]
    seen = view(treaty(*others, *acts, by_rule=hanoi(1)), 1, as_of=day(as_of), lang="en", world=Twin())
    document = participant_document(seen.treaty.participations["usa"], seen)
    return [(period["effect_on"], period["leaves_on"]) for period in document["periods"]]


def test_leaving_and_returning_makes_two_periods() -> None:
    """As the United States did under the Paris Agreement."""
    acts = [
        ratified("usa", on="2016-09-03"),
        denounced("usa", on="2019-11-04"),
        ratified("usa", on="2021-01-20"),
    ]
    assert periods(*acts) == [("2016-10-03", "2020-11-04"), ("2021-02-19", None)]
    assert periods(*acts, denounced("usa", on="2025-01-27")) == [
        ("2016-10-03", "2020-11-04"),
        ("2021-02-19", "2026-01-27"),
    ]


def test_a_notice_that_was_revoked_ends_nothing() -> None:
    """As The Gambia did under the Rome Statute."""
    acts = [
        ratified("usa", on="2016-09-03"),
        denounced("usa", on="2016-11-10"),
        revoked_denunciation("usa", on="2017-02-10"),
    ]
    assert periods(*acts) == [("2016-10-03", None)]
    (life,) = usa(*acts).lives
    assert len(life.notices) == 1
    assert life.standing_notice is None


def test_a_second_notice_after_a_revoked_one_stands() -> None:
    acts = [
        ratified("usa", on="2016-09-03"),
        denounced("usa", on="2016-11-10"),
        revoked_denunciation("usa", on="2017-02-10"),
        denounced("usa", on="2018-01-01"),
    ]
    assert periods(*acts) == [("2016-10-03", "2019-01-01")]


def test_a_notice_may_name_a_later_day() -> None:
    rome = hanoi(1) | {
        "leaving": [
            {
                "clause": "127",
                "takes_effect": {
                    "op": "later",
                    "of": [
                        {"op": "plus", "years": 1, "of": {"op": "ref", "name": "received"}},
                        {"op": "ref", "name": "specified"},
                    ],
                },
            }
        ]
    }
    for specified, leaves_on in [("2018-06-30", "2018-06-30"), ("2017-03-01", "2018-01-01")]:
        acts = [ratified("usa", on="2016-09-03"), denounced("usa", on="2017-01-01", effect_date=specified)]
        seen = view(treaty(*acts, by_rule=rome), 1, as_of=day("2030-01-01"), lang="en", world=Twin())
        (binding,) = seen.bound["usa"]
        assert (str(binding.leaves_on), binding.leaving_clause) == (leaves_on, "127")


def test_without_a_clause_on_leaving_only_a_day_that_the_notice_names_is_known() -> None:
    silent = hanoi(1) | {"leaving": []}
    for named, leaves_on in [(None, None), ("2018-01-01", day("2018-01-01"))]:
        more: dict[str, Any] = {} if named is None else {"effect_date": named}
        acts = [ratified("usa", on="2016-09-03"), denounced("usa", on="2017-01-01", **more)]
        seen = view(treaty(*acts, by_rule=silent), 1, as_of=day("2030-01-01"), lang="en", world=Twin())
        assert seen.bound["usa"][0].leaves_on == leaves_on


def test_a_consent_taken_back_before_it_could_bind_makes_no_party() -> None:
    acts = [acceded("x", on="2015-01-01"), ratified("usa", on="2015-02-01"), took_back("usa", on="2015-02-10")]
    seen = view(treaty(*acts, by_rule=hanoi(1)), 1, as_of=day("2030-01-01"), lang="en", world=Twin())
    assert not any(binding.binds(day("2030-01-01")) for binding in seen.bound["usa"])


def test_whoever_took_its_consent_back_may_consent_again() -> None:
    acts = [ratified("usa", on="2014-01-01"), took_back("usa", on="2014-06-01"), ratified("usa", on="2016-01-01")]
    first, second = usa(*acts).lives
    assert (first.taken_back_on, second.taken_back_on) == (day("2014-06-01"), None)


def test_an_instrument_replaced_on_one_day_is_taken_back_first_and_given_again() -> None:
    acts = [
        acceded("usa", on="2020-01-01"),
        took_back("usa", on="2021-01-01"),
        acceded("usa", on="2021-01-01"),
    ]
    assert [(str(life.on), life.taken_back_on) for life in usa(*acts).lives] == [
        ("2020-01-01", day("2021-01-01")),
        ("2021-01-01", None),
    ]


def test_an_instrument_given_and_taken_back_on_one_day_is_not_alive_at_its_end() -> None:
    assert usa(took_back("usa", on="2021-01-01"), acceded("usa", on="2021-01-01")).current is None


def test_of_two_consents_that_overlap_the_earlier_governs() -> None:
    """Several depositaries, or a duplicate nobody has retracted yet."""
    own = usa(ratified("usa", on="2020-01-05"), ratified("usa", on="2020-01-01"), took_back("usa", on="2020-02-01"))
    (life,) = own.lives
    assert (life.on, life.taken_back_on) == (day("2020-01-01"), day("2020-02-01"))


def test_a_definitive_signature_is_a_signature_and_a_consent() -> None:
    own = usa(signed_definitively("usa", on="2020-01-01"))
    assert own.signature is not None
    assert own.current is not None


def test_the_first_signature_is_the_signature() -> None:
    own = usa(signed_definitively("usa", on="2020-05-01"), signed("usa", on="2020-01-01"))
    assert own.signature is not None
    assert own.signature.event.act_date == day("2020-01-01")


def test_a_retracted_act_is_as_if_it_had_never_been_until_it_is_reinstated() -> None:
    told = story(hanoi(), acceded("usa", on="2027-01-01"))
    target = told.act_of("usa").event_id
    told.on("2027-01-02", retracted(target))
    assert told.treaty.participations["usa"].lives == ()
    told.on("2027-01-03", reinstated(target))
    assert len(told.treaty.participations["usa"].lives) == 1


def test_a_correction_moves_an_act_to_the_right_participant_and_back() -> None:
    told = story(hanoi(), acceded("cog", on="2027-01-01"))
    target = told.act_of("cog").event_id
    told.on("2027-01-02", corrected(target, participant="cod"))
    assert told.treaty.participations["cog"].lives == ()
    assert len(told.treaty.participations["cod"].lives) == 1
    told.on("2027-01-03", corrected(target, participant="cog"))
    assert len(told.treaty.participations["cog"].lives) == 1
    assert told.treaty.participations["cod"].lives == ()
    assert len(told.act_of("cog").corrected_by) == 2


# ---- order -----------------------------------------------------------------------------------------------------------
LIFE = [
    signed("usa", on="2016-04-22"),
    ratified("usa", on="2016-09-03"),
    denounced("usa", on="2019-11-04"),
    ratified("usa", on="2021-01-20"),
    denounced("usa", on="2025-01-27"),
]


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_the_order_in_which_acts_were_recorded_does_not_matter(order: tuple[int, ...]) -> None:
    assert periods(*[LIFE[n] for n in order]) == periods(*LIFE)


KINDS = ["signature", "ratification", "accession", "consent_withdrawn", "withdrawal_notified", "withdrawal_revoked"]
ACTS = st.lists(
    st.builds(
        lambda kind, who, on: act(kind, who, on=on),
        st.sampled_from(KINDS),
        st.sampled_from(states(6)),
        st.dates(day("2020-01-01"), day("2022-12-31")),
    ),
    max_size=16,
    unique_by=lambda order: (order.participant, order.action, order.act_date),
)


def _standing(acts: list[RecordAct], as_of: str) -> Any:
    seen = view(treaty(*acts, by_rule=hanoi(3)), 1, as_of=day(as_of), lang="en", world=Twin())
    assert seen.outcome is not None
    bound = {name: [(b.effect_on, b.leaves_on) for b in found] for name, found in seen.bound.items()}
    return (
        seen.outcome.threshold_on,
        seen.outcome.entry_into_force_on,
        seen.outcome.reading.counted,
        {name: found for name, found in bound.items() if found},
    )


@given(ACTS, st.randoms(use_true_random=False), st.sampled_from(["2021-06-30", "2023-06-30"]))
def test_evaluation_does_not_depend_on_the_order_of_recording(acts: list[RecordAct], chance: Any, as_of: str) -> None:
    shuffled = list(acts)
    chance.shuffle(shuffled)
    assert _standing(shuffled, as_of) == _standing(acts, as_of)


@given(ACTS, st.sampled_from(states(6)), st.dates(day("2020-01-01"), day("2022-12-31")))
def test_an_act_that_does_not_count_changes_nothing(acts: list[RecordAct], who: str, on: Any) -> None:
    for kind in ("reservation", "declaration", "objection", "provisional_application", "territorial_application"):
        assert _standing([*acts, act(kind, who, on=on)], "2023-06-30") == _standing(acts, "2023-06-30")
    assert _standing([*acts, act("signature", "new", on=on)], "2023-06-30") == _standing(acts, "2023-06-30")


@given(ACTS)
def test_with_time_consents_only_grow_while_nobody_takes_one_back(acts: list[RecordAct]) -> None:
    kept = [one for one in acts if one.action.value in {"signature", "ratification", "accession"}]
    counts = [len(_standing(kept, as_of)[2]) for as_of in ("2020-06-30", "2021-06-30", "2022-06-30", "2023-06-30")]
    assert counts == sorted(counts)


@given(ACTS, st.dates(day("2020-01-01"), day("2023-12-31")))
def test_what_held_on_a_day_does_not_depend_on_what_came_after(acts: list[RecordAct], as_of: Any) -> None:
    known_then = [one for one in acts if one.act_date <= as_of]
    assert _standing(acts, str(as_of)) == _standing(known_then, str(as_of))


def test_a_successor_counts_itself_and_names_whom_it_succeeded() -> None:
    own = treaty(succeeded("mne", to="scg", from_day="2006-06-03", on="2006-10-23")).participations["mne"]
    (life,) = own.lives
    assert life.on == day("2006-10-23")


def test_four_hundred_participants_are_four_hundred_participations() -> None:
    assert len(treaty(*all_acceded(states(400), on="2020-01-01")).participations) == 400
