"""History that was put on record in bulk: what it settled, and the one announcement that it is there."""

from dataclasses import dataclass
from datetime import date

from treaty_events.facts import Fact
from treaty_events.milestones import Cause, Kind, Status


@dataclass(frozen=True, kw_only=True)
class SettledMilestone:
    """One line that held when the history was put on record: ``status`` is what would have been announced.

    ``actions`` are the acts by which the participant named in ``params`` crossed its own line.
    """

    kind: Kind
    params: str
    occurrence: int
    status: Status
    occurred_on: date
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MilestonesSettled(Fact):
    """Lines of single participants that an import crossed long after the day: taken as said, announced to nobody.

    The acts themselves stand beside it in the log; later facts revise or revoke these lines as if each had been
    announced.
    """

    milestones: tuple[SettledMilestone, ...]


@dataclass(frozen=True, kw_only=True)
class ImportFinished(Fact):
    """A history was put on record: how many acts, of how many participants, between which days, from which source.

    ``run`` is the id of the import, which every fact of it carries as ``recorded.imported``. ``signatures``,
    ``consents``, ``threshold_on`` and ``entry_into_force_on`` say where the treaty stands with it.
    """

    run: str
    source: str
    acts: int
    participants: int
    first_act_on: date
    last_act_on: date
    milestones: int
    titles: dict[str, str]
    livemode: bool
    signatures: int
    consents: int
    threshold_on: date | None = None
    entry_into_force_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class HistorySettled(Fact):
    """Old lines were found in a history that had been imported before, for instance by a rule that came after it.

    ``milestones`` is how many lines were put on record without being told one by one; ``cause`` is what found them.
    ``rule_version`` and what follows say where the treaty stands with it; no rule, no version.
    """

    cause: Cause
    milestones: int
    titles: dict[str, str]
    livemode: bool
    signatures: int
    consents: int
    rule_version: int | None = None
    threshold_on: date | None = None
    entry_into_force_on: date | None = None
