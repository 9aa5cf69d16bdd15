"""What is answered, as JSON schemas: what a program may rely on. Fields may be added, so none is forbidden."""

from typing import Any, Final

from treaty_events import ClaimVerdict

Document = dict[str, Any]


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Document, optional: Document | None = None, **more: Any) -> Document:
    return {"type": "object", "required": list(required), "properties": required | (optional or {}), **more}


def _array(items: Document) -> Document:
    return {"type": "array", "items": items}


def _or_null(schema: Document) -> Document:
    return {"anyOf": [schema, {"type": "null"}]}


TEXT: Final[Document] = {"type": "string"}
WHOLE: Final[Document] = {"type": "integer"}
YES_NO: Final[Document] = {"type": "boolean"}
DAY: Final[Document] = {"type": "string", "format": "date"}
INSTANT: Final[Document] = {"type": "string", "format": "date-time"}
UUID: Final[Document] = {"type": "string", "format": "uuid"}
_MAYBE_DAY: Final = _or_null(DAY)
_MAYBE_TEXT: Final = _or_null(TEXT)
_ECHO: Final[Document] = {
    "treaty": TEXT,
    "livemode": {**YES_NO, "description": "False in a rehearsal, which is never counted."},
    "as_of": {**DAY, "description": "The legal day at whose end the answer holds."},
    "lang": TEXT,
    "position": {**WHOLE, "description": "The log position of the treaty's last event."},
    "version": {**WHOLE, "description": "How many events the treaty has."},
}
_TOLD: Final[Document] = {
    **_ECHO,
    "known_at": {
        **INSTANT,
        "description": "The instant asked about; else, or if it lies ahead, that of the last event heard.",
    },
    "permanent": {
        **TEXT,
        "description": "The address that answers these bytes for ever: both clocks, language and edition are in it.",
    },
}
_PROGRESS: Final = _object({"have": {}, "need": {}, "missing": {}})
_FORCE: Final = _object(
    {"state": TEXT, "in_force": YES_NO, "threshold_on": _MAYBE_DAY, "entry_into_force_on": _MAYBE_DAY}
)
_SIDE: Final = _object(
    {"force": _FORCE, "progress": _or_null(_PROGRESS), "counts": {"type": "object"}, "sentence": TEXT}
)
_BOTH: Final = _object({"before": _MAYBE_DAY, "after": _MAYBE_DAY})
_INDEX: Final[Document] = {
    "type": ["integer", "null"],
    "description": "Which of the acts; null: a certificate or the day alone.",
}
_KEPT: Final = _object(
    {"participant": TEXT, "name": TEXT, "kind": TEXT, "status": TEXT},
    {"signed_on": _MAYBE_DAY, "consent": {"type": ["object", "null"]}, "effect_on": _MAYBE_DAY},
)
_WAITED_FOR: Final = _object(
    {"key": TEXT, "at_least": _MAYBE_TEXT, "unit": _MAYBE_TEXT, "met": {"type": ["boolean", "null"]}, "on": _MAYBE_DAY}
)
_TABLE_HEAD: Final = _object(
    {
        "name": TEXT,
        "version": TEXT,
        "source": TEXT,
        "whole": _MAYBE_TEXT,
        "unit": _MAYBE_TEXT,
        "values_on": _MAYBE_DAY,
        "rows": WHOLE,
        "held_by": {"enum": ["record", "rule"]},
        "asked_for": {**YES_NO, "description": "Does a clause on entry into force weigh by it?"},
    }
)
_RESTS_ON: Final = _array(
    _object(
        {
            "kind": {"enum": ["table", "certificate"]},
            "name": TEXT,
            "version": _MAYBE_TEXT,
            "source": _MAYBE_TEXT,
            "event_id": {"type": ["string", "null"], "format": "uuid"},
            "on": _MAYBE_DAY,
        }
    )
)
_SUPPLY: Final = {
    **_array(_object({"unknown": TEXT, "text": {"type": "object"}})),
    "description": "How to record what is missing to say more.",
}

