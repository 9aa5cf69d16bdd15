"""``run.py``: what it needs, what it becomes, and when it installs anew."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENDS_WITH = 7
PYTHON = f"""#!/bin/sh
echo "in $(pwd): $*"
exit {ENDS_WITH}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose .venv is there already; its Python only says what it was asked."""
    for name in ("run.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / ".venv" / "installed").write_text(fingerprint(tmp_path))
    return tmp_path


def fingerprint(checkout: Path) -> str:
    code = "import run; print(run.fingerprint(), end='')"
    told = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    return told.stdout


def run(checkout: Path, *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(checkout / "run.py"), *arguments]
    return subprocess.run(
        command, cwd=cwd or checkout, capture_output=True, text=True, check=False, timeout=60, env={"PATH": os.defpath}
    )


def test_it_needs_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]

    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("arguments", "becomes"),
    [
        (("test",), "-m pytest"),
        (("test", "-k", "threshold", "-x"), "-m pytest -k threshold -x"),
        (("demo", "--exit"), "-m treaty_status.main demo --exit"),
        (("serve", "--port", "8002"), "-m treaty_status.main serve --port 8002"),
        ((), "-m treaty_status.main --help"),
    ],
)
def test_it_becomes_the_command_and_hands_its_exit_code_on(
    checkout: Path, arguments: tuple[str, ...], becomes: str
) -> None:
    told = run(checkout, *arguments)

    assert told.stdout == f"in {checkout}: {becomes}\n"
    assert told.returncode == ENDS_WITH


def test_tests_run_at_the_root_and_everything_else_where_one_stands(checkout: Path) -> None:
    elsewhere = checkout / "elsewhere"
    elsewhere.mkdir()

    assert run(checkout, "test", cwd=elsewhere).stdout.startswith(f"in {checkout}:")
    assert run(checkout, "show", cwd=elsewhere).stdout.startswith(f"in {elsewhere}:")


def test_a_changed_lock_and_a_moved_folder_ask_for_a_new_installation(checkout: Path, tmp_path: Path) -> None:
    before = fingerprint(checkout)
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("\n")
    changed = fingerprint(checkout)
    moved = shutil.copytree(checkout, tmp_path / "moved", ignore=shutil.ignore_patterns("moved", ".venv"))

    assert len({before, changed, fingerprint(moved)}) == 3
