"""Start anything here with nothing but Python 3.11 and pip: ``python3 run.py demo``, ``python3 run.py test``.

The first run makes .venv and installs what requirements.lock pins, each file checked against its hash; later runs find
that done. What follows ``test`` goes to pytest; everything else goes to the command ``treaty-status``.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
OLDEST = (3, 11)


def main(arguments: list[str]) -> None:
    """Install what is missing, then become the command; its exit code is ours."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed; this is {sys.version.split()[0]}.")
    wanted = fingerprint()
    if not (PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted):
        install()
        STAMP.write_text(wanted)
    tests = arguments[:1] == ["test"]
    command = ["-m", "pytest", *arguments[1:]] if tests else ["-m", "treaty_status.main", *(arguments or ["--help"])]
    if tests:
        os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), *command])


def fingerprint() -> str:
    """What an installation depends on; a changed lock, a moved folder or another Python asks for a new one."""
    parts = [(ROOT / "pyproject.toml").read_bytes(), LOCK.read_bytes(), str(ROOT).encode(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install() -> None:
    """Make .venv with the first tool there is, and put the pinned packages and this project into it."""
    uv = shutil.which("uv")
    if uv:
        step("making .venv with uv", uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(VENV))
        pip = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    elif importlib.util.find_spec("ensurepip"):
        step("making .venv", sys.executable, "-m", "venv", str(VENV))
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    elif importlib.util.find_spec("pip"):  # Debian without python3-venv: the system's own pip can fill a bare .venv
        step("making .venv", sys.executable, "-m", "venv", "--without-pip", str(VENV))
        pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet"]
    else:
        sys.exit("Neither uv nor pip is here. On Debian or Ubuntu: apt install python3-pip")
    locked = ["--only-binary=:all:", "--require-hashes", "--requirement", str(LOCK)]  # nothing is ever compiled here
    step("installing what requirements.lock pins (a minute, once)", *pip, *locked)
    step("installing treaty-status itself", *pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def step(doing: str, *command: str) -> None:
    """Say what happens and do it; a step that fails ends everything with its own exit code."""
    print(f"run.py: {doing} …", file=sys.stderr, flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code if code > 0 else 1)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
