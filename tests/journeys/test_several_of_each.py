"""Two status processes and two notifiers on one PostgreSQL: nothing lost, nothing said twice under two names."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.journeys.houses import key, notifier_house, receiver, status_house, synthetic
from treaty_status.registry import Capacity, load_registry

pytestmark = pytest.mark.journey

TREATIES = [f"PAIR-{n}" for n in range(10)]
STATES = [one.id for one in load_registry().all() if one.capacity is Capacity.UN_MEMBER and one.exists_from is None][
    :100
]


def test_a_thousand_submissions_over_two_of_each(postgres_server: str, postgres_dsn: str, tmp_path: Path) -> None:
    from tests.postgres import fresh_database  # noqa: PLC0415 - the notifier's own database on the same server

    with (
        fresh_database(postgres_server) as notices,
        status_house(postgres_dsn, tmp_path) as first,
        status_house(postgres_dsn, tmp_path) as second,
        notifier_house(notices, first, tmp_path) as herald,
        notifier_house(notices, second, tmp_path),
        receiver() as endpoint,
    ):
        bearer = {"authorization": f"Bearer {key(postgres_dsn, tmp_path)}"}
        asked = httpx.post(
            f"{herald.url}/v1/subscriptions",
            headers=bearer,
            timeout=30,
            json={
                "url": endpoint.url,
                "types": ["treaty.threshold.*", "treaty.consent.first.*", "treaty.entry_into_force.*"],
            },
        )
        assert asked.status_code == 201, asked.text
        endpoint.secret = asked.json()["secret"]
        for treaty in TREATIES:
            assert (
                httpx.put(
                    f"{first.url}/v1/treaties/{treaty}", json=synthetic(treaty), headers=bearer, timeout=30
                ).status_code
                == 201
            )

        desks = {house.url: httpx.Client(base_url=house.url, headers=bearer, timeout=60) for house in (first, second)}

        def submit(n: int) -> int:
            treaty, state = TREATIES[n % 10], STATES[n // 10]
            house = (first, second)[n % 2 if n % 3 else (n + 1) % 2]
            body = {"action": "accession", "participant": state, "act_date": f"2020-05-{1 + n // 40:02}"}
            headers = {"idempotency-key": f"{treaty}-{state}"}
            return desks[house.url].post(f"/v1/treaties/{treaty}/actions", json=body, headers=headers).status_code

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(submit, range(1000)))
        for desk in desks.values():
            desk.close()
        endpoint.wait_for({"treaty.threshold.reached", "treaty.entry_into_force.reached"})
        endpoint.quiet()

        assert answers == [201] * 1000
        for house in (first, second):
            for treaty in TREATIES:
                counts = httpx.get(f"{house.url}/v1/treaties/{treaty}", timeout=30).json()["counts"]
                assert (treaty, counts["consents"]) == (treaty, 100)
        page, after = [], 0
        while events := httpx.get(f"{first.url}/v1/feed?after={after}&limit=1000", timeout=30).json()["events"]:
            page += events
            after = events[-1]["position"]
        reached = [event["treaty"] for event in page if event["type"] == "treaty.threshold.reached"]
        assert sorted(reached) == sorted(TREATIES)

        ids = defaultdict(set)
        for webhook_id, message in endpoint.arrived:
            data = message["data"]
            ids[data["milestone_id"], data["revision"]].add(webhook_id)
        announced = {
            (event["data"]["milestone_id"], event["data"]["revision"])
            for event in page
            if event["type"].startswith(("treaty.threshold.", "treaty.consent.first.", "treaty.entry_into_force."))
        }
        assert set(ids) == announced
        assert all(len(names) == 1 for names in ids.values())
        assert endpoint.refused == []
