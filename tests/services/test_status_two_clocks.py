"""What held on a day, as known at an instant or at a position: live, later, after a restart, on both databases."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tests.services.status_world import Clock, Json, Status, protocol, status

EX = "EX-1"
DAYS = ("2026-03-15", "2026-07-01", "2027-01-01")
READS = (
    "",
    "/explanation",
    "/milestones",
    "/claims",
    "/participants",
    "/participants?missing=true&group=eu",
    "/participants?status=party",
    "/participants.csv",
    "/participants.csv?bom=1",
    "/participants.xlsx",
    "/participants/fra",
    "/milestones.ics",
    "/milestones.ics?participant=fra",
    "/milestones.atom",
    "/certificates",
    "/tables",
    "/path?limit=3",
)


def at(path: str, **query: object) -> str:
    """An address of the treaty's, with some query."""
    given = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/v1/treaties/{EX}{path}{'&' if '?' in path else '?'}{given}"


def body(service: Status, address: str) -> bytes:
    answer = service.client.get(address)
    assert answer.status_code == 200, (address, answer.text)
    return bytes(answer.content)


@dataclass
class Story:
    """A protocol with late arrivals, corrections, a retraction, a withdrawal and a new rule, over several days."""

    service: Status
    live: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    moments: list[tuple[str, int]] = field(default_factory=list)
    """The instant and the position at which each live answer was given."""

    def write(self) -> None:
        for step in self._steps():
            assert step.status_code in {200, 201}, step.text
            for path in READS:
                for day in DAYS:
                    self.live.setdefault((path, day), []).append(body(self.service, at(path, as_of=day)))
            told = self.service.treaty(EX)
            self.moments.append((self.service.clock.now.isoformat().replace("+00:00", "Z"), told["position"]))
            self.service.clock.forward(days=1, minutes=7)

    def _steps(self) -> Iterator[object]:
        service = self.service
        yield service.put(EX, protocol())
        yield service.act(EX, "accession", "fra", "2026-03-01")
        yield service.act(EX, "accession", "deu", "2026-03-02")
        third = service.act(EX, "accession", "ita", "2026-03-10")
        yield third
        yield service.act(EX, "accession", "esp", "2026-02-20")  # heard of late: the third was the fourth
        body = {"target": third.json()["event_id"], "kind": "corrected", "fields": {"act_date": "2026-02-25"}}
        yield service.post(f"{EX}/corrections", {**body, "reason": "depositary_correction"})
        body = {"target": third.json()["event_id"], "kind": "retracted", "reason": "source_error"}
        yield service.post(f"{EX}/corrections", body)
        yield service.act(EX, "signature", "prt", "2026-04-01", tier="press")
        yield service.post(
            f"{EX}/claims",
            {"claimed_on": "2026-04-02", "source": "A gazette", "statement": "Nine have joined.", "about": "consents"}
            | {"value": 9, "tier": "press"},
        )
        yield service.put(EX, protocol(need=2))
        rule = protocol(need=2)
        waits = {"op": "fact", "key": "decision"}
        weighs = {"op": "weight", "table": "fleet", "at_least": "0.5"}
        rule["rule"]["in_force"][0]["when"] = {"op": "all", "of": [weighs, waits]}
        yield service.put(EX, rule)
        yield service.put(f"{EX}/tables/fleet", {"values": {"fra": "0.3", "deu": "0.3"}, "source": "A register"})
        certificate = {"key": "decision", "certified_on": "2026-06-01", "certified_by": "The assembly"}
        decided = service.post(f"{EX}/certificates", certificate)
        yield decided
        body = {"target": decided.json()["event_id"], "kind": "corrected", "fields": {"certified_on": "2026-05-30"}}
        yield service.post(f"{EX}/corrections", {**body, "reason": "typing"})
        yield service.put(f"{EX}/tables/fleet", {"values": {"fra": "0.3", "deu": "0.1"}, "source": "A register"})


@pytest.fixture
def story(database_dsn: str) -> Iterator[tuple[Story, str]]:
    with status(database_dsn, clock=Clock()) as service:
        told = Story(service)
        told.write()
        yield told, database_dsn


def test_what_was_said_live_is_said_again_of_that_instant_and_of_that_position(story: tuple[Story, str]) -> None:
    told, _ = story

    for (path, day), answers in told.live.items():
        for said, (instant, position) in zip(answers, told.moments, strict=True):
            assert body(told.service, at(path, as_of=day, known_at=instant)) == said, (path, day, instant)
            assert body(told.service, at(path, as_of=day, at_position=position)) == said
    assert len({said for answers in told.live.values() for said in answers}) > len(READS) * len(DAYS)