SCHEMAS: Final[dict[str, Document]] = {
    "Treaty": _object(
        {
            "id": TEXT,
            **_TOLD,
            "title": TEXT,
            "signature": _object({"state": TEXT, "opens_on": _MAYBE_DAY, "closes_on": _MAYBE_DAY}),
            "counts": _object(
                dict.fromkeys(
                    (
                        "signatures",
                        "signatures_by_states",
                        "signatures_by_organisations",
                        "signatories_not_consented",
                        "consents",
                        "counted_consents",
                        "parties_in_force",
                    ),
                    WHOLE,
                )
            ),
            "force": _FORCE,
            "progress": _or_null(_PROGRESS),
            "next_due": _array(_object({"on": DAY, "kind": TEXT, "key": TEXT})),
            "rests_on": _RESTS_ON,
            "supply": _SUPPLY,
            "claims": _object(
                {
                    "total": WHOLE,
                    "verdicts": {"type": "object", "description": "How many statements there are of which verdict."},
                    "contradicting": {
                        **_array(_object({"event_id": UUID, "verdict": _object({"kind": TEXT, "says": TEXT})})),
                        "description": "In brief; what each verdict rests on is told by …/claims.",
                    },
                }
            ),
            "sentence": TEXT,
            "notice": TEXT,
        },
        description="Where a treaty stands at the end of a legal day.",
    ),
    "Participants": _object({**_TOLD, "participants": _array(_KEPT), "total": WHOLE}),
    "Participant": _object(
        {**_TOLD, "participant": TEXT, "name": TEXT, "status": TEXT, "periods": _array({"type": "object"})},
        {"acts": _array({"type": "object"}), "effect_on": _MAYBE_DAY, "effect_clause": _MAYBE_TEXT},
    ),
    "Explanation": _object(
        {
            **_TOLD,
            "met": {"type": ["boolean", "null"]},
            "tree": {"type": ["object", "null"]},
            "text": {"type": "object"},
            "supply": _SUPPLY,
        },
        {"counted": _array(TEXT), "not_counted": _array({"type": "object"})},
    ),
    "WhatIf": _object(
        {
            **_ECHO,
            "known_at": {**INSTANT, "description": "When the last event was recorded on which the acts come."},
            "recorded": {"const": False},
            "before": _SIDE,
            "after": _SIDE,
            "difference": _object(
                {
                    "threshold_on": _BOTH,
                    "entry_into_force_on": _BOTH,
                    "milestones": _array(
                        _object({"act": _INDEX, "type": TEXT, "key": TEXT, "occurred_on": DAY}, {"certificate": WHOLE})
                    ),
                    "participants": _array(
                        _object(
                            {
                                "participant": TEXT,
                                "name": TEXT,
                                "before": {"type": ["object", "null"]},
                                "after": {"type": ["object", "null"]},
                            }
                        )
                    ),
                }
            ),
            "warnings": _array(_object({"act": _INDEX, "code": TEXT, "message": TEXT}, {"certificate": WHOLE})),
            "explanation": {"type": "object"},
        },
        description="What would follow from acts that are only supposed, told of one legal day with and without them.",
    ),
    "Path": _object(
        {
            **_TOLD,
            "crossed": YES_NO,
            "threshold_on": _MAYBE_DAY,
            "among": _MAYBE_TEXT,
            "size": {"type": ["integer", "null"], "description": "How many consents the smallest sets hold."},
            "at_least": {"type": ["integer", "null"], "description": "No set is smaller than this."},
            "paths": _array(
                _object(
                    {
                        "clause": TEXT,
                        "size": WHOLE,
                        "everyone": {**_array(TEXT), "description": "All of these; the rest of size may be anyone."},
                        "any": {
                            **_array(_object({"n": WHOLE, "of": _array(TEXT)})),
                            "description": "Of each of these lists at least n more.",
                        },
                        "example": {**_array(TEXT), "description": "One such set, with names."},
                        "waits_for": _array(_object({"op": TEXT, "subject": _MAYBE_TEXT, "on": _MAYBE_DAY})),
                        "entry_into_force_on": _MAYBE_DAY,
                    }
                )
            ),
            "candidates": _array(_object({"participant": TEXT, "name": TEXT, "signatory": YES_NO, "by": _array(TEXT)})),
            "exhausted": {**YES_NO, "description": "Are all the smallest sets there?"},
            "stopped_by": {"enum": ["limit", "budget", None]},
            "unknown": _array(TEXT),
            "text": {"type": "object"},
        },
        description="The smallest sets of consents that would meet the condition on the day.",
    ),
    "Milestones": _object(
        {
            **_TOLD,
            "milestones": _array({"type": "object"}),
            "taken_back": _array({"type": "object"}),
            "held": _array({"type": "object"}),
        }
    ),
    "Claims": _object(
        {
            **_TOLD,
            "claims": _array(_ref("Claim")),
            "total": WHOLE,
            "contradicting": WHOLE,
            "verdicts": {"type": "object", "description": "How many statements there are of which verdict."},
        },
        {"shown": {**WHOLE, "description": "How many rows a filter left."}},
    ),
    "Claim": _object(
        {
            "event_id": UUID,
            "claimed_on": TEXT,
            "source": TEXT,
            "statement": TEXT,
            "about": TEXT,
            "tier": TEXT,
            "fact": {"type": ["integer", "null"], "description": "The record's number for the same thing."},
            "contradicts": YES_NO,
            "announced": {"type": ["object", "null"], "description": "What was last said of the contradiction."},
            "as_known_then": {**TEXT, "description": "Where the report stands as it was when the statement was heard."},
            "verdict": _object(
                {
                    "kind": {"enum": [kind.value for kind in ClaimVerdict]},
                    "also": _array(TEXT),
                    "text": {"type": "object"},
                    "on": DAY,
                    "have": {"type": ["integer", "null"]},
                    "claimed": {"type": ["integer", "null"]},
                    "right_from": _MAYBE_DAY,
                    "right_until": _MAYBE_DAY,
                    "passed_on": _MAYBE_DAY,
                    "true_on": _MAYBE_DAY,
                    "days": {"type": ["integer", "null"]},
                    "differs": _array(TEXT),
                    "because": _MAYBE_TEXT,
                    "rests_on": _object(
                        {"rows": TEXT, "as_of": DAY, "event_ids": _array(UUID), "address": _MAYBE_TEXT},
                        {"count": {"type": ["integer", "null"]}},
                    ),
                },
                description="What the facts of the day say to it; worked out anew each time, never stored.",
            ),
        },
        description="A statement beside the facts.",
    ),
    "Certificates": _object(
        {**_ECHO, "certificates": _array({"type": "object"}), "total": WHOLE, "waits_for": _array(_WAITED_FOR)}
    ),
    "TableList": _object({**_ECHO, "tables": _array(_TABLE_HEAD), "missing": _array(TEXT)}),
    "Table": _object(
        {
            **_ECHO,
            "table": _TABLE_HEAD,
            "values": _array(_object({"participant": TEXT, "name": TEXT, "value": TEXT})),
            "versions": _array(_object({"version": TEXT, "event_id": UUID, "source": TEXT, "reason": _MAYBE_TEXT})),
        }
    ),
    "TreatyList": _object(
        {
            "treaties": _array(_object({"id": TEXT, "title": TEXT, "livemode": YES_NO, "in_force": YES_NO})),
            "next": {**_MAYBE_TEXT, "description": "What after has to be for the rest."},
            "position": {**WHOLE, "description": "How far in the log the list has come."},
        }
    ),
    "RegistryList": _object(
        {"participants": _array(_object({"id": TEXT, "name": TEXT, "kind": TEXT})), "total": WHOLE}
    ),
    "RegistryEntry": _object(
        {"id": TEXT, "name": TEXT, "kind": TEXT, "names": _array({"type": "object"}), "groups": _array(TEXT)},
        {"treaties": _array({"type": "object"})},
    ),
    "OwnKey": _object({"id": TEXT, "name": TEXT, "scopes": _array(TEXT)}),
    "FeedEvent": _object(
        {
            "position": {**WHOLE, "description": "Place in the whole log; ascending, holes allowed."},
            "id": UUID,
            "type": TEXT,
            "category": {
                "enum": ["fact", "milestone", "meta", "historic_fact", "historic_milestone", "historic_meta"],
                "description": "historic_: brought in by an import of history; no news.",
            },
            "treaty": TEXT,
            "version": WHOLE,
            "livemode": YES_NO,
            "recorded_at": INSTANT,
            "recorded_by": TEXT,
            "data": {"type": "object", "description": "The event as it is stored."},
        }
    ),
    "FeedPage": _object(
        {
            "after": WHOLE,
            "head": {**WHOLE, "description": "The last position in the log."},
            "next": {**WHOLE, "description": "The position to ask after next time."},
            "events": _array(_ref("FeedEvent")),
        }
    ),
}
ANSWERED_BY: Final = {
    "read_treaty": "Treaty",
    "list_participants": "Participants",
    "read_participant": "Participant",
    "read_explanation": "Explanation",
    "ask_what_if": "WhatIf",
    "read_path": "Path",
    "read_milestones": "Milestones",
    "read_claims": "Claims",
    "read_certificates": "Certificates",
    "list_tables": "TableList",
    "read_table": "Table",
    "list_treaties": "TreatyList",
    "list_registry": "RegistryList",
    "read_registry_entry": "RegistryEntry",
    "read_own_key": "OwnKey",
    "read_feed": "FeedPage",
    "reassess": "Reassessment",
}
"""Operations and the schema of their answer."""
