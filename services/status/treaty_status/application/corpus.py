"""The rules of real treaties that come with the service: one JSON document each, articles and sources within."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from treaty_status.domain.rule import TreatyRule


def rule_schema() -> dict[str, Any]:
    """The format of a rule as JSON Schema (2020-12). What it cannot say, such as bounds on depth, the reader checks."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **TreatyRule.model_json_schema(mode="validation"),
    }


@lru_cache(maxsize=1)
def corpus() -> dict[str, TreatyRule]:
    """Every rule, by the id of its treaty."""
    home = files("treaty_status").joinpath("rules")
    documents = (json.loads(one.read_text(encoding="utf-8")) for one in home.iterdir() if one.name.endswith(".json"))
    rules = (TreatyRule.model_validate(document) for document in documents)
    return {rule.treaty: rule for rule in sorted(rules, key=lambda rule: rule.treaty)}
