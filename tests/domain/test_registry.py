"""Who takes part in treaties, what they are called, and since when."""

import csv
import os
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import countrynames
import pycountry
import pytest

from treaty_status.registry import Capacity, Kind, LinkKind, Participant, Registry, fold, load_registry

REGISTRY = load_registry()
TODAY = date(2026, 11, 1)


def _states() -> list[Participant]:
    return [one for one in REGISTRY.all() if one.kind is Kind.STATE]


# ---- who is there ----------------------------------------------------------------------------------------------------
def test_the_united_nations_have_193_members_the_holy_see_and_palestine_observe_and_two_more_states_join_treaties() -> (
    None
):
    by_capacity = defaultdict(set)
    for state in _states():
        by_capacity[state.capacity].add(state.id)

    assert len(by_capacity[Capacity.UN_MEMBER]) == 193
    assert by_capacity[Capacity.OBSERVER] == {"vat", "pse"}
    assert by_capacity[Capacity.NON_MEMBER] == {"cok", "niu"}


@pytest.mark.parametrize(
    ("day", "members"),
    [
        ("1945-12-31", 51),
        ("1973-12-31", 135),
        ("1980-12-31", 154),
        ("1990-12-31", 159),
        ("1991-12-31", 166),
        ("1992-12-31", 179),
        ("1993-12-31", 184),
        ("1994-12-31", 185),
        ("1999-12-31", 188),
        ("2000-12-31", 189),
        ("2002-12-31", 191),
        ("2006-12-31", 192),
        ("2011-12-31", 193),
    ],
)
def test_the_membership_of_the_united_nations_grew_as_its_own_list_says(day: str, members: int) -> None:
    assert len(REGISTRY.members("un_members", date.fromisoformat(day))) == members


def test_every_iso_code_is_the_one_iso_gives() -> None:
    present = [one for one in REGISTRY.all() if one.numeric is not None]
    for one in present:
        listed = pycountry.countries.get(alpha_3=one.iso3)
        assert (one.iso3, one.iso2, one.numeric) == (listed.alpha_3, listed.alpha_2, listed.numeric), one.id
        assert one.id == listed.alpha_3.lower()


def test_every_former_code_is_one_iso_withdrew() -> None:
    withdrawn = {one.alpha_3 for one in pycountry.historic_countries}
    former = [one for one in REGISTRY.all() if one.iso3 and one.numeric is None]

    assert {one.iso3 for one in former} <= withdrawn
    assert len(former) >= 8


def test_an_id_of_our_own_is_never_an_iso_code_of_somebody_else() -> None:
    assigned = {one.alpha_3.lower() for one in [*pycountry.countries, *pycountry.historic_countries]}
    ours = {one.id for one in REGISTRY.all() if one.iso3 is None}

    assert not ours & assigned
    assert {"eu", "who", "fao", "wmo", "euratom", "un", "oapi", "boip"} <= ours


def test_an_instrument_of_a_state_counts_by_default_and_that_of_an_organisation_does_not() -> None:
    assert REGISTRY.get("fra").counts_by_default
    assert REGISTRY.get("pse").counts_by_default
    assert not REGISTRY.get("eu").counts_by_default
    assert not REGISTRY.get("hkg").counts_by_default


# ---- names -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lang", ["en", "fr", "es", "ru", "ar", "zh", "vi"])
def test_every_state_has_a_name_in_the_six_languages_and_vietnamese(lang: str) -> None:
    nameless = [one.id for one in _states() if not any(name.lang == lang for name in one.names)]
    assert nameless == []


