"""Names, clauses and gaps in running text, as they are written in English and in French."""

import pytest

from tests.builders import Twin, act, all_of, ratified, rule, states, weight
from tests.domain.test_documents import text
from treaty_status.domain.names import listed, named
from treaty_status.domain.words import article, called, wanting


@pytest.mark.parametrize(
    ("name", "subject", "of"),
    [
        ("France", "la France", "de la France"),
        ("Autriche", "l'Autriche", "de l'Autriche"),
        ("Mexique", "le Mexique", "du Mexique"),
        ("Pays-Bas (Royaume des)", "les Pays-Bas (Royaume des)", "des Pays-Bas (Royaume des)"),
        ("États-Unis d'Amérique", "les États-Unis d'Amérique", "des États-Unis d'Amérique"),
        ("État de Palestine", "l'État de Palestine", "de l'État de Palestine"),
        ("Union européenne", "l'Union européenne", "de l'Union européenne"),
        ("Conseil de l'Europe", "le Conseil de l'Europe", "du Conseil de l'Europe"),
        ("Cuba", "Cuba", "de Cuba"),
        ("Israël", "Israël", "d'Israël"),
        ("Yémen", "le Yémen", "du Yémen"),
        ("Honduras", "le Honduras", "du Honduras"),
        ("Saint-Siège", "le Saint-Siège", "du Saint-Siège"),
        ("Saint-Marin", "Saint-Marin", "de Saint-Marin"),
        ("Papouasie-Nouvelle-Guinée", "la Papouasie-Nouvelle-Guinée", "de la Papouasie-Nouvelle-Guinée"),
        ("Sierra Leone", "la Sierra Leone", "de la Sierra Leone"),
        ("Viet Nam", "le Viet Nam", "du Viet Nam"),
        ("s1", "s1", "de s1"),
        ("eec", "eec", "d'eec"),
    ],
)
def test_names_take_their_article_in_french(name: str, subject: str, of: str) -> None:
    assert named(name, "fr")[:2] == (subject, of)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("France", "France"),
        ("European Union", "the European Union"),
        ("Netherlands (Kingdom of the)", "the Netherlands (Kingdom of the)"),
        ("Iran (Islamic Republic of)", "Iran (Islamic Republic of)"),
        ("Nigeria", "Nigeria"),
        ("Niger", "the Niger"),
        ("United States of America", "the United States of America"),
        ("EEC", "EEC"),
    ],
)
def test_names_take_their_article_in_english(name: str, subject: str) -> None:
    assert named(name, "en").subject == subject


def test_enumerations_end_with_and_and_count_the_rest() -> None:
    assert listed(["a"], "en") == "a"
    assert listed(["a", "b", "c"], "en") == "a, b and c"
    assert listed(["a", "b"], "fr", more=1) == "a, b et 1 autre"
    assert listed(["a"], "en", more=2) == "a and 2 others"


def test_places_in_a_clause_are_cited_in_either_language() -> None:
    assert article("16(1) first sentence", "en") == "art. 16(1) first sentence"
    assert article("16(1) first sentence", "fr") == "art. 16, par. 1, première phrase"
    assert article("36(4)/37(2)", "fr") == "art. 36(4)/37(2)"


def test_populations_have_their_own_words() -> None:
    assert called("parties_to:ETS-5", "fr") == "des parties à ETS-5"
    assert called("contracting_governments:objections", "en") == "the contracting governments"
    assert called("annex_2_44", "fr") == "du groupe annex_2_44"


@pytest.mark.parametrize(
    ("code", "english"),
    [
        ("table:gt", "the table gt"),
        ("table:gt:whole", "the whole of the table gt"),
        ("population:parties_at_adoption", "a list of the parties at adoption"),
        ("treaty:XXVII-2", "the status of the treaty XXVII-2"),
        ("day:opening", "the day of opening for signature"),
        ("day:treaty:III-3", "treaty:III-3"),
    ],
)
def test_what_is_missing_is_told_in_words(code: str, english: str) -> None:
    assert wanting(code, "en") == english
    assert wanting(code, "fr")


def test_those_left_out_for_one_reason_are_told_together() -> None:
    acts = [ratified(one, on="2027-01-01") for one in ("ita", "fra", "s1")]
    english, french = text(*acts, by_rule=rule({"op": "count", "at_least": 1, "who": {"kinds": ["io"]}}))
    assert english.startswith("0 of 1; 1 missing; France, Italy and s1 are not of a kind that counts (")
    assert "la France, l'Italie et s1 ne sont pas de ceux qui comptent" in french


def test_once_the_condition_held_it_is_not_told_who_weighs_nothing() -> None:
    world = Twin(tables={"shares": {"s1": "0.6"}})
    by_rule = rule(all_of({"op": "count", "at_least": 3}, weight("shares", "0.55")))
    acts = [ratified(one, on="2027-01-01") for one in states(3)]
    assert "adds" not in text(*acts, by_rule=by_rule, world=world)[0]
    assert "s2 adds nothing to the share" in text(*acts[:2], by_rule=by_rule, world=world)[0]


def test_while_objections_are_still_possible_nothing_is_refused_yet() -> None:
    until = {"op": "on", "date": "2028-01-01"}
    by_rule = rule({"op": "not_blocked", "until": until, "blocked_if": {"op": "count", "at_least": 2}})
    acts = [act("objection", "fra", on="2027-01-01")]
    english, french = text(*acts, by_rule=by_rule)
    assert english.startswith("Open to objections until 1 January 2028 (objections: 1 of 2)")
    assert french.startswith("Objections possibles jusqu'au 1er janvier 2028 (objections : 1 sur 2)")
