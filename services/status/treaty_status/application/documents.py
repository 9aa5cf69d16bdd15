"""What readers are told: JSON-ready documents, each a pure function of a treaty's state, a legal day and a language.

Dates are ISO text; shares are floats for display only (the rule itself is evaluated in exact fractions).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from math import floor
from typing import Any, Final
from unicodedata import combining, normalize

from treaty_events import Contradiction, InstrumentDeposited, ParticipantAct, Status, WithdrawalNotified
from treaty_status.application.claims_report import claims_report, claims_summary
from treaty_status.application.foundations import foundation_document, rests_on, supply
from treaty_status.application.kept_bindings import KEPT
from treaty_status.application.kept_by_object import KeptByObject
from treaty_status.application.standings import Standing, standings
from treaty_status.domain.assessment import (
    outcome_of,
    participant_lines_ahead,
    participant_milestones,
    signature_closes_on,
    treaty_lines_ahead,
    treaty_milestones,
)
from treaty_status.domain.contradictions import contradiction_lines
from treaty_status.domain.counting import counting_part
from treaty_status.domain.evaluation import Binding, Outcome, bindings, into_force_if_met_on, known_days
from treaty_status.domain.gauges import Consent, NotCounted, Reading
from treaty_status.domain.lazily import lazily
from treaty_status.domain.left_out import reason
from treaty_status.domain.lines import Milestone
from treaty_status.domain.participation import Act, Participation
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.sentences import explained
from treaty_status.domain.treaty import Announced, Treaty, before
from treaty_status.domain.words import LANGUAGES, long_date
from treaty_status.domain.world import World

Document = dict[str, Any]
NOTICE: Final = {
    "en": "This service is not the depositary and gives no legal advice; the depositary's own record prevails.",
    "fr": "Ce service n'est pas le dépositaire et ne donne pas d'avis juridique ; "
    "seul le registre du dépositaire fait foi.",
}
ORGANISATIONS: Final = frozenset({"reio", "io"})
REMINDERS: Final = frozenset({"signature.closing_soon", "entry_into_force.countdown"})


@dataclass(frozen=True)
class View:
    """A treaty at the end of one legal day, in one language, with everything that follows from it."""

    treaty: Treaty
    position: int
    as_of: date
    lang: str
    world: World
    outcome: Outcome | None
    bound: dict[str, tuple[Binding, ...]]
    whole: Treaty
    """The treaty with every act we hold, also those after the day asked for."""
    since_then: dict[str, Binding] = field(default_factory=dict)
    """Successors that the treaty bound on the day, as was notified only later."""
    known_at: datetime | None = None
    """The instant asked about, else that of the last event heard."""
    permanent: str | None = None
    """The address at which this answer stays."""

    @property
    def days(self) -> dict[str, date | None]:
        """The days that clauses refer to."""
        return known_days(self.treaty)

    @lazily
    def counting(self) -> frozenset[str]:
        """Those whose consents the rule counts."""
        return frozenset(one.participant for one in counted(self))

    @lazily
    def left_out(self) -> dict[str, NotCounted]:
        """Consents that the rule does not count, by participant."""
        left = () if self.outcome is None else counting_part(self.outcome.reading).not_counted
        return {one.consent.participant: one for one in left if one.consent.participant not in self.counting}

    @lazily
    def standings(self) -> dict[str, Standing]:
        """Where each participant stands, by id."""
        return standings(self.treaty.participations, self.bound, self.as_of, retroactive=self.since_then)


def view(
    treaty: Treaty,
    position: int,
    *,
    as_of: date,
    lang: str,
    world: World,
    known_at: datetime | None = None,
    permanent: str | None = None,
) -> View:
    """Everything that can be told of a treaty at the end of a legal day."""
    then = before(treaty, as_of)
    outcome = outcome_of(then, world=world, as_of=as_of)
    bound: dict[str, tuple[Binding, ...]] = {}
    if then.rule is not None and outcome is not None:
        bound = KEPT.of(then.participations, then.rule, outcome, known_days(then))
    since_then = {} if then is treaty else _retroactive(treaty, then, outcome, as_of)
    if since_then:
        unheard = {name: Participation(name) for name in since_then}
        then = replace(then, participations=unheard | then.participations)
    return View(
        then,
        position,
        as_of,
        lang,
        world,
        outcome,
        bound,
        treaty,
        since_then,
        known_at=known_at,
        permanent=permanent,
    )


def _retroactive(treaty: Treaty, then: Treaty, outcome: Outcome | None, as_of: date) -> dict[str, Binding]:
    """A successor is a party from the date of succession, though its notification came after the day asked for.

    Source: Vienna Convention on Succession of States in respect of Treaties, art. 23(1).
    """
    if then.rule is None or outcome is None:
        return {}
    later = [own for own in treaty.participations.values() if own.succeeds]
    found = {}
    for own in later:
        name = own.participant
        for one in bindings(own, then.rule, outcome, known_days(then)):
            event = one.life.consent.event
            if isinstance(event, InstrumentDeposited) and _succeeded_before(event, as_of) and one.binds(as_of):
                found[name] = one
    return found


def _succeeded_before(deposit: InstrumentDeposited, as_of: date) -> bool:
    return deposit.succeeded_on is not None and deposit.succeeded_on <= as_of < deposit.act_date


def echo(told: View) -> Document:
    """What every answer repeats: the treaty, both clocks, the language, the place in the log, where it stays."""
    treaty = told.treaty
    stays = {} if told.permanent is None else {"permanent": told.permanent}
    known = {} if told.known_at is None else {"known_at": told.known_at.isoformat()}
    return {
        "treaty": treaty.id,
        "livemode": treaty.livemode,
        "as_of": told.as_of.isoformat(),
        **known,
        "lang": told.lang,
        "position": told.position,
        "version": treaty.version,
        **stays,
    }


# ---- the treaty ------------------------------------------------------------------------------------------------------
def status_document(told: View) -> Document:
    """Where the treaty stands: header, five counts, force, progress, next due dates, contradicting claims."""
    treaty, details, counts = told.treaty, told.treaty.details, counts_document(told)
    return {
        "id": treaty.id,
        **echo(told),
        "rehearsal_of": treaty.rehearsal_of,
        "rehearsal_day": _iso(treaty.rehearsal_day),
        "title": in_language(details.titles, told.lang),
        "short_title": in_language(details.short_titles or details.titles, told.lang),
        "titles": details.titles,
        "depositary": {
            "id": details.depositary.id,
            "name": in_language(details.depositary.name, told.lang),
            "time_zone": details.depositary.time_zone,
        },
        "adopted_on": _iso(details.adopted_on),
        "adopted_at": details.adopted_at,
        "adoption_reference": details.adoption_reference,
        "authentic_languages": list(details.authentic_languages),
        "articles": details.articles,
        "chapters": details.chapters,
        "last_read_on": _iso(details.last_read_on),
        "parents": list(details.parents),
        "sources": [{"label": source.label, "url": source.url} for source in details.sources],
        "signature": signature_document(told),
        "counts": counts,
        "force": force_document(told),
        "progress": progress_document(told),
        "next_due": [_due(line) for line in upcoming(told) if line.kind.value not in REMINDERS],
        "rule": rule_document(told),
        "rests_on": [] if told.outcome is None else rests_on(told.outcome.reading),
        "supply": supplies(told),
        "claims": claims_summary(told),
        "sentence": sentence(told, counts),
        "notice": NOTICE.get(told.lang, NOTICE["en"]),
    }


def in_language(texts: dict[str, str], lang: str) -> str:
    """The text in a language, else in English, else in whatever there is."""
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()))


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def signature_document(told: View) -> Document:
    """When and where the treaty may be signed, and whether it may on the day asked for."""
    windows = told.treaty.windows
    opens_on = min((window.opens_on for window in windows), default=None)
    closes_on = signature_closes_on(told.treaty)
    if opens_on is None:
        state = "not_provided"
    elif told.as_of < opens_on:
        state = "not_open"
    else:
        state = "closed" if closes_on is not None and told.as_of > closes_on else "open"
    return {
        "state": state,
        "opens_on": _iso(opens_on),
        "closes_on": _iso(closes_on),
        "days_left": (closes_on - told.as_of).days if state == "open" and closes_on is not None else None,
        "windows": [
            {"place": w.place, "opens_on": w.opens_on.isoformat(), "closes_on": _iso(w.closes_on), "source": w.source}
            for w in windows
        ],
    }


def counts_document(told: View) -> Document:
    """Five counts that must not be mixed, and who makes up the signatures."""
    signed = [name for name, own in told.treaty.participations.items() if own.signature is not None]
    organisations = sum(kind in ORGANISATIONS for kind in map(told.world.kind, signed))
    consents, statuses = 0, Counter[str]()
    for standing, number in Counter(told.standings.values()).items():
        statuses[standing.status] += number
        consents += number if standing.consents else 0
    return {
        "signatures": len(signed),
        "signatures_by_states": len(signed) - organisations,
        "signatures_by_organisations": organisations,
        "signatories_not_consented": statuses["signatory"],
        "consents": consents,
        "counted_consents": len(counted(told)),
        "parties_in_force": statuses["party"],
    }


def living(own: Participation, told: View) -> Act | None:
    """The consent by which the participant is a contracting State on the day asked for."""
    return own.current.consent if own.current is not None and told.standings[own.participant].consents else None


def counted(told: View) -> tuple[Consent, ...]:
    """The consents that the rule counts."""
    return () if told.outcome is None else counting_part(told.outcome.reading).counted


def force_document(told: View) -> Document:
    """Gathering, threshold met, in force; or unknown, with what is missing to know."""
    outcome = told.outcome
    if outcome is None:
        return {
            "state": "no_rule",
            "in_force": False,
            "threshold_on": None,
            "entry_into_force_on": None,
            "clause": None,
            "ended_on": None,
            "ended_by": None,
        }
    if outcome.in_force():
        state = "in_force"
    elif outcome.ended_on is not None and outcome.ended_on <= outcome.as_of:
        state = "terminated"
    elif outcome.threshold_on is not None:
        state = "threshold_met"
    else:
        state = "unknown" if outcome.met is None else "gathering"
    return {
        "state": state,
        "in_force": outcome.in_force(),
        "threshold_on": _iso(outcome.threshold_on),
        "entry_into_force_on": _iso(outcome.entry_into_force_on),
        "clause": outcome.track.clause,
        "ended_on": _iso(outcome.ended_on),
        "ended_by": outcome.ended_by,
        "unknown": list(outcome.unknown),
    }


def progress_document(told: View) -> Document | None:
    """Have, need and missing of the condition that is furthest from being met."""
    if told.outcome is None:
        return None
    leaf = counting_part(told.outcome.reading)
    return _progress(leaf)


def _progress(reading: Reading) -> Document:
    have, need = reading.have, reading.need
    if have is None or need is None:
        return {"have": None, "need": None, "missing": None, "share": None, "of": reading.op}
    share = min(Fraction(1), Fraction(have) / Fraction(need)) if need else Fraction(0)
    exact = isinstance(have, int) and isinstance(need, int)
    if reading.exceeded and reading.met is not True:
        share = min(share, Fraction(9_999, 10_000))
    return {
        "have": have if exact else float(have),
        "need": need if exact else float(need),
        "missing": max(0, need - have) if exact else float(max(Fraction(0), Fraction(need) - Fraction(have))),
        "share": floor(share * 10_000) / 10_000,
        "of": reading.op,
    }


def upcoming(told: View) -> list[Milestone]:
    """What will come without any further act, in order."""
    some = [told.treaty.participations[name] for name, standing in told.standings.items() if standing.ahead]
    own = (
        line for one in some for line in participant_lines_ahead(told.treaty, one, told.bound.get(one.participant, ()))
    )
    lines = treaty_lines_ahead(told.treaty, told.outcome, told.world, after=told.as_of, ahead=some)
    ahead = [line for line in (*lines, *own) if line.due > told.as_of]
    return sorted(ahead, key=lambda line: (line.due, line.key))


def _lines(told: View) -> Iterable[Milestone]:
    yield from treaty_milestones(told.treaty, told.outcome, told.world)
    for own in told.treaty.participations.values():
        yield from participant_milestones(told.treaty, own, told.outcome)


def _due(line: Milestone) -> Document:
    return {"on": line.occurred_on.isoformat(), "kind": line.kind.value, "params": line.params, "key": line.key}


def supplies(told: View) -> list[Document]:
    """How to record what is missing to say more, where anything is."""
    if told.outcome is None:
        return []
    waited_for = told.outcome.reading if told.outcome.crossing is None else None
    return supply(told.treaty.id, told.outcome.unknown, waited_for)


def rule_document(told: View) -> Document | None:
    """The rule as data, and its version."""
    rule = told.treaty.rule
    if rule is None:
        return None
    return {"version": told.treaty.rule_version, "document": _WRITTEN.of(rule)}


def _written(rule: TreatyRule) -> Document:
    return rule.model_dump(mode="json", exclude_defaults=True)


_WRITTEN: Final = KeptByObject(_written)


def sentence(told: View, counts: Document) -> str:
    """One sentence that is right, for tonight's paper. ``counts`` are those of ``counts_document``."""
    lang = told.lang if told.lang in LANGUAGES else "en"
    name = in_language(told.treaty.details.short_titles or told.treaty.details.titles, lang)
    day = long_date(told.as_of, lang)
    outcome = told.outcome
    need = None if outcome is None else counting_part(outcome.reading).need
    if lang == "fr":
        text = f"Au {day}, {name} : {_plural(counts['signatures'], 'signature', most_for_one=1)}, "
        text += _plural(counts["consents"], "instrument déposé", "instruments déposés", most_for_one=1)
    else:
        text = f"As of {day}, {name}: {_plural(counts['signatures'], 'signature')}, "
        text += _plural(counts["consents"], "instrument deposited", "instruments deposited")
    if outcome is None or (outcome.threshold_on is None and outcome.met is None):
        return text + _UNKNOWN_FORCE[lang]
    if outcome.entry_into_force_on is None:
        return text + _needed(counts, need, lang) + _NOT_IN_FORCE[lang]
    word = {
        "en": ("; entry into force on", "; in force since"),
        "fr": (" ; entrée en vigueur le", " ; en vigueur depuis le"),
    }
    return f"{text}{word[lang][outcome.in_force()]} {long_date(outcome.entry_into_force_on, lang)}."


