"""One number, wherever it is read: the list, the treaty, its table and its explanation agree on every day."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.services.status_world import Status, protocol
from tests.services.test_status_neighbours import child, define, looked, parent

FIRST = date(2026, 11, 21)


def read_everywhere(service: Status, treaty: str = "EX-1") -> tuple[int, int]:
    """The consents and those counted today, after all that says them was found to agree."""
    listed = next(one for one in service.get("treaties")["treaties"] if one["id"] == treaty)
    told, why = service.treaty(treaty), service.get(f"treaties/{treaty}/explanation")
    table = service.get(f"treaties/{treaty}/participants")["participants"]
    page = service.client.get("/?lang=en").text

    counted = [row["participant"] for row in table if row["consent"] is not None and row["consent"]["counted"]]
    assert listed["as_of"] == told["as_of"] == why["as_of"]
    assert sorted(counted) == sorted(why["counted"])
    assert listed["progress"]["have"] == told["progress"]["have"] == why["have"] == len(counted)
    assert told["counts"]["counted_consents"] == len(counted)
    assert listed["counts"]["consents"] == told["counts"]["consents"]
    for day in ("threshold_on", "entry_into_force_on"):
        assert listed[day] == told["force"][day] == why[day]
    assert page
    return listed["counts"]["consents"], len(counted)


def day_by_day(service: Status, days: int, treaty: str = "EX-1") -> list[tuple[int, int]]:
    found = []
    for _ in range(days):
        found.append(read_everywhere(service, treaty))
        service.clock.forward(days=1)
    return found


def deferred(days: int) -> dict[str, Any]:
    return {"deferred_until": (FIRST + timedelta(days=days)).isoformat()}


def test_a_deferred_instrument_counts_in_the_list_from_its_day_on_and_not_before(service_anywhere: Status) -> None:
    service = service_anywhere
    define(service, protocol(need=9))
    service.recorded("EX-1", "accession", "fra", "2026-11-01")
    service.recorded("EX-1", "accession", "ita", "2026-11-21", **deferred(2))
    service.recorded("EX-1", "accession", "esp", "2026-11-21", deposit_status="pending")
    service.settled()

    assert day_by_day(service, 4) == [(2, 1), (2, 1), (2, 2), (2, 2)]


def test_a_threshold_that_a_deferred_instrument_will_complete_is_not_listed_before(service: Status) -> None:
    define(service, protocol(need=2))
    service.recorded("EX-1", "accession", "fra", "2026-11-01")
    service.recorded("EX-1", "accession", "ita", "2026-11-21", **deferred(2))
    service.settled()

    assert day_by_day(service, 3) == [(2, 1), (2, 1), (2, 2)]


def test_a_pending_instrument_is_listed_once_it_is_accepted(service: Status) -> None:
    define(service, protocol(need=9))
    held = service.recorded("EX-1", "accession", "esp", "2026-11-21", deposit_status="pending")
    service.settled()
    before = read_everywhere(service)
    body = {"target": held["event_id"], "kind": "corrected", "reason": "legal_reassessment"}
    assert service.post("EX-1/corrections", body | {"fields": {"deposit_status": "accepted"}}).status_code == 201
    service.settled()

    assert (before, read_everywhere(service)) == ((0, 0), (1, 1))


def test_who_leaves_with_the_parent_is_listed_until_that_day(service: Status) -> None:
    define(service, parent(), child())
    for who in ("fra", "ita"):
        service.recorded("PARENT", "accession", who, "2002-01-01")
        service.recorded("CHILD", "accession", who, "2002-01-01")
    service.recorded("PARENT", "withdrawal_notified", "ita", "2025-11-23")
    service.settled()

    assert day_by_day(service, 4, "CHILD") == [(2, 2), (2, 2), (1, 1), (1, 1)]
    looked(service)
    assert read_everywhere(service, "CHILD") == (1, 1)


@pytest.mark.parametrize("act", ["", "accession"])
def test_a_denunciation_of_what_is_not_in_force_takes_the_instrument_away_on_its_day(service: Status, act: str) -> None:
    body = protocol(need=9)
    plus = {"op": "plus", "days": 2, "of": {"op": "ref", "name": "received"}}
    body["rule"]["leaving"] = [{"clause": "20", "takes_effect": plus}]
    define(service, body)
    service.recorded("EX-1", "accession", "fra", "2026-11-01")
    service.recorded("EX-1", "withdrawal_notified", "fra", "2026-11-21")
    if act:
        service.recorded("EX-1", act, "ita", "2026-11-21")
    service.settled()

    others = len(act) and 1
    assert day_by_day(service, 3) == [(others + 1, others + 1)] * 2 + [(others, others)]