@pytest.mark.parametrize(
    ("participant", "lang", "name"),
    [
        ("vnm", "en", "Viet Nam"),
        ("vnm", "vi", "Việt Nam"),
        ("tur", "fr", "Türkiye"),
        ("irn", "en", "Iran (Islamic Republic of)"),
        ("irn", "fr", "Iran (République islamique d')"),
        ("prk", "fr", "République populaire démocratique de Corée"),
        ("pse", "fr", "État de Palestine"),
        ("vat", "fr", "Saint-Siège"),
        ("civ", "es", "Côte d'Ivoire"),
        ("gbr", "zh", "大不列颠及北爱尔兰联合王国"),
        ("rus", "ru", "Российская Федерация"),
        ("vat", "ar", "الكرسي الرسولي"),
        ("cog", "en", "Congo"),
        ("nga", "fr", "Nigéria"),
    ],
)
def test_official_names_are_those_of_the_united_nations(participant: str, lang: str, name: str) -> None:
    assert REGISTRY.get(participant).name(lang) == name


@pytest.mark.parametrize(
    "name", ["Corée du Nord", "North Korea", "Vatican City", "Ivory Coast", "Palestinian Territories"]
)
def test_a_name_that_is_not_official_is_never_printed(name: str) -> None:
    assert name not in {one.name(lang) for one in REGISTRY.all() for lang in ("en", "fr", "es")}


@pytest.mark.parametrize(
    ("participant", "day", "name"),
    [
        ("tur", "2022-05-31", "Turkey"),
        ("tur", "2022-06-01", "Türkiye"),
        ("swz", "2017-01-01", "Swaziland"),
        ("mkd", "2019-02-13", "The former Yugoslav Republic of Macedonia"),
        ("mkd", "2019-02-14", "North Macedonia"),
        ("mmr", "1985-01-01", "Burma"),
        ("cod", "1968-01-01", "Democratic Republic of the Congo"),
        ("cod", "1980-01-01", "Zaire"),
        ("cod", "1997-05-17", "Democratic Republic of the Congo"),
        ("cze", "2025-10-25", "Czech Republic"),
        ("scg", "2001-01-01", "Yugoslavia"),
        ("scg", "2004-01-01", "Serbia and Montenegro"),
        ("eu", "1985-01-01", "European Economic Community"),
        ("eu", "2000-01-01", "European Community"),
        ("eu", "2025-10-25", "European Union"),
    ],
)
def test_a_participant_is_called_what_it_was_called_on_the_day(participant: str, day: str, name: str) -> None:
    assert REGISTRY.get(participant).name("en", date.fromisoformat(day)) == name


def test_a_language_nobody_wrote_down_falls_back_to_english() -> None:
    assert REGISTRY.get("boip").name("ru") == "Benelux Organization for Intellectual Property"


def test_the_validity_of_names_in_one_language_never_overlaps() -> None:
    for one in REGISTRY.all():
        for lang in {name.lang for name in one.names}:
            spans = sorted(
                (name.valid_from or date.min, name.valid_until or date.max) for name in one.names if name.lang == lang
            )
            assert all(left[1] < right[0] for left, right in pairwise(spans)), (one.id, lang)


