"""One treaty's story told through the front door, and what the feed said of it; with a consumer of the feed.

Orders go in by HTTP. After each one the messages it brought are read from the feed and compared with nothing: the test
does that. At the end the whole story is read twice and folded, and the fold is compared with what the service answers.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.builders import hanoi
from tests.services.status_world import Json, Status
from treaty_events import milestone_id
from treaty_status.registry import Capacity, load_registry

NEW_YORK = ZoneInfo("America/New_York")
EARLY = "2027-02-01"
"""The day on which those deposited that only make up the number."""
TAKEN_BACK = {"revoked", "cancelled"}
AHEAD = {"scheduled", "rescheduled"}
APART = frozenset({"bra", "cod", "cog", "fra", "gbr", "jpn", "mex"})
"""Participants that stories name; the others make up numbers."""


def _others() -> list[str]:
    registry = load_registry()
    union = registry.members_of_organisation("eu", date(2019, 1, 1))
    states = [one.id for one in registry.all() if one.capacity is Capacity.UN_MEMBER and one.exists_from is None]
    return [one for one in states if one not in union | APART]


OTHERS = _others()


# ---- what is said ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, order=True)
class Said:
    """One message: ``line`` is kind, params and occurrence; ``who`` the participants it names."""

    status: str
    line: str
    revision: int
    on: str
    late: int
    who: tuple[str, ...]
    eif: str | None
    severity: str | None


def said(
    type_: str,
    params: str = "all",
    *,
    on: str,
    late: int = 0,
    who: str | Iterable[str] = (),
    revision: int = 1,
    occurrence: int = 1,
    eif: str | None = None,
    severity: str | None = None,
) -> Said:
    """The message that a test expects; ``type_`` is its type without ``treaty.``; ``who`` may be ids with blanks."""
    kind, _, status = type_.rpartition(".")
    names = tuple(who.split()) if isinstance(who, str) else tuple(who)
    return Said(status, f"{kind}:{params}:{occurrence}", revision, on, late, names, eif, severity)


OF_GROUPS = {"group.first", "group.complete", "universality"}
"""Who came first or last of a group is another story: these lines are folded and compared, and not listed."""


def listed(events: Iterable[Json]) -> list[Json]:
    """The messages that a test lists."""
    return [one for one in events if one["data"]["kind"] not in OF_GROUPS]


def heard(event: Json) -> Said:
    """A message as it came; everything that must fit together in any message is looked at here."""
    data, treaty = event["data"], event["treaty"]
    line = f"{data['kind']}:{data['params']}:{data['occurrence']}"
    assert event["category"] == "milestone"
    assert event["type"] == f"treaty.{data['kind']}.{data['status']}"
    assert data["key"] == f"{treaty}:{line}"
    assert UUID(data["milestone_id"]) == milestone_id(data["key"])
    assert data["supersedes"] == (data["revision"] - 1 or None)
    assert data["livemode"] is event["livemode"] is True
    assert data["provisional"] is False
    follows = data.get("consequence", {}).get("entry_into_force")
    who = tuple(one["participant"] for one in data.get("attributed_to", []))
    late, severity = data["late_by_days"], data.get("severity")
    return Said(data["status"], line, data["revision"], data["occurred_on"], late, who, follows, severity)


# ---- who listens -----------------------------------------------------------------------------------------------------
@dataclass
class Consumer:
    """Keeps what has the highest revision of each line; takes any message at any time, as often as it comes."""

    lines: dict[str, Json] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def take(self, message: Json) -> bool:
        """Does it tell anything new? ``message`` is the ``data`` of a milestone."""
        name = f"{message['milestone_id']}:{message['revision']}"
        if name in self.seen:
            return False
        self.seen.add(name)
        known = self.lines.get(message["key"])
        if known is not None and known["revision"] > message["revision"]:
            return False
        self.lines[message["key"]] = message
        return True

    def standing(self) -> dict[str, tuple[str, int, str, str | None]]:
        """Of every line: what it is, its revision, its day, and the day of entry into force that follows."""
        return {
            key: (
                "reached" if one["status"] == "revised" else one["status"],
                one["revision"],
                one["occurred_on"],
                one.get("consequence", {}).get("entry_into_force"),
            )
            for key, one in self.lines.items()
        }


def milestones_after(service: Status, after: int, *, page: int, treaty: str) -> list[Json]:
    """Every milestone event of a treaty after a position, page by page until the head."""
    found: list[Json] = []
    while True:
        told = service.get("feed", after=after, limit=page)
        found += [one for one in told["events"] if one["treaty"] == treaty and "milestone_id" in one["data"]]
        after = told["next"]
        if after >= told["head"]:
            return found


# ---- one story -------------------------------------------------------------------------------------------------------
@dataclass
class Story:
    """A treaty and what was said of it so far; ``warned`` are the codes of the last receipt, lateness (V13) apart."""

    service: Status
    treaty: str
    began: int
    read: int
    expected: list[Said] = field(default_factory=list)
    events: dict[tuple[str, str], str] = field(default_factory=dict)
    """The event id of each act, correction and claim: by participant and action, or kind of correction."""
    warned: list[str] = field(default_factory=list)

    # ---- orders -------------------------------------------------------------------------------------------------
    def defined(self, need: int = 40, **more: Any) -> list[Said]:
        """Put the treaty into the record, with the clauses of the convention against cybercrime; what was said."""
        self._put(201, need, more)
        facts = [one for one in self.service.log(self.treaty) if "milestone_id" not in one["data"]]
        return self._noted(self._read(), cause=("definition", [one["id"] for one in facts]))

    def amended(self, need: int, **more: Any) -> list[Said]:
        """The rule reads otherwise; what was said names the change of rule as its cause."""
        self._put(200, need, more)
        told = self.service.get("feed", after=self.read, limit=1000, types="treaty.rule.amended")["events"]
        (change,) = [one["id"] for one in told if one["treaty"] == self.treaty]
        return self._noted(self._read(), cause=("rule", [change]))

    def _put(self, status: int, need: int, more: Json) -> None:
        body: Json = {
            "titles": {"en": "Invented Treaty", "fr": "Traité inventé"},
            "depositary": {"id": "un-sg", "name": {"en": "Secretary-General"}, "time_zone": "America/New_York"},
            "rule": hanoi(need) | {"treaty": self.treaty},
        }
        answer = self.service.put(self.treaty, body | more)
        assert answer.status_code == status, answer.text

    def act(self, action: str, who: str, on: str, **more: Any) -> list[Said]:
        """Record an act; what was said at once, which names this act alone as its cause."""
        receipt = self.service.recorded(self.treaty, action, who, on, **more)
        self.events[who, action] = receipt["event_id"]
        return self._after(receipt, "action")

    def accedes(self, who: str, *, on: str) -> list[Said]:
        return self.act("accession", who, on)

    def claims(self, value: int, *, on: str, about: str = "signatures", source: str = "A newspaper") -> list[Said]:
        """The press gives a number; the id of the claim is kept under its source."""
        statement = f"{value} {about.replace('_', ' ')}."
        body = {"claimed_on": on, "source": source, "statement": statement, "about": about, "value": value}
        answer = self.service.post(f"{self.treaty}/claims", body | {"tier": "press"})
        assert answer.status_code == 201, answer.text
        self.events[source, "claim"] = answer.json()["event_id"]
        return self._after(answer.json(), "claim")

    def corrects(self, who: str, *, act: str = "accession", **fields: str) -> list[Said]:
        """The act of this participant reads otherwise."""
        return self._correction(who, act, "corrected", "depositary_correction", fields=fields)

    def retracts(self, who: str, action: str = "accession") -> list[Said]:
        return self._correction(who, action, "retracted", "duplicate")

    def reinstates(self, who: str, action: str = "accession") -> list[Said]:
        return self._correction(who, action, "reinstated", "source_error")

    def _correction(self, who: str, action: str, kind: str, reason: str, **more: Any) -> list[Said]:
        body = {"target": self.events[who, action], "kind": kind, "reason": reason, **more}
        answer = self.service.post(f"{self.treaty}/corrections", body)
        assert answer.status_code == 201, answer.text
        self.events[who, kind] = answer.json()["event_id"]
        return self._after(answer.json(), "correction")

    def gathers(self, count: int, *, need: int = 40, on: str = EARLY) -> None:
        """So many accede, one after another, all dated one day: fewer than needed; every line on the way is said."""
        assert count < need
        late = self.late(on)
        expected: list[tuple[str, Said]] = []
        for n, who in enumerate(OTHERS[:count], start=1):
            receipt = self.service.recorded(self.treaty, "accession", who, on)
            self.events[who, "accession"] = cause = receipt["event_id"]
            expected.append((cause, said("participant.consent.reached", who, on=on, late=late, who=who)))
            lines = ["consent.first:all"] if n == 1 else []
            lines += [f"consent.percent:{level}" for level in (25, 50, 75, 90) if ceil(level * need / 100) == n]
            lines += [f"consent.remaining:{level}" for level in (10, 5, 3, 2, 1) if need - level == n]
            for line in lines:
                kind, _, params = line.partition(":")
                names = sorted(OTHERS[:n])
                expected.append((cause, said(f"{kind}.reached", params, on=on, late=late, who=names)))
        events = self._read()
        assert [(*one["data"]["cause"]["event_ids"], heard(one)) for one in listed(events)] == expected
        self.expected += [one for _, one in expected]

    def releases(self, *, who: str, caused_by: tuple[str, str], cause: str) -> list[Said]:
        """The holder of this key lets go what waits; what is said names what had brought it about."""
        answer = self.service.post(f"{self.treaty}/releases", {}, who=who)
        assert answer.status_code == 200, answer.text
        return self._noted(self._read(), cause=(cause, [self.events[caused_by]]))

    # ---- time ------------------------------------------------------------------------------------------------------
    @property
    def today(self) -> date:
        """The day at the depositary."""
        return self.service.clock.now.astimezone(NEW_YORK).date()

    def late(self, on: str) -> int:
        """How many days ago that was."""
        return (self.today - date.fromisoformat(on)).days

    def day_comes(self, on: str, *, bringing: str) -> list[Said]:
        """It is noon of that day in New York, and the service says so by itself; waits for a message of this type.

        Everything that a day brings is appended at once, so what was not said with that message is not said.
        """
        year, month, day = map(int, on.split("-"))
        self.service.clock.now = self.service.clock.now.replace(year=year, month=month, day=day, hour=17, minute=0)
        return self.awaits(bringing)

    def awaits(self, type_: str) -> list[Said]:
        """What a day that has come brings."""
        came = self.service.get("feed", after=self.read, wait=20, types=f"treaty.{type_}")["events"]
        assert came, f"{type_} did not come"
        return self._noted(self._read(), cause=("day", []))

    # ---- what was said ----------------------------------------------------------------------------------------------
    def _after(self, receipt: Json, cause: str) -> list[Said]:
        self.warned = [one["code"] for one in receipt["warnings"] if one["code"] != "V13"]
        events = self._read()
        assert [one["type"] for one in events] == [one["type"] for one in receipt["milestones"]]
        return self._noted(events, cause=(cause, [receipt["event_id"]]))

    def _noted(self, events: list[Json], *, cause: tuple[str, list[str]]) -> list[Said]:
        """These messages, in the order of the feed; all of one cause."""
        for one in events:
            named = one["data"]["cause"]
            assert (named["kind"], named.get("event_ids", [])) == cause
        news = [heard(one) for one in listed(events)]
        self.expected += news
        return news

    def _read(self) -> list[Json]:
        events = milestones_after(self.service, self.read, page=1000, treaty=self.treaty)
        if events:
            self.read = events[-1]["position"]
        return events

    # ---- what is answered ------------------------------------------------------------------------------------------
    def status(self, **params: Any) -> Json:
        return self.service.treaty(self.treaty, **params)

    def force(self) -> tuple[str | None, str | None]:
        """The threshold and the day of entry into force, as the status says."""
        force = self.status()["force"]
        return force["threshold_on"], force["entry_into_force_on"]

    def explanation(self) -> Json:
        return dict(self.service.get(f"treaties/{self.treaty}/explanation"))

    def line(self, line: str) -> Json:
        """One row of the milestones, by kind, params and occurrence."""
        rows = self.service.get(f"treaties/{self.treaty}/milestones")["milestones"]
        return dict(next(row for row in rows if row["key"] == f"{self.treaty}:{line}"))

    # ---- the end ---------------------------------------------------------------------------------------------------
    def check(self) -> None:
        """Read everything twice, in pages of two sizes, the second time shuffled and with doubles; fold; compare."""
        once = milestones_after(self.service, self.began, page=100, treaty=self.treaty)
        again = milestones_after(self.service, self.began, page=31, treaty=self.treaty)
        assert once == again
        assert [heard(event) for event in listed(once)] == self.expected
        _no_revision_is_skipped(once)

        orderly, twice, shuffled = Consumer(), Consumer(), Consumer()
        assert all(orderly.take(event["data"]) for event in once)
        disorder = [*again, *again[::3]]
        Random(len(again)).shuffle(disorder)
        for event in disorder:
            shuffled.take(event["data"])
        for event in (*once, *disorder):
            twice.take(event["data"])
        assert orderly.lines == twice.lines == shuffled.lines
        self._says_the_same(orderly)

    def _says_the_same(self, consumer: Consumer) -> None:
        answered = self.service.get(f"treaties/{self.treaty}/milestones")
        rows = {row["key"]: row for row in answered["milestones"]}
        told = consumer.standing()
        assert {key for key, one in told.items() if one[0] not in TAKEN_BACK} == {
            key for key, row in rows.items() if row["state"] != "upcoming" or _ahead(row)
        }
        for key, (state, revision, on, eif) in told.items():
            if state in TAKEN_BACK:
                back = {row["key"]: row for row in answered["taken_back"]}.get(key)
                left = rows.get(key) if back is None else back
                assert left is not None, key
                assert left["announced"]["status"] == state
                assert left["announced"]["revision"] == revision
                assert back is not None or left["state"] == "upcoming"
                continue
            row = rows[key]
            assert row["announced"]["revision"] == revision
            assert row["state"] == ("upcoming" if state in AHEAD else state)
            assert on == row["lost_on" if state == "lost" else "occurred_on"], key
            assert eif == row["entry_into_force_on"], key
            self._names_the_same(row, consumer.lines[key])

    def _names_the_same(self, row: Json, message: Json) -> None:
        """Threshold and entry into force name everyone; of the other lines nobody may be named that has no part."""
        named = {(one["participant"], one["action"]) for one in message.get("attributed_to", [])}
        have_part = {(one["participant"], one["action"]) for one in row["attributed_to"]}
        if row["state"] != "upcoming" and row["kind"] in {"threshold", "entry_into_force"}:
            assert named == have_part
        assert named <= have_part, row["key"]


def _ahead(row: Json) -> bool:
    return row["announced"] is not None and row["announced"]["status"] in AHEAD


def _no_revision_is_skipped(events: list[Json]) -> None:
    last: dict[str, int] = {}
    for event in events:
        key, revision = event["data"]["key"], event["data"]["revision"]
        assert revision == last.get(key, 0) + 1, key
        last[key] = revision


@contextmanager
def story(service: Status, treaty: str) -> Iterator[Story]:
    """A story about a treaty of this id; at its end everything is read again, and compared."""
    head = service.get("feed", limit=1)["head"]
    told = Story(service, treaty, head, head)
    yield told
    told.check()
