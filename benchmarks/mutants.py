"""Does any test notice? ``python -m benchmarks.mutants`` breaks the law in one place at a time and runs the tests.

Each mutant is a mistake that people do make with final clauses. It is made in a copy of this folder, the tests of the
core are run there, and it has to fail some. The exit code is the number of mutants that survived.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DOMAIN: Final = "services/status/treaty_status/domain"
TESTS: Final = (
    "tests/domain/test_evaluation.py",
    "tests/domain/test_dates.py",
    "tests/domain/test_rule_language.py",
    "tests/domain/test_participation.py",
    "tests/domain/test_checks.py",
    "tests/services/test_assess_golden.py",
)
SECONDS: Final = 300


@dataclass(frozen=True)
class Mutant:
    """A mistake: in which file, what stands there, and what somebody might have written."""

    mistake: str
    file: str
    right: str
    wrong: str


MUTANTS: Final = (
    Mutant(
        "months are thirty days",
        f"{DOMAIN}/dates.py",
        "moved = add_months(start, expr.months + 12 * expr.years)",
        "moved = start + timedelta(days=30 * (expr.months + 12 * expr.years))",
    ),
    Mutant(
        "the day of deposit is counted",
        f"{DOMAIN}/dates.py",
        'days = expr.days + (expr.reckoned == "day_after_expiry")',
        'days = max(0, expr.days - 1) + (expr.reckoned == "day_after_expiry")',
    ),
    Mutant(
        "signatures are counted",
        "events/treaty_events/actions.py",
        "CONSENT: Final[frozenset[Action]] = frozenset(\n    {",
        "CONSENT: Final[frozenset[Action]] = frozenset(\n    {\n        Action.SIGNATURE,",
    ),
    Mutant(
        "accessions are ignored",
        f"{DOMAIN}/evaluation.py",
        "if act.act_date <= as_of:",
        'if act.act_date <= as_of and act.action != "accession":',
    ),
    Mutant(
        "the European Union is counted beside its members",
        f"{DOMAIN}/gauges.py",
        "return 0 if self._members_in.get(organisation) else 1",
        "return 1",
    ),
    Mutant(
        "one more than the threshold is asked for",
        f"{DOMAIN}/gauges.py",
        "self.roll.total() >= self.condition.at_least",
        "self.roll.total() > self.condition.at_least",
    ),
    Mutant(
        "the first of the next month for that of the nth",
        f"{DOMAIN}/dates.py",
        "first_of_month(start, months_later=n)",
        "first_of_month(start, months_later=1)",
    ),
)


def main() -> int:
    """Print what each mutant broke; how many survived."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "node_modules", "*.db*", "__pycache__"))
        return sum(not _noticed(mutant, copy) for mutant in MUTANTS)


def _noticed(mutant: Mutant, copy: Path) -> bool:
    file = copy / mutant.file
    text = file.read_text(encoding="utf-8")
    if mutant.right not in text:
        print(f"{mutant.mistake}: {mutant.file} no longer reads {mutant.right!r}")
        return False
    file.write_text(text.replace(mutant.right, mutant.wrong, 1), encoding="utf-8")
    packages = ":".join(str(copy / part) for part in ("events", "services/status", "services/notifier"))
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", *TESTS],
        cwd=copy,
        env={"PYTHONPATH": packages, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    file.write_text(text, encoding="utf-8")
    lines = told.stdout.splitlines()
    failed = [line.split("::")[-1].split(" - ")[0] for line in lines if line.startswith("FAILED")]
    print(f"{mutant.mistake}: {lines[-1] if lines else told.stderr[-200:]}" + (f"; {failed[0]}" if failed else ""))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
