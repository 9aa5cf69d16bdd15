"""Documents as people read them in a terminal; as JSON they are printed untouched."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

OUT = Console(highlight=False, soft_wrap=False)
CELLS = 40


def as_json(document: Any) -> None:
    """One document, indented."""
    _untouched(json.dumps(document, ensure_ascii=False, indent=2))


def as_line(document: Any) -> None:
    """One document in one line, for streams."""
    _untouched(json.dumps(document, ensure_ascii=False))


def _untouched(text: str) -> None:
    """Past the console, which would look at every letter; half a letter is written as JSON escapes it."""
    OUT.file.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
    OUT.file.flush()


def say(text: str) -> None:
    """A sentence; long ones are wrapped, nothing in them is markup."""
    OUT.print(Text(text))


def table(rows: Iterable[Mapping[str, Any]], /, **columns: str) -> None:
    """Rows under headings; ``columns`` maps a row's field to its heading."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell(row.get(field))) for field in columns))
    OUT.print(drawn)


def cell(value: Any) -> str:
    """A value in a table: nothing for None, words for a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def facts(pairs: Mapping[str, Any]) -> None:
    """Names and values, one pair a line; empty values are left out."""
    drawn = Table(box=None, pad_edge=False, show_header=False)
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs.items():
        if cell(value):
            drawn.add_row(name, Text(cell(value)))
    OUT.print(drawn)


# ---- the service's documents ----------------------------------------------------------------------------------------
def treaties(page: Mapping[str, Any]) -> None:
    """The list of treaties."""
    rows = [{**row, **_standing(row)} for row in page["treaties"]]
    table(rows, id="id", name="treaty", signatures="signatures", consents="consents", force="force", next_due_on="next")
    if page.get("next"):
        say("\nThere are more; …/v1/treaties with after= goes on.")


def _standing(row: Mapping[str, Any]) -> dict[str, Any]:
    progress, since = row.get("progress"), row.get("entry_into_force_on")
    counted = f"{progress['have']} of {progress['need']}" if progress else row["counts"]["consents"]
    force = f"since {since}" if row["in_force"] else (f"on {since}" if since else "not in force")
    return {
        "name": row.get("short_title") or row["title"],
        "signatures": row["counts"]["signatures"],
        "consents": counted,
        "force": force,
    }


def status(document: Mapping[str, Any]) -> None:
    """Where a treaty stands, on one screen."""
    counts, force, progress = document["counts"], document["force"], document.get("progress") or {}
    rehearsal = "" if document["livemode"] else f"  (rehearsal of {document['rehearsal_of']}, hypothetical)"
    say(f"{document['id']}  {document['short_title']}{rehearsal}")
    say(f"{document['sentence']}\n")
    facts(
        {
            "signatures": counts["signatures"],
            "consents": f"{counts['consents']} ({counts['counted_consents']} counted)",
            "progress": bar(progress),
            "force": str(force["state"]).replace("_", " "),
            "threshold met on": force["threshold_on"],
            "entry into force on": force["entry_into_force_on"],
            "clause": force["clause"],
            "open for signature": document["signature"]["state"],
            "next": [f"{due['on']} {due['kind']}" for due in document["next_due"][:3]],
            "as of": document["as_of"],
            "known at": document.get("known_at"),
            "stays at": document.get("permanent"),
        }
    )
    say(f"\n{document['notice']}")


def bar(progress: Mapping[str, Any]) -> str:
    """Have of need, drawn in cells."""
    have, need = progress.get("have"), progress.get("need")
    if not isinstance(have, int) or not isinstance(need, int) or need <= 0:
        return "" if have is None else f"{have} of {need}"
    full = min(CELLS, have * CELLS // need)
    return f"{'█' * full}{'░' * (CELLS - full)} {have} of {need}, {progress['missing']} missing"


def participants(document: Mapping[str, Any]) -> None:
    """The table of participants."""
    rows = [{**row, **_consent(row)} for row in document["participants"]]
    table(rows, name="participant", status="status", signed_on="signed", consent="consent", effect_on="in force on")
    say(f"\n{document['total']} participants as of {document['as_of']}")


def _consent(row: Mapping[str, Any]) -> dict[str, Any]:
    consent = row.get("consent")
    return {"consent": None if consent is None else f"{consent['on']} {consent['action']}"}


def participant(document: Mapping[str, Any]) -> None:
    """One participant's acts and periods."""
    say(f"{document['name']}: {document['status']} of {document['treaty']} as of {document['as_of']}\n")
    table(document["acts"], act_date="on", action="act", place="place", recorded_by="recorded by", event_id="event")
    for period in document["periods"]:
        until = f", until {period['leaves_on']}" if period["leaves_on"] else ""
        say(f"In force for it on {period['effect_on'] or 'a day not known yet'} (clause {period['clause']}){until}.")


