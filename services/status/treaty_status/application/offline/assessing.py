"""One case assessed: the rule on the acts of the day, and the answer as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from treaty_events import CONSENT, EVENT_OF, Depositary, Details, Recorded, stream_of
from treaty_status.application.documents import View, explanation_document, view
from treaty_status.application.offline.acts import ActLine, CertifiedLine, ForceLine, Line, Remark, StoryLine
from treaty_status.application.offline.evidence import Evidence
from treaty_status.application.offline.people import Roster
from treaty_status.application.offline.places import Document, Unreadable
from treaty_status.application.offline.world import OfflineWorld
from treaty_status.domain.evaluation import Binding
from treaty_status.domain.participation import Act, Participation, participation
from treaty_status.domain.provisional import Provisional, applied_provisionally
from treaty_status.domain.rule import NamedList, StoryDays, TableOfWeights, TreatyRule, treaties_named
from treaty_status.domain.silence import bound_by_silence
from treaty_status.domain.treaty import Treaty
from treaty_status.registry import Registry

RECORDED: Final = Recorded(at=datetime(1970, 1, 1, tzinfo=UTC), by="assessment")
"""Nothing is recorded; events of an assessment live no longer than it does."""
NOT_STATED: Final = Depositary(id="not-stated", name={"en": "not stated"}, time_zone="UTC")
OF_A_DEPOSIT: Final = ("predecessor", "succeeded_on", "deposit_status", "deferred_until")
OF_THE_LOG: Final = frozenset({"livemode", "lang", "position", "version", "rule_version", "supply"})
"""What an explanation says of the log it was read from; here there is none."""
IDS_IN_EXPLANATION: Final = frozenset({"participant", "because_of", "counted", "missing_participants"})


@dataclass(frozen=True, slots=True)
class Question:
    """A rule, the lines about acts, what is known beside them, and the day asked about."""

    rule: TreatyRule
    lines: tuple[Line, ...]
    roster: Roster
    evidence: Evidence
    as_of: date
    others: tuple[TreatyRule, ...] = ()
    """The rules of other treaties that this one's clauses ask for; their acts are lines that name them."""


class Assessor:
    """Answers questions; the registry is read once for all of them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def answer(self, question: Question) -> Document:
        """Where the treaty stands at the end of the day, why, and when each participant is bound.

        Raises:
            Unreadable: an act of a participant that nobody knows.
        """
        told = self.view(question)
        outcome = told.outcome
        assert outcome is not None  # noqa: S101 - a question has a rule
        crossing = outcome.crossing
        given = question.roster.given
        silent = bound_by_silence(told.treaty, outcome, told.world)
        bound = {name: _bound(found) for name, found in told.bound.items() if found}
        bound |= {
            name: {"effect_date": _iso(one.effect_on), "clause": one.clause} for name, one in silent.parties.items()
        }
        unknown = [*outcome.unknown, *([] if silent.unknown is None else [silent.unknown])]
        answer = {
            "treaty": question.rule.treaty,
            "as_of": question.as_of.isoformat(),
            "threshold_date": _iso(outcome.threshold_on),
            "entry_into_force": _iso(outcome.entry_into_force_on),
            "track": None if crossing is None else crossing.track.clause,
            "met": outcome.met if crossing is None else True,
            "in_force": outcome.in_force(),
            "ended_on": _iso(outcome.ended_on),
            "participants": {given(name): bound[name] for name in sorted(bound)},
            "unknown": list(dict.fromkeys(unknown)),
            "remarks": [str(line) for line in question.lines if isinstance(line, Remark)],
            "explanation": _in_given_ids(_explanation(told), question.roster),
        }
        applied = applied_provisionally(told.treaty, outcome, told.world)
        return answer if applied is None else {**answer, "applied_provisionally": _provisional(applied)}

    def view(self, question: Question) -> View:
        """Everything that can be told of the treaty at the end of the day."""
        rule, roster = _with_own_ids(question.rule, question.roster), question.roster
        acts = [line for line in question.lines if isinstance(line, ActLine)]
        by_treaty: dict[str, list[ActLine]] = {rule.treaty: []}
        for line in acts:
            by_treaty.setdefault(line.treaty or rule.treaty, []).append(line)
        ours = by_treaty.pop(rule.treaty)
        asked_for = treaties_named(rule).union(one.treaty for one in question.others)
        if not ours and by_treaty and by_treaty.keys().isdisjoint(asked_for):
            line = next(iter(by_treaty.values()))[0]
            raise Unreadable(line.place, f"No act is of the rule's treaty {rule.treaty} (this one: {line.treaty}).")
        rules = {one.treaty: _with_story(_with_own_ids(one, roster), question.lines, rule) for one in question.others}
        others = {
            name: _treaty(name, rules.get(name), _participations(by_treaty.get(name, ()), name, roster))
            for name in by_treaty.keys() | rules.keys()
        }
        evidence = _with_lines(question.evidence, question.lines)
        world = OfflineWorld(self._registry, roster, evidence, others)
        told = _with_story(rule, question.lines, rule)
        treaty = _treaty(rule.treaty, told, _participations(ours, rule.treaty, roster))
        return view(treaty, 0, as_of=question.as_of, lang="en", world=world)


def _with_story(rule: TreatyRule, lines: Iterable[Line], assessed: TreatyRule) -> TreatyRule:
    """The rule with the days of its treaty's story; a line that names no treaty is about the one that is assessed."""
    story = {
        line.name: line.on
        for line in lines
        if isinstance(line, StoryLine) and (line.treaty or assessed.treaty) == rule.treaty
    }
    return rule.model_copy(update={"days": (rule.days or StoryDays()).model_copy(update=story)}) if story else rule


