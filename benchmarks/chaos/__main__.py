"""``python -m benchmarks.chaos``: notifiers are killed and frozen while they deliver, and a ledger judges.

Exit codes: 0 nothing lost, no second id, no order broken, and the record verified; 1 otherwise; 2 no database.
"""

import argparse
import signal
import sys
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path

from benchmarks.chaos.run import Plan, as_json, run, told

NOTHING_THERE = 2


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    asked.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked.add_argument("--deliveries", type=int, default=16_000)
    asked.add_argument("--lanes", type=int, default=40)
    asked.add_argument("--kills", type=int, default=30)
    asked.add_argument("--stops", type=int, default=30)
    asked.add_argument("--notifiers", type=int, default=3)
    asked.add_argument("--seed", type=int, default=16)
    asked.add_argument("--folder", type=Path, help="keep logs and databases here")
    asked.add_argument("--json", action="store_true", help="the outcome as one JSON object each")
    asked.add_argument("--quiet", action="store_true", help="no line for each kill")
    given = asked.parse_args()
    plan = Plan(
        lanes=given.lanes,
        events=-(-given.deliveries // given.lanes),
        kills=given.kills,
        stops=given.stops,
        notifiers=given.notifiers,
        seed=given.seed,
    )
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing that was started outlives this
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    is_good = True
    for kind in kinds:
        with ExitStack() as stack:
            folder = given.folder / kind if given.folder else Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folder.mkdir(parents=True, exist_ok=True)
            dsn = f"sqlite:///{folder}/notifier.db" if kind == "sqlite" else _postgres(stack)
            if dsn is None:
                return NOTHING_THERE
            outcome = run(plan, dsn, folder, say=_quiet if given.quiet else _say)
            print(as_json(outcome) if given.json else told(kind, plan, outcome), flush=True)
            if outcome.verify:
                print(outcome.verify_said)
            is_good = is_good and outcome.is_good
    return 0 if is_good else 1


def _postgres(stack: ExitStack) -> str | None:
    from tests.postgres import NoPostgres, cluster, fresh_database  # noqa: PLC0415 - only where it is wanted

    try:
        return stack.enter_context(fresh_database(stack.enter_context(cluster())))
    except NoPostgres as reason:
        print(f"Without PostgreSQL: {reason}")
        return None


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _quiet(_: str) -> None:
    """Only the outcome is wanted."""


if __name__ == "__main__":
    sys.exit(main())
