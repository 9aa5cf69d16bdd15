"""The fewest candidates that together cover several needs: exact, in whole numbers, within a budget of steps.

A need is *counted* where everyone who brings anything brings the same: then it does not matter who they are, and "any
so many of these" says it all. Where they bring different amounts it is *weighed*, and the sets that suffice are looked
for by branch and bound. The same question has the same answer on every machine: the budget is steps, not seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

MOST_STEPS: Final = 20_000
"""Steps of a search before it stops and says so."""
StoppedBy = Literal["limit", "budget"]


class Spent(Exception):
    """The budget has been used up. Raised and caught here."""


@dataclass(slots=True)
class Budget:
    """Steps left; shared by the searches of one question."""

    steps: int = MOST_STEPS

    def spend(self) -> None:
        """One step.

        Raises:
            Spent: there is none left.
        """
        if self.steps <= 0:
            raise Spent
        self.steps -= 1


class Need(NamedTuple):
    """An amount that is missing, and what each candidate would bring; those who bring nothing are left out."""

    amount: int
    values: Mapping[str, int]


class Pick(NamedTuple):
    """Any so many of these."""

    n: int
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """``size`` candidates that suffice: all of ``everyone``, and as many more, of each pick at least its number.

    ``example`` is one such set, with names.
    """

    size: int
    everyone: tuple[str, ...]
    picks: tuple[Pick, ...]
    example: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Covers:
    """The smallest sets found. None is smaller than ``at_least``; ``stopped_by`` is None where there are no others."""

    found: tuple[Cover, ...]
    at_least: int
    stopped_by: StoppedBy | None = None

    @property
    def size(self) -> int | None:
        """How many the sets found hold."""
        return self.found[0].size if self.found else None


def smallest_covers(pool: Sequence[str], needs: Sequence[Need], *, limit: int, budget: Budget) -> Covers | None:
    """The smallest sets of the pool that cover every need, at most ``limit``; None where even all together do not.

    Candidates are preferred in the order of the pool.
    """
    asked = [_within(pool, need) for need in needs if need.amount > 0]
    if any(sum(need.values.values()) < need.amount for need in asked):
        return None
    counted = [need for need in map(_in_numbers, asked) if need is not None]
    weighed = [need for need in asked if _in_numbers(need) is None]
    return _Search(tuple(pool), counted, weighed, limit, budget).covers()


def _within(pool: Sequence[str], need: Need) -> Need:
    return Need(need.amount, {name: value for name in pool if (value := need.values.get(name, 0)) > 0})


def _in_numbers(need: Need) -> Need | None:
    """The need in numbers of candidates, where each brings the same; else None."""
    brought = set(need.values.values())
    if len(brought) != 1:
        return None
    (each,) = brought
    return Need(-(-need.amount // each), dict.fromkeys(need.values, 1))


class _Search:
    """Sets are a *core* that covers what is weighed, none of it to spare, and any others that the counts still need."""

    def __init__(
        self, pool: tuple[str, ...], counted: list[Need], weighed: list[Need], limit: int, budget: Budget
    ) -> None:
        self._pool = pool
        self._counted = counted
        self._weighed = weighed
        self._limit = limit
        self._budget = budget
        place = {name: n for n, name in enumerate(pool)}
        heavy = {name for need in weighed for name in need.values}
        self._heavy = sorted(heavy, key=lambda name: (-_part(name, weighed), place[name]))
        self._best: list[Cover] = []
        self._cut = False  # are there more of the best than were asked for?

    def covers(self) -> Covers:
        at_least, smallest_core = 0, max((_fewest_of(need) for need in self._weighed), default=0)
        try:
            at_least = counts_alone = self._others((), self._pool)[0]
            for size in range(smallest_core, len(self._heavy) + 1):
                at_least = max(counts_alone, size)
                if self._best and self._best[0].size < at_least:
                    break
                for core in self._cores(size):
                    self._take(core)
                    if self._cut and self._best[0].size <= at_least:
                        return Covers(tuple(self._best), at_least, "limit")
        except Spent:
            found = self._best or [self._greedy()]
            return Covers(tuple(found), min(max(at_least, smallest_core), found[0].size), "budget")
        return Covers(tuple(self._best), self._best[0].size, "limit" if self._cut else None)

    def _take(self, core: tuple[str, ...]) -> None:
        cover = self._completed(core)
        if self._best and cover.size > self._best[0].size:
            return
        if self._best and cover.size < self._best[0].size:
            self._best, self._cut = [], False
        if len(self._best) < self._limit:
            self._best.append(cover)
        else:
            self._cut = True

    # ---- what is weighed --------------------------------------------------------------------------------------------
    def _cores(self, size: int) -> Iterator[tuple[str, ...]]:
        """Every set of that size that covers what is weighed, and no longer does without any one of its members."""
        if not self._weighed:
            yield ()
            return
        rows = [[need.values.get(name, 0) for name in self._heavy] for need in self._weighed]
        most = [_most(row, size) for row in rows]
        amounts = [need.amount for need in self._weighed]
        yield from self._grown((), 0, size, rows, most, amounts)

    def _grown(
        self,
        taken: tuple[int, ...],
        start: int,
        left: int,
        rows: list[list[int]],
        most: list[list[list[int]]],
        missing: list[int],
    ) -> Iterator[tuple[str, ...]]:
        self._budget.spend()
        if left == 0:
            if all(amount <= 0 for amount in missing) and self._none_to_spare(taken, rows, missing):
                yield tuple(self._heavy[n] for n in taken)
            return
        if all(amount <= 0 for amount in missing):
            return  # fewer suffice
        for n in range(start, len(self._heavy) - left + 1):
            if any(most[w][n][left] < amount for w, amount in enumerate(missing)):
                if len(rows) == 1:
                    return  # the heaviest come first: those after it bring still less
                continue
            rest = [amount - rows[w][n] for w, amount in enumerate(missing)]
            yield from self._grown((*taken, n), n + 1, left - 1, rows, most, rest)

    def _none_to_spare(self, taken: tuple[int, ...], rows: list[list[int]], missing: list[int]) -> bool:
        return all(any(amount + rows[w][n] > 0 for w, amount in enumerate(missing)) for n in taken)

    # ---- what is counted --------------------------------------------------------------------------------------------
    def _completed(self, core: tuple[str, ...]) -> Cover:
        inside = set(core)
        rest = tuple(name for name in self._pool if name not in inside)
        others, example = self._others(core, rest)
        everyone, picks = list(core), []
        for need in self._counted:
            n = need.amount - sum(1 for name in core if name in need.values)
            of = tuple(name for name in rest if name in need.values)
            if n == len(of) and n > 0:
                everyone += [name for name in of if name not in everyone]
            elif n > 0:
                picks.append(Pick(n, of))
        return Cover(len(core) + others, tuple(everyone), _without(picks, everyone), (*core, *example))

    def _others(self, core: tuple[str, ...], rest: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        """How many more the counts need beside a core, and the first who would do."""
        missing = [need.amount - sum(1 for name in core if name in need.values) for need in self._counted]
        open_ = [n for n, amount in enumerate(missing) if amount > 0]
        kinds: dict[tuple[int, ...], list[str]] = {}
        for name in rest:
            kind = tuple(n for n in open_ if name in self._counted[n].values)
            if kind:
                kinds.setdefault(kind, []).append(name)
        ordered = sorted(kinds, key=lambda kind: (-len(kind), kind))
        for size in range(max((missing[n] for n in open_), default=0), len(rest) + 1):
            numbers = self._filled(ordered, kinds, {n: missing[n] for n in open_}, size)
            if numbers is not None:
                chosen = {name for kind, number in numbers.items() for name in kinds[kind][:number]}
                return size, tuple(name for name in rest if name in chosen)
        raise AssertionError("everyone together covers every need")

    def _filled(
        self,
        order: list[tuple[int, ...]],
        kinds: Mapping[tuple[int, ...], list[str]],
        missing: Mapping[int, int],
        size: int,
    ) -> dict[tuple[int, ...], int] | None:
        self._budget.spend()
        still = {n: amount for n, amount in missing.items() if amount > 0}
        if not still:
            return {}
        for n, amount in still.items():
            if min(size, sum(len(kinds[kind]) for kind in order if n in kind)) < amount:
                return None
        kind, *others = order
        useful = max((still[n] for n in kind if n in still), default=0)
        for number in range(min(len(kinds[kind]), size, useful), -1, -1):
            rest = {n: amount - (number if n in kind else 0) for n, amount in still.items()}
            found = self._filled(others, kinds, rest, size - number)
            if found is not None:
                return {kind: number, **found}
        return None

    # ---- when the budget ends ---------------------------------------------------------------------------------------
    def _greedy(self) -> Cover:
        """A set that suffices, taking at each step whoever brings most; perhaps not the smallest."""
        needs = [*self._weighed, *self._counted]
        missing = [need.amount for need in needs]
        chosen: list[str] = []
        left = list(self._pool)
        while any(amount > 0 for amount in missing):
            best = max(left, key=lambda name: _brought(name, needs, missing))  # the first of equals
            left.remove(best)
            chosen.append(best)
            missing = [amount - need.values.get(best, 0) for need, amount in zip(needs, missing, strict=True)]
        return Cover(len(chosen), tuple(chosen), (), tuple(chosen))


def _without(picks: list[Pick], everyone: list[str]) -> tuple[Pick, ...]:
    """Picks from those who are not asked for by name anyway; the same pick once."""
    found: dict[tuple[str, ...], int] = {}
    for n, of in picks:
        rest = tuple(name for name in of if name not in everyone)
        found[rest] = max(found.get(rest, 0), n - len(of) + len(rest))
    return tuple(Pick(n, of) for of, n in found.items() if n > 0)


def _part(name: str, needs: Sequence[Need]) -> Fraction:
    return sum((Fraction(need.values.get(name, 0), need.amount) for need in needs), Fraction(0))


def _brought(name: str, needs: Sequence[Need], missing: Sequence[int]) -> Fraction:
    useful = (
        Fraction(min(need.values.get(name, 0), amount), need.amount)
        for need, amount in zip(needs, missing, strict=True)
        if amount > 0
    )
    return sum(useful, Fraction(0))


def _fewest_of(need: Need) -> int:
    """How many it takes when the heaviest come first."""
    left, taken = need.amount, 0
    for value in sorted(need.values.values(), reverse=True):
        if left <= 0:
            break
        left -= value
        taken += 1
    return taken


def _most(row: list[int], size: int) -> list[list[int]]:
    """``most[i][j]``: what any j of those from place i on bring at best."""
    found: list[list[int]] = [[0] * (size + 1)]
    top: list[int] = []
    for value in reversed(row):
        top = sorted([*top, value], reverse=True)[:size]
        sums = [0]
        for one in top:
            sums.append(sums[-1] + one)
        found.append(sums + [sums[-1]] * (size + 1 - len(sums)))
    found.reverse()
    return found
