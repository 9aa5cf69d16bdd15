"""The fewest that suffice, against trying every set there is."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as some

from treaty_status.domain.covering import Budget, Cover, Covers, Need, smallest_covers

NAMES = tuple("abcdefgh")
AMOUNTS = some.dictionaries(some.sampled_from(NAMES), some.integers(1, 9), max_size=8)
ONES = some.dictionaries(some.sampled_from(NAMES), some.just(1), max_size=8)
NEEDS = some.lists(some.builds(Need, some.integers(-1, 20), AMOUNTS | ONES), max_size=3)
AMPLE = 1_000


def covers(*needs: Need, pool: tuple[str, ...] = NAMES, limit: int = AMPLE, steps: int = 100_000) -> Covers | None:
    return smallest_covers(pool, needs, limit=limit, budget=Budget(steps))


def suffices(chosen: frozenset[str], needs: list[Need]) -> bool:
    return all(sum(need.values.get(name, 0) for name in chosen) >= need.amount for need in needs)


def every_smallest(needs: list[Need]) -> set[frozenset[str]]:
    for size in range(len(NAMES) + 1):
        found = {frozenset(one) for one in combinations(NAMES, size) if suffices(frozenset(one), needs)}
        if found:
            return found
    return set()


def fits(chosen: frozenset[str], cover: Cover) -> bool:
    """Is it one of the sets that a cover describes?"""
    rest = chosen - set(cover.everyone)
    if not set(cover.everyone) <= chosen or len(chosen) != cover.size:
        return False
    return all(len(rest & set(pick.of)) >= pick.n for pick in cover.picks)


@settings(max_examples=400)
@given(needs=NEEDS)
def test_the_covers_are_the_smallest_sets_and_all_of_them(needs: list[Need]) -> None:
    found, wanted = covers(*needs), every_smallest(needs)
    if found is None:
        assert not wanted
        return
    size = len(next(iter(wanted)))
    sets = [frozenset(one) for one in combinations(NAMES, size)]

    assert found.stopped_by is None
    assert found.at_least == found.size == size
    assert {one for one in sets if any(fits(one, cover) for cover in found.found)} == wanted
    assert all(frozenset(cover.example) in wanted for cover in found.found)


@settings(max_examples=200)
@given(needs=NEEDS, steps=some.integers(0, 12))
def test_a_search_that_was_cut_short_says_so_and_what_it_names_suffices(needs: list[Need], steps: int) -> None:
    found = covers(*needs, steps=steps)
    if found is None:
        assert not every_smallest(needs)
        return
    size = len(next(iter(every_smallest(needs))))

    assert found.at_least <= size
    assert found.found
    assert all(suffices(frozenset(cover.example), needs) for cover in found.found)
    if found.stopped_by is None:
        assert found.size == size


def test_where_everyone_brings_the_same_it_does_not_matter_who_they_are() -> None:
    found = covers(Need(3, dict.fromkeys("abcdef", 1)))
    assert found is not None
    (cover,) = found.found

    assert (cover.size, cover.everyone, cover.example) == (3, (), ("a", "b", "c"))
    assert [(pick.n, pick.of) for pick in cover.picks] == [(3, tuple("abcdef"))]


def test_who_cannot_be_done_without_is_named() -> None:
    found = covers(Need(2, {"a": 1, "b": 1}), Need(3, dict.fromkeys("abcd", 1)))
    assert found is not None
    (cover,) = found.found

    assert (cover.size, set(cover.everyone)) == (3, {"a", "b"})
    assert [(pick.n, pick.of) for pick in cover.picks] == [(1, ("c", "d"))]


def test_the_heaviest_come_first_and_the_limit_is_admitted() -> None:
    found = covers(Need(10, {"a": 6, "b": 5, "c": 4, "d": 4}), limit=2)
    assert found is not None

    assert [cover.everyone for cover in found.found] == [("a", "b"), ("a", "c")]
    assert (found.size, found.stopped_by) == (2, "limit")


def test_nobody_is_named_whom_the_others_named_could_do_without() -> None:
    found = covers(Need(4, dict.fromkeys("abcdef", 1)), Need(10, {"a": 6, "b": 5, "c": 4, "d": 1}))
    assert found is not None

    assert [cover.everyone for cover in found.found] == [("a", "b"), ("a", "c"), ("b", "c", "d")]
    assert {cover.size for cover in found.found} == {4}

    two_tables = (Need(6, {"a": 6, "b": 4, "c": 1}), Need(5, {"b": 4, "c": 5}))
    found = covers(*two_tables, Need(3, dict.fromkeys("abcdef", 1)))
    assert found is not None
    assert [cover.everyone for cover in found.found] == [("c", "a")]  # b as well would be one of any others


def test_the_same_question_has_the_same_answer() -> None:
    needs = [Need(137, {f"p{n}": 1 + n * n % 23 for n in range(80)}), Need(90, {f"p{n}": 1 + n % 7 for n in range(80)})]
    pool = tuple(f"p{n}" for n in range(80))
    first = covers(*needs, pool=pool, limit=5, steps=2_000)

    assert first == covers(*needs, pool=pool, limit=5, steps=2_000)
