"""The pages for people, through their own routes."""

import re
import string
from collections import Counter
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from tests.services.pages_world import Record, app_of, define, deposits, hanoi, plain, rehearsal, rule
from treaty_events import Action, Kind, Tier
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.treaties import Known
from treaty_status.application.views import TreatyPage, TreatyQuery, ViewsUnavailable
from treaty_status.domain.decisions import MoveRehearsalDay, RecordClaim
from treaty_status.pages.cells import cells
from treaty_status.pages.files import load
from treaty_status.pages.languages import chosen
from treaty_status.pages.wording import TEXTS, Words

HOSTILE = '<script>alert(1)</script>" onload="x'
VOID = {"meta", "link", "img", "input", "br", "rect"}


class Page(HTMLParser):
    """What a page consists of; complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), attrs
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words).replace("\u00a0", " "))

    def classed(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.tags if name in (attrs.get("class") or "").split()]

    def attributes(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]


def read(client: TestClient, path: str, *, status: int = 200, **headers: str) -> Page:
    response = client.get(path, headers=headers)
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Page(response.text)


@cache
def _the_record() -> Record:
    """The convention and two rehearsals of it; built once, only read."""
    record = Record()
    hanoi(record)
    near = rehearsal(record, "XVIII-16")
    deposits(record, near, 37, on=lambda n: (date(2026, 11, 22) + timedelta(days=3 * n)).isoformat())
    record.act(near, "ratification", "fra", "2027-03-20")
    record.act(near, "approval", "eu", "2027-03-21")
    past = rehearsal(record, "XVIII-16", named="XVIII-16~feed00")
    deposits(record, past, 40, on=lambda n: "2027-04-05" if n >= 38 else "2027-01-10")
    record.act(past, "ratification", "fra", "2027-07-01")
    record.act(past, "withdrawal_notified", "dza", "2027-08-01")
    record.order(MoveRehearsalDay(treaty=past, on=date(2028, 9, 1)))
    define(record, "XXX-1", plain())
    return record


@pytest.fixture
def client() -> TestClient:
    return TestClient(app_of(_the_record()))


def one_treaty(given: dict[str, object], treaty: str = "X-1") -> tuple[Record, TestClient]:
    record = Record()
    define(record, treaty, given)
    return record, TestClient(app_of(record))


# ---- progress --------------------------------------------------------------------------------------------------------
def test_forty_instruments_are_forty_separate_cells(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16")

    assert len(page.classed("cell")) == 40
    assert page.classed("filled") == []
    assert "0 of 40" in page.text
    assert "40 more are needed." in page.text
    assert [attrs["aria-label"] for attrs in page.classed("cells")] == ["0 of 40 instruments"]


def test_each_filled_cell_names_whose_instrument_it_is(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16~c0ffee")
    titles = [attrs["title"] for attrs in page.classed("filled")]

    assert len(titles) == len(set(titles)) == 38
    assert titles[-1] == "France, ratification, 20 March 2027"
    assert "2 more are needed." in page.text


def test_what_is_not_counted_says_why_and_under_which_article(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16~c0ffee")

    assert "1 not counted" in page.text
    assert "the European Union's instrument is not additional to those of its member States" in page.text
    assert "(art. 65(1))" in page.text
    assert "21 Mar 2027 approval, not counted" in page.text


def test_what_is_missing_is_a_right_phrase_for_one_and_for_many() -> None:
    record, client = one_treaty(plain(rule=rule("X-1", 2)))
    assert "2 more are needed." in read(client, "/treaties/X-1").text

    record.act("X-1", "accession", "fra", "2026-01-05")
    assert "1 more is needed." in read(client, "/treaties/X-1").text
    assert "Il en manque 1." in read(client, "/treaties/X-1?lang=fr").text


def test_the_last_cell_is_filled_only_by_the_last_instrument() -> None:
    for need in (1, 9, 10, 40, 99, 200, 201, 350, 999):
        one_short = [cell.filled for group in cells(have=need - 1, need=need).groups for cell in group.cells]
        enough = [cell.filled for group in cells(have=need, need=need).groups for cell in group.cells]
        assert not one_short[-1]
        assert all(enough)
        assert len(enough) <= 200
        assert cells(have=0, need=need).groups[-1].up_to == need


def test_a_treaty_without_a_rule_counts_nothing_and_says_so(client: TestClient) -> None:
    page = read(client, "/treaties/XXX-1")

    assert "The clause on entry into force is not recorded" in page.text
    assert "Threshold reached not known" in page.text
    assert page.classed("cell") == []


def test_a_condition_that_cannot_be_judged_says_what_is_wanting() -> None:
    joint = {
        "op": "all",
        "of": [{"op": "count", "at_least": 3}, {"op": "weight", "table": "tonnage", "at_least": "0.5"}],
    }
    track = {"clause": "9", "when": joint, "then": {"op": "plus", "days": 1}}
    _, client = one_treaty(plain(rule={**rule("X-1", 3), "in_force": [track]}))

    english, french = read(client, "/treaties/X-1"), read(client, "/treaties/X-1?lang=fr")
    assert "At least 50% of the table “tonnage”" in english.text
    assert "Wanting: the table “tonnage”" in english.text
    assert "Il manque : la table « tonnage »" in french.text
    assert len(english.classed("reason")) == 3


# ---- time ------------------------------------------------------------------------------------------------------------
def test_on_the_evening_of_the_first_day_69_had_signed(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16?as_of=2025-10-25")

    assert "69 signatures" in page.text
    assert len(page.classed("signatory")) == 69
    assert "Mali" not in [text.strip() for text in page.words]
    assert "You are looking at 25 October 2025, not at today." in page.text


def test_every_state_of_the_page_has_an_address_that_can_be_cited(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16?as_of=2025-10-25&lang=fr")
    links = page.attributes("href")

    assert "http://testserver/treaties/XVIII-16?as_of=2025-10-25&lang=fr" in links
    assert "/treaties/XVIII-16?as_of=2025-10-25&lang=en" in links
    assert "/v1/treaties/XVIII-16?as_of=2025-10-25&lang=fr" in links
    assert "/v1/treaties/XVIII-16/participants.csv?as_of=2025-10-25&lang=fr" in links
    assert "/treaties/XVIII-16?lang=fr" in links, "the way back to today"
    assert [attrs["value"] for _, attrs in page.tags if attrs.get("name") == "as_of"] == ["2025-10-25"]


def test_without_a_day_the_page_is_of_today_at_the_depositary_and_its_permanent_address_says_so() -> None:
    record = Record(today=date(2026, 11, 21))
    hanoi(record, claims=False)
    page = read(TestClient(app_of(record, public_url="https://treaties.example/")), "/treaties/XVIII-16")

    assert "https://treaties.example/treaties/XVIII-16?as_of=2026-11-21&lang=en" in page.attributes("href")
    assert "open, closes in 40 days" in page.text
    assert "log position" in page.text


def test_a_day_that_has_not_come_is_said_to_be_one(client: TestClient) -> None:
    assert "1 January 2030 has not come yet" in read(client, "/treaties/XVIII-16?as_of=2030-01-01").text


def test_a_milestone_that_was_told_late_says_how_late(client: TestClient) -> None:
    text = read(client, "/treaties/XVIII-16").text
    assert re.search(r"50 signatures ?by Algeria, Angola, Australia and 66 more[^A-Z]* · recorded 392 days later", text)


def test_the_day_of_a_milestone_leads_to_the_treaty_on_that_day(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16~feed00")

    assert "/treaties/XVIII-16~feed00?as_of=2027-04-05&lang=en" in page.attributes("href")
    assert "Threshold reached (art. 65(1))" in page.text
    assert "entry into force on 4 July 2027" in page.text


@pytest.mark.parametrize("asked", ["0", "2025-02-30", "1761350400", "2025-10-25T00:00:00Z", "9999-12-31", HOSTILE])
def test_what_is_not_a_day_is_refused_with_the_way_out(client: TestClient, asked: str) -> None:
    response = client.get("/treaties/XVIII-16", params={"as_of": asked})
    page = Page(response.text)

    assert response.status_code == 422
    assert "such as 2026-11-21" in page.text
    assert "/treaties/XVIII-16?lang=en" in page.attributes("href")
    assert "<script>alert" not in response.text


# ---- rehearsals ------------------------------------------------------------------------------------------------------
def test_a_rehearsal_says_that_nothing_on_it_happened(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16~c0ffee")

    assert len(page.classed("banner")) == 1
    assert "Nothing on this page has happened." in page.text
    assert "/treaties/XVIII-16?lang=en" in page.attributes("href")
    assert "noindex" in page.attributes("content")
    assert read(client, "/treaties/XVIII-16").classed("banner") == []


def test_the_calendar_of_a_rehearsal_is_its_own(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16~feed00")

    assert "Its calendar stands at 1 September 2028." in page.text
    assert "In force since 4 July 2027." in page.text


def test_the_list_keeps_rehearsals_apart(client: TestClient) -> None:
    page = read(client, "/")
    before, _, after = page.text.partition("Rehearsals")

    assert "XVIII-16" in before
    assert "~" not in before
    assert "XVIII-16~c0ffee" in after


# ---- participants ----------------------------------------------------------------------------------------------------
def test_a_later_joiner_is_bound_on_its_own_day_under_its_own_paragraph(client: TestClient) -> None:
    text = read(client, "/treaties/XVIII-16~feed00").text

    assert "1 Jul 2027 ratification 31 Jul 2027 art. 65(2)" in text
    assert "5 Apr 2027 ratification 4 Jul 2027 art. 65(1)" in text


def test_a_participant_that_left_is_shown_with_the_day_it_left(client: TestClient) -> None:
    now, then = "/treaties/XVIII-16~feed00", "/treaties/XVIII-16~feed00?as_of=2027-09-01"

    assert "left on 1 August 2028" in read(client, now).text
    assert "leaves on 1 August 2028" in read(client, then).text


def test_those_that_signed_and_have_not_consented_are_listed(client: TestClient) -> None:
    text = read(client, "/treaties/XVIII-16~c0ffee").text
    assert "33 have signed and not yet consented" in text


def test_an_inferred_date_carries_a_mark_and_its_note(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16")

    assert len(page.classed("note")) == 8
    assert "* date inferred: the three signatures of 26 October 2025 are known" in page.text


# ---- claims ----------------------------------------------------------------------------------------------------------
def test_the_claim_of_71_articles_stands_beside_the_record_with_its_source(client: TestClient) -> None:
    text = read(client, "/treaties/XVIII-16").text

    assert "68 articles, 9 chapters" in text
    assert re.search(
        r"The convention has 71 articles [^“]* EFE in ABC Color Wrong: the text has 68 articles, not 71\.", text
    )


def test_each_statement_has_its_verdict_in_the_readers_language(client: TestClient) -> None:
    english, french = (read(client, f"/treaties/XVIII-16?lang={lang}").text for lang in ("en", "fr"))

    assert "Counts an organisation as a State: 71 States had signed by the end of 27 October 2025" in english
    assert "Confond signature et ratification : 72 avaient signé à la fin du 26 octobre 2025" in french
    assert "le registre n'a pas de ratification de l'Azerbaïdjan" in french.replace("’", "'")
    assert "A statement contradicts the record" not in english, "they have a part of the page of their own"


def test_an_address_that_is_not_of_the_web_is_not_made_a_link() -> None:
    record, client = one_treaty(plain(articles=3))
    claim = {"claimed_on": "2026-02-01", "source": "S", "statement": HOSTILE, "about": "articles", "tier": Tier.PRESS}
    record.order(RecordClaim(treaty="X-1", claim={**claim, "value": 4, "url": "javascript:alert(1)"}))
    page = read(client, "/treaties/X-1")

    assert not [link for link in page.attributes("href") if not link.startswith(("/", "http", "#"))]
    assert HOSTILE in page.text


# ---- languages -------------------------------------------------------------------------------------------------------
def test_the_page_speaks_french(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16?lang=fr")

    assert dict(page.tags)["html"] == {"lang": "fr", "dir": "ltr"}
    assert "Convention des Nations Unies contre la cybercriminalité" in page.text
    assert "25 oct. 2025" in page.text
    assert "0 sur 40" in page.text
    assert "Il en manque 40." in page.text
    assert "Pas encore en vigueur" in page.text
    assert "2025-10-25" in page.attributes("datetime")


def test_names_stand_in_the_order_of_their_language_articles_and_accents_ignored(client: TestClient) -> None:
    def names(lang: str) -> list[str]:
        text = client.get(f"/treaties/XVIII-16?lang={lang}").text
        return re.findall(r'scope="row"><bdi lang="..">(.*?)</bdi>', text.replace("&#39;", "'"))

    english, french = names("en"), names("fr")
    assert english[0] == "Algeria"
    assert english.index("Costa Rica") + 1 == english.index("Côte d'Ivoire")
    assert french[0] == "Afrique du Sud"
    assert french.index("Espagne") + 1 == french.index("État de Palestine")
    assert len(english) == len(french) == 72


def test_a_language_we_do_not_write_gives_its_names_within_an_english_page(client: TestClient) -> None:
    page = read(client, "/treaties/XVIII-16?lang=ar")

    assert dict(page.tags)["html"] == {"lang": "en", "dir": "ltr"}
    assert {"lang": "ar", "dir": "rtl"} in [attrs for tag, attrs in page.tags if tag == "bdi"]
    assert "اتفاقية الأمم المتحدة لمكافحة الجريمة السيبرانية" in page.text
    assert "40 more are needed." in page.text


@pytest.mark.parametrize(
    ("asked", "accepted", "names", "text"),
    [
        (None, None, "en", "en"),
        (None, "fr-CA,fr;q=0.9,en;q=0.8", "fr", "fr"),
        (None, "de, en;q=0.1, fr;q=0.7", "fr", "fr"),
        (None, "vi", "vi", "en"),
        (None, "fr;q=0", "en", "en"),
        (None, ";;;q=,fr;q=x", "en", "en"),
        ("fr", "en", "fr", "fr"),
        ("xx", "fr", "en", "en"),
        ("ZH-hans", None, "zh", "en"),
    ],
)
def test_the_address_chooses_the_language_then_the_browser(
    asked: str | None, accepted: str | None, names: str, text: str
) -> None:
    language = chosen(asked, accepted)
    assert (language.names, language.text) == (names, text)


def test_an_answer_that_depends_on_the_browsers_language_says_so(client: TestClient) -> None:
    assert client.get("/treaties/XVIII-16", headers={"Accept-Language": "fr"}).headers["vary"] == "Accept-Language"
    assert "vary" not in client.get("/treaties/XVIII-16?lang=fr").headers
    assert client.get("/treaties/XVIII-16?lang=fr").headers["content-language"] == "fr"


def test_every_text_exists_in_both_languages_with_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for key, (english, french) in TEXTS.items():
        assert values(english) == values(french), key
        assert english.count(" || ") == french.count(" || "), key


def test_there_are_words_for_every_kind_of_milestone_act_and_source() -> None:
    for lang in ("en", "fr"):
        for kind in Kind:
            assert Words(lang)(f"kind.{kind.value}", params="1", name="X", group="G")
        for tier in Tier:
            assert Words(lang)(f"tier.{tier.value}")
        for action in Action:
            assert Words(lang).action(action.value)


def test_nought_is_many_in_english_and_one_in_french() -> None:
    assert Words("en")("counts.signatures", n=0) == "signatures"
    assert Words("fr")("counts.signatures", n=0) == "signature"


# ---- the list --------------------------------------------------------------------------------------------------------
def test_the_list_shows_how_far_each_treaty_is(client: TestClient) -> None:
    page = read(client, "/")

    assert Counter(attrs["aria-label"] for attrs in page.classed("cells"))["0 of 40 instruments"] == 1
    assert "72 signatures · Signature: closes in 40 days" in page.text


def test_a_search_keeps_to_its_words_and_says_what_it_found(client: TestClient) -> None:
    found = read(client, "/?q=cybercriminalit%C3%A9")
    nothing = client.get("/", params={"q": HOSTILE})

    assert "1 treaty for “cybercriminalité”" in found.text
    assert "Treaty of Somewhere" not in found.text
    assert "No treaty here has" in Page(nothing.text).text
    assert "<script>" not in nothing.text


def test_a_long_list_goes_on_behind_a_link() -> None:
    record = Record()
    for n in range(53):
        define(record, f"T-{n:03}", plain(f"Treaty {n}"))
    client = TestClient(app_of(record))

    first = read(client, "/")
    following = next(attrs["href"] for tag, attrs in first.tags if attrs.get("rel") == "next")
    rest = read(client, following or "")
    assert following == "/?after=T-049&lang=en"
    assert [text for text in rest.words if text.startswith("T-")] == ["T-050", "T-051", "T-052"]


def test_an_empty_record_says_how_the_first_treaty_arrives() -> None:
    assert "PUT /v1/treaties/{id}" in read(TestClient(app_of(Record())), "/").text


def test_the_list_has_one_address(client: TestClient) -> None:
    response = client.get("/treaties?q=x", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, "http://testserver/?q=x")


# ---- safety ----------------------------------------------------------------------------------------------------------
def test_a_hostile_title_is_only_text_wherever_it_stands() -> None:
    given = plain(
        HOSTILE, rule=rule("X-1", 3), adopted_on="2020-01-01", adopted_at=HOSTILE, short_titles={"en": HOSTILE}
    )
    given["depositary"]["name"]["en"] = HOSTILE
    given["sources"] = [{"label": HOSTILE, "url": "javascript:alert(1)"}]
    record, client = one_treaty(given)
    record.act("X-1", "accession", "fra", "2020-05-04", note=HOSTILE)
    rehearsal(record, "X-1")

    for path in ("/", "/treaties/X-1", "/treaties/X-1~c0ffee", "/treaties/X-1?lang=fr"):
        response = client.get(path)
        page = Page(response.text)
        assert HOSTILE in page.text
        assert not [tag for tag, _ in page.tags if tag == "script"]
        assert not page.attributes("onload")
        assert "javascript:" not in response.text


def test_an_unknown_treaty_is_404_with_a_way_to_the_list(client: TestClient) -> None:
    response = client.get("/treaties/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    page = read(client, "/treaties/XXX-99?lang=fr", status=404)

    assert "<script>" not in response.text
    assert "Rien n'est enregistré sous le numéro « XXX-99 »." in page.text
    assert "/?lang=fr" in page.attributes("href")


@pytest.mark.parametrize("path", ["/", "/treaties/XVIII-16", "/treaties/XVIII-16~c0ffee", "/treaties/none"])
def test_a_page_needs_no_script_no_inline_style_and_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    response = client.get(path)
    page = Page(response.text)
    policy = response.headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not {tag for tag, _ in page.tags} & {"script", "style", "iframe", "object"}
    assert page.attributes("style") == []
    loaded = [attrs["href"] for tag, attrs in page.tags if tag == "link" and attrs["rel"] in {"stylesheet", "icon"}]
    assert all((address or "").startswith("/static/") for address in [*loaded, *page.attributes("src")])


def test_the_stylesheet_may_be_kept_for_ever_and_knows_no_left_or_right(client: TestClient) -> None:
    page = read(client, "/")
    address = next(attrs["href"] for tag, attrs in page.tags if attrs.get("rel") == "stylesheet") or ""
    response = client.get(address)

    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["cache-control"]
    assert not re.search(
        r"\b(?:margin|padding|border)-(?:left|right|top|bottom)\b|[\s;{](?:left|right)\s*:", response.text
    )
    assert "@import" not in response.text
    assert "url(" not in response.text
    assert client.get("/static/pages.0000000000000000.css").status_code == 404
    assert client.get(load("mark.svg").path).headers["content-type"] == "image/svg+xml"


# ---- HTTP ------------------------------------------------------------------------------------------------------------
def test_a_reader_that_has_the_page_is_told_that_it_has_not_changed(client: TestClient) -> None:
    first = client.get("/treaties/XVIII-16?lang=en")
    tag = first.headers["etag"]

    again = client.get("/treaties/XVIII-16?lang=en", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/treaties/XVIII-16?lang=fr").headers["etag"] != tag
    assert client.get("/treaties/XVIII-16?lang=en&as_of=2025-10-25").headers["etag"] != tag


@pytest.mark.parametrize("path", ["/", "/treaties/XVIII-16", "/treaties/none", load("pages.css").path])
def test_head_answers_like_get_without_a_body(client: TestClient, path: str) -> None:
    whole, head = client.get(path), client.head(path)

    assert head.content == b""
    assert head.status_code == whole.status_code
    assert dict(head.headers) == dict(whole.headers)


def test_a_silent_database_is_503_with_a_way_out() -> None:
    class Silent(Record):
        def get(self, treaty: str) -> Known:
            raise LogUnavailable("no answer")

    response = TestClient(app_of(Silent())).get("/treaties/XVIII-16")

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert "Nothing is lost." in response.text


def test_silent_lists_are_503_too() -> None:
    class Lists:
        def treaties(self, query: TreatyQuery) -> TreatyPage:
            raise ViewsUnavailable("no answer")

    class Silent(Record):
        @property
        def views(self) -> Lists:  # type: ignore[override]
            return Lists()

    assert TestClient(app_of(Silent())).get("/").status_code == 503
