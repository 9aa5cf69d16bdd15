"""How many hosts one owner may name within an hour, the same in memory, on SQLite and on PostgreSQL."""

import threading

import pytest

from tests.contracts.outbox_world import World
from treaty_notifier.errors import HostLimit


def introduce(world: World, host: str, *, owner: str = "desk", limit: int = 2) -> None:
    world.outbox.introduce(owner=owner, host=host, limit=limit)


def test_an_owner_names_so_many_hosts_and_no_more(world: World) -> None:
    for host in ("a.example", "b.example", "a.example", "b.example"):
        introduce(world, host)

    with pytest.raises(HostLimit, match=r"hosts: 2, limit: 2"):
        introduce(world, "c.example")
    introduce(world, "c.example", owner="other")
    introduce(world, "a.example")  # known is known


def test_after_an_hour_others_may_be_named(world: World) -> None:
    introduce(world, "a.example")
    world.later(1800)
    introduce(world, "b.example")
    world.later(1801)
    introduce(world, "c.example")

    with pytest.raises(HostLimit) as refusal:
        introduce(world, "d.example")
    assert 1700 < refusal.value.retry_after_seconds < 1800  # when the oldest, of half an hour ago, is forgotten
    with pytest.raises(HostLimit):
        introduce(world, "a.example")  # what is forgotten counts anew


def test_what_was_refused_does_not_count_and_is_seen_by_every_process(world: World) -> None:
    another = world.another()
    introduce(world, "a.example")
    for _ in range(3):
        with pytest.raises(HostLimit):
            another.introduce(owner="desk", host="b.example", limit=1)

    another.introduce(owner="desk", host="b.example", limit=2)


def test_many_at_once_come_no_further_than_one_after_another(world: World) -> None:
    refused = []

    def name(number: int) -> None:
        try:
            introduce(world, f"{number}.example", limit=3)
        except HostLimit:
            refused.append(number)

    threads = [threading.Thread(target=name, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 5