def _needed(counts: Document, need: object, lang: str) -> str:
    """How many instruments it takes; said apart where some of those deposited do not count."""
    if not isinstance(need, int):
        return ""
    given, counting = counts["consents"], counts["counted_consents"]
    if given == counting:
        return {"en": f" of {need} needed", "fr": f" (il en faut {need})"}[lang]
    return {
        "en": f", {counting} of which {'counts' if counting == 1 else 'count'} towards the {need} needed",
        "fr": f", dont {counting} {'compte' if counting <= 1 else 'comptent'} parmi les {need} requis",
    }[lang]


_NOT_IN_FORCE: Final = {"en": "; not yet in force.", "fr": " ; pas encore en vigueur."}
_UNKNOWN_FORCE: Final = {
    "en": "; whether it is in force cannot be said from what is recorded here.",
    "fr": " ; ce qui est enregistré ici ne permet pas de dire s'il est en vigueur.",
}


def _plural(n: int, one: str, many: str | None = None, *, most_for_one: int | None = None) -> str:
    """A number and its noun; French has the singular for nought, too."""
    singular = n == 1 if most_for_one is None else n <= most_for_one
    return f"{n} {one if singular else many or one + 's'}"


# ---- explanation -----------------------------------------------------------------------------------------------------
def explanation_document(told: View) -> Document:
    """The tree of reasons: who counts, who does not and because of whom, what would change it."""
    outcome = told.outcome
    if outcome is None:
        return {
            "question": "entry_into_force",
            **echo(told),
            "met": None,
            "unknown": ["rule"],
            "supply": supply(told.treaty.id, ["rule"], None),
            "tree": None,
            "text": {"en": "No rule is recorded.", "fr": "Aucune règle n'est enregistrée."},
        }
    leaf = counting_part(outcome.reading)
    return {
        "question": "entry_into_force",
        **echo(told),
        "met": outcome.met if outcome.crossing is None else True,
        "clause": outcome.track.clause,
        **_progress(leaf),
        "threshold_on": _iso(outcome.threshold_on),
        "entry_into_force_on": _iso(outcome.entry_into_force_on),
        "counted": [consent.participant for consent in leaf.counted],
        "not_counted": [_not_counted(left, told) for left in leaf.not_counted],
        "tree": _node(outcome.reading, told),
        "text": explained(outcome, told.world.name),
        "if_next": _if_next(told),
        "unknown": list(outcome.unknown),
        "supply": supplies(told),
        "rule_version": f"{told.treaty.id}/{told.treaty.rule_version}",
    }


