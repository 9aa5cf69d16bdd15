"""What readers are told: counts that are not mixed, explanations that add up, sentences a lawyer would accept."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    EUROPE,
    RECORDED,
    T,
    Twin,
    acceded,
    act,
    all_acceded,
    all_of,
    any_of,
    approved,
    confirmed,
    count,
    day,
    denounced,
    hanoi,
    plus,
    ratified,
    rule,
    signed,
    signed_definitively,
    states,
    took_back,
    treaty,
    weight,
    window,
)
from treaty_events import ClaimRecorded, Tier
from treaty_status.application import documents
from treaty_status.application.documents import View, view
from treaty_status.domain.treaty import Treaty, evolve


def told(*acts: Any, by_rule: Any = None, as_of: str = "2027-04-01", lang: str = "en", **more: Any) -> View:
    world = more.pop("world", EUROPE)
    the_treaty = treaty(*acts, by_rule=hanoi() if by_rule is None else by_rule, **more)
    return view(the_treaty, 1, as_of=day(as_of), lang=lang, world=world)


THIRTY_EIGHT = [*all_acceded(states(37), on="2027-01-15"), ratified("fra", on="2027-02-01")]


# ---- five counts -----------------------------------------------------------------------------------------------------
def test_five_counts_are_never_mixed() -> None:
    acts = [
        *[signed(one, on="2025-10-25") for one in ("fra", "ita", "eu", "s1")],
        signed_definitively("s2", on="2025-10-25"),
        ratified("fra", on="2027-01-01"),
        approved("eu", on="2027-01-02"),
        acceded("s3", on="2027-01-03"),
        took_back("s3", on="2027-01-04"),
    ]
    counts = documents.counts_document(told(*acts))
    assert counts == {
        "signatures": 5,
        "signatures_by_states": 4,
        "signatures_by_organisations": 1,
        "signatories_not_consented": 2,
        "consents": 3,
        "counted_consents": 2,
        "parties_in_force": 0,
    }


def test_before_entry_into_force_there_are_contracting_states_and_no_parties() -> None:
    acts = all_acceded(states(40), on="2027-04-05")
    before, after = (documents.counts_document(told(*acts, as_of=as_of)) for as_of in ("2027-07-03", "2027-07-04"))
    assert (before["consents"], before["parties_in_force"]) == (40, 0)
    assert (after["consents"], after["parties_in_force"]) == (40, 40)


def test_a_reader_of_the_past_is_told_the_past() -> None:
    acts = [signed("fra", on="2025-10-25"), signed("s1", on="2025-10-26"), ratified("fra", on="2027-01-01")]
    for as_of, signatures, consents in [("2025-10-25", 1, 0), ("2025-10-26", 2, 0), ("2027-01-01", 2, 1)]:
        counts = documents.counts_document(told(*acts, as_of=as_of))
        assert (counts["signatures"], counts["consents"]) == (signatures, consents)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("party", "party"),
        ("bound_later", "contracting"),
        ("signatory", "signatory"),
        ("took_back_signed", "signatory"),
        ("took_back", "withdrawn"),
        ("left", "former_party"),
        ("leaving", "party"),
        ("returned", "contracting"),
    ],
)
def test_a_participants_status_on_the_day(who: str, status: str) -> None:
    acts = [
        *all_acceded([*states(40), "party", "left", "leaving", "returned"], on="2027-04-05"),
        acceded("bound_later", on="2029-06-01"),
        signed("signatory", on="2026-01-01"),
        signed("took_back_signed", on="2026-01-01"),
        acceded("took_back_signed", on="2027-04-01"),
        took_back("took_back_signed", on="2027-05-01"),
        acceded("took_back", on="2027-04-01"),
        took_back("took_back", on="2027-05-01"),
        denounced("left", on="2028-01-01"),
        denounced("leaving", on="2029-01-01"),
        denounced("returned", on="2028-01-01"),
        acceded("returned", on="2029-06-10"),
    ]
    seen = told(*acts, as_of="2029-06-15")
    assert documents.participant_status(seen.treaty.participations[who], seen) == status


# ---- an explanation adds up ------------------------------------------------------------------------------------------
def _living(seen: View) -> set[str]:
    return {name for name, own in seen.treaty.participations.items() if documents.living(own, seen) is not None}


def _leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for part in node["parts"] for leaf in _leaves(part)] if "parts" in node else [node]


RULES = [
    hanoi(3),
    hanoi(3) | {"latch": False},
    rule(count(3, reio="counts")),
    rule(count(3, reio="never")),
    rule(count(2, actions=["ratification"])),
    rule(count(2, groups=["g"])),
    rule(all_of(count(2), weight("gt", "1/2"))),
    rule(any_of(count(5), {"op": "fraction", "of": "list", "at_least": "2/3"})),
    rule(all_of(count(1), {"op": "everyone", "of": "list"})),
]
WORLD = Twin(
    organisations={"eu": ["fra", "ita"]},
    groups={"g": ["fra", ("s1", "2027-02-01", None)]},
    tables={"gt": {"fra": "1/4", "s1": "1/3", "eu": "1/2"}},
    populations={"list": ["fra", "s1", "s2"]},
)
ACTIONS = st.sampled_from(["signature", "ratification", "accession", "consent_withdrawn", "withdrawal_notified"])
SOME_DAY = st.dates(date(2027, 1, 1), date(2029, 1, 1))
SOMEBODY = st.sampled_from(["fra", "ita", "eu", "s1", "s2", "s3"])


@given(
    st.lists(st.tuples(ACTIONS, SOMEBODY, SOME_DAY), max_size=14), st.sampled_from(RULES), st.dates(date(2027, 1, 1))
)
def test_counted_and_not_counted_are_together_everyone_whose_consent_lives(
    acts: list[tuple[str, str, date]], by_rule: dict[str, Any], as_of: date
) -> None:
    seen = told(*[act(kind, who, on=on) for kind, who, on in acts], by_rule=by_rule, as_of=str(as_of), world=WORLD)
    explained = documents.explanation_document(seen)

    for leaf in _leaves(explained["tree"]):
        named = [one["participant"] for one in (*leaf["counted"], *leaf["not_counted"])]
        assert len(named) == len(set(named))
        assert set(named) == _living(seen)
        if leaf["op"] != "weight":
            assert leaf["have"] == len(leaf["counted"])
        assert all(left["reason"] for left in leaf["not_counted"])
    json.dumps(explained)


def test_the_tree_says_whose_instruments_are_asked_for() -> None:
    budapest = rule(all_of(count(5), count(3, groups=["g"])))
    tree = documents.explanation_document(told(by_rule=budapest, world=WORLD))["tree"]
    assert tree["parts"][1]["whose"] == [{"kind": "group", "name": "g"}]


# ---- sentences -------------------------------------------------------------------------------------------------------
def sentence(seen: documents.View) -> str:
    return documents.sentence(seen, documents.counts_document(seen))


def text(*acts: Any, **more: Any) -> tuple[str, str]:
    explained = documents.explanation_document(told(*acts, **more))["text"]
    return explained["en"], explained["fr"]


def test_the_union_beside_one_member_state() -> None:
    assert text(*THIRTY_EIGHT, approved("eu", on="2027-03-02")) == (
        "38 of 40; 2 missing; the European Union's instrument is not additional to that of France (art. 65(1)).",
        "38 sur 40 ; il en manque 2 ; l'instrument de l'Union européenne ne s'ajoute pas à celui de la France "
        "(art. 65, par. 1).",
    )


def test_the_union_beside_several_member_states() -> None:
    english, french = text(*THIRTY_EIGHT, ratified("ita", on="2027-02-02"), approved("eu", on="2027-03-02"))
    assert "is not additional to those of its member States (France and Italy)" in english
    assert "ne s'ajoute pas à ceux de ses États membres (France et Italie)" in french


def test_more_members_than_a_sentence_bears_are_numbered() -> None:
    world = Twin(organisations={"eu": states(9)}, names=EUROPE.names)
    acts = [*all_acceded(states(9), on="2027-01-01"), approved("eu", on="2027-01-02")]
    english, french = text(*acts, world=world)
    assert "(s1, s2, s3, s4, s5 and 4 others)" in english
    assert "(s1, s2, s3, s4, s5 et 4 autres)" in french


def test_a_condition_that_was_met_says_when_and_what_follows() -> None:
    acts = all_acceded(states(40), on="2027-04-05")
    assert text(*acts, as_of="2027-04-05") == (
        "40 of 40 (art. 65(1)). The condition was met on 5 April 2027. Entry into force on 4 July 2027.",
        "40 sur 40 (art. 65, par. 1). La condition a été remplie le 5 avril 2027. Entrée en vigueur le 4 juillet 2027.",
    )
    assert text(*acts, as_of="2027-07-04")[0].endswith("In force since 4 July 2027.")
    assert text(*acts, as_of="2027-07-04")[1].endswith("En vigueur depuis le 4 juillet 2027.")


def test_more_than_is_needed_is_no_part_of_it() -> None:
    acts = all_acceded(states(41), on="2027-04-05")
    english, french = text(*acts, as_of="2027-04-05")
    assert english.startswith("41, where 40 are needed (art. 65(1)).")
    assert french.startswith("41, pour 40 requis (art. 65, par. 1).")
    world = Twin(tables={"shares": {"s1": "0.9862"}})
    english, french = text(acceded("s1", on="2027-01-01"), by_rule=rule(weight("shares", "0.55")), world=world)
    assert english.startswith("98.62%, where 55% are needed (shares)")
    assert french.startswith("98,62 %, pour 55 % requis (shares)")


def test_the_first_of_a_month_is_written_1er_in_french() -> None:
    acts = all_acceded(states(40), on="2027-04-02")
    assert "1er juillet 2027" in text(*acts, as_of="2027-04-02")[1]


def test_a_share_that_is_not_reached_never_looks_reached() -> None:
    world = Twin(tables={"shares": {"s1": "0.5499999"}})
    english, french = text(acceded("s1", on="2027-01-01"), by_rule=rule(weight("shares", "0.55")), world=world)
    assert english.startswith("54.99% of 55% (shares)")
    assert french.startswith("54,99 % sur 55 % (shares)")
    seen = told(acceded("s1", on="2027-01-01"), by_rule=rule(weight("shares", "0.55")), world=world)
    assert documents.progress_document(seen) is not None
    assert documents.explanation_document(seen)["share"] < 1


def test_the_parts_of_a_joint_condition_say_whom_they_count() -> None:
    budapest = rule(all_of(count(5), count(3, groups=["g"])), clause="36(3)")
    english, french = text(
        ratified("fra", on="2027-01-01"), ratified("usa", on="2027-01-01"), by_rule=budapest, world=WORLD
    )
    assert english == (
        "2 of 5; 3 missing; 1 of 3 from the group g; 2 missing; "
        "usa did not belong to the group g on the day of its consent (art. 36(3))."
    )
    assert "1 sur 3 du groupe g ; il en manque 2" in french


def test_what_is_not_known_is_named_and_nobody_is_accused() -> None:
    english, french = text(acceded("s1", on="2027-01-01"), by_rule=rule(count(1, groups=["annex_I"])))
    assert "whether s1 counts is not known" in english
    assert english.endswith("Not known: the members of the group annex_I.")
    assert "on ne sait pas si s1 compte" in french


def test_a_masculine_organisation_takes_its_article_in_french() -> None:
    names = {"coe": {"fr": "Conseil de l'Europe", "en": "Council of Europe"}}
    world = Twin(organisations={"coe": ["fra"]}, names=names)
    _, french = text(ratified("fra", on="2027-01-01"), confirmed("coe", on="2027-01-02"), world=world)
    assert "l'instrument du Conseil de l'Europe" in french


def test_one_sentence_for_tonights_paper() -> None:
    acts = [signed("fra", on="2025-10-25"), signed("ita", on="2025-10-25"), ratified("fra", on="2027-01-01")]
    assert sentence(told(*acts)) == (
        "As of 1 April 2027, Invented Treaty: 2 signatures, 1 instrument deposited of 40 needed; not yet in force."
    )
    assert sentence(told(*acts, lang="fr")) == (
        "Au 1er avril 2027, Traité inventé : 2 signatures, 1 instrument déposé (il en faut 40) ; pas encore en vigueur."
    )


def test_tonights_paper_is_not_told_that_the_unions_instrument_counts() -> None:
    acts = [ratified("fra", on="2027-01-01"), approved("eu", on="2027-01-02")]
    assert "2 instruments deposited, 1 of which counts towards the 40 needed; not yet" in sentence(told(*acts))
    assert ", dont 1 compte parmi les 40 requis ; pas encore" in sentence(told(*acts, lang="fr"))


# ---- next ------------------------------------------------------------------------------------------------------------
def test_what_would_follow_if_the_condition_were_met_today() -> None:
    found = documents.explanation_document(told(*THIRTY_EIGHT))["if_next"]
    assert found == {"deposits_needed": 2, "earliest_entry_into_force_if_met_today": "2027-06-30"}


def test_instruments_alone_do_not_complete_a_weight() -> None:
    seen = told(*THIRTY_EIGHT, by_rule=rule(all_of(count(40), weight("gt", "0.9"))), world=WORLD)
    assert documents.explanation_document(seen)["if_next"]["deposits_needed"] is None


def test_the_last_day_of_the_calendar_may_be_asked_for() -> None:
    for acts in (THIRTY_EIGHT, all_acceded(states(40), on="2027-04-05")):
        seen = told(*acts, as_of="9999-12-31")
        json.dumps([documents.status_document(seen), documents.explanation_document(seen)])
        json.dumps([documents.participants_document(seen), documents.milestones_document(seen)])
    json.dumps(documents.status_document(told(*THIRTY_EIGHT, as_of="0001-01-01")))


def test_two_tracks_are_asked_which_of_them_still_applies() -> None:
    two = rule(
        2,
        in_force=[
            {
                "clause": "1",
                "when": count(2),
                "then": {"op": "on", "date": "2027-01-01"},
                "threshold_before": "2027-01-01",
            },
            {"clause": "2", "when": count(2), "then": plus(days=30), "threshold_from": "2027-01-01"},
        ],
    )
    found = documents.explanation_document(told(by_rule=two))
    assert found["clause"] == "2"
    assert found["if_next"]["earliest_entry_into_force_if_met_today"] == "2027-05-01"


# ---- the table -------------------------------------------------------------------------------------------------------
def test_a_row_says_why_its_consent_does_not_count() -> None:
    rows = documents.participants_document(told(*THIRTY_EIGHT, approved("eu", on="2027-03-02")))["participants"]
    by_id = {row["participant"]: row["consent"] for row in rows}
    assert (by_id["eu"]["counted"], by_id["eu"]["not_counted_because"]) == (False, "not_additional")
    assert (by_id["fra"]["counted"], by_id["fra"]["not_counted_because"]) == (True, None)


def test_names_are_sorted_without_accents() -> None:
    names = {"a": "Zambia", "b": "Équateur", "c": "Egypt", "d": "Côte d'Ivoire", "e": "Costa Rica", "f": "Åland"}
    world = Twin(names={key: {"en": name} for key, name in names.items()})
    rows = documents.participants_document(told(*[signed(one, on="2026-01-01") for one in names], world=world))
    assert [row["name"] for row in rows["participants"]] == [
        "Åland",
        "Costa Rica",
        "Côte d'Ivoire",
        "Egypt",
        "Équateur",
        "Zambia",
    ]


def test_a_table_of_400_does_not_ask_everyone_about_everyone() -> None:
    asked = 0

    class Counting(Twin):
        def kind(self, participant: str) -> str:
            nonlocal asked
            asked += 1
            return super().kind(participant)

    acts = all_acceded(states(400), on="2027-01-01")
    seen = told(*acts, by_rule=hanoi(500), world=Counting(organisations={"eu": ["s1"]}))
    asked = 0
    documents.participants_document(seen)
    assert asked <= 400


@pytest.mark.parametrize("as_of", ["2027-01-01", "2027-03-01", "2027-05-01", "2028-03-01", "2028-08-01", "2030-01-01"])
def test_no_day_ahead_of_a_participant_is_passed_over(as_of: str) -> None:
    acts = [
        *all_acceded(states(40), on="2027-01-15"),
        ratified("fra", on="2027-02-01"),
        ratified("deu", on="2028-02-20"),
        denounced("s1", on="2028-02-25"),
    ]
    seen = told(*acts, as_of=as_of)

    rows = documents.milestones_document(seen)["milestones"]
    ahead = {row["key"] for row in rows if row["state"] == "upcoming" and row["kind"].startswith("participant.")}
    assert {line.key for line in documents.upcoming(seen) if line.kind.startswith("participant.")} == ahead


# ---- claims ----------------------------------------------------------------------------------------------------------
def _with_claims(the_treaty: Treaty, *claims: dict[str, Any]) -> Treaty:
    recorded = [
        ClaimRecorded(treaty=T, recorded=RECORDED, source="A newspaper", tier=Tier.PRESS, statement="…", **claim)
        for claim in claims
    ]
    found = evolve(the_treaty, recorded)
    assert isinstance(found, Treaty)
    return found


SIGNED = [*[signed(one, on="2025-10-25") for one in ("fra", "eu")], signed("s1", on="2025-10-26")]


def _claims(*claims: dict[str, Any], as_of: str = "2026-12-31") -> list[dict[str, Any]]:
    the_treaty = _with_claims(treaty(*SIGNED, by_rule=hanoi(), articles=68), *claims)
    seen = view(the_treaty, 1, as_of=day(as_of), lang="en", world=EUROPE)
    found = documents.claims_document(seen)
    assert found["total"] == len(found["claims"])
    rows: list[dict[str, Any]] = found["claims"]
    return rows


@pytest.mark.parametrize(
    ("on", "about", "value", "fact", "contradicts"),
    [
        ("2025-10-25", "signatures", 2, 2, False),
        ("2025-10-26", "signatures", 2, 2, False),
        ("2025-10-27", "signatures", 2, 3, True),
        ("2025-10-28", "signatures_by_states", 2, 2, False),
        ("2025-10-27", "signatures_by_states", 3, 2, True),
        ("2025-10-26", "consents", 70, 0, True),
        ("2025-10", "articles", 71, 68, True),
        ("2025-10", "articles", 68, 68, False),
        ("2025-10-25", "participant_act", None, None, False),
    ],
)
def test_a_claim_is_held_against_the_facts_of_its_own_day(
    on: str, about: str, value: int | None, fact: int | None, contradicts: bool
) -> None:
    (row,) = _claims({"claimed_on": on, "about": about, "value": value})
    assert (row["fact"], row["contradicts"]) == (fact, contradicts)


@pytest.mark.parametrize(
    ("on", "as_of", "shown"),
    [
        ("2025-10-25", "2025-10-24", False),
        ("2025-10-25", "2025-10-25", True),
        ("2025-10", "2025-10-30", False),
        ("2025-10", "2025-10-31", True),
        ("2026-02", "2026-02-27", False),
        ("2026-02", "2026-02-28", True),
        ("2025", "2025-12-30", False),
        ("2025", "2025-12-31", True),
    ],
)
def test_a_claim_made_later_is_not_shown_for_an_earlier_day(on: str, as_of: str, shown: bool) -> None:
    assert len(_claims({"claimed_on": on, "about": "other"}, as_of=as_of)) == shown


def test_the_header_tells_the_signature_window_of_the_day() -> None:
    windows = (window("2025-10-25", "2025-10-26", "Hanoi"), window("2025-10-27", "2026-12-31"))
    states_of_signature = [
        documents.signature_document(told(*SIGNED, windows=windows, as_of=as_of))["state"]
        for as_of in ("2025-10-24", "2025-10-25", "2026-12-31", "2027-01-01")
    ]
    assert states_of_signature == ["not_open", "open", "open", "closed"]


def test_documents_are_json_whatever_the_rule() -> None:
    for by_rule in RULES:
        seen = told(*SIGNED, ratified("fra", on="2027-01-01"), by_rule=by_rule, world=WORLD)
        for make in (
            documents.status_document,
            documents.explanation_document,
            documents.participants_document,
            documents.milestones_document,
            documents.claims_document,
        ):
            json.dumps(make(seen))


def test_details_carry_what_the_depositary_prints() -> None:
    found = documents.status_document(told(adopted_on=day("2024-12-24"), articles=68, chapters=9))
    assert (found["adopted_on"], found["articles"], found["chapters"]) == ("2024-12-24", 68, 9)
    assert found["force"]["state"] == "gathering"
