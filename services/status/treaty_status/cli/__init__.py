"""The command line: what the service does, for people and for scripts. Nothing heavy is imported before it is used."""

from treaty_status.cli.commands import cli

__all__ = ["cli"]