def test_between_two_recordings_the_first_is_all_that_was_known(story: tuple[Story, str]) -> None:
    told, _ = story

    for (path, day), answers in told.live.items():
        for said, ((instant, _), (_, _)) in zip(answers, pairwise(told.moments), strict=False):
            later = instant.replace("17:", "23:")
            heard = body(told.service, at(path, as_of=day, known_at=later))
            if path.startswith("/participants.csv"):
                assert len(heard.splitlines()) == len(said.splitlines())
            elif "." not in path:  # the others write the instant into their lines
                assert _without_the_echo(heard) == _without_the_echo(said)


def _without_the_echo(document: bytes) -> Json:
    found = dict(json.loads(document))
    found.pop("known_at")
    return found


def test_the_permanent_address_gives_the_same_bytes_after_later_acts_and_a_restart(story: tuple[Story, str]) -> None:
    told, dsn = story
    service = told.service
    first = [service.client.get(at(path, as_of=DAYS[1])) for path in READS]
    permanent = [answer.headers["link"].split(">")[0].removeprefix("<") for answer in first]
    cited = [service.client.get(address) for address in permanent]

    service.recorded(EX, "accession", "prt", "2026-06-01")
    again = [service.client.get(address) for address in permanent]
    with status(dsn, clock=service.clock) as restarted:
        after = [restarted.client.get(address) for address in permanent]

    assert {answer.headers["cache-control"] for answer in first} == {"no-cache"}
    for n, address in enumerate(permanent):
        assert {"at_position=", "as_of=", "lang=", "edition="} <= set(_parts(address))
        assert first[n].content == cited[n].content == again[n].content == after[n].content
        assert len({answers[n].headers["etag"] for answers in (first, cited, again, after)}) == 1
        for answer in (cited[n], again[n], after[n]):
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert not answer.headers["etag"].startswith("W/")


def _parts(address: str) -> list[str]:
    return [f"{part.split('=')[0]}=" for part in address.split("?")[1].split("&")]


def test_both_databases_tell_the_same_story_in_the_same_bytes(sqlite_dsn: str, postgres_dsn: str) -> None:
    told = []
    for dsn in (sqlite_dsn, postgres_dsn):
        with status(dsn, clock=Clock()) as service:
            story = Story(service)
            story.write()
            told.append(story)

    assert told[0].moments == told[1].moments
    assert told[0].live == told[1].live


def test_every_answer_says_its_day_its_instant_its_position_and_where_it_stays(service: Status) -> None:
    assert service.put(EX, protocol()).status_code == 201
    receipt = service.recorded(EX, "accession", "fra", "2026-03-01")
    recorded_at = service.clock.now.isoformat()
    service.clock.forward(hours=1)

    for path in READS:
        answer = service.client.get(at(path, as_of="2026-03-15"))
        if "." in path:
            said = {name: answer.headers[f"x-{name}"] for name in ("as-of", "known-at", "position")}
            assert list(said.values()) == ["2026-03-15", recorded_at, str(receipt["position"])]
            continue
        told = answer.json()
        assert (told["as_of"], told["known_at"]) == ("2026-03-15", recorded_at)
        assert told["position"] == receipt["position"]
        assert f'<{told["permanent"]}>; rel="cite-as"' == answer.headers["link"]


def test_an_instant_that_lies_ahead_answers_as_of_now_and_says_what_it_knew(service: Status) -> None:
    assert service.put(EX, protocol()).status_code == 201
    now = service.treaty(EX)
    ahead = service.client.get(at("", known_at="2031-01-01T00:00:00Z"))

    assert ahead.json() == now
    assert ahead.headers["cache-control"] == "no-cache"
    service.clock.forward(days=1)
    service.recorded(EX, "accession", "fra", "2026-03-01")
    assert service.treaty(EX, known_at="2031-01-01T00:00:00Z")["counts"]["consents"] == 1


def test_an_instant_alone_is_no_permanent_address(service: Status) -> None:
    """What was stamped before it can still be on its way to the disk, or be brought in from an older record."""
    assert service.put(EX, protocol()).status_code == 201
    instant = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(days=1)

    answer = service.client.get(at("", as_of="2026-03-15", known_at=instant, edition=1))

    assert answer.headers["cache-control"] == "no-cache"
    assert "known_at=" not in answer.json()["permanent"]


def test_a_fact_and_what_followed_from_it_are_never_told_apart(service: Status) -> None:
    assert service.put(EX, protocol(need=1)).status_code == 201
    receipt = service.recorded(EX, "accession", "fra", "2026-03-01")
    fact = next(event["position"] for event in service.log(EX) if event["id"] == receipt["event_id"])
    assert fact < receipt["position"]

    told = service.get(f"treaties/{EX}/milestones", at_position=fact, as_of="2026-03-15")

    assert told["position"] == receipt["position"]
    assert all(row["announced"] for row in told["milestones"] if row["state"] == "reached")


