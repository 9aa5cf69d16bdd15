"""What a rule leaves open: gaps that drafters leave in clauses, and gaps that we leave in coding them.

A finding is a question to put to the text, not a fault of the rule; the rule is evaluated as it stands.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from treaty_status.domain.eligibility import ALL_STATES
from treaty_status.domain.rule import (
    All,
    Any_,
    Certified,
    Condition,
    Count,
    DateExpr,
    DateReached,
    Each,
    Everyone,
    FirstOfNextMonth,
    Later,
    NotBlocked,
    Plus,
    Ref,
    Share,
    Track,
    TreatyRule,
    Weight,
    Who,
    parent_named,
    walk,
    walk_days,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A question: its code, the clause it is about (or the part of the rule), and the words."""

    code: str
    where: str
    text: str


def lint(rule: TreatyRule) -> list[Finding]:
    """Every question that the rule leaves open."""
    return [finding for check in CHECKS for finding in check(rule)]


def _organisations(rule: TreatyRule) -> Iterator[Finding]:
    """Four policies exist; a rule that names none takes *not additional*."""
    for track in rule.in_force:
        for node in walk(track.when):
            who = _who(node)
            if who is None or "reio" in who.model_fields_set:
                continue
            if who.kinds is not None and "reio" not in who.kinds:
                continue
            yield Finding(
                "organisation-policy",
                track.clause,
                "The rule does not say how the instrument of a regional organisation counts; "
                "it is taken as not additional to those of its member States.",
            )
            break


def _who(node: Condition) -> Who | None:
    return node.who if isinstance(node, Count | Weight | Share | Everyone) else None


def _later_joiners(rule: TreatyRule) -> Iterator[Finding]:
    if "for_each" in rule.not_recorded:
        yield Finding(
            "later-joiners", "for_each", "The clause on those who join later is not recorded; no day is given for them."
        )
    elif not rule.for_each:
        yield Finding(
            "later-joiners",
            "for_each",
            "Nothing is said of those who join later; they are bound from their own consent (24(3) VCLT).",
        )
    elif all(each.own is not None or each.modes is not None for each in rule.for_each) and not _covered(rule):
        yield Finding("later-joiners", "for_each", "Some who join later fall under no clause.")


def _covered(rule: TreatyRule) -> bool:
    owns = {each.own for each in rule.for_each if each.modes is None}
    return {"before_eif", "from_eif"} <= owns


def _floor(rule: TreatyRule) -> Iterator[Finding]:
    for each in rule.for_each:
        if each.own is None and rule.floor_each_at_eif and not _floored(each.then):
            yield Finding(
                "floor",
                each.clause,
                "The clause does not say *or on entry into force, whichever is later*; "
                "nobody is taken to be bound before the treaty itself.",
            )
    if not rule.floor_each_at_eif:
        yield Finding("floor", "for_each", "Somebody may be bound before the treaty is in force.")


def _floored(expr: DateExpr) -> bool:
    match expr:
        case Ref(name="eif"):
            return True
        case Later(of=parts):
            return any(_floored(part) for part in parts)
        case _:
            return False


def _gap_between_delays(rule: TreatyRule) -> Iterator[Finding]:
    """UNTOC art. 38: ninety days for all, thirty for one; who deposits the day after would be bound too early."""
    collective = _days(rule.in_force[0].then)
    for each in rule.for_each:
        own = _days(each.then)
        if each.own is None and collective is not None and own is not None and own < collective:
            yield Finding(
                "shorter-own-delay",
                each.clause,
                f"One who joins right after the threshold would be bound {collective - own} days before the treaty; "
                "the floor at entry into force closes the gap.",
            )


def _days(expr: DateExpr) -> int | None:
    return expr.days if isinstance(expr, Plus) and not expr.months and not expr.years and expr.of is None else None


def _withdrawals(rule: TreatyRule) -> Iterator[Finding]:
    if "leaving" in rule.not_recorded:
        yield Finding(
            "leaving", "leaving", "The clause on leaving is not recorded; only a day that a notice names is known."
        )
    elif not rule.leaving:
        yield Finding("leaving", "leaving", "There is no clause on leaving (56 VCLT: implied at most, twelve months).")
    if "latch" not in rule.model_fields_set:
        yield Finding(
            "latch",
            "in_force",
            "A withdrawal of consent between threshold and entry into force is taken not to undo the date; "
            "the law of treaties does not settle it.",
        )


