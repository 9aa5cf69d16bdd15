"""The console script ``treaty-status``."""

from treaty_status.cli import cli


def run() -> None:
    """Entry point of the console script."""
    cli(prog_name="treaty-status")


if __name__ == "__main__":
    run()