def test_an_act_is_never_told_apart_from_the_announcement_that_waits(service: Status) -> None:
    assert service.put(EX, protocol(need=1) | {"four_eyes_hours": 5}).status_code == 201
    receipt = service.recorded(EX, "accession", "fra", "2026-03-01")
    fact = next(event["position"] for event in service.log(EX) if event["id"] == receipt["event_id"])

    told = service.get(f"treaties/{EX}/milestones", at_position=fact, as_of="2026-03-15")

    assert told["position"] == receipt["position"]
    assert "threshold" in {one["key"].split(":")[1] for one in told["held"]}


def test_a_treaty_that_was_recorded_later_is_answered_with_the_beginning_of_its_record(service: Status) -> None:
    assert service.put(EX, protocol()).status_code == 201
    answer = service.client.get(at("", known_at="2020-01-01T00:00:00Z")).json()
    first = service.log(EX)[0]
    assert (answer["recorded_from"], answer["position_from"]) == (first["recorded_at"], first["position"])
    assert answer["recorded_from"] in answer["detail"]


def test_a_treaty_that_rests_on_another_is_told_with_the_other_as_it_was_known(service: Status) -> None:
    condition = {"op": "treaty_in_force", "treaty": EX}
    rule = {
        "treaty": "CHILD",
        "title": "A protocol",
        "in_force": [{"clause": "1", "when": condition, "then": {"op": "plus", "days": 0}}],
    }
    assert service.put(EX, protocol(need=1)).status_code == 201
    assert service.put("CHILD", protocol("CHILD", rule=rule)).status_code == 201
    before = service.treaty("CHILD", as_of="2027-01-01")
    instant = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(days=1)
    service.recorded(EX, "accession", "fra", "2026-03-01")
    after = service.treaty("CHILD", as_of="2027-01-01")

    assert (before["force"]["in_force"], after["force"]["in_force"]) == (False, True)
    assert service.treaty("CHILD", as_of="2027-01-01", known_at=instant) == before
    assert service.client.get(before["permanent"]).json() == before
    assert service.client.get(after["permanent"]).json() == after


@pytest.mark.parametrize(
    ("query", "status_code", "problem"),
    [
        ("known_at=2026-11-21T10:00:00Z&at_position=1", 422, "invalid-request"),
        ("at_position=100000", 404, "position-ahead"),
        ("at_position=0", 422, "invalid-request"),
        ("edition=2", 404, "unknown-edition"),
        ("known_at=2020-01-01T00:00:00Z", 404, "unknown-treaty"),
    ],
)
def test_what_cannot_be_known_is_refused_with_a_way_out(
    service: Status, query: str, status_code: int, problem: str
) -> None:
    assert service.put(EX, protocol()).status_code == 201

    answer = service.client.get(f"/v1/treaties/{EX}?{query}")

    assert (answer.status_code, answer.json()["type"]) == (status_code, f"/problems/{problem}")
    assert answer.json()["way_out"]


def test_a_later_edition_never_answers_other_bytes_at_the_same_address(sqlite_dsn: str) -> None:
    with status(sqlite_dsn) as first:
        assert first.put(EX, protocol()).status_code == 201
        cited = first.treaty(EX, as_of="2026-03-15")["permanent"]
    with status(sqlite_dsn, edition=2) as second:
        answer = second.client.get(cited, follow_redirects=False)
        retold = second.client.get(answer.headers["location"])

    assert answer.status_code == 307
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["retold_at"] == retold.json()["permanent"] == cited.replace("edition=1", "edition=2")
    assert retold.json()["as_of"] == "2026-03-15"


# ---- the log, the lists, the registry, and what is only supposed -----------------------------------------------------
def lines(service: Status, address: str) -> list[Json]:
    return [dict(json.loads(line)) for line in body(service, address).splitlines()]


def test_the_log_ends_where_the_second_clock_stops(story: tuple[Story, str]) -> None:
    told, _ = story
    service = told.service
    whole = lines(service, at("/log", lang="en"))

    for instant, position in told.moments:
        known = lines(service, at("/log", known_at=instant))
        assert known == lines(service, at("/log", at_position=position))
        assert known == [event for event in whole if event["position"] <= position]
    answer = service.client.get(at("/log", at_position=told.moments[3][1], after=2, limit=4))
    cited = service.client.get(answer.headers["link"].split(">")[0].removeprefix("<"))
    assert (answer.headers["x-position"], "x-as-of" in answer.headers) == (str(told.moments[3][1]), False)
    assert cited.headers["cache-control"].endswith("immutable")
    assert cited.content == answer.content
    assert [event["version"] for event in map(json.loads, answer.text.splitlines())] == [3, 4, 5, 6]


