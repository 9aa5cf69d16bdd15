"""From bodies to orders: dates are read, participants looked up, and what belongs to no such act is refused."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import UNSET
from pydantic import ValidationError

from treaty_events import (
    EVENT_OF,
    Action,
    ClaimedThreshold,
    Depositary,
    DepositStatus,
    Details,
    Evidence,
    FourEyes,
    NotAFact,
    Override,
    SignatureWindow,
    SourceNote,
    Tier,
    treaty_id,
)
from treaty_status.api.bodies import (
    ActionBody,
    ClaimBody,
    CorrectionBody,
    DepositaryBody,
    EvidenceBody,
    TreatyBody,
    WindowBody,
)
from treaty_status.api.problems import invalid
from treaty_status.api.refusals import NoSuchParticipant
from treaty_status.application.time_zones import time_zones
from treaty_status.domain.decisions import Correct, Define, RecordAct, RecordClaim
from treaty_status.domain.iso import iso_date
from treaty_status.domain.ledger import STATES
from treaty_status.domain.refusals import Refusal, UnknownParticipant
from treaty_status.domain.rule import TreatyRule
from treaty_status.registry import Registry

FIRST_YEAR: Final = 1600
LAST_YEAR: Final = 2999
"""Treaty days lie between; a rule's arithmetic then stays inside the calendar."""
SUGGESTIONS: Final = 3
PUBLISHED_TOTALS: Final = frozenset({"signatures", "signatures_by_states", "signatures_on_day", "consents"})
"""What a depositary says in numbers: held against the record, and never made part of it."""
_EXTRA: Final = (
    "predecessor",
    "succeeded_on",
    "deposit_status",
    "deferred_until",
    "fulfils",
    "ended",
    "text",
    "article",
    "objected_to",
    "opposes_entry_into_force",
    "territory",
    "extent",
)
_DATES: Final = frozenset(
    {"act_date", "certified_on", "effect_date", "circulated_on", "succeeded_on", "deferred_until"}
)
_PARTICIPANTS: Final = frozenset({"participant", "predecessor", "objected_to"})
_FIELDS_OF: Final = {action: frozenset(field.name for field in fields(kind)) for action, kind in EVENT_OF.items()}


# ---- values ----------------------------------------------------------------------------------------------------------
def day(text: str, pointer: str) -> date:
    """The civil date of a field.

    Raises:
        InvalidRequest: not a day, or one in no treaty's lifetime.
    """
    try:
        found = iso_date(text)
    except ValueError as error:
        raise invalid((pointer, str(error)), way_out="Write dates as YYYY-MM-DD.") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise invalid((pointer, f"The year lies between {FIRST_YEAR} and {LAST_YEAR} (got: {found.year})"))
    return found


def optional_day(text: str | None, pointer: str) -> date | None:
    """The civil date of a field that may be left out."""
    return None if text is None else day(text, pointer)


def participant(registry: Registry, text: str, pointer: str, *, on: date | None) -> str:
    """The id behind an id, a code or an exact name as borne on a day.

    Raises:
        UnknownParticipant: none, or several; resemblances are suggested and never taken.
    """
    found = registry.find(text, on=on)
    if found is None:
        raise unknown_participant(registry, text, pointer)
    return found.id


def unknown_participant(registry: Registry, text: str, pointer: str, *, in_path: bool = False) -> Refusal:
    """The refusal of a name that the registry does not hold, with up to three that resemble it."""
    near = [{"id": one.id, "name": one.name, "score": one.score} for one in registry.suggest(text, limit=SUGGESTIONS)]
    meant = " or ".join(f"{one['name']} ({one['id']})" for one in near)
    kind = NoSuchParticipant if in_path else UnknownParticipant
    return kind(
        f"No participant has exactly this name, code or id (got: {text[:80]!r}).",
        way_out=f"Did you mean {meant}? Nothing is guessed." if near else "Look it up at /v1/participants.",
        facts={"participant": text[:300], "pointer": pointer, "suggestions": near},
    )


def evidence(given: Iterable[EvidenceBody]) -> tuple[Evidence, ...]:
    """Evidence as facts carry it."""
    return tuple(
        Evidence(
            source=one.source,
            url=one.url,
            locator=one.locator,
            retrieved_at=one.retrieved_at,
            sha256=one.sha256,
            note=one.note,
        )
        for one in given
    )