def _provisional(applied: Provisional) -> Document:
    return {
        "met": applied.met,
        "threshold_date": _iso(applied.threshold_on),
        "from": _iso(applied.from_on),
        "until": _iso(applied.until),
        "clause": applied.clause,
        "unknown": list(applied.unknown),
    }


def _explanation(told: View) -> Document:
    document = explanation_document(told)
    return {name: value for name, value in document.items() if name not in OF_THE_LOG}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _bound(found: tuple[Binding, ...]) -> Document:
    """The last life; earlier ones, if there were any, beside it."""
    last = _life(found[-1])
    return last if len(found) == 1 else {**last, "earlier": [_life(one) for one in found[:-1]]}


def _life(binding: Binding) -> Document:
    ends = [day for day in (binding.life.taken_back_on, binding.leaves_on) if day is not None]
    effect_on = binding.effect_on
    if effect_on is not None and any(day <= effect_on for day in ends):
        effect_on = None  # it ended before it could bind
    document: Document = {"effect_date": _iso(effect_on), "clause": None if effect_on is None else binding.clause}
    if ends:
        document |= {"until": _iso(min(ends)), "leaving_clause": binding.leaving_clause}
    return document


# ---- the treaty ------------------------------------------------------------------------------------------------------
def _treaty(name: str, rule: TreatyRule | None, participations: Mapping[str, Participation]) -> Treaty:
    parent = None if rule is None or rule.joining is None else rule.joining.parent
    details = Details(
        titles={"en": name if rule is None else rule.title},
        depositary=NOT_STATED,
        parents=() if parent is None else (parent,),
    )
    acts = {act.version: act for own in participations.values() for act in own.acts}
    return Treaty(name, len(acts), details, rule=rule, rule_version=1, acts=acts, participations=dict(participations))


def _participations(lines: Iterable[ActLine], treaty: str, roster: Roster) -> dict[str, Participation]:
    acts: dict[str, list[Act]] = {}
    stream = stream_of(treaty)
    for version, line in enumerate(lines, start=1):
        own = roster.actor(line.participant)
        if not roster.knows(own):
            raise Unreadable(line.place, roster.unknown(line.participant))
        acts.setdefault(own, []).append(Act(stream, version, _event(line, own, treaty)))
    return {name: participation(name, own) for name, own in acts.items()}


def _event(line: ActLine, own: str, treaty: str) -> Any:
    extra: dict[str, Any] = {}
    if line.action in CONSENT:
        extra = {name: getattr(line, name) for name in OF_A_DEPOSIT}
    return EVENT_OF[line.action](
        treaty=treaty,
        recorded=RECORDED,
        participant=own,
        action=line.action,
        act_date=line.on,
        effect_date=line.specified_on,
        circulated_on=line.circulated_on,
        **extra,
    )


def _with_lines(evidence: Evidence, lines: Iterable[Line]) -> Evidence:
    certified = dict(evidence.certified)
    in_force = dict(evidence.in_force)
    for line in lines:
        if isinstance(line, CertifiedLine):
            certified[line.key] = (*certified.get(line.key, ()), line.what)
        elif isinstance(line, ForceLine):
            in_force[line.treaty] = line.on
    return Evidence(evidence.tables, evidence.lists, certified, in_force)


# ---- ids -------------------------------------------------------------------------------------------------------------
def _with_own_ids(rule: TreatyRule, roster: Roster) -> TreatyRule:
    """The rule with its lists and tables in the ids by which participants are known here."""
    if not rule.lists and not rule.tables:
        return rule
    lists = tuple(
        NamedList(list=one.list, members=tuple(map(roster.id_of, one.members)), source=one.source) for one in rule.lists
    )
    tables = tuple(
        TableOfWeights(
            table=one.table,
            version=one.version,
            source=one.source,
            whole=one.whole,
            values={roster.id_of(name): value for name, value in one.values.items()},
        )
        for one in rule.tables
    )
    return rule.model_copy(update={"lists": lists, "tables": tables})


def _in_given_ids(value: Any, roster: Roster, *, ids: bool = False) -> Any:
    """The same document, speaking of participants as the files did."""
    if isinstance(value, dict):
        return {key: _in_given_ids(one, roster, ids=key in IDS_IN_EXPLANATION) for key, one in value.items()}
    if isinstance(value, list):
        return [_in_given_ids(one, roster, ids=ids) for one in value]
    return roster.given(value) if ids and isinstance(value, str) else value
