"""What a reassessment is asked with, and what it answers."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

EXAMPLES: Final[dict[str, Any]] = {
    "everything": {"reason": "A new release knows more milestones."},
    "one treaty": {"treaty": "XVIII-16"},
}


class ReassessmentBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Which treaty is to be looked at again, every one if left out, and why."""

    treaty: Annotated[str, Meta(max_length=64, description="Only this one.")] | None = None
    reason: Annotated[str, Meta(max_length=500, description="Kept with what is announced.")] | None = None


ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What was put on record, or would be (dry_run). Asked again at once, nothing is.",
    "required": ["software", "reason", "dry_run", "treaties", "announced", "settled", "changed"],
    "properties": {
        "software": {"type": "string", "description": "The release that looked."},
        "reason": {"type": ["string", "null"]},
        "dry_run": {"type": "boolean"},
        "treaties": {"type": "integer", "description": "How many were looked at."},
        "announced": {"type": "integer", "description": "Announcements made as news."},
        "settled": {"type": "integer", "description": "Lines of days gone by that were put on record as history."},
        "changed": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["treaty", "version", "milestones", "held", "settled"],
                "properties": {
                    "treaty": {"type": "string"},
                    "version": {"type": "integer"},
                    "milestones": {"type": "array", "items": {"type": "object"}},
                    "held": {"type": "array", "items": {"type": "object"}},
                    "settled": {"type": "integer"},
                },
            },
        },
    },
}