def _node(reading: Reading, told: View) -> Document:
    node: Document = {"op": reading.op, "met": reading.met}
    if reading.on is not None:
        node["on"] = reading.on.isoformat()
    if reading.basis is not None:
        node["basis"] = reading.basis
    if reading.rests_on:
        node["rests_on"] = [foundation_document(one) for one in reading.rests_on]
    if reading.parts:
        return {**node, "parts": [_node(part, told) for part in reading.parts]}
    if reading.subject is not None:
        node["subject"] = reading.subject
    if reading.whose:
        node["whose"] = [{"kind": kind, "name": name} for kind, name in reading.whose]
    if reading.unit is not None:
        node["unit"] = reading.unit
    if reading.op == "fact" and reading.have is not None:
        node |= _progress(reading)
    elif reading.have is not None:
        node |= _progress(reading)
        node["counted"] = [_counted(consent, told) for consent in reading.counted]
        node["not_counted"] = [_not_counted(left, told) for left in reading.not_counted]
    if reading.missing_participants is not None:
        node["missing_participants"] = list(reading.missing_participants)
    if reading.unknown:
        node["unknown"] = list(reading.unknown)
    return node


def _counted(consent: Consent, told: View) -> Document:
    found = {
        "participant": consent.participant,
        "name": told.world.name(consent.participant, told.lang),
        "action": consent.action.value,
        "act_date": (consent.deposited_on or consent.on).isoformat(),
    }
    if consent.deposited_on is not None:
        found["counts_from"] = consent.on.isoformat()
    return found