def milestones(document: Mapping[str, Any]) -> None:
    """What was crossed and what will come by itself."""
    rows = [{**row, **_reached(row)} for row in document["milestones"]]
    table(rows, occurred_on="on", kind="milestone", params="of", state="state", progress="progress", who="by")


def _reached(row: Mapping[str, Any]) -> dict[str, Any]:
    progress = row.get("progress")
    return {
        "progress": None if progress is None else f"{progress['have']} of {progress['need']}",
        "who": [who["name"] for who in row.get("attributed_to", [])],
    }


def claims(document: Mapping[str, Any]) -> None:
    """Statements beside the facts, each with what the record says to it, and how many there are of which verdict."""
    lang = document["lang"]
    rows = [
        {
            **row,
            "kind": row["verdict"]["kind"].replace("_", " "),
            "says": row["verdict"]["text"].get(lang) or row["verdict"]["text"]["en"],
        }
        for row in document["claims"]
    ]
    table(rows, claimed_on="on", source="source", statement="statement", kind="verdict", says="what the record says")
    kinds = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in document["verdicts"].items())
    say(f"\n{document['total']} statements, {document['contradicting']} contradicted: {kinds or 'none'}")


def explanation(document: Mapping[str, Any]) -> None:
    """The text, then the tree of reasons."""
    text = document["text"]
    say(text.get(document["lang"]) or text["en"])
    if document.get("tree"):
        OUT.print(_branch(document["tree"], document.get("clause")))
    for one in document.get("supply") or []:
        say(one["text"].get(document["lang"]) or one["text"]["en"])
    follows = document.get("if_next") or {}
    if follows.get("earliest_entry_into_force_if_met_today"):
        needed = follows["deposits_needed"]
        supposed = "the condition were met" if needed is None else f"the {needed} missing were deposited"
        say(
            f"If {supposed} on {document['as_of']}: "
            f"entry into force on {follows['earliest_entry_into_force_if_met_today']}."
        )


def _branch(node: Mapping[str, Any], clause: str | None = None) -> Tree:
    met = {True: "met", False: "not met", None: "unknown"}[node["met"]]
    have = f" {node['have']} of {node['need']}" if node.get("have") is not None else ""
    tree = Tree(Text(f"{f'clause {clause}: ' if clause else ''}{node['op']}{have}: {met}"))
    for part in node.get("parts", []):
        tree.add(_branch(part))
    if node.get("counted"):
        counted = tree.add(Text(f"counted: {len(node['counted'])}"))
        for one in node["counted"]:
            counted.add(Text(f"{one['name']}, {one['action']} on {one['act_date']}"))
    for one in node.get("not_counted", []):
        tree.add(Text(f"not counted: {one['name']}, {one['action']} on {one['act_date']}: {one['text']['en']}"))
    for one in node.get("rests_on", []):
        tree.add(Text(f"rests on {_foundation(one)}"))
    if node.get("unknown"):
        tree.add(Text(f"unknown: {cell(node['unknown'])}"))
    return tree


def _foundation(one: Mapping[str, Any]) -> str:
    if one["kind"] == "certificate":
        return f"the certificate of {one['on']} ({one['source']})"
    return f"the table {one['name']}, version {one['version']} ({one['source']})"


def receipt(document: Mapping[str, Any]) -> None:
    """What recording an act came to, with the lines it crossed."""
    if document.get("dry_run"):
        say("Nothing was recorded; this would happen:")
    else:
        say(f"Recorded as {document['recorded_as']} {document['event_id']} (position {document['position']}).")
    for one in document["milestones"]:
        say(f"  {milestone_words(one)}")
    for one in document.get("held", ()):
        say(f"  waits for a second key until {one['until']}: {one['key']} ({', '.join(one['statuses'])})")
    for one in document["warnings"]:
        say(f"  note {one['code']}: {one['message']}")


def milestone_words(one: Mapping[str, Any]) -> str:
    """A milestone in brief: its name, its day, how far, and what follows."""
    progress = one.get("progress")
    parts = [str(one["type"]), f"on {one['occurred_on']}"]
    if progress:
        parts.append(f"{progress['have']} of {progress['need']}")
    if one.get("entry_into_force"):
        parts.append(f"entry into force on {one['entry_into_force']}")
    return ", ".join(parts)


def event(row: Mapping[str, Any]) -> None:
    """One event of a log or of the feed in a line."""
    data = row["data"]
    fact = data.get("key") if "certified_on" in data else data.get("name")
    about = [
        data.get("participant") or fact,
        data.get("act_date") or data.get("certified_on") or data.get("occurred_on"),
    ]
    treaty = row.get("treaty") or data.get("treaty")
    words = "  ".join(str(part) for part in about if part)
    OUT.print(Text(f"{row['position']:>7}  {row['recorded_at'][:19]}  {treaty}  {row['type']}  {words}"))
