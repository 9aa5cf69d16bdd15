"""The pages of lanes, deliveries and attempts: who sees what, and that nothing on them can do harm."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.services.notifier_world import (
    ADMIN,
    DESK,
    OTHER,
    READER,
    FakeStatus,
    Notifier,
    Receiver,
    Reply,
    eventually,
    milestone,
)
from treaty_notifier.api.pages.rendering import STYLESHEET, foreign

HOSTILE = '</pre><script>alert(1)</script>\u202egnp.exe"\x1b[31m' + "x" * 3_000


class Links(HTMLParser):
    """Addresses, form targets, and every element that could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.to: list[str] = []
        self.elements: set[str] = set()
        self.events: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.to += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.events += [name for name, _ in attrs if name.startswith("on") or name == "style"]


@pytest.fixture
def browser(running_notifier: Notifier) -> Iterator[httpx.Client]:
    """It keeps cookies, and follows where a form leads."""
    with httpx.Client(base_url=running_notifier.client.base_url, trust_env=False, follow_redirects=True) as client:
        yield client


def sign_in(browser: httpx.Client, key: str, *, to: str = "/lanes") -> httpx.Response:
    return browser.post(
        "/lanes/session", data={"key": key, "to": to}, headers={"origin": str(browser.base_url).rstrip("/")}
    )


@pytest.fixture
def subscription(running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver) -> dict[str, Any]:
    """One delivered after a refusal that says something hostile, and one that waits."""
    receiver.script = [Reply(500, body=HOSTILE.encode(), headers={"location": "https://evil.example/<b>"})]
    made = running_notifier.subscribe(receiver.url, description="<b>ours</b>")
    fake_status.record(milestone(1), milestone(2))
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(made)] == ["delivered"] * 2)
    return made


