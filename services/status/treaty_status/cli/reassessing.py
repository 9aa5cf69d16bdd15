"""``treaty-status reassess``: everything looked at again, over HTTP or straight in a database that nobody serves."""
# ruff: noqa: PLC0415 - the client's and the database's libraries are imported when the command runs

from contextlib import closing
from typing import Any, Final

from treaty_status.cli import output
from treaty_status.cli.exits import Refused, Unreachable

BY: Final = "key:reassess"
LISTED: Final = 20
"""Treaties listed for people; JSON has all."""


def over_http(url: str, key: str | None, *, treaty: str | None, reason: str | None, dry_run: bool) -> dict[str, Any]:
    """Ask a service that runs."""
    from treaty_status.cli.service import Service

    body = {name: value for name, value in (("treaty", treaty), ("reason", reason)) if value is not None}
    with Service(url, key=key) as service:
        return dict(service.post("/v1/reassessments", body, dry_run="true" if dry_run else None))


def in_database(database: str, *, treaty: str | None, reason: str | None, dry_run: bool) -> dict[str, Any]:
    """Go straight into a database. No clock runs meanwhile, so what is old is settled before any day is told."""
    from treaty_status.application.event_log import LogUnavailable
    from treaty_status.application.reassessing import on_record, reassess
    from treaty_status.application.submissions import TooBusy, Unavailable
    from treaty_status.application.treaties import Treaties
    from treaty_status.application.writer import Writer
    from treaty_status.domain.refusals import Refusal
    from treaty_status.registry import load_registry
    from treaty_status.service import now, own_version
    from treaty_status.store import UnknownDatabase, codec, open_log

    try:
        with closing(open_log(database)) as log:
            writer = Writer(log, codec, Treaties(log, codec), load_registry(), clock=now)
            writer.start()
            try:
                treaties = on_record(log, codec) if treaty is None else [treaty]
                found = reassess(treaties, writer, by=BY, software=own_version(), reason=reason, dry_run=dry_run)
            finally:
                writer.stop()
    except (LogUnavailable, UnknownDatabase, Unavailable, TooBusy) as fault:
        raise Unreachable(str(fault)) from fault
    except Refusal as refusal:
        problem = {"title": refusal.title, "detail": refusal.detail, "way_out": refusal.way_out, **refusal.facts}
        raise Refused(0, problem) from refusal
    return found.document()


def told(found: dict[str, Any]) -> None:
    """Print what came of it."""
    would = "would be " if found["dry_run"] else ""
    output.say(
        f"{found['treaties']} treaties looked at by release {found['software']}: {found['announced']} announcements"
        f" {would}made, {found['settled']} lines of days gone by {would}put on record as history."
    )
    for one in found["changed"][:LISTED]:
        output.say(f"{one['treaty']}: {one['settled']} lines as history.")
        for said in one["milestones"]:
            output.say(f"  {said['type']} {said['key']}, revision {said['revision']}, {said['occurred_on']}")
        for waits in one["held"]:
            output.say(f"  {waits['key']} waits for a second person until {waits['until']}.")
    if len(found["changed"]) > LISTED:
        output.say(f"{len(found['changed'])} treaties in all; --json lists each.")