# ---- look-up ---------------------------------------------------------------------------------------------------------
KNOWN = {
    # United Nations forms, English
    "afg": ["Afghanistan", "AFG"],
    "bhs": ["Bahamas", "The Bahamas", "Bahamas (the)"],
    "bol": [
        "Bolivia (Plurinational State of)",
        "Plurinational State of Bolivia",
        "Bolivia",
        "Bolivia, Plurinational State of",
    ],
    "bih": ["Bosnia and Herzegovina", "Bosnia & Herzegovina"],
    "brn": ["Brunei Darussalam", "Brunei"],
    "cpv": ["Cabo Verde", "Cape Verde"],
    "civ": ["Côte d'Ivoire", "Côte d’Ivoire", "Cote d'Ivoire", "Ivory Coast", "Bờ Biển Ngà", "Кот-д’Ивуар"],
    "cod": ["Democratic Republic of the Congo", "Congo (Democratic Republic of the)", "Zaire", "DR Congo"],
    "cog": ["Congo", "Republic of the Congo", "Congo (Brazzaville)"],
    "cze": ["Czechia", "Czech Republic", "Tchéquie", "République tchèque"],
    "dom": ["Dominican Republic", "Dominican Republic (the)"],
    "egy": ["Egypt", "Ai Cập", "مصر"],
    "fsm": ["Micronesia (Federated States of)", "Federated States of Micronesia"],
    "gmb": ["Gambia", "The Gambia", "Gambia (the)", "Gambia, The"],
    "gnb": ["Guinea-Bissau", "Guinea Bissau"],
    "irn": ["Iran (Islamic Republic of)", "Iran, Islamic Republic of", "Islamic Republic of Iran", "Iran", "伊朗"],
    "kna": ["Saint Kitts and Nevis", "St. Kitts and Nevis", "St Kitts & Nevis"],
    "kor": [
        "Republic of Korea",
        "Korea (Republic of)",
        "Korea, Republic of",
        "South Korea",
        "Hàn Quốc",
        "République de Corée",
    ],
    "prk": [
        "Democratic People's Republic of Korea",
        "DPRK",
        "North Korea",
        "Triều Tiên",
        "Democratic People’s Republic of Korea",
    ],
    "lao": ["Lao People's Democratic Republic", "Laos", "Lào"],
    "lby": ["Libya", "Libyan Arab Jamahiriya"],
    "lka": ["Sri Lanka", "Ceylon"],
    "mda": ["Republic of Moldova", "Moldova", "Moldova (Republic of)"],
    "mkd": ["North Macedonia", "The former Yugoslav Republic of Macedonia", "former Yugoslav Republic of Macedonia"],
    "mmr": ["Myanmar", "Burma", "Birmanie"],
    "nld": ["Netherlands (Kingdom of the)", "Netherlands", "Kingdom of the Netherlands", "Hà Lan", "Pays-Bas"],
    "ner": ["Niger", "Niger (the)"],
    "nga": ["Nigeria", "Nigéria", "NGA", "nga"],
    "pse": ["State of Palestine", "Palestine, State of", "Palestine", "État de Palestine"],
    "rus": ["Russian Federation", "Russia", "Fédération de Russie", "Nga", "Российская Федерация"],
    "stp": ["Sao Tome and Principe", "São Tomé and Príncipe"],
    "swz": ["Eswatini", "Swaziland"],
    "syr": ["Syrian Arab Republic", "Syria"],
    "tls": ["Timor-Leste", "East Timor"],
    "tur": ["Türkiye", "Turkey", "Turquie", "Turkiye", "Thổ Nhĩ Kỳ"],
    "tza": ["United Republic of Tanzania", "Tanzania, United Republic of", "Tanzania"],
    "gbr": ["United Kingdom of Great Britain and Northern Ireland", "United Kingdom", "Royaume-Uni", "Anh", "英国"],
    "usa": [
        "United States of America",
        "United States of America (the)",
        "États-Unis d'Amérique",
        "Hoa Kỳ",
        "Estados Unidos",
    ],
    "vat": ["Holy See", "Holy See (the)", "Saint-Siège", "Santa Sede"],
    "ven": ["Venezuela (Bolivarian Republic of)", "Bolivarian Republic of Venezuela", "Venezuela"],
    "vnm": ["Viet Nam", "Vietnam", "Việt Nam", "Socialist Republic of Viet Nam"],
    "deu": ["Germany", "Federal Republic of Germany", "Germany, Federal Republic of", "Đức", "Allemagne"],
    "mar": ["Morocco", "Maroc", "Ma-rốc", "المغرب"],
    "cok": ["Cook Islands", "Îles Cook", "COK"],
    "niu": ["Niue", "NIU"],
    # organisations and territories
    "eu": [
        "European Union",
        "European Economic Community",
        "European Community",
        "EU",
        "Union européenne",
        "Liên minh châu Âu",
    ],
    "who": ["World Health Organization", "WHO", "OMS"],
    "fao": ["Food and Agriculture Organization of the United Nations"],
    "hkg": ["Hong Kong", "China (Hong Kong SAR)", "China, Hong Kong Special Administrative Region"],
    "vgb": ["British Virgin Islands"],
    # former States keep their own identity
    "sun": ["USSR", "Union of Soviet Socialist Republics", "Soviet Union"],
    "csk": ["Czechoslovakia", "Tchécoslovaquie"],
    "ddr": ["German Democratic Republic", "République démocratique allemande"],
    "scg": ["Serbia and Montenegro"],
    "ymd": ["Democratic Yemen", "People's Democratic Republic of Yemen"],
    "yar": ["Yemen Arab Republic", "YAR"],
    "rvn": ["Republic of Viet-Nam", "Republic of Vietnam"],
    "tgk": ["Tanganyika"],
    "zzb": ["Zanzibar"],
    "ant": ["Netherlands Antilles"],
    "uncn": ["Namibia (United Nations Council for Namibia)"],
}