# ---- acts ------------------------------------------------------------------------------------------------------------
def act(body: ActionBody, *, treaty: str, registry: Registry) -> RecordAct:
    """The order to record an act."""
    on = day(body.act_date, "/act_date")
    return RecordAct(
        treaty=treaty,
        action=body.action,
        participant=participant(registry, body.participant, "/participant", on=on),
        act_date=on,
        place=body.place,
        effect_date=optional_day(body.effect_date, "/effect_date"),
        circulated_on=optional_day(body.circulated_on, "/circulated_on"),
        depositary_ref=body.depositary_ref,
        tier=body.tier,
        evidence=evidence(body.evidence) if body.evidence else (),
        note=body.note,
        override=None if body.override is None else Override(checks=body.override.checks, reason=body.override.reason),
        extra=_extra(body, registry, on),
    )


def _extra(body: ActionBody, registry: Registry, on: date) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _EXTRA:
        value = getattr(body, name)
        if value is UNSET:
            continue
        if name not in _FIELDS_OF[body.action]:
            raise invalid((f"/{name}", f"An act of the kind {body.action.value} has no {name}"))
        found[name] = _read(name, value, f"/{name}", registry, on)
    return found


def _read(name: str, value: Any, pointer: str, registry: Registry, on: date | None) -> Any:
    if value is None:
        return None
    if name in _DATES:
        return day(value, pointer)
    return participant(registry, value, pointer, on=on) if name in _PARTICIPANTS else value


# ---- corrections and claims ------------------------------------------------------------------------------------------
def correction(body: CorrectionBody, *, treaty: str, registry: Registry) -> Correct:
    """The order to correct, retract or reinstate an act or a certificate."""
    changed = _changed(body, registry)
    if body.kind == "corrected" and not changed:
        raise invalid(("/fields", "A correction names the fields that read otherwise"))
    if body.kind != "corrected" and changed:
        raise invalid(("/fields", f"An act or certificate is {body.kind} as a whole, without fields"))
    return Correct(
        treaty=treaty,
        target=body.target,
        kind=body.kind,
        reason=body.reason,
        fields=changed,
        explanation=body.explanation,
        evidence=evidence(body.evidence),
        override=None if body.override is None else Override(checks=body.override.checks, reason=body.override.reason),
    )


def _changed(body: CorrectionBody, registry: Registry) -> dict[str, Any]:
    """As plain JSON: what is stored must be readable without our types."""
    if body.fields is None:
        return {}
    found: dict[str, Any] = {}
    for name in body.fields.__struct_fields__:
        value = getattr(body.fields, name)
        if value is not UNSET:
            read = _read(name, value, f"/fields/{name}", registry, None)
            found[name] = read.isoformat() if isinstance(read, date) else read
    return {
        name: value.value if isinstance(value, Action | Tier | DepositStatus) else value
        for name, value in found.items()
    }


def claim(body: ClaimBody, *, treaty: str, registry: Registry) -> RecordClaim:
    """The order to keep a statement beside the facts."""
    for name, text in (
        ("claimed_on", body.claimed_on),
        ("measured_on", body.measured_on),
        ("act_date", body.act_date),
    ):
        if text is not None:
            day(f"{text}-01-01"[:10] if len(text) < len("2026-02-01") else text, f"/{name}")
    if body.tier is Tier.OFFICIAL_DEPOSITARY and body.about not in PUBLISHED_TOTALS:
        raise invalid(
            ("/tier", "Of the depositary's own word only the totals that it publishes are kept here"),
            way_out="Record what it recorded with …/actions.",
        )
    said = None if body.participant is None else participant(registry, body.participant, "/participant", on=None)
    threshold = body.threshold
    return RecordClaim(
        treaty=treaty,
        claim={
            "claimed_on": body.claimed_on,
            "source": body.source,
            "statement": body.statement,
            "about": body.about,
            "tier": body.tier,
            "url": body.url,
            "value": body.value,
            "bound": body.bound,
            "among": _population(registry, body.among, "/among"),
            "besides": tuple(
                participant(registry, one, f"/besides/{n}", on=None) for n, one in enumerate(body.besides)
            ),
            "measured_on": body.measured_on,
            "participant": said,
            "action": body.action,
            "act_date": body.act_date,
            "ordinal": body.ordinal,
            "day_of": body.day_of,
            "threshold": None
            if threshold is None
            else ClaimedThreshold(
                count=threshold.count,
                by=threshold.by,
                among=_population(registry, threshold.among, "/threshold/among"),
            ),
            "delay_days": body.delay_days,
            "note": body.note,
            "evidence": evidence(body.evidence),
        },
        imported=body.imported,
    )


