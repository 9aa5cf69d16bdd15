"""A rule and its acts assessed from files alone: no store, no network, nothing remembered."""

from treaty_status.application.offline.assessing import Assessor
from treaty_status.application.offline.cases import Case, CaseReader, rule_in
from treaty_status.application.offline.places import Place, Unreadable

__all__ = ["Assessor", "Case", "CaseReader", "Place", "Unreadable", "rule_in"]
