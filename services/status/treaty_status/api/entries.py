"""The lines of a treaty as calendars and feeds list them: an id for ever, a name, a legal day, a revision."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from treaty_events import Status, milestone_id
from treaty_status.application.documents import View, milestones_document
from treaty_status.application.line_names import line_name

GroupName = Callable[[str], str | None]
TAKEN_BACK: Final = frozenset({Status.REVOKED.value, Status.CANCELLED.value})
OF_PARTICIPANTS: Final = "participant."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. ``revision`` counts what was said about it, 0: nothing yet; ``said_at`` is when that was said last."""

    id: str
    key: str
    kind: str
    params: str
    state: str
    on: date
    name: str
    remarks: tuple[str, ...]
    revision: int
    said_at: datetime | None

    @property
    def is_taken_back(self) -> bool:
        """Was it announced, and is not so after all?"""
        return self.state in TAKEN_BACK


def entries(told: View, group: GroupName, *, participant: str | None = None) -> list[Entry]:
    """Every line of the treaty, those taken back as well, by legal day; of participants all of them, or only one's."""
    document = milestones_document(told)
    rows: Iterator[Entry] = (_entry(row, told, group) for row in (*document["milestones"], *document["taken_back"]))
    found = [one for one in rows if participant is None or _concerns(one, participant)]
    return sorted(found, key=lambda one: (one.on, one.key))


def _concerns(one: Entry, participant: str) -> bool:
    return not one.kind.startswith(OF_PARTICIPANTS) or one.params == participant


def _entry(row: dict[str, object], told: View, group: GroupName) -> Entry:
    key, kind = str(row["key"]), str(row["kind"])
    params = str(row["params"]) if "params" in row else key.rsplit(":", 2)[1]
    said = told.whole.announced.get(key)
    name = told.world.name(params, told.lang) if kind.startswith(OF_PARTICIPANTS) else ""
    return Entry(
        id=str(milestone_id(key)),
        key=key,
        kind=kind,
        params=params,
        state=str(row["state"]),
        on=date.fromisoformat(str(row["occurred_on"])),
        name=line_name(kind, params, told.lang, name=name, group=group(params)),
        remarks=tuple(_remarks(row, told.lang)),
        revision=0 if said is None else said.revision,
        said_at=None if said is None else said.said_at,
    )


def _remarks(row: dict[str, object], lang: str) -> Iterator[str]:
    words = _WORDS["fr" if lang == "fr" else "en"]
    yield words[str(row["state"])]
    if clause := row.get("clause"):
        yield f"art. {clause}"
    who = row.get("attributed_to")
    if isinstance(who, list) and who:
        yield ", ".join(one["name"] for one in who)
    if lost_on := row.get("lost_on"):
        yield f"{words['lost_on']} {lost_on}"
    if force := row.get("entry_into_force_on"):
        yield f"{words['force']} {force}"


_WORDS: Final = {
    "en": {
        "reached": "Reached",
        "upcoming": "Ahead, without any further act",
        "lost": "Reached, and lost since",
        "revoked": "Taken back: it was announced in error",
        "cancelled": "Cancelled: it will not come",
        "lost_on": "lost on",
        "force": "entry into force on",
    },
    "fr": {
        "reached": "Franchie",
        "upcoming": "À venir, sans autre acte",
        "lost": "Franchie, puis perdue",
        "revoked": "Retirée : annoncée par erreur",
        "cancelled": "Annulée : elle n'aura pas lieu",
        "lost_on": "perdue le",
        "force": "entrée en vigueur le",
    },
}