@pytest.mark.parametrize(("participant", "written"), [(one, name) for one, names in KNOWN.items() for name in names])
def test_a_name_finds_its_participant_however_it_is_spelt(participant: str, written: str) -> None:
    found = REGISTRY.find(written)
    assert found is not None, REGISTRY.suggest(written)
    assert found.id == participant


@pytest.mark.parametrize(
    "written",
    [
        "Czechoslovakia",
        "Republic of Viet-Nam",
        "South Viet-Nam",
        "Sovereign Order of Malta",
        "German Democratic Republic",
        "East Germany",
        "USSR",
        "Soviet Union",
        "Yugoslavia",
        "Socialist Federal Republic of Yugoslavia",
        "Federal Republic of Yugoslavia",
        "Serbia and Montenegro",
        "Democratic Yemen",
        "Yemen Arab Republic",
        "Netherlands Antilles",
        "Tanganyika",
        "Zanzibar",
        "Hong Kong",
        "Korea",
        "Kosovo",
        "Macedonia",
        "Republic of China",
        "Ruritania",
        "Virgin Islands",
        "Guinea Ecuador",
        "Samoa Islands",
        "",
        "   ",
        "()",
    ],
)
def test_what_is_not_a_present_state_never_becomes_one(written: str) -> None:
    found = REGISTRY.find(written)
    assert found is None or found.kind is not Kind.STATE


@pytest.mark.parametrize(
    ("day", "participant"), [("1980-01-01", "yug"), ("2001-06-01", "scg"), ("2005-01-01", None), ("1992-06-01", "scg")]
)
def test_yugoslavia_is_read_as_of_a_day_and_never_without_one(day: str, participant: str | None) -> None:
    found = REGISTRY.find("Yugoslavia", on=date.fromisoformat(day))

    assert REGISTRY.find("Yugoslavia") is None
    assert (found.id if found else None) == participant


def test_only_the_names_of_the_two_yugoslavias_are_shared() -> None:
    bearers = defaultdict(set)
    for one in REGISTRY.all():
        written = [
            *(name.short for name in one.names),
            *(name.formal for name in one.names if name.formal),
            *one.aliases,
        ]
        for text in written:
            bearers[fold(text)].add(one.id)

    assert {key: ids for key, ids in bearers.items() if len(ids) > 1} == {
        "yugoslavia": {"yug", "scg"},
        "yougoslavie": {"yug", "scg"},
        "югославия": {"yug", "scg"},
    }


def test_no_name_is_empty_once_folded() -> None:
    assert [one.id for one in REGISTRY.all() for name in one.names if not fold(name.short)] == []


@pytest.mark.filterwarnings("ignore::normality.transliteration.ICUWarning")  # names without ICU: enough for a check
def test_another_list_of_names_agrees_on_every_state() -> None:
    for state in _states():
        code = countrynames.to_code_3(state.name("en"))
        assert code in {state.iso3, None}, state.id