def _not_counted(left: NotCounted, told: View) -> Document:
    clause = None if told.outcome is None else told.outcome.track.clause
    return {
        **_counted(left.consent, told),
        "reason": left.reason,
        "because_of": list(left.because_of),
        "clause": clause,
        "text": {lang: reason(left, told.world.name, lang) for lang in LANGUAGES},
    }


def _if_next(told: View) -> Document | None:
    outcome = told.outcome
    if outcome is None or outcome.threshold_on is not None:
        return None
    rule = told.treaty.rule
    met_today = None if rule is None else into_force_if_met_on(rule, told.days, told.as_of)
    return {
        "deposits_needed": missing_instruments(outcome.reading),
        "earliest_entry_into_force_if_met_today": _iso(met_today),
    }


def missing_instruments(reading: Reading) -> int | None:
    """The least number of further instruments that would complete the condition; None where they alone cannot."""
    if reading.parts and reading.op != "not_blocked":
        parts = [missing_instruments(part) for part in reading.parts]
        known = [number for number in parts if number is not None]
        if reading.op == "any":
            return min(known, default=None)
        return max(known) if len(known) == len(parts) else None
    if isinstance(reading.have, int) and isinstance(reading.need, int):
        return max(0, reading.need - reading.have)
    return 0 if reading.met else None


