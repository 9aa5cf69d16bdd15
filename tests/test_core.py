"""What import contracts cannot see: the core is told what time it is, and never asks."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOMES = {"treaty_events": "events", "treaty_status": "services/status", "treaty_notifier": "services/notifier"}
ASKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "getenv", "uuid1", "uuid4"}


def core() -> Iterator[Path]:
    """The files of the modules that the import contract names as the core."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    for name in next(one for one in contracts if one["name"].startswith("The core"))["source_modules"]:
        place = ROOT / HOMES[name.partition(".")[0]] / name.replace(".", "/")
        yield from place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]


def asked(source: str) -> list[str]:
    """The calls in a module that ask the clock, the environment or chance."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls]
    return [name for name in names if name in ASKS]


def test_the_core_never_asks_what_time_it_is() -> None:
    files = list(core())

    assert len(files) >= 20
    assert {str(file): found for file in files if (found := asked(file.read_text(encoding="utf-8")))} == {}


def test_a_question_would_be_noticed() -> None:
    assert asked("from datetime import date, datetime\nx = datetime.now()\ny = date.today()") == ["now", "today"]
