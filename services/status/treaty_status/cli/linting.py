"""``treaty-status lint``: is it a rule, and what does it leave open?"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from treaty_status.application.offline import Unreadable, rule_in
from treaty_status.cli import output
from treaty_status.cli.exits import Refused
from treaty_status.domain.lint import lint


def run(paths: Iterable[Path], *, as_json: bool) -> None:
    """Print the questions that each rule leaves open.

    Raises:
        Refused: a file is no rule.
    """
    for path in paths:
        try:
            rule = rule_in(path)
        except Unreadable as fault:
            raise Refused(0, {"title": "No rule", "detail": str(fault)}) from None
        found = lint(rule)
        if as_json:
            output.as_line({"file": str(path), "treaty": rule.treaty, "open": [asdict(one) for one in found]})
            continue
        output.say(f"{rule.treaty}  {rule.title}")
        output.table([asdict(one) for one in found], code="", where="", text="")
