"""``python -m benchmarks [part …]``: every ratio beside its goal, from one run on this machine.

Parts: http, loading, clocks, webhooks, store, projections, importing, assessment, origins; all where none is named.
PostgreSQL is taken from TREATY_TEST_POSTGRES_DSN or started for the run; without one its rows are left out.
"""

import contextlib
import importlib
import platform
import sys
import warnings
from collections.abc import Callable, Iterator

from benchmarks.report import Row

PARTS = ("http", "loading", "clocks", "store", "projections", "importing", "assessment", "webhooks", "behind")


@contextlib.contextmanager
def databases() -> Iterator[Callable[[], str] | None]:
    """Something that makes a fresh PostgreSQL database; None where there is no server."""
    from tests.postgres import NoPostgres, cluster, fresh_database  # noqa: PLC0415 - only where it is wanted

    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(cluster())
        except NoPostgres as reason:
            print(f"Without PostgreSQL: {reason}")
            yield None
            return
        yield lambda: stack.enter_context(fresh_database(server))


def rows_of(part: str, postgres: Callable[[], str] | None) -> list[Row]:
    """The rows of one part."""
    rows = importlib.import_module(f"benchmarks.{part}").rows
    wants = "postgres" in rows.__annotations__
    found: list[Row] = rows(postgres=postgres) if wants else rows()
    return found


def main(parts: list[str]) -> int:
    warnings.simplefilter("ignore")
    print(
        f"{platform.platform()}, CPython {platform.python_version()};"
        " ratios are medians of interleaved rounds of this run.\n"
    )
    with databases() as postgres:
        for part in parts or PARTS:
            print(f"— {part}")
            for row in rows_of(part, postgres):
                print(row.text(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
