"""Stable names of events, both ways, and the place where old bodies are brought up to date.

The name is what the database, the feed and every webhook print; the class may move, the name may not. A body that
changed shape gets a new ``VERSIONS`` entry and an upcaster from each older version; stored rows are never rewritten.
"""

from collections.abc import Callable
from typing import Any, Final

from treaty_events import certificates, claims, corrections, deposits, holds, imports, milestones, tables, treaties
from treaty_events.errors import UnknownEventName
from treaty_events.facts import Fact
from treaty_events.milestones import Kind, MilestoneAnnounced, Status

Body = dict[str, Any]

FACTS: Final[dict[str, type[Fact]]] = {
    "treaty.defined": treaties.TreatyDefined,
    "treaty.details.amended": treaties.TreatyDetailsAmended,
    "treaty.signature_windows.set": treaties.SignatureWindowsSet,
    "treaty.rule.set": treaties.RuleSet,
    "treaty.rule.amended": treaties.RuleAmended,
    "treaty.table.set": tables.TableSet,
    "treaty.certificate.recorded": certificates.FactCertified,
    "treaty.rehearsal.day_reached": treaties.RehearsalDayReached,
    "treaty.rehearsal.closed": treaties.RehearsalClosed,
    "treaty.signature.recorded": deposits.Signed,
    "treaty.consent.recorded": deposits.InstrumentDeposited,
    "treaty.consent.withdrawn": deposits.ConsentWithdrawn,
    "treaty.provisional_application.recorded": deposits.ProvisionallyApplied,
    "treaty.reservation.recorded": deposits.ReservationMade,
    "treaty.declaration.recorded": deposits.DeclarationMade,
    "treaty.objection.recorded": deposits.ObjectionMade,
    "treaty.objection.withdrawn": deposits.ObjectionWithdrawn,
    "treaty.withdrawal.notified": deposits.WithdrawalNotified,
    "treaty.withdrawal.revoked": deposits.WithdrawalRevoked,
    "treaty.territorial_application.recorded": deposits.TerritorialApplicationDeclared,
    "treaty.claim.recorded": claims.ClaimRecorded,
}
META: Final[dict[str, type[Fact]]] = {
    "treaty.fact.corrected": corrections.FactCorrected,
    "treaty.fact.retracted": corrections.FactRetracted,
    "treaty.fact.reinstated": corrections.FactReinstated,
    "treaty.milestone.held": holds.MilestoneHeld,
    "treaty.milestone.hold_ended": holds.HoldEnded,
    "treaty.milestones.settled": imports.MilestonesSettled,
}
_ALWAYS: Final = (Status.REACHED, Status.REVISED, Status.REVOKED, Status.LOST)
_AHEAD: Final = (Status.SCHEDULED, Status.RESCHEDULED, Status.CANCELLED)


def milestone_name(kind: Kind, status: Status) -> str:
    """The event name of one announcement: ``treaty.threshold.reached``."""
    return f"treaty.{kind.value}.{status.value}"


MILESTONES: Final[dict[str, type[Fact]]] = {
    milestone_name(kind, status): MilestoneAnnounced
    for kind in Kind
    for status in (*_ALWAYS, *(_AHEAD if kind in milestones.SCHEDULED_KINDS else ()))
}
DIGESTS: Final[dict[str, type[Fact]]] = {
    "treaty.import.finished": imports.ImportFinished,
    "treaty.history.settled": imports.HistorySettled,
}
"""Announcements that stand for many; told like milestones."""
NAMES: Final[dict[str, type[Fact]]] = FACTS | META | MILESTONES | DIGESTS
VERSIONS: Final[dict[str, int]] = {}
"""Names whose body is past its first shape, with the current version."""
UPCASTERS: Final[dict[tuple[str, int], Callable[[Body], Body]]] = {}
"""(name, version) to a function that turns that body into the next version's."""

_NAME_OF: Final[dict[type[Fact], str]] = {cls: name for name, cls in (FACTS | META | DIGESTS).items()}


def name_of(event: Fact) -> str:
    """The stable name of an event."""
    if isinstance(event, MilestoneAnnounced):
        return milestone_name(event.kind, event.status)
    return _NAME_OF[type(event)]


def class_of(name: str) -> type[Fact]:
    """The class that an event name stands for.

    Raises:
        UnknownEventName: the catalogue has no such name; park the event and go on.
    """
    try:
        return NAMES[name]
    except KeyError:
        raise UnknownEventName(f"The catalogue has no event named {name!r}; a newer version may know it.") from None


def category_of(name: str, *, imported: bool = False) -> str:
    """``milestone``, ``meta`` or ``fact``; an unknown name is a ``fact``.

    What an import brought in as history is a ``historic_milestone``, ``historic_meta`` or ``historic_fact``.
    """
    if imported:
        return f"historic_{category_of(name)}"
    if name in MILESTONES or name in DIGESTS:
        return "milestone"
    return "meta" if name in META else "fact"


def topic_of(name: str) -> str:
    """What the database's topic column holds: the name, with ``@version`` once a body has changed shape."""
    version = VERSIONS.get(name, 1)
    return name if version == 1 else f"{name}@{version}"


def split_topic(topic: str) -> tuple[str, int]:
    """The name and body version behind a stored topic."""
    name, _, version = topic.partition("@")
    return name, int(version) if version else 1


def upcast(name: str, version: int, body: Body) -> Body:
    """The body in its current shape, whatever version it was written in."""
    for step in range(version, VERSIONS.get(name, 1)):
        body = UPCASTERS[name, step](body)
    return body