@pytest.mark.parametrize(
    ("written", "suggested"),
    [("Frnace", "fra"), ("Viet Nom", "vnm"), ("Republic of Turkye", "tur"), ("Cote d Ivore", "civ"), ("Korea", "kor")],
)
def test_a_misspelt_name_is_suggested_and_not_found(written: str, suggested: str) -> None:
    suggestions = REGISTRY.suggest(written)

    assert REGISTRY.find(written) is None
    assert suggested in {one.id for one in suggestions}
    assert len(suggestions) <= 3
    assert [one.score for one in suggestions] == sorted((one.score for one in suggestions), reverse=True)


def test_a_name_that_two_have_borne_suggests_both() -> None:
    assert {one.id for one in REGISTRY.suggest("Yugoslavia")} == {"yug", "scg"}


def test_nonsense_suggests_nobody() -> None:
    assert REGISTRY.suggest("xqzwv") == ()
    assert REGISTRY.suggest("") == ()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Côte d’Ivoire", "cote d'ivoire"),
        ("Iran (Islamic Republic of)", "the Islamic Republic of Iran"),
        ("Đức", "DUC"),
        ("St. Lucia", "Saint Lucia"),
        ("Guinea-Bissau", "Guinea Bissau"),
        ("Trinidad & Tobago", "Trinidad and Tobago"),
        ("  Viet   Nam ", "viet nam"),
    ],
)
def test_two_spellings_of_one_name_fold_alike(left: str, right: str) -> None:
    assert fold(left) == fold(right)


@pytest.mark.parametrize(
    ("left", "right"), [("Niger", "Nigeria"), ("Dominica", "Dominican Republic"), ("Guinea", "Guyana")]
)
def test_two_names_never_fold_alike(left: str, right: str) -> None:
    assert fold(left) != fold(right)


# ---- before and after ------------------------------------------------------------------------------------------------
def test_czechoslovakia_ended_with_1992_and_two_states_followed() -> None:
    ended = REGISTRY.get("csk")

    assert {link.id for link in ended.successors} == {"cze", "svk"}
    assert {link.kind for link in ended.successors} == {LinkKind.DISSOLUTION}
    assert ended.exists_on(date(1992, 12, 31))
    assert not ended.exists_on(date(1993, 1, 1))
    assert {link.id for link in REGISTRY.get("svk").predecessors} == {"csk"}


def test_the_russian_federation_continues_the_soviet_union() -> None:
    (link,) = REGISTRY.get("rus").predecessors
    assert (link.id, link.kind, link.on) == ("sun", LinkKind.CONTINUATION, date(1991, 12, 24))


@pytest.mark.parametrize(
    ("participant", "day"),
    [("rus", "1982-06-10"), ("srb", "2001-03-12"), ("yem", "1980-01-18"), ("tza", "1962-11-28")],
)
def test_the_depositary_lists_earlier_acts_under_the_name_of_a_state_that_continues_another(
    participant: str, day: str
) -> None:
    assert REGISTRY.get(participant).exists_on(date.fromisoformat(day))


def test_a_state_born_of_a_dissolution_cannot_have_acted_before() -> None:
    assert not REGISTRY.get("svk").exists_on(date(1982, 12, 22))
    assert REGISTRY.get("svk").exists_on(date(1993, 1, 1))


def test_a_seat_in_the_united_nations_is_held_by_one_at_a_time() -> None:
    before, after = date(1991, 12, 23), date(1991, 12, 24)

    assert {"sun", "rus"} & REGISTRY.members("un_members", before) == {"sun"}
    assert {"sun", "rus"} & REGISTRY.members("un_members", after) == {"rus"}


def test_yemen_is_the_union_of_two() -> None:
    assert {(link.id, link.kind) for link in REGISTRY.get("yem").predecessors} == {
        ("yar", LinkKind.UNION),
        ("ymd", LinkKind.UNION),
    }


def test_every_former_state_is_followed_by_somebody_who_came_no_earlier_than_its_end() -> None:
    for one in REGISTRY.all():
        if one.kind is not Kind.FORMER:
            continue
        assert one.successors, one.id
        integrated = [link for link in one.successors if link.kind is not LinkKind.DISSOLUTION]
        for link in integrated:
            assert one.exists_until is None or link.on is None or one.exists_until < link.on, (one.id, link.id)