# ---- participants ----------------------------------------------------------------------------------------------------
def participants_document(told: View, *, keep: Callable[[Document], bool] = lambda row: True) -> Document:  # noqa: ARG005 - keeps all
    """The table: one row for each participant that ever acted, in the order of names in the language asked for."""
    rows = [row for own in told.treaty.participations.values() if keep(row := participant_row(own, told))]
    rows.sort(key=lambda row: row["sort_key"])
    for row in rows:
        del row["sort_key"]
    return {**echo(told), "participants": rows, "total": len(rows)}


def participant_row(own: Participation, told: View) -> Document:
    """One line of the table."""
    consent = living(own, told)
    signature = own.signature
    found = told.bound.get(own.participant, ())
    last = found[-1] if found else None
    binding = last if consent is not None else told.since_then.get(own.participant)
    name = told.world.name(own.participant, told.lang)
    left = told.left_out.get(own.participant)
    return {
        "sort_key": folded(name),
        "participant": own.participant,
        "name": name,
        "kind": told.world.kind(own.participant),
        "status": participant_status(own, told),
        "signed_on": None if signature is None else signature.event.act_date.isoformat(),
        "consent": None
        if consent is None
        else {
            "action": consent.event.action.value,
            "on": consent.event.act_date.isoformat(),
            "event_id": consent.event_id,
            "counted": own.participant in told.counting,
            "not_counted_because": None if left is None else left.reason,
        },
        "deposit": _deposit(own, consent, told.as_of),
        "retroactively": _since_then(own.participant, told),
        "effect_on": None if binding is None else _iso(binding.effect_on),
        "effect_clause": None if binding is None else binding.clause,
        "leaves_on": None if last is None else _iso(last.leaves_on),
        "note": None if signature is None else signature.event.note,
    }