def _population(registry: Registry, text: str | None, pointer: str) -> str | None:
    """States, or a group of the registry."""
    known = sorted({STATES, *(group.id for group in registry.groups())})
    if text is not None and text not in known:
        raise invalid((pointer, f"There is no such population ({text!r})"), way_out=f"Name one of {', '.join(known)}.")
    return text


# ---- the treaty itself -----------------------------------------------------------------------------------------------
def definition(body: TreatyBody, *, treaty: str, standing_windows: tuple[SignatureWindow, ...]) -> Define:
    """The order to define or amend a treaty."""
    windows = standing_windows if body.signature_windows is UNSET else _windows(body.signature_windows)
    return Define(treaty=treaty, details=_details(body), windows=windows, rule=_rule(body, treaty), reason=body.reason)


def identifier(text: str, pointer: str) -> str:
    """A treaty's id, well formed.

    Raises:
        InvalidRequest: it is not.
    """
    try:
        return treaty_id(text)
    except NotAFact as error:
        raise invalid((pointer, str(error))) from None


def _details(body: TreatyBody) -> Details:
    return Details(
        titles=body.titles,
        depositary=_depositary(body.depositary),
        short_titles=body.short_titles,
        adopted_on=optional_day(body.adopted_on, "/adopted_on"),
        adopted_at=body.adopted_at,
        adoption_reference=body.adoption_reference,
        authentic_languages=body.authentic_languages,
        articles=body.articles,
        chapters=body.chapters,
        last_read_on=optional_day(body.last_read_on, "/last_read_on"),
        parents=tuple(identifier(one, f"/parents/{n}") for n, one in enumerate(body.parents)),
        sources=tuple(SourceNote(label=one.label, url=one.url) for one in body.sources),
        four_eyes=None if body.four_eyes_hours is None else FourEyes(hours=body.four_eyes_hours),
    )


def _depositary(body: DepositaryBody) -> Depositary:
    if body.time_zone not in time_zones():
        raise invalid(
            ("/depositary/time_zone", f"The IANA list has no such time zone ({body.time_zone!r})"),
            way_out="Name one of that list, letter by letter, such as America/New_York or Europe/Paris.",
        )
    return Depositary(id=body.id, name=body.name, time_zone=body.time_zone)


def _windows(given: tuple[WindowBody, ...]) -> tuple[SignatureWindow, ...]:
    return tuple(_window(one, f"/signature_windows/{n}") for n, one in enumerate(given))


def _window(body: WindowBody, pointer: str) -> SignatureWindow:
    opens_on = day(body.opens_on, f"{pointer}/opens_on")
    closes_on = optional_day(body.closes_on, f"{pointer}/closes_on")
    if closes_on is not None and closes_on < opens_on:
        raise invalid((f"{pointer}/closes_on", f"The window closes before it opens ({closes_on} < {opens_on})"))
    return SignatureWindow(place=body.place, opens_on=opens_on, closes_on=closes_on, source=body.source)


def _rule(body: TreatyBody, treaty: str) -> TreatyRule | None:
    if body.rule is UNSET or bytes(body.rule) == b"null":
        return None
    return rule_of(bytes(body.rule), treaty)


def rule_of(document: bytes, treaty: str) -> TreatyRule:
    """The rule of a treaty from its JSON.

    Raises:
        InvalidRequest: a word, a value or a nesting that the rule language does not have; or another treaty's rule.
    """
    try:
        rule = TreatyRule.model_validate_json(document)
    except ValidationError as error:
        found = [(_rule_pointer(one["loc"]), str(one["msg"]).removeprefix("Value error, ")) for one in error.errors()]
        raise invalid(*found[:20], way_out="Compare with the rule language in the documentation.") from None
    if rule.treaty != treaty:
        raise invalid(("/rule/treaty", f"The rule is that of {rule.treaty}, not of {treaty}"))
    return rule


def _rule_pointer(location: tuple[int | str, ...]) -> str:
    return "/rule" + "".join(f"/{step}" for step in location)


def canonical(body: msgspec.Struct) -> bytes:
    """One spelling of a body, whatever the order of its fields and its white space."""
    return msgspec.json.encode(body, order="deterministic")


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
