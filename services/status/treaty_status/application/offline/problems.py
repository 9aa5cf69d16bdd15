"""What is wrong with a document, in one sentence: where, what, and what would be right."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError


def first_problem(refusal: ValidationError) -> str:
    """Where a document is wrong first, and what is wrong there."""
    problem = refusal.errors(include_url=False)[0]
    where = ".".join(map(str, problem["loc"])) or "the whole"
    context = problem.get("ctx") or {}
    match problem["type"]:
        case "union_tag_invalid":
            text = _no_such_op(context)
        case "union_tag_not_found":
            text = "the field 'op' is missing"
        case "extra_forbidden":
            text = "there is no such field"
        case "missing":
            text = "the field is missing"
        case _:
            text = problem["msg"].removeprefix("Value error, ")
    return f"at {where}: {text}"


def _no_such_op(context: Mapping[str, Any]) -> str:
    known = [word.strip(" '") for word in str(context.get("expected_tags", "")).split(",")]
    got = str(context.get("tag", ""))[:40]
    near = get_close_matches(got, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"there is no such op (got: {got!r}); choose from {', '.join(known)}.{meant}"