# ---- groups ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "members"),
    [
        ("1957-12-31", 0),
        ("1958-01-01", 6),
        ("1973-01-01", 9),
        ("1981-01-01", 10),
        ("1986-01-01", 12),
        ("1995-01-01", 15),
        ("2004-05-01", 25),
        ("2007-01-01", 27),
        ("2013-07-01", 28),
        ("2020-01-31", 28),
        ("2020-02-01", 27),
    ],
)
def test_the_european_union_had_these_members_on_the_day(day: str, members: int) -> None:
    on = date.fromisoformat(day)
    assert len(REGISTRY.members("eu", on)) == members
    assert REGISTRY.members_of_organisation("eu", on) == REGISTRY.members("eu", on)


def test_the_united_kingdom_left_the_european_union_with_the_last_of_january_2020() -> None:
    assert "gbr" in REGISTRY.members_of_organisation("eu", date(2020, 1, 31))
    assert "gbr" not in REGISTRY.members_of_organisation("eu", date(2020, 2, 1))


def test_every_member_of_the_united_nations_sits_in_one_regional_group() -> None:
    regions = [group for group in REGISTRY.groups() if group.id.startswith("un_") and group.id != "un_members"]
    seats = [seat for group in regions for seat in group.members(TODAY)]

    assert {group.id: len(group.members(TODAY)) for group in regions} == {
        "un_african": 54,
        "un_asia_pacific": 54,
        "un_eastern_european": 23,
        "un_latin_american_and_caribbean": 33,
        "un_western_european_and_others": 29,
    }
    assert len(seats) == len(set(seats)) == 193
    assert set(seats) == REGISTRY.members("un_members", TODAY)
    for state in _states():
        if state.un_region:
            assert state.id in REGISTRY.members(f"un_{state.un_region}", TODAY)


@pytest.mark.parametrize(
    ("group", "day", "members"),
    [
        ("asean", "1967-08-08", 5),
        ("asean", "1999-04-30", 10),
        ("asean", "2025-10-26", 11),
        ("coe_member", "1949-05-05", 10),
        ("coe_member", "2022-03-15", 47),
        ("coe_member", "2022-03-16", 46),
        ("security_council_permanent", "1991-12-23", 5),
        ("security_council_permanent", "2026-01-01", 5),
    ],
)
def test_a_group_had_so_many_members_on_the_day(group: str, day: str, members: int) -> None:
    assert len(REGISTRY.members(group, date.fromisoformat(day))) == members


def test_every_group_names_its_source() -> None:
    assert [group.id for group in REGISTRY.groups() if not group.source.strip()] == []


def test_a_participant_knows_its_groups_of_the_day() -> None:
    assert {"eu", "un_members", "coe_member", "security_council_permanent"} <= REGISTRY.groups_of("fra", TODAY)
    assert REGISTRY.groups_of("eu", TODAY) == frozenset()
    assert REGISTRY.members("nobody_knows_this_group", TODAY) == frozenset()


# ---- the depositary's tables -----------------------------------------------------------------------------------------
def _shared_actions() -> Path:
    beside = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("TREATY_SHARED_DATA", beside)) / "actions_shared.csv"


def test_every_participant_of_the_shared_tables_is_found() -> None:
    path = _shared_actions()
    if not path.is_file():
        pytest.skip("the tables of treaty actions are not on this machine (set TREATY_SHARED_DATA to their folder)")
    with path.open(encoding="utf-8", newline="") as lines:
        named = {(row["participant"], row["iso3"]) for row in csv.DictReader(lines)}

    wrong = {(name, code) for name, code in named if not _agrees(REGISTRY, name, code)}

    assert wrong == set()
    assert len(named) > 300


def _agrees(registry: Registry, name: str, code: str) -> bool:
    found = registry.find(name)
    return found is not None and (not code or found.iso3 == code)
