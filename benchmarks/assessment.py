"""What one more act costs in CPU, decided and assessed, by how many acts the treaty holds already.

``python -m benchmarks.assessment`` prints the curve. ``hinted`` is the usual case: nothing but this act has changed
since the last comparison. ``everything`` compares every participant, as after a restart or on the day itself.
"""

import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from benchmarks.report import Row, spread
from treaty_events import Action, Depositary, Details, Recorded, SignatureWindow
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.decisions import Circumstances, Decision, Define, RecordAct, decide
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.settled import Settled
from treaty_status.domain.treaty import State, Undefined
from treaty_status.registry import load_registry

SIZES = (40, 100, 200, 400, 800)
ROUNDS = 9
REPEATS = 20
GOAL_MS = 5.0
"""CPU for one more act on a treaty of 400."""
TREATY = "BENCH-1"
RULE = TreatyRule.model_validate(
    {
        "treaty": TREATY,
        "title": "Synthetic (benchmark)",
        "in_force": [
            {
                "clause": "1",
                "when": {"op": "count", "at_least": 1000, "who": {"reio": "not_additional"}},
                "then": {"op": "plus", "days": 90},
            }
        ],
        "for_each": [
            {"clause": "1", "own": "by_threshold", "then": {"op": "ref", "name": "eif"}},
            {"clause": "2", "then": {"op": "later", "of": [{"op": "plus", "days": 30}, {"op": "ref", "name": "eif"}]}},
        ],
    }
)


@dataclass(frozen=True)
class Bench:
    """A treaty with so many acts, settled on a day."""

    state: State
    settled: Settled | None
    now: Circumstances


def bench(acts: int, world: RecordedWorld) -> Bench:
    """One accession a day."""
    recorded = Recorded(at=datetime(2026, 1, 1, tzinfo=UTC), by="benchmark")
    first = date(2020, 1, 1)
    details = Details(
        titles={"en": "Synthetic (benchmark)"}, depositary=Depositary(id="d", name={"en": "D"}, time_zone="UTC")
    )
    windows = (SignatureWindow(place="anywhere", opens_on=first, closes_on=None),)
    now = Circumstances(today=first, world=world, recorded=recorded)
    decision: Decision = decide(
        Undefined(TREATY), Define(treaty=TREATY, details=details, windows=windows, rule=RULE), now
    )
    for n in range(acts):
        now = Circumstances(today=first + timedelta(days=n), world=world, recorded=recorded)
        decision = decide(decision.state, accession(n, now.today), now, settled=decision.settled)
    return Bench(decision.state, decision.settled, now)


def accession(n: int, on: date) -> RecordAct:
    """Participants of the benchmark are nobody in the registry."""
    return RecordAct(treaty=TREATY, action=Action.ACCESSION, participant=f"b{n}", act_date=on)


class Anyone(RecordedWorld):
    """The recorded world, in which everybody exists."""

    def existed(self, participant: str, on: date) -> bool:  # noqa: ARG002 - everybody, always
        return True


def cpu_ms(one: Bench, *, hinted: bool) -> float:
    """Milliseconds of CPU for one more act, the mean of a few."""
    order = accession(10_000, one.now.today)
    began = time.process_time()
    for _ in range(REPEATS):
        decide(one.state, order, one.now, settled=one.settled if hinted else None)
    return (time.process_time() - began) * 1000 / REPEATS


def measured() -> dict[tuple[int, bool], list[float]]:
    """Rounds of every size, interleaved."""
    world = Anyone(load_registry(), Undefined)
    benches = {size: bench(size, world) for size in SIZES}
    found: dict[tuple[int, bool], list[float]] = {(size, hinted): [] for size in SIZES for hinted in (True, False)}
    for _ in range(ROUNDS):
        for (size, hinted), values in found.items():
            values.append(cpu_ms(benches[size], hinted=hinted))
    return found


def rows() -> list[Row]:
    """One more act on a treaty of 400, beside the goal of 5 ms."""
    found = measured()
    return [
        Row(
            f"CPU of one more act on a treaty of 400, {name} / {GOAL_MS:g} ms",
            median(found[400, hinted]) / GOAL_MS,
            1.0,
            "less",
            spread(found[400, hinted], "ms"),
            f"{GOAL_MS:g} ms; of 100: {median(found[100, hinted]):.2f} ms",
        )
        for hinted, name in ((True, "hinted"), (False, "everything compared"))
    ]


def main() -> int:
    """Print the curve."""
    found = measured()
    print("acts already there   one more act, CPU ms (median of rounds, least to greatest)")
    for size in SIZES:
        told = [
            f"{median(found[size, hinted]):7.2f} ({min(found[size, hinted]):.2f} to {max(found[size, hinted]):.2f})"
            for hinted in (True, False)
        ]
        print(f"{size:18}   hinted {told[0]}   everything {told[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
