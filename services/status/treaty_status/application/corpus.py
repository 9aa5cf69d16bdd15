"""The rules of real treaties that come with the service: one JSON document each, articles and sources within."""

import json
from functools import lru_cache
from importlib.resources import files

from treaty_status.domain.rule import TreatyRule


@lru_cache(maxsize=1)
def corpus() -> dict[str, TreatyRule]:
    """Every rule, by the id of its treaty."""
    home = files("treaty_status").joinpath("rules")
    documents = (json.loads(one.read_text(encoding="utf-8")) for one in home.iterdir() if one.name.endswith(".json"))
    rules = (TreatyRule.model_validate(document) for document in documents)
    return {rule.treaty: rule for rule in sorted(rules, key=lambda rule: rule.treaty)}
