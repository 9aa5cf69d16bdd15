"""``treaty-status correct``, ``retract``, ``reinstate`` and ``release``: what was wrong, and what may be said."""
# ruff: noqa: PLC0415 - the client's libraries are imported when a command runs

import json
from typing import Annotated, Any

import typer

from treaty_status.cli.exits import reported
from treaty_status.cli.options import HERE, AsJson, Secret, Treaty, Url

cli = typer.Typer()
Target = Annotated[str, typer.Argument(metavar="EVENT", help="The event id of the act; the log has it.")]
Reason = Annotated[
    str,
    typer.Option(help="typing, source_error, depositary_correction, duplicate or legal_reassessment."),
]
Explanation = Annotated[str | None, typer.Option(help="In a sentence.")]
Source = Annotated[str | None, typer.Option(help="What says so.")]
SourceUrl = Annotated[str | None, typer.Option(help="Where it can be read.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]


@cli.command()
def correct(
    *,
    treaty: Treaty,
    target: Target,
    fields: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE…", help="How the act should read: act_date=2027-05-05")
    ],
    reason: Reason,
    explanation: Explanation = None,
    source: Source = None,
    source_url: SourceUrl = None,
    dry_run: DryRun = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Say that an act happened otherwise. Nothing is edited: every milestone that follows is announced anew."""
    changed = {name: _value(text) for name, text in (_pair(one) for one in fields)}
    body = _correction("corrected", target, reason, explanation, source, source_url) | {"fields": changed}
    _send(treaty, body, dry_run=dry_run, url=url, key=key, as_json=as_json)


@cli.command()
def retract(
    *,
    treaty: Treaty,
    target: Target,
    reason: Reason,
    explanation: Explanation = None,
    source: Source = None,
    source_url: SourceUrl = None,
    dry_run: DryRun = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Say that an act never happened."""
    body = _correction("retracted", target, reason, explanation, source, source_url)
    _send(treaty, body, dry_run=dry_run, url=url, key=key, as_json=as_json)


@cli.command()
def reinstate(
    *,
    treaty: Treaty,
    target: Target,
    reason: Reason,
    explanation: Explanation = None,
    source: Source = None,
    source_url: SourceUrl = None,
    dry_run: DryRun = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Say that a retraction was wrong."""
    body = _correction("reinstated", target, reason, explanation, source, source_url)
    _send(treaty, body, dry_run=dry_run, url=url, key=key, as_json=as_json)


@cli.command()
def release(
    *,
    treaty: Treaty,
    line: Annotated[str | None, typer.Argument(help="The key of one line; everything that waits if left out.")] = None,
    dry_run: DryRun = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Release what waits for a second person; the key must be another than the one that recorded the fact."""
    body = {} if line is None else {"key": line}
    _send(treaty, body, dry_run=dry_run, url=url, key=key, as_json=as_json, to="releases")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise typer.BadParameter(f"write FIELD=VALUE, such as act_date=2027-05-05 (got: {text[:60]!r})")
    return name, value


def _value(text: str) -> Any:
    """JSON where it is a list, an object, true, false or null; else the text itself."""
    if text in {"null", "true", "false"} or text[:1] in {"[", "{"}:
        try:
            return json.loads(text)
        except ValueError:
            raise typer.BadParameter(f"this looks like JSON and is not ({text[:60]!r})") from None
    return text


def _correction(
    kind: str, target: str, reason: str, explanation: str | None, source: str | None, source_url: str | None
) -> dict[str, Any]:
    if source_url and not source:
        raise typer.BadParameter("--source-url needs --source")
    body: dict[str, Any] = {"kind": kind, "target": target, "reason": reason}
    if explanation is not None:
        body["explanation"] = explanation
    if source is not None:
        body["evidence"] = [{"source": source} | ({"url": source_url} if source_url else {})]
    return body


def _send(
    treaty: str,
    body: dict[str, Any],
    *,
    dry_run: bool,
    url: str,
    key: str | None,
    as_json: bool,
    to: str = "corrections",
) -> None:
    from treaty_status.cli import output, recording
    from treaty_status.cli.service import Service

    headers = recording.headers(if_version=None, idempotency_key=None)
    with reported(as_json=as_json), Service(url, key=key) as service:
        found = service.post(f"/v1/treaties/{treaty}/{to}", body, headers=headers, dry_run="true" if dry_run else None)
        (output.as_json if as_json else output.receipt)(found)