def _denominators(rule: TreatyRule) -> Iterator[Finding]:
    for track in rule.in_force:
        for node in walk(track.when):
            if isinstance(node, Share) and node.of.endswith("_now") and node.frozen_on is None:
                text = f"The whole ({node.of}) rolls from day to day; is that meant?"
                yield Finding("denominator", track.clause, text)
            if isinstance(node, Weight) and not _stated(rule, node.table):
                text = f"The table {node.table} is not in the rule; it has to be brought, or recorded for the treaty."
                yield Finding("table", track.clause, text)


def _certificates(rule: TreatyRule) -> Iterator[Finding]:
    """What only a certificate can meet; and a quantity that is told by the name of a fact alone."""
    for track in rule.in_force:
        for node in walk(track.when):
            if not isinstance(node, Certified):
                continue
            text = f"The condition waits until {node.key} is certified; nothing but a certificate on record meets it."
            yield Finding("certificate", track.clause, text)
            if node.at_least is None and COMPARES.search(node.key):
                text = f"{node.key} names a quantity; stated as at_least, a certificate can be held against it."
                yield Finding("quantity", track.clause, text)


COMPARES: Final = re.compile(r"[<>=≤≥]\s*[0-9]")
"""A comparison with a number, inside the name of a fact."""


def _stated(rule: TreatyRule, table: str) -> bool:
    return any(one.table == table.partition(":")[0] for one in rule.tables)


def _calendar(rule: TreatyRule) -> Iterator[Finding]:
    clauses: tuple[Track | Each, ...] = (*rule.in_force, *rule.for_each)
    for clause in clauses:
        nodes = walk_days(clause.then)
        if any(isinstance(node, FirstOfNextMonth) and "from_a_first" not in node.model_fields_set for node in nodes):
            yield Finding(
                "first-of-month",
                clause.clause,
                "Where the period ends on a first of a month, the first of the next one is taken; no record shows it.",
            )


def _sources(rule: TreatyRule) -> Iterator[Finding]:
    if rule.source is None:
        yield Finding("source", "source", "The rule does not say where its clauses were read.")
    elif "general knowledge" in rule.source:
        yield Finding("source", "source", "Clauses are from general knowledge; compare them with the text.")


NOT_YET: Final = {
    "then": frozenset({"eif", "own", "bound", "received", "specified"}),
    "when": frozenset({"threshold", "eif", "own", "bound", "received", "specified"}),
}
"""Days that are not there yet while a condition is looked at, or while a threshold leads to entry into force."""


def _days_that_never_come(rule: TreatyRule) -> Iterator[Finding]:
    for track in rule.tracks:
        asked = [("then", node) for node in walk_days(track.then)]
        asked += [("when", node) for day in _days_of(track.when) for node in walk_days(day)]
        for part, node in asked:
            if isinstance(node, Ref) and node.name in NOT_YET[part]:
                text = f"A day is counted from {node.name}, which is not known before this clause has led into force."
                yield Finding("day", track.clause, text)


def _days_of(condition: Condition) -> Iterator[DateExpr]:
    for node in walk(condition):
        match node:
            case DateReached(at=day) | NotBlocked(until=day):
                yield day
            case Share(frozen_on=frozen) | Everyone(frozen_on=frozen) if frozen is not None:
                yield frozen


def _alternatives(rule: TreatyRule) -> Iterator[Finding]:
    for track in rule.in_force:
        for node in walk(track.when):
            if isinstance(node, All | Any_) and len(node.of) == 1:
                yield Finding("alone", track.clause, "A joint condition has one part only.")
            if isinstance(node, NotBlocked) and not any(each.except_objectors for each in rule.for_each):
                yield Finding("objectors", track.clause, "The rule does not say whether objectors are bound.")


def _who_may_join(rule: TreatyRule) -> Iterator[Finding]:
    joining = rule.joining
    if joining is None or joining.who == ALL_STATES or parent_named(rule, joining.who) is not None:
        return
    if any(one.list == joining.who.removeprefix("list:") for one in rule.lists):
        return
    yield Finding(
        "joining-who",
        joining.clause,
        f"The treaty is open to {joining.who}, which is no list of the rule; unless the registry holds such a group, "
        "nobody is refused.",
    )


CHECKS: Final[tuple[Callable[[TreatyRule], Iterator[Finding]], ...]] = (
    _organisations,
    _later_joiners,
    _floor,
    _gap_between_delays,
    _withdrawals,
    _denominators,
    _certificates,
    _calendar,
    _alternatives,
    _days_that_never_come,
    _who_may_join,
    _sources,
)
