"""The commands of ``treaty-status`` that ask or tell a service. Each imports what it needs when it runs."""
# ruff: noqa: PLC0415 - the web and database stacks take seconds to import; --help and completion must be instant

from pathlib import Path
from typing import Annotated

import typer

from treaty_status.cli import certificate_commands, correcting, key_commands, table_commands
from treaty_status.cli.exits import REFUSED, reported
from treaty_status.cli.options import HERE, AsJson, AsOf, Database, KnownAt, Lang, Secret, Treaty, Url

cli = typer.Typer(
    name="treaty-status",
    help="A record of treaty actions: where a treaty stands on any day, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.add_typer(key_commands.cli, name="keys")
cli.add_typer(correcting.cli)
cli.add_typer(table_commands.cli, name="tables")
cli.command()(certificate_commands.certify)
cli.command()(certificate_commands.certificates)


@cli.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default=False)] = None,
    database: Database = None,
) -> None:
    """Serve the record over HTTP. Settings come from TREATY_… and from these options."""
    from treaty_status.cli import serving

    with reported(as_json=False):
        serving.run(host=host, port=port, database=database)


@cli.command()
def record(
    *,
    treaty: Treaty,
    action: Annotated[str, typer.Argument(help="signature, ratification, acceptance, accession, withdrawal …")],
    participant: Annotated[str, typer.Argument(help="A name, an id or a code: France, fra, FRA.")],
    act_date: Annotated[str, typer.Argument(metavar="DAY", help="The day of the act, YYYY-MM-DD.")],
    place: Annotated[str | None, typer.Option(help="Where it was done.")] = None,
    effect_date: Annotated[str | None, typer.Option(help="The day of effect that the instrument itself names.")] = None,
    circulated_on: Annotated[str | None, typer.Option(help="The day the depositary told the others.")] = None,
    depositary_ref: Annotated[str | None, typer.Option(help="The depositary's notification, C.N.…")] = None,
    tier: Annotated[str | None, typer.Option(help="Whose word it is; only official_depositary moves a count.")] = None,
    source: Annotated[str | None, typer.Option(help="What says so.")] = None,
    source_url: Annotated[str | None, typer.Option(help="Where it can be read.")] = None,
    note: Annotated[str | None, typer.Option(help="A remark, kept with the act.")] = None,
    override: Annotated[
        list[str] | None, typer.Option(help="A check to overrule, such as V1; needs --reason. Repeatable.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why the check is overruled.")] = None,
    if_version: Annotated[int | None, typer.Option(help="Only if the treaty is still at this version.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key never records twice.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Record one act of one participant, and say which lines it crossed."""
    from treaty_status.cli import output, recording
    from treaty_status.cli.service import Service

    if source_url and not source:
        raise typer.BadParameter("--source-url needs --source")
    if bool(override) != bool(reason):
        raise typer.BadParameter("--override and --reason belong together")
    body = recording.body(
        action=action,
        participant=participant,
        act_date=act_date,
        place=place,
        effect_date=effect_date,
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
            f"/v1/treaties/{treaty}/actions", body, headers=headers, dry_run="true" if dry_run else None
        )
        (output.as_json if as_json else output.receipt)(found)


@cli.command()
def show(
    *,
    treaty: Annotated[str | None, typer.Argument(help="The treaty's id; every treaty if left out.")] = None,
    participant: Annotated[str | None, typer.Argument(help="One participant's acts and periods.")] = None,
    participants: Annotated[bool, typer.Option("--participants", help="The table of participants.")] = False,
    milestones: Annotated[bool, typer.Option("--milestones", help="What was crossed, and what will be.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="Statements beside the facts.")] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Show where a treaty stands, or one side of it."""
    from treaty_status.cli import output, reading
    from treaty_status.cli.service import Service

    sides = {"participants": participants, "milestones": milestones, "claims": claims}
    wanted = [name for name, asked in sides.items() if asked]
    if len(wanted) + (participant is not None) > 1 or (wanted and treaty is None):
        raise typer.BadParameter("choose one side of one treaty")
    with reported(as_json=as_json), Service(url) as service:
        side = reading.side(treaty, participant, wanted[0] if wanted else None)
        found = service.get(side.path, as_of=as_of, known_at=known_at, lang=lang)
        (output.as_json if as_json else side.draw)(found)


@cli.command()
def claims(
    *,
    treaty: Treaty,
    verdict: Annotated[str | None, typer.Option(help="Only this verdict, such as wrong_count.")] = None,
    contradicting: Annotated[
        bool, typer.Option("--contradicting", help="Only those that the facts contradict.")
    ] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what others say, and what the record says to each statement."""
    from treaty_status.cli import output, reading
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        path = reading.side(treaty, None, "claims").path
        only = "true" if contradicting else None
        found = service.get(path, as_of=as_of, known_at=known_at, lang=lang, verdict=verdict, contradicting=only)
        (output.as_json if as_json else output.claims)(found)


@cli.command()
def explain(
    *,
    treaty: Treaty,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Say why: who counts, who does not and because of what, and what is missing."""
    from treaty_status.cli import output
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        found = service.get(f"/v1/treaties/{treaty}/explanation", as_of=as_of, known_at=known_at, lang=lang)
        (output.as_json if as_json else output.explanation)(found)


@cli.command()
def log(
    *, treaty: Treaty, as_of: AsOf = None, known_at: KnownAt = None, url: Url = HERE, as_json: AsJson = False
) -> None:
    """Print the events of a treaty, oldest first; with --json one a line."""
    import json

    from treaty_status.cli import output
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        for line in service.lines(f"/v1/treaties/{treaty}/log", as_of=as_of, known_at=known_at):
            (output.as_line if as_json else output.event)(json.loads(line))


@cli.command()
def watch(
    *,
    treaty: Annotated[str | None, typer.Argument(help="Only this treaty.")] = None,
    types: Annotated[str | None, typer.Option(help="Event types with commas, such as treaty.threshold.*")] = None,
    after: Annotated[int | None, typer.Option(min=0, help="Begin after this position; now, if left out.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Follow the feed and print each event as it is recorded. Ctrl-C ends it."""
    from itertools import islice

    from treaty_status.cli import output, watching
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        start = watching.head(service) if after is None else after
        for event in islice(watching.events(service, after=start, types=types, treaty=treaty), count):
            (output.as_line if as_json else output.event)(event)


@cli.command("import")
def import_(
    context: typer.Context,
    *,
    source: Annotated[
        list[str], typer.Argument(help="A bundled history (XVIII-16), a folder, a file of acts, -; tables, lists.")
    ],
    treaty: Annotated[str | None, typer.Option(help="The treaty's id, where the source does not say.")] = None,
    format_name: Annotated[
        str, typer.Option("--format", help="auto, untc-csv, untc-xml, ndjson, csv or actions: history, in bulk.")
    ] = "auto",
    define: Annotated[bool, typer.Option("--define", help="Bulk: put treaties on record, without rule.")] = False,
    title: Annotated[str | None, typer.Option(help="Bulk: the title of a treaty so defined.")] = None,
    allow_fewer: Annotated[
        bool, typer.Option("--allow-fewer", help="Bulk: a table may have lost rows since it was last read.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Bulk: only say what would come of it.")] = False,
    url: Url = HERE,
    key: Secret = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Put a history into the record; running it again records nothing twice.

    One history goes line by line, over HTTP with a key or with --database straight into a database, and what it crosses
    is news. Tables and lists (CSV, XML, several files, or --format) go into the database in bulk, as history: every
    cell is recorded or reported, and nobody is told of old lines. With --url they go through that service.
    """
    from treaty_status.application.importing import Request
    from treaty_status.cli import bulk_import, import_run

    if bulk_import.is_bulk(source, format_name=format_name, wanted=define or dry_run or allow_fewer):
        request = Request(by=bulk_import.BY, define=define, title=title, allow_fewer=allow_fewer, dry_run=dry_run)
        asked = context.get_parameter_source("url")
        with reported(as_json=as_json):
            outcome = bulk_import.run(
                source,
                request,
                format_name=format_name,
                treaty=treaty,
                database=database,
                service=(url, key) if asked is not None and asked.name == "COMMANDLINE" and database is None else None,
                as_json=as_json,
            )
        if outcome.refused:
            raise typer.Exit(REFUSED)
        return
    with reported(as_json=as_json):
        balance = import_run.run(source[0], treaty=treaty, url=url, key=key, database=database, as_json=as_json)
    if balance.refused:
        raise typer.Exit(REFUSED)


@cli.command()
def replay(
    *,
    arrivals: Annotated[str, typer.Argument(help="Late arrivals, changes and removals, with the time of each (CSV).")],
    final: Annotated[str, typer.Option(help="The rows that stood at its end: a list of acts, as import reads it.")],
    rules: Annotated[
        bool, typer.Option(help="Put the rules that come with the service in force from the start.")
    ] = True,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Put what became known over the years on record as of the instants at which it was first seen.

    For trying out --known-at on real history: treaties of which anything was recorded later are left alone, nobody is
    told of old lines, and running it again records nothing twice.
    """
    from treaty_status.cli import replaying

    with reported(as_json=as_json):
        told = replaying.run(arrivals, final=final, with_rules=rules, database=database, as_json=as_json)
    if "refused" in told["arrivals"]["by_reason"] | told["starts"]["by_reason"]:
        raise typer.Exit(REFUSED)


@cli.command()
def rebuild(*, database: Database = None, as_json: AsJson = False) -> None:
    """Make the read models anew from the log, while the service goes on answering."""
    from treaty_status.cli import rebuilding

    with reported(as_json=as_json):
        rebuilding.run(database, as_json=as_json)


@cli.command()
def reassess(
    *,
    treaty: Annotated[str | None, typer.Option(help="Only this treaty.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept with what is announced.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be announced.")] = False,
    url: Url = HERE,
    key: Secret = None,
    database: Annotated[
        str | None, typer.Option(help="Straight into this database, before a new release serves it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at everything again, after an update that knows more milestones or evaluates better.

    Only differences are recorded; running it again records nothing. What is old and new to us becomes history; what
    was announced and reads otherwise is announced as revised or revoked.
    """
    from treaty_status.cli import output, reassessing

    with reported(as_json=as_json):
        if database is None:
            found = reassessing.over_http(url, key, treaty=treaty, reason=reason, dry_run=dry_run)
        else:
            found = reassessing.in_database(database, treaty=treaty, reason=reason, dry_run=dry_run)
        (output.as_json if as_json else reassessing.told)(found)


@cli.command()
def verify(
    *,
    treaty: Annotated[str | None, typer.Option(help="Only what is about this treaty.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every difference, not only the first.")] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Work everything out anew from the events alone, and compare it with what is served and what was announced.

    Runs beside a service. Exits with 0 when all is green, 1 when something differs, 2 when it cannot be done.
    """
    from treaty_status.cli import verifying

    verifying.run(database, treaty=treaty, every=every, as_json=as_json)


@cli.command()
def assess(
    *,
    rule: Annotated[Path | None, typer.Option(help="The rule, as JSON.")] = None,
    acts: Annotated[Path | None, typer.Option(help="The acts, one JSON object a line.")] = None,
    participants: Annotated[Path | None, typer.Option(help="Who they are, one a line; else our registry.")] = None,
    tables: Annotated[Path | None, typer.Option(help="A folder of tables, lists and certified facts.")] = None,
    other: Annotated[
        list[Path] | None, typer.Option(help="The rule of another treaty it asks for. Repeatable.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="The legal day asked about, YYYY-MM-DD.")] = None,
    cases: Annotated[Path | None, typer.Option(help="Many at once: one case a line, one answer a line.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say where a treaty stands by a rule and acts from files alone: no store, no network."""
    from treaty_status.cli import assessing

    if cases is not None:
        if any(one is not None for one in (rule, acts, participants, tables, other, as_of)):
            raise typer.BadParameter("--cases stands alone; each case brings its own parts")
        with reported(as_json=as_json):
            well = assessing.many(cases)
        if not well:
            raise typer.Exit(REFUSED)
        return
    if rule is None or acts is None or as_of is None:
        raise typer.BadParameter("--rule, --acts and --as-of are needed, or --cases")
    with reported(as_json=as_json):
        assessing.one(
            rule=rule,
            acts=acts,
            participants=participants,
            tables=tables,
            others=other or (),
            as_of=as_of,
            as_json=as_json,
        )


@cli.command()
def lint(
    *,
    rules: Annotated[list[Path], typer.Argument(help="Rules, as JSON.")],
    as_json: AsJson = False,
) -> None:
    """Check rules, and say what each leaves open: organisations, later joiners, the floor, leaving, sources."""
    from treaty_status.cli import linting

    with reported(as_json=as_json):
        linting.run(rules, as_json=as_json)


@cli.command("rule-schema")
def rule_schema() -> None:
    """Print the JSON Schema of a rule."""
    import json

    from treaty_status.application import corpus

    typer.echo(json.dumps(corpus.rule_schema(), ensure_ascii=False, indent=2))


@cli.command()
def version(*, as_json: AsJson = False) -> None:
    """Print the release."""
    from importlib.metadata import version as installed

    release = installed("treaty-status")
    typer.echo(f'{{"name": "treaty-status", "version": "{release}"}}' if as_json else release)
