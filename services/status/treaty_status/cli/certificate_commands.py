"""``treaty-status certify`` and ``certificates``: facts that clauses wait for and no participant's act brings."""
# ruff: noqa: PLC0415 - what a command needs is imported when it runs

from typing import Annotated

import typer

from treaty_status.cli.exits import reported
from treaty_status.cli.options import HERE, AsJson, AsOf, KnownAt, Lang, Secret, Treaty, Url


def certify(
    *,
    treaty: Treaty,
    fact: Annotated[str, typer.Argument(metavar="KEY", help="The name by which the rule asks for the fact.")],
    certified_on: Annotated[str, typer.Argument(metavar="DAY", help="The day from which it holds, YYYY-MM-DD.")],
    by: Annotated[str, typer.Option(help="Whose certificate, decision or notification it is.")],
    quantity: Annotated[str | None, typer.Option(help="How much was certified, as exact text.")] = None,
    unit: Annotated[str | None, typer.Option(help="What the quantity is measured in.")] = None,
    circulated_on: Annotated[str | None, typer.Option(help="The day the depositary told the others.")] = None,
    depositary_ref: Annotated[str | None, typer.Option(help="The depositary's notification, C.N.…")] = None,
    tier: Annotated[str | None, typer.Option(help="Whose word it is; only official_depositary proves a fact.")] = None,
    source: Annotated[str | None, typer.Option(help="What says so.")] = None,
    source_url: Annotated[str | None, typer.Option(help="Where it can be read.")] = None,
    note: Annotated[str | None, typer.Option(help="A remark, kept with the certificate.")] = None,
    override: Annotated[
        list[str] | None, typer.Option(help="A check to overrule, such as V2; needs --reason. Repeatable.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why the check is overruled.")] = None,
    if_version: Annotated[int | None, typer.Option(help="Only if the treaty is still at this version.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key never records twice.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Record that a fact was certified: a decision, a notification, a quantity reached."""
    from treaty_status.cli import output, recording
    from treaty_status.cli.service import Service

    if source_url and not source:
        raise typer.BadParameter("--source-url needs --source")
    if bool(override) != bool(reason):
        raise typer.BadParameter("--override and --reason belong together")
    body = recording.body(
        key=fact,
        certified_on=certified_on,
        certified_by=by,
        quantity=quantity,
        unit=unit,
        circulated_on=circulated_on,
        depositary_ref=depositary_ref,
        tier=tier,
        evidence=[{"source": source, "url": source_url}] if source else None,
        note=note,
        override={"checks": override, "reason": reason} if override else None,
    )
    headers = recording.headers(if_version=if_version, idempotency_key=idempotency_key)
    with reported(as_json=as_json), Service(url, key=key) as service:
        found = service.post(
            f"/v1/treaties/{treaty}/certificates", body, headers=headers, dry_run="true" if dry_run else None
        )
        (output.as_json if as_json else output.receipt)(found)


def certificates(
    *,
    treaty: Treaty,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what was certified, and the facts that the clauses wait for."""
    from treaty_status.cli import output, proofs
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        found = service.get(f"/v1/treaties/{treaty}/certificates", as_of=as_of, known_at=known_at, lang=lang)
        (output.as_json if as_json else proofs.certificates)(found)
