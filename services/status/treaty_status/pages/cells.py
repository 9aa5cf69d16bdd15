"""Progress as separate cells: a threshold counts instruments, so each is seen, not a percentage."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

GROUP: Final = 10
MOST_CELLS: Final = 200
"""Beyond this many the eye sees a texture, not instruments; then one cell stands for several."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One instrument needed (or several, see ``Cells.each``), and whose it is when it was counted."""

    filled: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Up to ten cells, and the number that the last of them stands for."""

    cells: tuple[Cell, ...]
    up_to: int


@dataclass(frozen=True, slots=True)
class Cells:
    """All cells in groups of ten; ``each`` says how many instruments one cell stands for."""

    groups: tuple[Group, ...]
    each: int
    have: int
    need: int


def cells(*, have: int, need: int, labels: Sequence[str] = ()) -> Cells:
    """Cells for ``have`` of ``need``; ``labels`` name the instruments counted, in the order of their days."""
    each = 1 if need <= MOST_CELLS else ceil(need / (MOST_CELLS // 2))
    number = ceil(need / each)
    filled = number if have >= need else min(number - 1, have // each)
    names = list(labels) if each == 1 else []
    row = [Cell(n < filled, names[n] if n < filled and n < len(names) else "") for n in range(number)]
    groups = [tuple(row[start : start + GROUP]) for start in range(0, number, GROUP)]
    ends = [min(need, (GROUP * n + len(group)) * each) for n, group in enumerate(groups)]
    return Cells(tuple(Group(group, end) for group, end in zip(groups, ends, strict=True)), each, have, need)