def text_of(page: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_whoever_is_not_signed_in_sees_a_form_and_nothing_else(
    browser: httpx.Client, subscription: dict[str, Any]
) -> None:
    for path in ("/lanes", f"/lanes/{subscription['id']}", f"/lanes/{subscription['id']}/msg_a"):
        page = browser.get(path)

        assert (page.status_code, page.headers["www-authenticate"]) == (401, "Bearer")
        assert subscription["url"] not in page.text
        assert 'name="key"' in page.text
        assert "alert" not in page.text


def test_signing_in_leads_to_where_one_wanted_to_go_and_out_again(
    browser: httpx.Client, subscription: dict[str, Any]
) -> None:
    page = sign_in(browser, DESK, to=f"/lanes/{subscription['id']}?state=dead")

    assert (page.status_code, page.url.path, page.url.query) == (200, f"/lanes/{subscription['id']}", b"state=dead")
    cookie = page.history[0].headers["set-cookie"]
    assert {"HttpOnly", "Path=/lanes", "SameSite=strict", "Max-Age=28800"} <= set(cookie.split("; "))
    assert DESK not in cookie
    gone = browser.post("/lanes/session/end")
    assert (gone.status_code, browser.get("/lanes").status_code) == (401, 401)


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/lanes", "/v1/subscriptions", "/lanes/\\..", "/lanesx", ""]
)
def test_nobody_is_sent_elsewhere_by_signing_in(browser: httpx.Client, to: str) -> None:
    answer = browser.post("/lanes/session", data={"key": DESK, "to": to}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/lanes")


def test_a_wrong_key_one_without_the_scope_and_a_form_of_another_site_are_refused(browser: httpx.Client) -> None:
    wrong, reader = sign_in(browser, "ts_wrong"), sign_in(browser, READER)
    elsewhere = browser.post("/lanes/session", data={"key": DESK}, headers={"origin": "https://evil.example"})

    assert (wrong.status_code, reader.status_code, elsewhere.status_code) == (401, 401, 403)
    assert "lacks the scope subscribe" in text_of(reader)
    assert browser.cookies.get("treaty_notifier_lanes") is None


def test_what_is_no_address_and_no_key_is_no_fault_of_ours(browser: httpx.Client) -> None:
    astray = browser.post("/lanes/session", data={"key": DESK, "to": "http://["}, follow_redirects=False)
    elsewhere = browser.post("/lanes/session", data={"key": DESK}, headers={"origin": "http://["})
    split = browser.post("/lanes/session", data={"key": "ts_desk\r\nx: y"})

    assert (astray.status_code, astray.headers["location"]) == (303, "/lanes")
    assert elsewhere.status_code == 403
    assert split.status_code == 401


def test_an_altered_cookie_opens_nothing(browser: httpx.Client, subscription: dict[str, Any]) -> None:
    sign_in(browser, DESK)
    value = browser.cookies["treaty_notifier_lanes"]
    browser.cookies.clear()
    for altered in (value[:-4] + "AAAA", value[4:], "", "é", "A" * 300):
        page = browser.get("/lanes", headers={b"cookie": f"treaty_notifier_lanes={altered}".encode()})
        assert page.status_code == 401


def test_a_key_sees_its_own_lanes_and_an_administrator_everybody_s(
    running_notifier: Notifier, browser: httpx.Client, subscription: dict[str, Any], receiver: Receiver
) -> None:
    others = running_notifier.subscribe(f"{receiver.url}/others", key=OTHER)
    one = running_notifier.deliveries(subscription)[0]["id"]

    sign_in(browser, DESK)
    mine, hidden = browser.get("/lanes"), browser.get(f"/lanes/{others['id']}")
    across = browser.get(f"/lanes/{others['id']}/{one}")
    sign_in(browser, OTHER)
    stranger = browser.get(f"/lanes/{subscription['id']}/{one}")
    sign_in(browser, ADMIN)
    every = browser.get("/lanes")
    swapped = browser.get(f"/lanes/{others['id']}/{one}")

    assert (others["id"] in mine.text, hidden.status_code, across.status_code) == (False, 404, 404)
    assert (stranger.status_code, "https://evil.example" in stranger.text) == (404, False)
    assert others["id"] in every.text
    assert subscription["id"] in every.text
    assert swapped.status_code == 404
    assert browser.get("/lanes", headers={"authorization": f"Bearer {DESK}"}).text.count('scope="row"') == 1


def test_a_lane_its_deliveries_and_their_attempts_are_told(
    running_notifier: Notifier, browser: httpx.Client, subscription: dict[str, Any]
) -> None:
    sign_in(browser, DESK)
    tried = next(
        one["id"]
        for one in running_notifier.deliveries(subscription)
        if len(running_notifier.delivery(one["id"])["attempts"]) == 2
    )

    lane, delivery = browser.get(f"/lanes/{subscription['id']}"), browser.get(f"/lanes/{subscription['id']}/{tried}")

    assert "at line 2, 0 behind; up to number 2" in text_of(lane)
    assert lane.text.count(">delivered</span>") == 2
    assert "2. ok 204" in text_of(delivery)
    assert "1. http_error 500" in text_of(delivery)
    assert "first byte" in text_of(delivery)
    assert "https://evil.example/<b> , not followed" in text_of(delivery)
    assert "There is none." in text_of(browser.get(f"/lanes/{subscription['id']}?state=dead"))


def test_what_others_wrote_is_text_and_is_clipped(
    running_notifier: Notifier, browser: httpx.Client, subscription: dict[str, Any]
) -> None:
    sign_in(browser, DESK)
    pages = [browser.get("/lanes"), browser.get(f"/lanes/{subscription['id']}")]
    pages += [
        browser.get(f"/lanes/{subscription['id']}/{one['id']}") for one in running_notifier.deliveries(subscription)
    ]

    for page in pages:
        found = Links(page.text)
        assert page.status_code == 200
        assert not {"script", "iframe", "img", "object", "b"} & found.elements
        assert not found.events
        assert all(to.startswith(("/lanes", "#content")) for to in found.to), found.to
        assert "\u202e" not in page.text
        assert "\x1b" not in page.text
        assert len(page.text) < 12_000
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert any("</pre><script>" in text_of(page) for page in pages)
    assert foreign("a\u202eb\x00c\nd", limit=6) == "a\ufffdb\ufffdc\n …"


def test_a_keyboard_reaches_everything_and_a_reader_hears_what_it_is(
    running_notifier: Notifier, browser: httpx.Client, subscription: dict[str, Any]
) -> None:
    form = browser.get("/lanes").text
    sign_in(browser, DESK)
    one = running_notifier.deliveries(subscription)[0]["id"]
    paths = ("", f"/{subscription['id']}", f"/{subscription['id']}/{one}")
    for page in (form, *(browser.get(f"/lanes{path}").text for path in paths)):
        focusable = re.findall(r"<(?:a|button|input|summary|\w+ [^>]*tabindex)[^>]*>", page)
        assert focusable[0] == '<a class="skip" href="#content">'
        assert set(re.findall(r'tabindex="([^"]*)"', page)) <= {"0"}
        assert all('scope="' in cell for cell in re.findall(r"<th\b[^>]*>", page))
        assert page.count("<h1>") == page.count("<main ") == 1
        assert '<html lang="en">' in page
        labelled = re.findall(r'aria-labelledby="([^"]+)"', page) + re.findall(r'<label for="([^"]+)"', page)
        assert all(f'id="{name}"' in page for name in labelled)


def test_many_lanes_and_deliveries_come_in_pages(
    running_notifier: Notifier, fake_status: FakeStatus, browser: httpx.Client, receiver: Receiver
) -> None:
    made = [running_notifier.subscribe(f"{receiver.url}/{number}", types=["endpoint.failing"]) for number in range(52)]
    whole = running_notifier.subscribe(receiver.url)
    fake_status.record(*(milestone(number) for number in range(1, 121)))
    eventually(lambda: len(running_notifier.deliveries(whole, state="delivered")) == 50, seconds=30)
    receiver.wait_for(120)
    sign_in(browser, DESK)

    assert turned(browser, "/lanes", rows=r'scope="row"><a href="/lanes/(sub_\w+)"') == sorted(
        [one["id"] for one in made] + [whole["id"]]
    )
    deliveries = turned(browser, f"/lanes/{whole['id']}", rows=r'/(msg_\w+)"')
    assert len(deliveries) == len(set(deliveries)) == 120


def turned(browser: httpx.Client, path: str, *, rows: str) -> list[str]:
    """What all pages list, one after another."""
    found, following = [], path
    while following:
        page = browser.get(following)
        found += re.findall(rows, page.text)
        more = re.search(r'rel="next" href="([^"]+)"', page.text)
        following = urljoin(path, unescape(more[1])) if more else ""
    return found


def test_the_stylesheet_may_be_kept_for_ever_and_another_name_is_not_there(browser: httpx.Client) -> None:
    (href,) = [to for to in Links(browser.get("/lanes").text).to if to.endswith(".css")]
    sheet = browser.get(href)

    assert (sheet.content, sheet.headers["content-type"]) == (STYLESHEET, "text/css; charset=utf-8")
    assert "immutable" in sheet.headers["cache-control"]
    assert browser.get("/lanes/static/other.css").status_code == 404
    assert b"@import" not in sheet.content
    assert b"url(" not in sheet.content


def test_while_the_status_service_is_away_that_is_said_on_a_page(
    browser: httpx.Client, fake_status: FakeStatus, running_notifier: Notifier
) -> None:
    fake_status.is_down = True

    page = sign_in(browser, DESK)

    assert page.status_code == 503
    assert page.headers["content-type"].startswith("text/html")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_has_enough_contrast_by_day_and_by_night() -> None:
    """Source: WCAG 2.2, 1.4.3: 4.5 to 1."""
    day, night = re.findall(r":root \{(.*?)\}", STYLESHEET.decode(), re.DOTALL)[:2]
    for theme in (day, night):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        pairs = [
            (ink, paper) for ink in ("ink", "quiet", "accent", "good", "warn", "bad") for paper in ("paper", "sheet")
        ]
        for ink, paper in [*pairs, ("ink", "faint"), ("accent-ink", "accent")]:
            light, dark = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)
