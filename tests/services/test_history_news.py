"""History through both services: what a rule that comes after an import tells whom, as subscribers receive it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn

from tests.importers.tables import csv_table
from tests.services.notifier_world import LOOPBACK, Notifier, Receiver, eventually
from tests.services.status_world import Clock
from treaty_notifier.settings import Settings
from treaty_status.api import Server, create_app
from treaty_status.application.importing import Request, import_sheet
from treaty_status.application.keys import Scope
from treaty_status.importers import read_sheet
from treaty_status.service import open_desk

TREATY = "IV-99"
TABLE = ("Fiji,,3 Mar 1991 a", "France,,4 Apr 1992 a", "Peru,,5 May 1993 a")


@dataclass
class Town:
    """Both services on real sockets, and one client with a key that opens everything."""

    status: httpx.Client
    notifier: Notifier
    key: str
    desk: Any

    def import_table(self, *rows: str) -> None:
        sheet = read_sheet(f"{TREATY}.csv", csv_table(*rows), registry=self.desk.registry)
        balance = import_sheet(sheet, self.desk.writer, Request(by="key:tests", define=True))
        assert balance.recorded == len(rows)

    def rule(self, need: int) -> dict[str, Any]:
        """PUT the rule, with a better header than an import knows. The receipt."""
        body = {
            "titles": {"en": "Convention on Invented Matters"},
            "depositary": {"id": "un-sg", "name": {"en": "Secretary-General"}, "time_zone": "America/New_York"},
            "rule": {
                "treaty": TREATY,
                "title": "An invented treaty",
                "joining": {"clause": "9", "modes": ["accession"], "signature_required": False},
                "in_force": [
                    {"clause": "10(1)", "when": {"op": "count", "at_least": need}, "then": {"op": "plus", "days": 90}}
                ],
                "for_each": [{"clause": "10(2)", "then": {"op": "plus", "days": 30}}],
            },
        }
        answer = self.status.put(f"/v1/treaties/{TREATY}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def accede(self, participant: str, on: str) -> dict[str, Any]:
        body = {"action": "accession", "participant": participant, "act_date": on}
        answer = self.status.post(f"/v1/treaties/{TREATY}/actions", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def feed(self, *, after: int = 0) -> list[tuple[str, str]]:
        """Type and category of every event of the feed."""
        page = self.status.get("/v1/feed", params={"after": after, "limit": 1000}).json()
        return [(event["type"], event["category"]) for event in page["events"]]

    def head(self) -> int:
        return int(self.status.get("/v1/feed", params={"limit": 1}).json()["head"])

    def subscribe(self, receiver: Receiver, **fields: Any) -> None:
        self.notifier.subscribe(receiver.url, key=self.key, **fields)


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    desk = open_desk(f"sqlite:///{folder / 'status.db'}", clock=Clock())
    _, secret = desk.keys.create(name="admin", scopes=[Scope.ADMIN], now=Clock().now)
    app = create_app(desk)
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=5), app)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    notifier = Notifier(
        Settings.model_validate(
            {
                "database": f"sqlite:///{folder / 'notices.db'}",
                "status_url": url,
                "allow_networks": LOOPBACK,
                "schedule_seconds": "0,0.05,0.05,0.05",
                "deadline_seconds": 5,
            }
        )
    )
    headers = {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=url, headers=headers, timeout=20, trust_env=False) as client:
        try:
            yield Town(client, notifier, secret, desk)
        finally:
            notifier.close()
            server.should_exit = True
            app.closing()
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as running:
        yield running


@pytest.fixture
def historian() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def types(receiver: Receiver) -> list[str]:
    return [one.json["type"] for one in receiver.received]


TODAY = "treaty.participant.consent.reached"
"""What an accession of today tells everyone."""
OLD = {"treaty.consent.first.reached", "treaty.threshold.reached", "treaty.entry_into_force.reached"}


def test_a_first_rule_after_an_import_tells_old_lines_only_to_who_asked_for_history(
    here: Town, receiver: Receiver, historian: Receiver
) -> None:
    here.subscribe(receiver)
    here.subscribe(historian, history=True)
    here.import_table(*TABLE)
    receiver.wait_for(1)
    head = here.head()

    receipt = here.rule(2)
    here.accede("ton", "2026-11-21")
    eventually(lambda: {*OLD, TODAY} <= set(types(historian)))
    receiver.wait_for(3)

    assert sorted(types(receiver)) == ["treaty.history.settled", "treaty.import.finished", TODAY]
    threshold = next(one.json for one in historian.received if one.json["type"] == "treaty.threshold.reached")
    assert threshold["data"]["occurred_on"] == "1992-04-04"
    assert threshold["data"]["recorded"]["imported"].startswith("table:")
    assert receipt["recorded_as"] == "definition"
    assert all(milestone["as_history"] for milestone in receipt["milestones"])
    categories = dict(here.feed(after=head))
    assert categories["treaty.rule.set"] == "fact"
    assert categories["treaty.threshold.reached"] == "historic_milestone"
    assert categories["treaty.milestones.settled"] == "historic_meta"
    assert categories["treaty.history.settled"] == "milestone"


def test_a_rule_amended_after_news_is_news_again(here: Town, receiver: Receiver) -> None:
    here.subscribe(receiver, types=["treaty.threshold.*", "treaty.entry_into_force.*"])
    here.import_table(*TABLE)
    here.rule(4)
    here.accede("ton", "2026-11-21")
    receiver.wait_for(2)

    here.rule(5)
    receiver.wait_for(4)

    assert sorted(types(receiver)) == [
        "treaty.entry_into_force.cancelled",
        "treaty.entry_into_force.scheduled",
        "treaty.threshold.reached",
        "treaty.threshold.revoked",
    ]


def test_facts_of_an_import_reach_only_those_who_asked_for_facts_and_for_history(
    here: Town, receiver: Receiver, historian: Receiver
) -> None:
    here.subscribe(receiver, types=["treaty.consent.recorded"])
    here.subscribe(historian, types=["treaty.consent.recorded"], history=True)

    here.import_table(*TABLE)
    here.accede("ton", "2026-11-21")

    assert {one.json["data"]["participant"] for one in historian.wait_for(4)} == {"fji", "fra", "per", "ton"}
    assert [one.json["data"]["participant"] for one in receiver.wait_for(1)] == ["ton"]


def test_a_subscription_that_asks_for_history_later_gets_it_by_replay(here: Town, receiver: Receiver) -> None:
    here.import_table(*TABLE)
    here.rule(2)
    eventually(lambda: here.notifier.call("GET", "/readyz", key=None).status_code == 200)

    here.subscribe(receiver, types=["treaty.threshold.*"], history=True, replay_from=0)

    [message] = receiver.wait_for(1)
    assert message.json["data"]["occurred_on"] == "1992-04-04"