def test_the_log_of_a_day_leaves_out_acts_and_lines_of_later_days(service: Status) -> None:
    assert service.put(EX, protocol(need=1)).status_code == 201
    service.recorded(EX, "accession", "fra", "2026-03-01")
    service.recorded(EX, "accession", "deu", "2026-05-01")

    seen = lines(service, at("/log", as_of="2026-04-01"))

    acts = [event["data"]["participant"] for event in seen if "act_date" in event["data"]]
    assert acts == ["fra"]
    assert all(event["data"].get("occurred_on", "") <= "2026-04-01" for event in seen)
    assert seen[0]["type"] == "treaty.defined"


def test_the_list_of_treaties_is_told_of_a_day_and_of_what_was_known(service_anywhere: Status) -> None:
    service = service_anywhere
    assert service.put(EX, protocol(need=1)).status_code == 201
    before = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(days=1)
    receipt = service.recorded(EX, "accession", "fra", "2026-03-01")
    service.clock.forward(days=1)
    assert service.put("EX-2", protocol("EX-2")).status_code == 201
    service.settled()

    def listed(**query: object) -> Json:
        found = service.get("treaties", **query)
        return {row["id"]: (row["counts"]["consents"], row["in_force"], row["as_of"]) for row in found["treaties"]}

    assert listed(as_of="2026-02-01") == {EX: (0, False, "2026-02-01"), "EX-2": (0, False, "2026-02-01")}
    assert listed(as_of="2026-07-01") == {EX: (1, True, "2026-07-01"), "EX-2": (0, False, "2026-07-01")}
    assert listed(as_of="2026-07-01", known_at=before) == {EX: (0, False, "2026-07-01")}
    assert listed(as_of="2026-07-01", at_position=receipt["position"]) == {EX: (1, True, "2026-07-01")}
    assert listed(as_of="2026-07-01", in_force="true", q="protocol") == {EX: (1, True, "2026-07-01")}
    assert listed(as_of="2026-07-01", in_force="false", limit=1) == {"EX-2": (0, False, "2026-07-01")}

    told = service.get("treaties", as_of="2026-07-01", limit=1)
    cited = service.client.get(told["permanent"])
    assert service.put("EX-0", protocol("EX-0")).status_code == 201
    service.settled()
    assert service.client.get(told["permanent"]).content == cited.content
    assert cited.json() == told
    assert cited.headers["cache-control"].endswith("immutable")


def test_a_row_of_the_list_says_what_the_treaty_itself_says(story: tuple[Story, str]) -> None:
    told, _ = story
    told.service.settled()

    for instant, _position in told.moments:
        for day in DAYS:
            (row,) = told.service.get("treaties", as_of=day, known_at=instant)["treaties"]
            one = told.service.treaty(EX, as_of=day, known_at=instant)
            assert row["counts"] == {name: one["counts"][name] for name in ("signatures", "consents")}
            assert row["threshold_on"] == one["force"]["threshold_on"]
            assert row["in_force"] is one["force"]["in_force"]
            assert (row["version"], row["position"]) == (one["version"], one["position"])


def test_what_stood_between_a_participant_and_each_treaty_is_told_of_a_day(service: Status) -> None:
    assert service.put(EX, protocol(need=1)).status_code == 201
    instant = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(days=1)
    service.recorded(EX, "signature", "fra", "2026-02-01")
    service.recorded(EX, "ratification", "fra", "2026-03-01")
    service.settled()

    def standing(**query: object) -> list[str]:
        return [row["status"] for row in service.get("participants/fra", **query)["treaties"]]

    assert standing(as_of="2026-02-15") == ["signatory"]
    assert standing(as_of="2026-03-15") == ["contracting"]
    assert standing(as_of="2026-07-15") == standing() == ["party"]
    assert standing(as_of="2026-07-15", known_at=instant) == []


def test_what_is_supposed_comes_on_top_of_what_was_known_then(service: Status) -> None:
    assert service.put(EX, protocol(need=2)).status_code == 201
    instant = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(days=1)
    service.recorded(EX, "accession", "fra", "2026-03-01")
    supposed = {"acts": [{"action": "accession", "participant": "deu", "act_date": "2026-04-01"}]}

    now = service.client.post(f"/v1/treaties/{EX}/what-if", json=supposed).json()
    then = service.client.post(f"/v1/treaties/{EX}/what-if?known_at={instant}", json=supposed).json()

    assert now["difference"]["threshold_on"]["after"] == "2026-04-01"
    assert then["difference"]["threshold_on"]["after"] is None
    assert then["known_at"] < now["known_at"]
