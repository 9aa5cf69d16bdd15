"""What would follow from acts that are only supposed: before, after, and the difference, as a JSON-ready document."""

from treaty_events import name_of
from treaty_status.application.documents import (
    Document,
    View,
    counts_document,
    explanation_document,
    force_document,
    participant_row,
    progress_document,
    sentence,
    view,
)
from treaty_status.domain.hypotheses import Announcement, Remark, Supposition
from treaty_status.domain.participation import Participation
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


def what_if_document(treaty: Treaty, supposed: Supposition, *, position: int, lang: str, world: World) -> Document:
    """Both sides are told of the same legal day, so that whatever differs differs because of the acts."""
    day = supposed.day
    before = view(treaty, position, as_of=day, lang=lang, world=world)
    after = view(supposed.treaty, position, as_of=day, lang=lang, world=world)
    reasons = explanation_document(after)
    echo = {name: reasons.pop(name) for name in ("treaty", "livemode", "as_of", "lang", "position", "version")}
    return {
        "question": "what_if",
        **echo,
        "recorded": False,
        "before": _side(before),
        "after": _side(after),
        "difference": {
            "threshold_on": _both(before, after, "threshold_on"),
            "entry_into_force_on": _both(before, after, "entry_into_force_on"),
            "milestones": [_announcement(one, after) for one in supposed.announcements],
            "participants": _participants(before, after),
        },
        "warnings": [
            {"act": one.act, **_of_certificate(one), "code": one.warned.code, "message": one.warned.message}
            for one in supposed.remarks
        ],
        "explanation": reasons,
    }


def _of_certificate(one: Announcement | Remark) -> Document:
    """The index of the certificate that caused it, where one did."""
    return {} if one.certificate is None else {"certificate": one.certificate}


def _side(told: View) -> Document:
    counts = counts_document(told)
    return {
        "force": force_document(told),
        "progress": progress_document(told),
        "counts": counts,
        "sentence": sentence(told, counts),
    }


def _both(before: View, after: View, name: str) -> Document:
    return {"before": force_document(before)[name], "after": force_document(after)[name]}


def _announcement(one: Announcement, told: View) -> Document:
    said = one.milestone
    return {
        "act": one.act,
        **_of_certificate(one),
        "type": name_of(said),
        "key": said.key,
        "occurred_on": said.occurred_on.isoformat(),
        "clause": said.clause,
        "attributed_to": [
            {
                "participant": who.participant,
                "name": told.world.name(who.participant, told.lang),
                "action": who.action,
            }
            for who in said.attributed_to
        ],
        "progress": None if said.progress is None else {"have": said.progress.have, "need": said.progress.need},
        "entry_into_force_on": None if said.consequence is None else said.consequence.entry_into_force.isoformat(),
    }


def _participants(before: View, after: View) -> list[Document]:
    """Those for whom something would change, by name in the language asked for."""
    names = before.treaty.participations.keys() | after.treaty.participations.keys()
    rows = []
    for name in names:
        was, would = _standing(name, before), _standing(name, after)
        if was != would:
            rows.append(
                {"participant": name, "name": after.world.name(name, after.lang), "before": was, "after": would}
            )
    return sorted(rows, key=lambda row: (row["name"], row["participant"]))


def _standing(name: str, told: View) -> Document | None:
    own: Participation | None = told.treaty.participations.get(name)
    if own is None:
        return None
    row = participant_row(own, told)
    consent = row["consent"]
    return {
        "status": row["status"],
        "signed_on": row["signed_on"],
        "consent_on": None if consent is None else consent["on"],
        "counted": consent is not None and consent["counted"],
        "effect_on": row["effect_on"],
        "effect_clause": row["effect_clause"],
        "leaves_on": row["leaves_on"],
    }
