"""Rows of a benchmark report: a ratio, its goal, and the raw figures behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf
from statistics import median


@dataclass(frozen=True)
class Row:
    """One line: what was measured beside what. ``better`` says whether more or less is wanted.

    A ``goal`` that is infinite is none: the line is printed to be read, and claims nothing.
    """

    name: str
    ratio: float
    goal: float
    better: str
    ours: str
    reference: str
    failures: int = 0

    @property
    def reached(self) -> bool:
        return self.ratio >= self.goal if self.better == "more" else self.ratio <= self.goal

    def text(self) -> str:
        sign = "≥" if self.better == "more" else "≤"
        judged = "reached" if self.reached else "SHORT"
        verdict = "shown" if isinf(self.goal) else judged
        failed = f"  FAILURES {self.failures}" if self.failures else ""
        told = f"{verdict:8}{self.ratio:9.3f}  goal {sign} {self.goal:<6g} {self.name}"
        return f"{told}\n{'':19}{self.ours}  beside  {self.reference}{failed}"


def pairwise(ours: Sequence[float], reference: Sequence[float]) -> float:
    """The median of the rounds' own ratios, so that a machine that drifts does not decide."""
    return median(mine / theirs for mine, theirs in zip(ours, reference, strict=True))


def spread(values: Sequence[float], unit: str) -> str:
    """Median with the least and the greatest."""
    return f"{median(values):,.1f} {unit} ({min(values):,.1f} to {max(values):,.1f})"