def _deposit(own: Participation, consent: Act | None, as_of: date) -> Document | None:
    """What became of its last instrument, where that is not simply that the depositary took it."""
    current = own.current
    if consent is not None:
        until = None if current is None else current.deferred_until
        return None if until is None or until <= as_of else _held("deferred", consent, until)
    if not own.held:
        return None
    event = own.held[-1].event
    status = event.deposit_status.value if isinstance(event, InstrumentDeposited) else "pending"
    return _held(status, own.held[-1], None)


def _since_then(name: str, told: View) -> Document | None:
    """That it was a party on the day is known only through a notification made after it."""
    binding = told.since_then.get(name)
    if binding is None or binding.effect_on is None:
        return None
    notified_on = binding.life.on
    return {
        "since": binding.effect_on.isoformat(),
        "clause": binding.clause,
        "notified_on": notified_on.isoformat(),
        "event_id": binding.life.consent.event_id,
        "text": {
            "en": f"party, retroactively, since the notification of {long_date(notified_on, 'en')}",
            "fr": f"partie, à titre rétroactif, depuis la notification du {long_date(notified_on, 'fr')}",
        },
    }


def _held(status: str, deposit: Act, until: date | None) -> Document:
    return {
        "status": status,
        "action": deposit.event.action.value,
        "on": deposit.event.act_date.isoformat(),
        "event_id": deposit.event_id,
        "deferred_until": _iso(until),
    }


def folded(name: str) -> str:
    """A name as it is sorted: without accents, case and leading article."""
    plain = "".join(char for char in normalize("NFKD", name.casefold().replace("đ", "d")) if not combining(char))
    return plain.removeprefix("the ").removeprefix("l'").replace("'", " ").replace("-", " ")


def participant_status(own: Participation, told: View) -> str:
    """``party``, ``contracting``, ``signatory``, ``former_party``, ``withdrawn`` or ``other``."""
    standing = told.standings.get(own.participant)
    return "other" if standing is None else standing.status  # who never acted is asked about, too


def participant_document(own: Participation, told: View) -> Document:
    """One participant: its row, its periods with their clauses, and every act."""
    row = participant_row(own, told)
    del row["sort_key"]
    return {
        **echo(told),
        **row,
        "names": {lang: told.world.name(own.participant, lang) for lang in ("en", "fr", "es", "ru", "ar", "zh", "vi")},
        "periods": [_period(binding) for binding in _known_later(own.participant, told)],
        "acts": [act_document(act) for act in own.acts],
    }


def _known_later(name: str, told: View) -> tuple[Binding, ...]:
    """Its periods, and the one that was notified only after the day."""
    since = told.since_then.get(name)
    return (*told.bound.get(name, ()), *(() if since is None else (since,)))


def _period(binding: Binding) -> Document:
    life = binding.life
    notice = life.standing_notice
    return {
        "consent": {
            "action": life.consent.event.action.value,
            "on": life.on.isoformat(),
            "event_id": life.consent.event_id,
        },
        "counts_from": life.counts_from.isoformat(),
        "effect_on": _iso(binding.effect_on),
        "clause": binding.clause,
        "taken_back_on": _iso(life.taken_back_on),
        "withdrawal_notified_on": None if notice is None else notice.notified.event.act_date.isoformat(),
        "leaves_on": _iso(binding.leaves_on),
        "leaving_clause": binding.leaving_clause,
        "left_with": binding.left_with,
    }


