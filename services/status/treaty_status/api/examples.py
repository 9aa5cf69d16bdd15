"""Examples of the documentation: real shapes, and acts that are plainly invented where they are not in the record."""

from typing import Any, Final

from treaty_status.api.certificate_bodies import EXAMPLES
from treaty_status.api.reassessment_body import EXAMPLES as REASSESSMENT

Document = dict[str, Any]

BODIES: Final[dict[str, dict[str, Document]]] = {
    **EXAMPLES,
    "treaty": {
        "a small protocol": {
            "titles": {"en": "Protocol on Examples", "fr": "Protocole sur les exemples"},
            "depositary": {
                "id": "un-secretary-general",
                "name": {"en": "Secretary-General of the United Nations"},
                "time_zone": "America/New_York",
            },
            "adopted_on": "2026-01-15",
            "adopted_at": "New York",
            "signature_windows": [{"place": "New York", "opens_on": "2026-02-01", "closes_on": "2027-01-31"}],
            "rule": {
                "treaty": "EX-1",
                "title": "Protocol on Examples",
                "joining": {"clause": "9", "modes": ["ratification", "accession"]},
                "in_force": [
                    {"clause": "10(1)", "when": {"op": "count", "at_least": 3}, "then": {"op": "plus", "days": 90}}
                ],
            },
        }
    },
    "action": {
        "a ratification": {
            "action": "ratification",
            "participant": "Viet Nam",
            "act_date": "2026-11-18",
            "place": "New York",
            "depositary_ref": "C.N.1.2026 (an invented example)",
            "evidence": [{"source": "Depositary notification", "url": "https://example.org/cn1"}],
        },
        "a signature that overrules a check": {
            "action": "signature",
            "participant": "FJI",
            "act_date": "2026-11-18",
            "place": "Suva",
            "override": {"checks": ["V1"], "reason": "Signed at a ceremony that the depositary announced by letter."},
        },
    },
    "imported_act": {
        "a signature": {
            "treaty": "EX-1",
            "action": "signature",
            "participant": "Fiji",
            "act_date": "2026-02-01",
            "place": "New York",
        },
        "an accession": {
            "treaty": "EX-1",
            "action": "accession",
            "participant": "PER",
            "act_date": "2026-03-01",
            "evidence": [{"source": "Depositary notification", "locator": "C.N.1.2026 (an invented example)"}],
        },
    },
    "correction": {
        "another date": {
            "target": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d",
            "kind": "corrected",
            "fields": {"act_date": "2027-05-05"},
            "reason": "typing",
            "explanation": "The notification gives the fifth of May.",
        },
        "it never happened": {
            "target": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d",
            "kind": "retracted",
            "reason": "duplicate",
        },
        "a certificate was for less": {
            "target": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d",
            "kind": "corrected",
            "fields": {"quantity": "440000000"},
            "reason": "depositary_correction",
        },
    },
    "claim": {
        "a newspaper": {
            "claimed_on": "2026-02",
            "source": "A newspaper",
            "statement": "74 States have signed",
            "about": "signatures",
            "value": 74,
            "tier": "press",
        }
    },
    "release": {"everything that waits": {}, "one line": {"key": "XVIII-16:threshold:65(1):1"}},
    "reassessment": REASSESSMENT,
    "rehearsal": {"from today on": {}, "from a day on": {"starts_on": "2027-01-01"}},
    "day": {"a day": {"on": "2027-07-04"}},
    "closing": {"done": {"reason": "The exercise is over."}},
    "what_if": {
        "two deposits": {
            "acts": [
                {"action": "ratification", "participant": "Viet Nam", "act_date": "2027-03-01"},
                {"action": "accession", "participant": "FJI", "act_date": "2027-04-05"},
            ],
            "as_of": "2027-12-31",
        },
    },
}
IMPORTED: Final[list[Document]] = [
    {
        "line": 1,
        "result": "recorded",
        "treaty": "EX-1",
        "event_id": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d",
        "version": 3,
        "position": 431,
        "warnings": [],
    },
    {"line": 2, "result": "already", "treaty": "EX-1", "event_id": "0d9b3a6e-52a1-5d0e-9d4f-3d6f4a1f6f1a"},
    {
        "line": 3,
        "result": "problem",
        "problem": {
            "type": "/problems/unknown-participant",
            "title": "The participant is not known.",
            "status": 422,
            "detail": "No participant has exactly this name, code or id (got: 'Atlantis').",
            "way_out": "Look it up at /v1/participants.",
        },
    },
]
RECEIPT: Final[Document] = {
    "treaty": "XVIII-16",
    "event_id": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d",
    "position": 431,
    "version": 140,
    "recorded_as": "act",
    "milestones": [
        {
            "type": "treaty.threshold.reached",
            "key": "XVIII-16:threshold:65(1):1",
            "revision": 1,
            "occurred_on": "2027-04-05",
            "progress": {"have": 40, "need": 40},
            "entry_into_force": "2027-07-04",
        }
    ],
    "warnings": [],
}
MILESTONE: Final[Document] = {
    "event_id": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d",
    "position": 431,
    "livemode": True,
    "treaty": "XVIII-16",
    "titles": {"en": "United Nations Convention against Cybercrime"},
    "key": "XVIII-16:threshold:65(1):1",
    "milestone_id": "0d9b3a6e-52a1-5d0e-9d4f-3d6f4a1f6f1a",
    "kind": "threshold",
    "params": "65(1)",
    "occurrence": 1,
    "status": "reached",
    "revision": 1,
    "supersedes": None,
    "occurred_on": "2027-04-05",
    "time_zone": "America/New_York",
    "late_by_days": 0,
    "provisional": False,
    "clause": "65(1)",
    "attributed_to": [{"participant": "fra", "name": "France", "action": "ratification"}],
    "progress": {"have": 40, "need": 40},
    "consequence": {"entry_into_force": "2027-07-04", "clause": "65(1)"},
    "cause": {"kind": "action", "event_ids": ["6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d"]},
}
WHAT_IF: Final[Document] = {
    "question": "what_if",
    "treaty": "XVIII-16",
    "livemode": True,
    "as_of": "2027-04-05",
    "lang": "en",
    "position": 431,
    "version": 140,
    "known_at": "2027-04-01T14:05:00+00:00",
    "recorded": False,
    "before": {
        "force": {
            "state": "gathering",
            "in_force": False,
            "threshold_on": None,
            "entry_into_force_on": None,
            "clause": "65(1)",
            "unknown": [],
        },
        "progress": {"have": 39, "need": 40, "missing": 1, "share": 0.975, "of": "count"},
        "counts": {"signatures": 72, "consents": 39, "counted_consents": 39},
        "sentence": "As of 5 April 2027, the Convention: 72 signatures, 39 instruments deposited of 40 needed; "
        "not yet in force.",
    },
    "after": {
        "force": {
            "state": "threshold_met",
            "in_force": False,
            "threshold_on": "2027-04-05",
            "entry_into_force_on": "2027-07-04",
            "clause": "65(1)",
            "unknown": [],
        },
        "progress": {"have": 40, "need": 40, "missing": 0, "share": 1.0, "of": "count"},
        "counts": {"signatures": 72, "consents": 40, "counted_consents": 40},
        "sentence": "As of 5 April 2027, the Convention: 72 signatures, 40 instruments deposited; "
        "entry into force on 4 July 2027.",
    },
    "difference": {
        "threshold_on": {"before": None, "after": "2027-04-05"},
        "entry_into_force_on": {"before": None, "after": "2027-07-04"},
        "milestones": [
            {
                "act": 0,
                "type": "treaty.threshold.reached",
                "key": "XVIII-16:threshold:65(1):1",
                "occurred_on": "2027-04-05",
                "clause": "65(1)",
                "attributed_to": [{"participant": "fji", "name": "Fiji", "action": "accession"}],
                "progress": {"have": 40, "need": 40},
                "entry_into_force_on": "2027-07-04",
            }
        ],
        "participants": [
            {
                "participant": "fji",
                "name": "Fiji",
                "before": None,
                "after": {
                    "status": "contracting",
                    "signed_on": None,
                    "consent_on": "2027-04-05",
                    "counted": True,
                    "effect_on": "2027-07-04",
                    "effect_clause": "65(1)",
                    "leaves_on": None,
                },
            }
        ],
    },
    "warnings": [],
    "explanation": {"question": "entry_into_force", "met": True, "clause": "65(1)"},
}
PATH: Final[Document] = {
    "question": "path",
    "treaty": "XVIII-16",
    "livemode": True,
    "as_of": "2027-04-01",
    "known_at": "2027-04-01T14:05:00+00:00",
    "lang": "en",
    "position": 430,
    "version": 139,
    "permanent": "/v1/treaties/XVIII-16/path?limit=10&among=pacific&as_of=2027-04-01&at_position=430&lang=en&edition=1",
    "among": "pacific",
    "crossed": False,
    "threshold_on": None,
    "size": 1,
    "at_least": 1,
    "paths": [
        {
            "clause": "65(1)",
            "size": 1,
            "everyone": [],
            "any": [{"n": 1, "of": ["vut", "fji", "ton"]}],
            "example": ["vut"],
            "waits_for": [],
            "entry_into_force_on": "2027-06-30",
        }
    ],
    "candidates": [
        {"participant": "vut", "name": "Vanuatu", "signatory": True, "by": ["ratification"]},
        {"participant": "fji", "name": "Fiji", "signatory": False, "by": ["accession"]},
        {"participant": "ton", "name": "Tonga", "signatory": False, "by": ["accession"]},
    ],
    "exhausted": True,
    "stopped_by": None,
    "unknown": [],
    "text": {
        "en": "1 more instrument would meet the condition (art. 65(1)): any 1 of 3.",
        "fr": "1 instrument de plus remplirait la condition (art. 65(1)) : 1 au choix parmi 3.",
    },
}
PROBLEM: Final[Document] = {
    "type": "/problems/already-contracting",
    "title": "The participant has already consented to be bound.",
    "status": 409,
    "detail": "Fiji has already consented to be bound (ratification, deposited on 2026-04-22).",
    "way_out": "If that act was wrong, correct or retract it; a second consent needs the first to have ended.",
    "participant": "fji",
}
