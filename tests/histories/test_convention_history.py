"""The history of the United Nations Convention against Cybercrime that ships with the service."""

import json
from collections import Counter
from datetime import date
from importlib.resources import files
from typing import Any

from treaty_events import Action, Tier
from treaty_status.domain.rule import TreatyRule
from treaty_status.registry import Kind, load_registry

REGISTRY = load_registry()
HISTORY = files("treaty_status") / "histories" / "XVIII-16"
ABOUT = {
    "signatures",
    "signatures_by_states",
    "signatures_on_day",
    "articles",
    "chapters",
    "consents",
    "participant_act",
    "domestic_approval",
    "rule",
    "date",
    "other",
}


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HISTORY / name).read_text(encoding="utf-8").splitlines()]


ACTS = _lines("acts.ndjson")
CLAIMS = _lines("claims.ndjson")
TREATY = json.loads((HISTORY / "treaty.json").read_text(encoding="utf-8"))
SIGNATORIES = [act["participant"] for act in ACTS]


def test_71_states_and_the_european_union_signed_in_hanoi() -> None:
    kinds = Counter(REGISTRY.get(one).kind for one in SIGNATORIES)

    assert len(ACTS) == len(set(SIGNATORIES)) == 72
    assert kinds == {Kind.STATE: 71, Kind.REIO: 1}
    assert {act["action"] for act in ACTS} == {"signature"}
    assert {act["place"] for act in ACTS} == {"Hanoi"}


def test_69_signed_on_the_first_day_and_mali_rwanda_and_saudi_arabia_on_the_second() -> None:
    assert Counter(act["act_date"] for act in ACTS) == {"2025-10-25": 69, "2025-10-26": 3}
    assert {act["participant"] for act in ACTS if act["act_date"] == "2025-10-26"} == {"mli", "rwa", "sau"}


def test_21_signatories_are_african_and_13_are_members_of_the_european_union() -> None:
    day = date(2025, 10, 26)

    assert len(REGISTRY.members("un_african", day) & set(SIGNATORIES)) == 21
    assert REGISTRY.members_of_organisation("eu", day) & set(SIGNATORIES) == {
        *("aut", "bel", "cze", "esp", "fra", "grc", "irl", "lux", "pol", "prt", "svk", "svn", "swe")
    }


def test_the_european_union_signs_after_one_of_its_members() -> None:
    before = SIGNATORIES[: SIGNATORIES.index("eu")]
    assert REGISTRY.members_of_organisation("eu", date(2025, 10, 25)) & set(before)


def test_acts_stand_in_the_order_of_their_days() -> None:
    days = [act["act_date"] for act in ACTS]
    assert days == sorted(days)


def test_a_date_read_in_no_table_says_that_it_is_inferred() -> None:
    inferred = {act["participant"] for act in ACTS if (act["note"] or "").startswith("date inferred: ")}
    assert inferred == {"gbr", "swe", "uga", "ury", "ven", "vnm", "zaf", "zwe"}


def test_every_signature_names_where_it_was_read() -> None:
    for act in ACTS:
        assert act["evidence"], act["participant"]
        for evidence in act["evidence"]:
            assert evidence.keys() == {"source", "url", "locator", "note"}
            assert evidence["source"]
            assert evidence["url"] is None or evidence["url"].startswith("https://")


def test_a_date_that_is_not_inferred_was_read_in_a_table_of_dates() -> None:
    for act in ACTS:
        if act["note"] is None:
            assert any(one["note"] == "gives the day of signature" for one in act["evidence"]), act["participant"]


def test_every_signature_falls_into_a_window_of_its_place() -> None:
    windows = {one["place"]: (one["opens_on"], one["closes_on"]) for one in TREATY["signature_windows"]}

    for act in ACTS:
        opens, closes = windows[act["place"]]
        assert opens <= act["act_date"] <= closes


def test_a_claim_says_who_said_what_and_when() -> None:
    assert len(CLAIMS) >= 23
    for claim in CLAIMS:
        assert claim["source"]
        assert claim["statement"]
        assert claim["about"] in ABOUT
        assert Tier(claim["tier"]) is not Tier.OFFICIAL_DEPOSITARY
        assert claim["url"] is None or claim["url"].startswith("https://")
        assert claim["participant"] is None or REGISTRY.get(claim["participant"])
        assert claim["action"] is None or Action(claim["action"])
        _partial(claim["claimed_on"])
        if claim["act_date"]:
            _partial(claim["act_date"])


def test_no_claim_says_whether_it_is_right() -> None:
    """The verdict is the engine's, from the facts."""
    words = ("right", "wrong", "exact", "verdict", "contradict", "confuse", "twice", "did not sign")
    for claim in CLAIMS:
        assert not {"verdict", "contradicts", "truth"} & claim.keys()
        assert not any(word in (claim["note"] or "") for word in words), claim["note"]


def _partial(text: str) -> None:
    """A day, a month or a year."""
    parts = text.split("-")
    assert [len(part) for part in parts] == [4, 2, 2][: len(parts)]
    date(*[*map(int, parts), 1, 1][:3])


def test_68_articles_are_a_fact_and_71_a_claim_with_its_source() -> None:
    contradicting = [claim for claim in CLAIMS if claim["about"] == "articles" and claim["value"] == 71]

    assert (TREATY["articles"], TREATY["chapters"]) == (68, 9)
    assert any("EFE" in claim["source"] and claim["url"] for claim in contradicting)


def test_later_signatures_and_every_consent_are_claims_and_not_facts() -> None:
    reported = {(claim["participant"], claim["action"]) for claim in CLAIMS if claim["about"] == "participant_act"}

    assert {("mus", "signature"), ("are", "signature"), ("can", "signature")} <= reported
    assert {("qat", "ratification"), ("vnm", "ratification"), ("aze", "ratification")} <= reported
    assert not {"mus", "are", "can"} & set(SIGNATORIES)


def test_the_rule_is_one_the_service_reads_and_needs_forty_instruments() -> None:
    rule = TreatyRule.model_validate(TREATY["rule"])

    assert rule.treaty == "XVIII-16"
    assert rule.in_force[0].when.at_least == 40
    assert rule.in_force[0].when.who.reio == "not_additional"


def test_every_clause_of_the_rule_cites_its_article_and_source() -> None:
    rule = TREATY["rule"]
    clauses = [rule["joining"], *rule["in_force"], *rule["for_each"], *rule["leaving"]]
    assert all(one["clause"] and one["source"] for one in clauses)


def test_signature_closes_with_2026_at_united_nations_headquarters() -> None:
    (new_york,) = [one for one in TREATY["signature_windows"] if one["place"] == "New York"]

    assert new_york["closes_on"] == TREATY["rule"]["joining"]["signature_until"] == "2026-12-31"
    assert "thereafter" in new_york["source"]


def test_titles_and_authentic_languages_are_there() -> None:
    assert {"en", "fr"} <= TREATY["titles"].keys()
    assert {"en", "fr", "es", "ru", "ar", "zh", "vi"} == TREATY["short_titles"].keys()
    assert sorted(TREATY["authentic_languages"]) == ["ar", "en", "es", "fr", "ru", "zh"]