def act_document(act: Act) -> Document:
    """One act as it stands now."""
    event = act.event
    return {
        "event_id": act.event_id,
        "action": event.action.value,
        "act_date": event.act_date.isoformat(),
        "place": event.place,
        "effect_date": _iso(event.effect_date),
        "circulated_on": _iso(event.circulated_on),
        "depositary_ref": event.depositary_ref,
        "tier": event.tier.value,
        "evidence": [{"source": e.source, "url": e.url, "locator": e.locator, "note": e.note} for e in event.evidence],
        "note": event.note,
        **_own_fields(event),
        "recorded_at": event.recorded.at.isoformat(),
        "recorded_by": event.recorded.by,
        "corrected_by": list(act.corrected_by),
    }


def _own_fields(event: ParticipantAct) -> Document:
    """What only acts of this kind have."""
    match event:
        case InstrumentDeposited():
            return {
                "predecessor": event.predecessor,
                "succeeded_on": _iso(event.succeeded_on),
                "deposit_status": event.deposit_status.value,
                "deferred_until": _iso(event.deferred_until),
            }
        case WithdrawalNotified():
            return {"fulfils": list(event.fulfils)}
        case _:
            return {}


# ---- milestones and claims -------------------------------------------------------------------------------------------
def milestones_document(told: View) -> Document:
    """What was announced and stands, and what will come by itself; in the order of legal days."""
    said = told.whole.announced
    rows = []
    beside = contradiction_lines(told.treaty, told.outcome, told.world, as_of=told.as_of)
    for line in (*_lines(told), *beside):
        announced = said.get(line.key)
        reached = line.due <= told.as_of
        if line.overtaken_on is not None and line.overtaken_on <= told.as_of and announced is None:
            continue
        rows.append(
            {
                "key": line.key,
                "kind": line.kind.value,
                "params": line.params,
                "occurrence": line.occurrence,
                "state": _line_state(line, told.as_of) if reached else "upcoming",
                "occurred_on": line.occurred_on.isoformat(),
                "lost_on": _iso(line.lost_on),
                "clause": line.clause,
                "attributed_to": [
                    {"participant": who, "name": told.world.name(who, told.lang), "action": action}
                    for who, action in sorted(line.attributed)
                ],
                "progress": None if line.progress is None else {"have": line.progress.have, "need": line.progress.need},
                "entry_into_force_on": None
                if line.consequence is None
                else line.consequence.entry_into_force.isoformat(),
                "contradiction": None if line.contradiction is None else _contradiction(line.contradiction),
                "announced": None if announced is None else _announcement(announced),
            }
        )
    shown = {row["key"] for row in rows}
    taken_back = [
        {
            "key": key,
            "kind": one.kind,
            "state": one.status.value,
            "occurred_on": one.occurred_on.isoformat(),
            "announced": _announcement(one),
        }
        for key, one in said.items()
        if key not in shown and one.status in {Status.REVOKED, Status.CANCELLED}
    ]
    rows.sort(key=lambda row: (row["occurred_on"], row["key"]))
    return {**echo(told), "milestones": rows, "taken_back": taken_back, "held": held_documents(told.whole)}


def held_documents(treaty: Treaty) -> list[Document]:
    """What waits for a second person: what would be said, since whose fact, and until when."""
    return [
        {
            "key": key,
            "statuses": [status.value for status in one.statuses],
            "occurred_on": one.occurred_on.isoformat(),
            "recorded_by": one.by,
            "until": one.until.isoformat(),
            "event_id": one.event_id,
        }
        for key, one in sorted(treaty.held.items())
    ]


def _contradiction(one: Contradiction) -> Document:
    """The statement that the facts contradict."""
    return {
        "claim": one.claim,
        "verdict": one.verdict.value,
        "statement": one.statement,
        "source": one.source,
        "claimed_on": one.claimed_on,
        "claimed": one.claimed,
        "have": one.have,
    }


def _announcement(one: Announced) -> Document:
    """What was last said of a line; ``as_history``: it came with an import, nobody was told."""
    return {
        "status": one.status.value,
        "revision": one.revision,
        "late_by_days": one.late_by_days,
        "as_history": one.as_history,
    }


def _line_state(line: Milestone, as_of: date) -> str:
    return "lost" if line.lost_on is not None and line.lost_on <= as_of else "reached"


def claims_document(told: View) -> Document:
    """Statements beside the facts made by the day asked for, each with what the record says to it."""
    return {**echo(told), **claims_report(told)}
