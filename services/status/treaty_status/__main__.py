"""``python -m treaty_status``: the same as the console script."""

from treaty_status.main import run

if __name__ == "__main__":
    run()
